"""Reads a recipe's file: bounded, UTF-8, with a way from a character's number to its line and column."""

from __future__ import annotations

import codecs
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError, Place, error
from osrecipe.recipe.nodes import Span

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20
"""A recipe is written by people; the largest known is a hundredth of this."""

_BREAK = re.compile(r"\r\n|\r|\n")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Source:
    """One file's text.

    Attributes:
        shown: the file's name in messages.
        text: without a byte order mark.
        lines: without their breaks.
        starts: number of the first character of each line.
    """

    shown: str
    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The span from one character to another, as far as it lies in the first one's line."""
        start = min(max(start, 0), len(self.text))
        line = bisect_right(self.starts, start) - 1
        column = start - self.starts[line]
        width = min(end, self.starts[line] + len(self.lines[line])) - start
        return Span(Place(self.shown, line + 1, column + 1), max(width, 1))


def from_text(text: str, shown: str) -> Source:
    """Wrap a text that is already in memory."""
    text = text.removeprefix("\ufeff")
    starts = (0, *(m.end() for m in _BREAK.finditer(text)))
    return Source(shown, text, tuple(_BREAK.split(text)), starts)


def read(path: Path, shown: str) -> Source:
    """Read a file.

    Raises:
        OsrecipeError: there is no such file, it can't be read, is too large, or is not UTF-8.
    """
    return from_text(_decode(_read_bytes(path, shown), shown), shown)


def _read_bytes(path: Path, shown: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would never end
            raise _missing(shown, "is not a file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _missing(shown, "does not exist") from None
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        reason = getattr(e, "strerror", None) or "not a file name"
        raise _missing(shown, f"can't be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise error(Slug.RECIPE_TOO_LARGE, f"a recipe has at most {MAX_BYTES} bytes", place=Place(shown))
    return data


def _missing(shown: str, what: str) -> OsrecipeError:
    return error(Slug.RECIPE_MISSING, f"`{shown}` {what}", place=Place(shown))


def _decode(data: bytes, shown: str) -> str:
    if data.startswith(_UTF16):
        raise error(
            Slug.RECIPE_ENCODING,
            "the file is UTF-16, not UTF-8",
            place=Place(shown),
            hint="save it as UTF-8; in PowerShell `Set-Content -Encoding utf8`",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        before = data[: e.start].decode("utf-8")
        at = from_text(before, shown)
        raise error(
            Slug.RECIPE_ENCODING,
            f"the file is not UTF-8: byte 0x{data[e.start]:02x} at offset {e.start}",
            place=Place(shown, len(at.lines), len(at.lines[-1]) + 1),
            hint="save it as UTF-8",
        ) from None
