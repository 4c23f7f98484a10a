"""Text on its way to people: made harmless, measured in cells, wrapped and painted. Knows nothing of plans or runs."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_INK = re.compile("\x1b\\[[0-9;]*m")
_PLAIN = str.maketrans(
    {
        "·": "-",
        "…": "...",
        "→": "->",
        "┃": "|",
        "✓": "*",
        "✗": "x",
        "█": "#",
        "─": "-",
        "\N{REPLACEMENT CHARACTER}": "?",
    }
)
"""What stands for our own signs where a terminal's encoding has no place for them."""


class Ink(StrEnum):
    """What is emphasised, as terminal sequences. Nothing is said by colour alone."""

    BOLD = "\x1b[1m"
    DIM = "\x1b[2m"
    RED = "\x1b[1;31m"
    GREEN = "\x1b[32m"
    YELLOW = "\x1b[33m"
    CYAN = "\x1b[36m"


def paint(shown: str, ink: Ink | None, *, color: bool) -> str:
    """The text in a colour, or as it is."""
    return f"{ink}{shown}\x1b[0m" if color and ink and shown else shown


def clean(raw: str) -> str:
    """On one line and without characters that could move the cursor or turn the text around."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(raw.split()))


def cells(shown: str) -> int:
    """How many columns of a terminal the text takes; our own colours take none."""
    if "\x1b" in shown:
        shown = _INK.sub("", shown)
    return len(shown) if shown.isascii() else sum(_cell(c) for c in shown)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(shown: str, width: int) -> str:
    """Filled with spaces to at least `width` columns."""
    return shown + " " * max(width - cells(shown), 0)


def cut(shown: str, width: int) -> str:
    """At most `width` columns; what was longer ends with an ellipsis."""
    if cells(shown) <= width:
        return shown
    kept, used = [], 0
    for char in shown:
        used += _cell(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def wrap(shown: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces; a word that is longer stands alone, whole.

    Words are never broken, so that paths, hashes and commands can be taken from the screen.
    """
    lines: list[str] = []
    current, used = "", 0
    for word in shown.split(" "):
        size = cells(word)
        if current and used + 1 + size > width:
            lines.append(current)
            current, used = word, size
        else:
            current, used = (f"{current} {word}", used + 1 + size) if current else (word, size)
    return [*lines, current]


def hang(first: str, shown: str, width: int) -> list[str]:
    """`first` and the text after it, its further lines indented to where it began."""
    indent = cells(first)
    lines = wrap(shown, max(width - indent, 24))
    return [first + lines[0], *(" " * indent + line for line in lines[1:])]


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colour suits the stream: a terminal that is not dumb, unless `NO_COLOR` is set (https://no-color.org)."""
    if environ.get("NO_COLOR"):
        return False
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be looking at the stream; a closed one is none."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def encodable(shown: str, encoding: str | None) -> str:
    """The text in characters the encoding has: our own signs have stand-ins, others become `?`."""
    name = encoding or "utf-8"
    try:
        shown.encode(name)
    except UnicodeEncodeError:
        return shown.translate(_PLAIN).encode(name, "replace").decode(name)
    except LookupError:
        return shown.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    return shown
