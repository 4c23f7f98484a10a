"""The reference page of DISM's codes is generated and current."""

from __future__ import annotations

import os

from support.house import ROOT

from osrecipe.adapters.dism.codes import TABLE, Kind
from osrecipe.render.codes_reference import codes_reference

PAGE = ROOT / "docs" / "reference" / "codes.md"


def test_the_page_is_current() -> None:
    """What is in docs is what the table says; `OSRECIPE_REGOLD=1` writes it anew."""
    if os.environ.get("OSRECIPE_REGOLD"):
        PAGE.write_text(codes_reference(), encoding="utf-8", newline="\n")
    assert codes_reference() == PAGE.read_text(encoding="utf-8")


def test_every_row_is_one_line_with_all_it_knows() -> None:
    """Nothing of the table is left out, and nothing is said twice."""
    lines = [line for line in codes_reference().splitlines() if line.startswith(("| `0", "| `0x"))]
    assert len(TABLE) == len(lines)
    for row in TABLE:
        (line,) = [line for line in lines if line.startswith(f"| `{row.text}`")]
        assert [True] * 4 == [
            text in line for text in (row.meaning, f"| `{row.kind}` |", row.remedy, row.source)
        ]


def test_every_class_says_what_happens() -> None:
    """With the number of its rows, which add up to the table."""
    lines = [
        line for line in codes_reference().splitlines() if line.startswith("| `") and line.count(" | ") == 2
    ]
    cells = [line.strip("| ").split(" | ") for line in lines]
    assert [f"`{kind}`" for kind in Kind] == [name for name, _, _ in cells]
    assert len(TABLE) == sum(int(number) for _, _, number in cells)
    assert len(Kind) == len({what for _, what, _ in cells})


def test_a_win32_error_is_found_by_both_its_spellings() -> None:
    """DISM prints `Error: 740`, a script 0x800702e4."""
    page = codes_reference()
    assert "| `0x800702e4`, `740` |" in page
    assert "| `0x800f081e` |" in page
