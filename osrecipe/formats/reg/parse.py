"""The parser of `.reg` files.

It is stricter than regedit, which passes over lines it doesn't understand: here each is an error with its place.

It must not decide which roots or types are welcome.
"""

from __future__ import annotations

import re
from typing import Final

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive.data import encode_sz
from osrecipe.formats.hive.values import ValueType
from osrecipe.formats.reg.model import RegKey, RegSyntaxError, RegValue
from osrecipe.formats.reg.text import decode_ansi, read

_BLANK: Final = " \t"
_NUMBER: Final = re.compile(r"dword:[ \t]*([0-9a-f]{1,8})", re.IGNORECASE)
_HEX: Final = re.compile(r"hex(?:\(([0-9a-f]{1,8})\))?:", re.IGNORECASE)
_BYTE: Final = re.compile(r"[0-9a-f]{1,2}", re.IGNORECASE)
_PLAIN: Final = re.compile(r'[^"\\]+')
_ESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "0": "\0"}
_TEXTS: Final = frozenset({ValueType.SZ, ValueType.EXPAND_SZ, ValueType.MULTI_SZ})
_KNOWN: Final = {int(member): member for member in ValueType}


def parse(data: bytes) -> tuple[RegKey, ...]:
    """Parse a `.reg` file of version 4 (western ANSI) or 5 (UTF-16 LE or UTF-8).

    Args:
        data: the file's bytes.

    Returns:
        The file's sections in order; a key that occurs twice is there twice.

    Raises:
        RegSyntaxError: a line can't be understood.
        FormatError: the file is too large.
    """
    lines, ansi = read(data)
    return _Parser(lines, ansi=ansi).run()


class _Parser:
    """A cursor over lines; `_row` counts from 0, `_at` is the character in the line."""

    def __init__(self, lines: list[str], *, ansi: bool) -> None:
        self._lines = lines
        self._ansi = ansi
        self._row = 0
        self._at = 0
        self._line = lines[0]

    def run(self) -> tuple[RegKey, ...]:
        sections: list[tuple[str, bool, int, list[RegValue]]] = []
        while self._next_line():
            self._skip_blank()
            if self._ends():
                continue
            if self._peek() == "[":
                path, delete = self._key()
                sections.append((path, delete, self._row + 1, []))
                continue
            if not sections:
                raise self._error("a value stands before the first key")
            if sections[-1][1]:
                raise self._error("a value stands under a key that is deleted")
            sections[-1][3].append(self._value())
        return tuple(RegKey(path, delete, tuple(values), row) for path, delete, row, values in sections)

    # -- the cursor ------------------------------------------------------------------------------------------------

    def _next_line(self) -> bool:
        if self._row + 1 >= len(self._lines):
            return False
        self._row += 1
        self._line = self._lines[self._row]
        self._at = 0
        return True

    def _peek(self) -> str:
        return self._line[self._at : self._at + 1]

    def _skip_blank(self) -> None:
        while self._peek() and self._peek() in _BLANK:
            self._at += 1

    def _ends(self) -> bool:
        """Whether nothing but a comment is left of the line."""
        return self._peek() in ("", ";")

    def _require_end(self) -> None:
        self._skip_blank()
        if not self._ends():
            raise self._error("the line goes on after its end")

    def _error(self, reason: str, *, hint: str = "") -> RegSyntaxError:
        return RegSyntaxError(reason, line=self._row + 1, column=self._at + 1, hint=hint)

    # -- keys and values -------------------------------------------------------------------------------------------

    def _key(self) -> tuple[str, bool]:
        """The path in brackets; names may hold brackets, so the line's last one closes."""
        end = self._line.rfind("]")
        if end < 0:
            raise self._error("a key has no closing bracket")
        path = self._line[self._at + 1 : end]
        delete = path.startswith("-")
        path = path.removeprefix("-")
        if not all(path.split("\\")):
            raise self._error(f"a key's path has an empty part: `{path}`")
        self._at = end + 1
        self._require_end()
        return path, delete

    def _value(self) -> RegValue:
        line = self._row + 1
        name = self._value_name()
        self._skip_blank()
        if self._peek() != "=":
            raise self._error("there is no `=` after a value's name")
        self._at += 1
        self._skip_blank()
        number, data = self._data()
        self._require_end()
        return RegValue(name, _KNOWN.get(number, number), data, line)

    def _value_name(self) -> str:
        if self._peek() == "@":
            self._at += 1
            return ""
        if self._peek() != '"':
            raise self._error("the line is neither a key nor a value nor a comment")
        return self._quoted()

    def _quoted(self) -> str:
        """A text in quotes, its escapes resolved."""
        start = self._at
        self._at += 1
        parts: list[str] = []
        while self._peek() != '"':
            plain = _PLAIN.match(self._line, self._at)
            if plain is not None:
                parts.append(plain.group())
                self._at = plain.end()
            elif self._peek() == "":
                self._at = start
                raise self._error("a text has no closing quote")
            else:
                parts.append(self._escape())
        self._at += 1
        return "".join(parts)

    def _escape(self) -> str:
        resolved = _ESCAPES.get(self._line[self._at + 1 : self._at + 2])
        if resolved is None:
            raise self._error("a backslash stands alone in a text", hint="write it twice")
        self._at += 2
        return resolved

    def _data(self) -> tuple[int, bytes | None]:
        """The type and data after the `=`; no data for a deletion."""
        if self._peek() == "-":
            self._at += 1
            return ValueType.NONE, None
        if self._peek() == '"':
            return ValueType.SZ, self._text()
        number = _NUMBER.match(self._line, self._at)
        if number is not None:
            self._at = number.end()
            return ValueType.DWORD, int(number[1], 16).to_bytes(4, "little")
        head = _HEX.match(self._line, self._at)
        if head is None:
            raise self._error(
                "the data is of no known form",
                hint="known are a text in quotes, `dword:`, `hex:`, `hex(n):` and `-`",
            )
        self._at = head.end()
        kind = ValueType.BINARY if head[1] is None else int(head[1], 16)
        return kind, self._widened(kind, self._bytes())

    def _text(self) -> bytes:
        start = self._at
        text = self._quoted()
        try:
            return encode_sz(text)
        except FormatError as error:
            self._at = start
            raise self._error(error.reason, hint="write it as `hex(1):`") from error

    def _widened(self, kind: int, data: bytes) -> bytes:
        """Bytes of a text: those of a version 4 file are ANSI."""
        if self._ansi and kind in _TEXTS:
            return decode_ansi(data).encode("utf-16-le")
        return data

    def _bytes(self) -> bytes:
        """Bytes with commas between them, over as many lines as end in a backslash."""
        result = bytearray()
        while True:
            self._skip_blank()
            if self._peek() == "\\":
                self._at += 1
                self._require_end()
                self._continue()
            elif self._ends():
                return bytes(result)
            else:
                result.append(self._byte())

    def _byte(self) -> int:
        byte = _BYTE.match(self._line, self._at)
        if byte is None:
            raise self._error("a byte is expected, as two hexadecimal digits")
        self._at = byte.end()
        self._skip_blank()
        if self._peek() == ",":
            self._at += 1
        elif not self._ends() and self._peek() != "\\":
            raise self._error("a comma is expected after a byte")
        return int(byte.group(), 16)

    def _continue(self) -> None:
        """Go to the next line that holds something."""
        while True:
            if not self._next_line():
                raise self._error("the file ends within a value")
            self._skip_blank()
            if not self._ends():
                return
