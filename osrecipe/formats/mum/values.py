r"""The text forms of registry data in manifests.

What the forms are is taken from genuine manifests of build 26100:

- `REG_DWORD` has `0x` and a number;
- `REG_QWORD` has 16 hexadecimal digits that are the eight bytes in memory order: a driver package's `FileSize` of
  `0A88000000000000` is a file of 0x880A bytes;
- `REG_MULTI_SZ` is a list of quoted strings with commas between;
- a type of eight hexadecimal digits is the registry's type number, and its data is bytes.

A form that is not one of these gives None: guessing would write a wrong value into an image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Data = str | tuple[str, ...] | int | bytes
"""What a registry value holds, by type."""

TYPE_CODES = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": 3,
    "REG_DWORD": 4,
    "REG_MULTI_SZ": 7,
    "REG_QWORD": 11,
}

_NUMERIC_TYPE = re.compile(r"[0-9A-Fa-f]{8}")
_HEX_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_QWORD_BYTES = re.compile(r"[0-9A-Fa-f]{16}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*(,|$)')


def type_code(name: str) -> int | None:
    """The registry's number for a type as manifests write it, or None."""
    if name in TYPE_CODES:
        return TYPE_CODES[name]
    return int(name, 16) if _NUMERIC_TYPE.fullmatch(name) else None


def parse_data(code: int | None, text: str) -> Data | None:
    """Turn the text of a value into its data, or None where it is not understood."""
    if code is None:
        return None
    parser = _PARSERS.get(code, _raw)
    return parser(text)


def _raw(text: str) -> bytes | None:
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def _dword(text: str) -> int | None:
    return _number(text, 4)


def _qword(text: str) -> int | None:
    if _QWORD_BYTES.fullmatch(text):
        return int.from_bytes(bytes.fromhex(text), "little")
    return _number(text, 8)


def _number(text: str, width: int) -> int | None:
    """A number with `0x`, or a decimal one without leading zeros, that fits `width` bytes."""
    if len(text) > 40:  # noqa: PLR2004 - far above any number that fits, far below what is slow to convert
        return None
    if _HEX_NUMBER.fullmatch(text):
        value = int(text, 16)
    elif _DECIMAL.fullmatch(text):
        value = int(text)
    else:
        return None
    return value if value < 1 << 8 * width else None


def _strings(text: str) -> tuple[str, ...] | None:
    """A list of quoted strings, in which a doubled quote is a quote; or one plain string without quote and comma."""
    if not text.strip():
        return ()
    if '"' not in text:
        return None if "," in text else (text,)
    items: list[str] = []
    position, separator = 0, ","
    while separator == ",":
        found = _QUOTED.match(text, position)
        if found is None:
            return None
        items.append(found[1].replace('""', '"'))
        position, separator = found.end(), found[2]
    if items == [""]:
        return ()
    # The registry ends a list at its first empty string.
    return None if "" in items else tuple(items)


_PARSERS: dict[int, Callable[[str], Data | None]] = {1: str, 2: str, 4: _dword, 7: _strings, 11: _qword}
