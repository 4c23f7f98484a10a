"""How problems look."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.model.problems import Place, Problem
from osrecipe.render import problems


def cells(text: str) -> int:
    """The width of a text in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def excerpt(source: str, column: int, width: int = 1) -> tuple[str, str]:
    """The source line and the caret line as shown, without their margin."""
    problem = Problem("recipe/tab", "no", Place("x", 1, column), source=source, width=width)
    _, shown, caret, *_ = problems.text([problem]).splitlines()
    assert shown.startswith("    1 | ")
    assert caret.startswith("      | ")
    return shown[8:], caret[8:]


def test_a_block() -> None:
    """Place, slug and reason; the line with a caret; the hint; the count."""
    problem = Problem(
        "recipe/unknown-key",
        "`celanup` is not a key of `targets.install`",
        Place("recipes/bad.yaml", 12, 5),
        "did you mean `cleanup`?",
        "    celanup: superseded",
        7,
    )
    assert problems.text([problem]) == (
        "recipes/bad.yaml:12:5: error[recipe/unknown-key]: `celanup` is not a key of `targets.install`\n"
        "   12 |     celanup: superseded\n"
        "      |     ^^^^^^^\n"
        "  hint: did you mean `cleanup`?\n"
        "1 problem\n"
    )


def test_without_a_place() -> None:
    """A problem of no file is one line."""
    assert problems.text([Problem("a/b", "x"), Problem("a/c", "y")]) == (
        "error[a/b]: x\nerror[a/c]: y\n2 problems\n"
    )


def test_colour_adds_only_colour() -> None:
    """Without its escape codes a coloured text is the plain one."""
    found = [Problem("a/b", "x", Place("f", 1, 2), "h", "abc", 1)]
    coloured = problems.text(found, color=True)
    for code in ("\x1b[1m", "\x1b[1;31m", "\x1b[1;34m", "\x1b[36m", "\x1b[0m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == problems.text(found, color=False)


@pytest.mark.parametrize(
    ("source", "column", "width", "shown", "caret"),
    [
        ("a: 日本 x", 7, 1, "a: 日本 x", "        ^"),
        ("a: 日本", 4, 2, "a: 日本", "   ^^^^"),
        ("a:\tb", 4, 1, "a:    b", "      ^"),
        ("\ta", 1, 1, "    a", "^^^^"),
        ("e\u0301: x", 5, 1, "e\u0301: x", "   ^"),
        ("ab", 3, 1, "ab", "  ^"),
    ],
)
def test_caret_under_wide_characters(source: str, column: int, width: int, shown: str, caret: str) -> None:
    """The caret stands under what it means in terminals, too, where characters have different widths."""
    assert (shown, caret) == excerpt(source, column, width)


def test_long_lines_are_cut_around_the_caret() -> None:
    """Of a very long line the part around the caret is shown."""
    shown, caret = excerpt("a" * 5000 + "XY" + "b" * 5000, 5001, 2)
    assert len(shown) <= 101
    assert shown[caret.index("^") :].startswith("XYb")
    assert shown.startswith("…a")
    assert shown.endswith("b…")


@given(
    st.text(st.sampled_from("ab日\t\u0301 \x1b\u202e"), max_size=300),
    st.integers(1, 310),
    st.integers(1, 400),
)
def test_whatever_the_line(source: str, column: int, width: int) -> None:
    """No line is too wide, no caret leaves it far behind, nothing moves the cursor."""
    shown, caret = excerpt("x" + source, column, width)
    assert cells(shown) <= 101
    assert 1 <= caret.count("^")
    assert len(caret) <= 104
    assert all(c.isprintable() for c in shown + caret)


def test_escape_codes_from_files_are_not_shown() -> None:
    """Names and values with control characters can't change the terminal."""
    text = problems.text([Problem("a/b", "x\x1b[2J", Place("f\x1b", 1, 1), "h\n\x07", "\x1b[31m", 1)])
    assert all(c.isprintable() or c == "\n" for c in text)
    assert len(text.splitlines()) == 5


def test_json() -> None:
    """Programs get the same facts, with null for what is not known."""
    found = [Problem("a/b", "x", Place("f", 1, 2), "h", "abc", 3), Problem("a/c", "y", Place("g"))]
    first, second = json.loads(problems.as_json(found))
    assert first == {
        "slug": "a/b",
        "reason": "x",
        "hint": "h",
        "file": "f",
        "line": 1,
        "column": 2,
        "width": 3,
    }
    assert (second["file"], second["line"], second["hint"]) == ("g", None, None)
