"""The writer of `.reg` files, version 5, as regedit exports them.

It must not change what it is given: what can't be written as text is written as bytes.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive.data import decode_sz, encode_sz
from osrecipe.formats.hive.values import ValueType
from osrecipe.formats.reg.model import FORMAT, HEADER_5, RegKey, RegValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDTH: Final = 80
_DWORD_SIZE: Final = 4
_LINE_BREAKS: Final = frozenset("\r\n")


def write(keys: Iterable[RegKey]) -> bytes:
    """The file that says what `keys` say; lines of the input are ignored.

    Raises:
        FormatError: a path or name can't be written.
    """
    lines = [HEADER_5, ""]
    for key in keys:
        lines += [_key_line(key), *(line for value in key.values for line in _value_lines(value)), ""]
    return codecs.BOM_UTF16_LE + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le", "surrogatepass")


def _key_line(key: RegKey) -> str:
    if _LINE_BREAKS & set(key.path) or not all(key.path.split("\\")) or key.path.startswith("-"):
        raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a key's path can't be written: `{key.path}`")
    if key.delete and key.values:
        raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a key that is deleted has values: `{key.path}`")
    return f"[{'-' if key.delete else ''}{key.path}]"


def _value_lines(value: RegValue) -> Iterator[str]:
    head = f"{_quoted(value.name)}=" if value.name else "@="
    data = value.data
    if data is None:
        yield f"{head}-"
    elif value.type == ValueType.SZ and (text := _plain_text(data)) is not None:
        yield f"{head}{_quoted(text)}"
    elif value.type == ValueType.DWORD and len(data) == _DWORD_SIZE:
        yield f"{head}dword:{int.from_bytes(data, 'little'):08x}"
    else:
        kind = "" if value.type == ValueType.BINARY else f"({int(value.type):x})"
        yield from _wrapped(f"{head}hex{kind}:", data)


def _plain_text(data: bytes) -> str | None:
    """The text of a value that is nothing but one line of text with its terminator."""
    text = decode_sz(data)
    return None if _LINE_BREAKS & set(text) or encode_sz(text) != data else text


def _quoted(text: str) -> str:
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0")):
        text = text.replace(character, escape)
    return f'"{text}"'


def _wrapped(head: str, data: bytes) -> Iterator[str]:
    """Bytes behind `head`, over lines of at most 80 characters where the head allows."""
    line = head
    for place, byte in enumerate(data):
        item = f"{byte:02x}" + ("," if place + 1 < len(data) else "")
        if len(line) + len(item) + 1 > _WIDTH and line != "  ":
            yield line + "\\"
            line = "  "
        line += item
    yield line
