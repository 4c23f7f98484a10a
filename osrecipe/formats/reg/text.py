"""The bytes of a `.reg` file to lines of text: encodings and the version line.

It must not know what stands in the lines.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.reg.model import FORMAT, HEADER_4, HEADER_5, RegSyntaxError

MAX_SIZE: Final = 128 << 20
"""Bytes of the largest file that is read."""
_LINE_END: Final = re.compile("\r\n|\n|\r")
_ANSI: Final = "".join(bytes([byte]).decode("cp1252", "replace") for byte in range(256))


class Script(NamedTuple):
    """The lines of a file.

    Attributes:
        lines: all of them; the first is the version.
        ansi: whether the file is of version 4, in which text given as bytes is ANSI.
    """

    lines: list[str]
    ansi: bool


def decode_ansi(data: bytes) -> str:
    """Bytes of the western Windows code page; the five it leaves undefined become control characters, as in Windows."""
    return "".join(chr(byte) if _ANSI[byte] == "\ufffd" else _ANSI[byte] for byte in data)


def read(data: bytes) -> Script:
    """Decode a file and check its version line.

    Raises:
        FormatError: too large, of another encoding or another version.
    """
    if len(data) > MAX_SIZE:
        raise FormatError(FORMAT, Fault.TOO_LARGE, f"the file is too large: {len(data)} bytes")
    ansi = data.startswith(HEADER_4.encode())
    lines = _LINE_END.split(decode_ansi(data) if ansi else _decode(data))
    version = lines[0].rstrip(" \t")
    if version not in (HEADER_4, HEADER_5):
        raise RegSyntaxError(
            f"the first line is no version of registry scripts: `{version[:60]}`",
            line=1,
            hint=f"start the file with `{HEADER_5}`",
            fault=Fault.UNSUPPORTED,
        )
    return Script(lines, version == HEADER_4)


def _decode(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF16_BE):
        raise RegSyntaxError(
            "the file is big-endian UTF-16",
            line=1,
            hint="save it as UTF-16 LE or UTF-8",
            fault=Fault.UNSUPPORTED,
        )
    if data.startswith(codecs.BOM_UTF16_LE):
        return _decode_utf16(data[2:])
    if data[1:2] == b"\0":
        return _decode_utf16(data)
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RegSyntaxError(
            "the line is not UTF-8",
            line=1 + data[: error.start].count(b"\n"),
            hint="save the file as UTF-16 LE or UTF-8",
        ) from error


def _decode_utf16(data: bytes) -> str:
    text = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")
    if len(data) % 2:
        raise RegSyntaxError(
            "the file ends within a character", line=1 + text.count("\n"), fault=Fault.TRUNCATED
        )
    return text
