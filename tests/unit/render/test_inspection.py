"""What is in a file, as text and as JSON."""

from __future__ import annotations

import json

from osrecipe.model.inspection import InspectedFact, InspectedTable, Inspection
from osrecipe.render import inspection

SAMPLE = Inspection(
    kind="wim",
    title="install.wim",
    facts=(
        InspectedFact(key="compression", value="lzx"),
        InspectedFact(key="size", value=5_000_000),
        InspectedFact(key="parts", value=1),
    ),
    tables=(
        InspectedTable(
            title="images",
            headers=("index", "name", "size", "winre"),
            rows=((1, "Windows 10 Pro", 123_456_789, True), (12, "漢字\x1b[2J", 3, None)),
        ),
        InspectedTable(title="others", headers=("a",)),
    ),
    notes=("two of its images share a name",),
)


def test_text_is_aligned() -> None:
    """Numbers stand to the right, sizes in MiB, wide characters keep the columns, what is not said is a dash."""
    expected = """\
install.wim: wim
  compression  lzx
  size         4.8 MiB
  parts        1

images (2)
  index  name                 size  winre
  -----  --------------  ---------  -----
      1  Windows 10 Pro  117.7 MiB  yes
     12  漢字\N{REPLACEMENT CHARACTER}[2J          3 bytes  -

others (0)

note: two of its images share a name
"""
    assert expected == inspection.text(SAMPLE)


def test_json_keeps_values_as_they_are() -> None:
    """Sizes are bytes, rows are objects, nothing is cut or replaced."""
    data = json.loads(inspection.as_json(SAMPLE))

    assert {"compression": "lzx", "size": 5_000_000, "parts": 1} == data["facts"]
    assert {"index": 12, "name": "漢字\x1b[2J", "size": 3, "winre": None} == data["tables"]["images"][1]
    assert ["osrecipe-inspection/1", "wim", "install.wim"] == [data[k] for k in ("format", "kind", "title")]


def test_colour_is_only_for_titles() -> None:
    """Without its colours the coloured text is the plain one."""
    coloured = inspection.text(SAMPLE, color=True)

    assert inspection.text(SAMPLE) == coloured.replace("\x1b[1m", "").replace("\x1b[0m", "")
