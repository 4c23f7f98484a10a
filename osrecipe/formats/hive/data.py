"""The data of values: text, lists of texts and numbers to bytes and back, and a line for people.

It must not know where data is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive.layout import FORMAT
from osrecipe.formats.hive.values import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.formats.hive.values import Value

_SHOWN = 24
"""Bytes of binary data shown to people."""
_TEXTS = frozenset({ValueType.SZ, ValueType.EXPAND_SZ})
_NUMBERS = frozenset({ValueType.DWORD, ValueType.QWORD})


def encode_sz(text: str) -> bytes:
    """A text as UTF-16 with its terminator.

    Raises:
        FormatError: it holds a NUL, which would end it early for every reader.
    """
    if "\0" in text:
        raise FormatError(
            FORMAT, Fault.UNSUPPORTED, "a text holds a NUL character", hint="store it as binary data"
        )
    return (text + "\0").encode("utf-16-le", "surrogatepass")


def decode_sz(data: bytes) -> str:
    """The text up to the first NUL, or all of it; half a character at the end is left out."""
    return _utf16(data).partition("\0")[0]


def encode_multi_sz(texts: Iterable[str]) -> bytes:
    """A list of texts, each with its terminator, and one more at the end.

    Raises:
        FormatError: a text is empty, which would end the list early, or holds a NUL.
    """
    encoded = [encode_sz(text) for text in texts]
    if b"\0\0" in encoded:
        raise FormatError(FORMAT, Fault.UNSUPPORTED, "a list of texts holds an empty one, which would end it")
    return b"".join(encoded) + b"\0\0"


def decode_multi_sz(data: bytes) -> tuple[str, ...]:
    """The texts up to the first empty one, or up to the end of the data."""
    texts: list[str] = []
    for text in _utf16(data).split("\0"):
        if not text:
            break
        texts.append(text)
    return tuple(texts)


def encode_dword(number: int) -> bytes:
    """A number as four little-endian bytes; negative ones as Windows does, in two's complement.

    Raises:
        FormatError: it doesn't fit.
    """
    return _encode_number(number, 4)


def encode_qword(number: int) -> bytes:
    """A number as eight little-endian bytes, as `encode_dword`."""
    return _encode_number(number, 8)


def _encode_number(number: int, size: int) -> bytes:
    bits = 8 * size
    if not -(1 << bits - 1) <= number < 1 << bits:
        raise FormatError(FORMAT, Fault.TOO_LARGE, f"a number doesn't fit {bits} bits: {number}")
    return (number & (1 << bits) - 1).to_bytes(size, "little")


def describe(value: Value) -> str:
    """Type and data of a value in one line for people; never raises, whatever the data is."""
    return f"{_type_name(value.type)} {_shown(value)}".rstrip()


def _type_name(number: int) -> str:
    try:
        return f"REG_{ValueType(number).name}"
    except ValueError:
        return f"type 0x{number:x}"


def _shown(value: Value) -> str:
    data = value.data
    if value.type in _TEXTS:
        return f'"{_printable(decode_sz(data))}"'
    if value.type == ValueType.LINK:
        return f'"{_printable(_utf16(data))}"'
    if value.type == ValueType.MULTI_SZ:
        return "[" + ", ".join(f'"{_printable(text)}"' for text in decode_multi_sz(data)) + "]"
    if value.type in _NUMBERS and len(data) == (4 if value.type == ValueType.DWORD else 8):
        number = int.from_bytes(data, "little")
        return f"{number} (0x{number:x})"
    return _hex(data)


def _hex(data: bytes) -> str:
    if len(data) <= _SHOWN:
        return data.hex(" ")
    return f"{data[:_SHOWN].hex(' ')} … ({len(data)} bytes)"


def _utf16(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")


def _printable(text: str) -> str:
    """Control characters and lone surrogates as escapes, so that a line stays a line."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
