"""The examination of subkey lists and of single values, for `check.py`.

It must not use the reader's code for lists and data, which it is there to check.
"""

from __future__ import annotations

from typing import NamedTuple

from osrecipe.formats.hive import names
from osrecipe.formats.hive.layout import (
    DB,
    INLINE,
    LIST_HEAD,
    MAX_VALUE_NAME,
    SEGMENT,
    SEGMENT_CELL,
    VALUE_COMPRESSED,
    VK,
    VK_NAME,
)
from osrecipe.formats.hive.ledger import BrokenError, Flaw, Ledger

_BIG_DATA_SINCE = 4
_HASHES_SINCE = 5
_INLINE_MAX = 4


class Entry(NamedTuple):
    """One subkey as listed: its node, and the kind of list with its hash or hint."""

    node: int
    kind: bytes
    mark: int


def subkeys(ledger: Ledger, cell: int, node: int) -> list[Entry]:
    """The entries of a key's subkey list, leaves of an `ri` list in a row."""
    kind, count, raw = _head(ledger, cell, node)
    if kind != b"ri":
        return _leaf(ledger, cell, kind, count, raw)
    entries: list[Entry] = []
    for leaf in ledger.numbers(raw, LIST_HEAD.size, count, cell):
        entries += _leaf(ledger, leaf, *_head(ledger, leaf, cell))
    return entries


def _head(ledger: Ledger, cell: int, referrer: int) -> tuple[bytes, int, bytes]:
    raw = ledger.use(cell, LIST_HEAD.size, referrer, "a subkey list")
    kind, count = LIST_HEAD.unpack_from(raw)
    if count == 0:
        ledger.note(Flaw.COUNT, cell, "a subkey list is empty")
    return kind, count, raw


def _leaf(ledger: Ledger, cell: int, kind: bytes, count: int, raw: bytes) -> list[Entry]:
    if kind == b"li":
        return [Entry(node, kind, 0) for node in ledger.numbers(raw, LIST_HEAD.size, count, cell)]
    if kind not in (b"lf", b"lh"):
        ledger.note(Flaw.REFERENCE, cell, "a subkey list has an unknown signature")
        raise BrokenError
    if kind == b"lh" and ledger.minor < _HASHES_SINCE:
        ledger.note(Flaw.HASH, cell, f"a list with hashes stands in a hive of version 1.{ledger.minor}")
    numbers = ledger.numbers(raw, LIST_HEAD.size, 2 * count, cell)
    return [Entry(node, kind, mark) for node, mark in zip(numbers[::2], numbers[1::2], strict=True)]


def mark(ledger: Ledger, entry: Entry, name: str) -> None:
    """Examine the hash or hint of a listed subkey."""
    if entry.kind == b"lh":
        expected = 0
        for unit in names.fold(name):
            expected = (37 * expected + ord(unit)) % 2**32
    elif entry.kind == b"lf":
        expected = _hint(name)
    else:
        return
    if entry.mark != expected:
        ledger.note(Flaw.HASH, entry.node, f"a key's hash is 0x{entry.mark:08x} instead of 0x{expected:08x}")


def _hint(name: str) -> int:
    """The first four characters as bytes; zero when one of them needs more."""
    codes = [ord(character) for character in name[:4]]
    if any(code >= 1 << 8 for code in codes):
        return 0
    return sum(code << 8 * place for place, code in enumerate(codes))


def value(ledger: Ledger, record: int, node: int) -> tuple[str, int]:
    """Examine a value with its data; return its name and the size of its data."""
    raw = ledger.use(record, VK.size, node, "a value")
    signature, name_size, size, cell, _, flags, _ = VK.unpack_from(raw)
    if signature != b"vk":
        ledger.note(Flaw.REFERENCE, record, "a value has no signature")
        raise BrokenError
    if VK_NAME + name_size > len(raw):
        ledger.note(Flaw.NAME, record, "a value's name doesn't fit its cell")
        raise BrokenError
    stored = raw[VK_NAME : VK_NAME + name_size]
    name = ledger.name(stored, record, compressed=bool(flags & VALUE_COMPRESSED))
    if names.units(name) > MAX_VALUE_NAME:
        ledger.note(Flaw.NAME, record, f"a value's name is too long: {names.units(name)} characters")
    if size & INLINE:
        size &= ~INLINE
        if size > _INLINE_MAX:
            ledger.note(Flaw.DATA, record, f"a value claims too much inline data: {size} bytes")
    elif size > SEGMENT and ledger.minor >= _BIG_DATA_SINCE:
        _big_data(ledger, record, cell, size)
    elif size:
        ledger.use(cell, size, record, "the data of a value")
    return name, size


def _big_data(ledger: Ledger, record: int, cell: int, size: int) -> None:
    raw = ledger.use(cell, DB.size, record, "the data of a value")
    signature, count, top, _ = DB.unpack_from(raw)
    if signature != b"db":
        ledger.note(Flaw.DATA, cell, "big data has no signature")
        raise BrokenError
    if count != (size + SEGMENT - 1) // SEGMENT:
        ledger.note(Flaw.DATA, cell, f"big data of {size} bytes has a wrong number of segments: {count}")
    listed = ledger.numbers(ledger.use(top, 0, cell, "a segment list"), 0, count, top)
    for segment in listed:
        ledger.use(segment, 0, top, "a segment")
        if ledger.size(segment) != SEGMENT_CELL:
            ledger.note(
                Flaw.DATA, segment, f"a segment's cell has an odd size: {ledger.size(segment) + 4} bytes"
            )
