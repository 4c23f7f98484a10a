"""The reference page of DISM's codes, as Markdown, from the table in `adapters.dism.codes`. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.codes import TABLE, Kind
from osrecipe.render.reference_table import table

if TYPE_CHECKING:
    from osrecipe.adapters.dism.codes import Code

_HEAD: Final = """\
# Result codes of DISM

Generated from `osrecipe/adapters/dism/codes.py` and `mount_codes.py`; a test says that it is current. None of it was
confirmed on Windows by us: each row names where its meaning comes from.

A code is looked up in any spelling: unsigned or negative, decimal or hexadecimal, a Win32 error with or without its
`0x8007` dress (`Error: 3` and `0x80070003` are one row). The last `Error:` line counts; without one, the exit code. A
code without a row is a failure under its own number.
"""
_REACTIONS: Final[dict[Kind, str]] = {
    Kind.SUCCESS: "done, if banner and closing sentence are there and what was promised reads back",
    Kind.PENDING: "as success; the outcome is marked: something is left for the first start",
    Kind.TRANSIENT: "tried again after 1, 3, 10 and 30 seconds, then failed",
    Kind.PROBE: "the image is asked; what was not done is tried once more",
    Kind.BUSY: "an unmount is tried again like `transient`; anything else fails",
    Kind.NOT_APPLICABLE: "failed, except where the task of the plan tolerates the code",
    Kind.FOLDER: "failed; what of it is ours is discarded, now or by the next start",
    Kind.FATAL: "failed; the image can't be used any more",
    Kind.FAILURE: "failed, without another try",
}
_AFTER: Final = """\
After any failure the image is given up and never saved. Which code a task tolerates (`tolerates`) is the plan's to say,
not the table's.
"""


def codes_reference() -> str:
    """The page."""
    return (
        "\n".join(
            (
                _HEAD,
                "## Classes\n",
                *table(("class", "what happens", "codes"), map(_class, Kind)),
                _AFTER,
                "## Codes\n",
                *table(
                    ("code", "name", "meaning", "class", "remedy", "source"),
                    map(_row, sorted(TABLE, key=lambda row: row.number)),
                ),
            )
        ).rstrip("\n")
        + "\n"
    )


def _class(kind: Kind) -> tuple[str, ...]:
    return f"`{kind}`", _REACTIONS[kind], str(sum(row.kind is kind for row in TABLE))


def _row(row: Code) -> tuple[str, ...]:
    name = f"`{row.name}`" if row.name != row.text else ""
    return _spellings(row), name, row.meaning, f"`{row.kind}`", row.remedy, row.source


def _spellings(row: Code) -> str:
    """As it is shown, and as DISM prints a Win32 error."""
    return (
        f"`{row.text}`" if row.text == str(row.number) or row.is_hresult else f"`{row.text}`, `{row.number}`"
    )
