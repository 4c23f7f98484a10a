"""Names of keys and values: how they are stored, compared and hashed.

The registry compares names by UTF-16 code unit after a one-to-one upper-casing, so a comparison key here is a
string with one character per code unit: characters beyond U+FFFF stand as their two surrogates, unchanged.

It must not know where names are stored.
"""

from __future__ import annotations

from osrecipe.formats.hive.layout import corrupt
from osrecipe.formats.hive.upcase import UPCASE


def units(name: str) -> int:
    """The length of a name in UTF-16 code units."""
    return len(name) + sum(character > "\uffff" for character in name)


def encode(name: str) -> tuple[bytes, bool]:
    """The stored form of a name.

    Returns:
        The bytes, and whether they are one byte per character (Latin-1) instead of UTF-16.
    """
    try:
        return name.encode("latin-1"), True
    except UnicodeEncodeError:
        return name.encode("utf-16-le", "surrogatepass"), False


def decode(raw: bytes, *, compressed: bool, cell: int) -> str:
    """The name stored as `raw` in `cell`.

    Raises:
        FormatError: half a code unit is left over.
    """
    if compressed:
        return raw.decode("latin-1")
    if len(raw) % 2:
        raise corrupt("a UTF-16 name has an odd number of bytes", cell)
    return raw.decode("utf-16-le", "surrogatepass")


def fold(name: str) -> str:
    """The comparison key of a name: upper-cased, one character per UTF-16 code unit."""
    if name.isascii():
        return name.upper()
    return _code_units(name).translate(UPCASE)


def leaf_hash(folded: str) -> int:
    """The hash an `lh` leaf stores for a name, from its comparison key."""
    result = 0
    for character in folded:
        result = (result * 37 + ord(character)) & 0xFFFFFFFF
    return result


def leaf_hint(name: str) -> bytes:
    """The four bytes an `lf` leaf stores for a name: its first characters as they are, or zeros."""
    start = name[:4]
    try:
        return start.encode("latin-1").ljust(4, b"\0")
    except UnicodeEncodeError:
        return bytes(4)


def _code_units(name: str) -> str:
    if max(name) <= "\uffff":
        return name
    raw = name.encode("utf-16-le", "surrogatepass")
    return "".join(chr(raw[i] | raw[i + 1] << 8) for i in range(0, len(raw), 2))
