r"""Escapes in double quotes that were meant as backslashes of a path: `"C:\temp\new"` holds a tab and a line feed.

YAML takes them silently, so they are looked for in the text as it was written. It must not decide what a value means.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PROSE = frozenset({"description", "because"})
"""Keys whose text is for people: line breaks belong there, and nothing is done with it."""
PLACES = frozenset(
    {
        "registry",
        "files",
        "delete",
        "extends",
        "iso",
        "update",
        "answer-file",
        "drivers",
        "folder",
        "reg-file",
    }
)
"""Keys below which a text is a path, a registry key or registry data, whatever it looks like."""
HINT = r"write a path without quotes or in single quotes: 'C:\Temp'; for a line break write a `|` block"

_NAMES = {
    "t": "a tab",
    "n": "a line feed",
    "r": "a carriage return",
    "b": "a backspace",
    "f": "a form feed",
    "v": "a vertical tab",
    "a": "a bell",
    "e": "an escape character",
    "0": "a NUL",
    "P": "a paragraph separator",
    "L": "a line separator",
    "N": "a next-line character",
    "_": "a no-break space",
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_HARMLESS = frozenset('\\"/ \n')
"""After a backslash these stand for themselves, or fold a line."""
_LINE_BREAK = re.compile(r"\\r\\n")
_PATH = re.compile(
    r"(?<![A-Za-z])[A-Za-z]:[\\/]|%[A-Za-z_()0-9]+%|(?<![A-Za-z])HK(?:LM|CU|U|CR|EY_[A-Z_]+)\\"
)


def meaning(letter: str) -> str:
    """What an escape is in double quotes, for people."""
    return f"`\\{letter}` in double quotes is {_NAMES.get(letter, 'one character')}, not a backslash and `{letter}`"


def swallowed(written: str, keys: Collection[str], key: str) -> list[int]:
    r"""Where a double-quoted text holds escapes that eat a backslash, as offsets into it.

    Args:
        written: the text as the file has it, with its quotes.
        keys: the keys of the maps around it.
        key: the key it belongs to; an empty string for a key itself.

    Returns:
        The offset of each such backslash. `\r\n` in registry data is a line break that somebody meant.
    """
    if key in PROSE or "\\" not in written:
        return []
    in_place = not PLACES.isdisjoint((*keys, key))
    is_path = _PATH.search(written) is not None
    if not (in_place or is_path):
        return []
    if not is_path:  # a line break as Windows has it, which no other form of YAML can write
        written = _LINE_BREAK.sub("....", written)
    escapes = [found for found in _ESCAPE.finditer(written) if found[1] not in _HARMLESS]
    explicit = frozenset() if is_path else frozenset("xuU")
    return [found.start() for found in escapes if found[1] not in explicit]
