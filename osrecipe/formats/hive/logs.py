"""Transaction logs: completing a hive whose last write was not finished.

Two formats: up to Windows 8 one `DIRT` bitmap with the pages of one write; since 8.1 a chain of `HvLE` entries, each
guarded by two hashes. Rules and layout: the public regf specification by M. Suhanov. Windows mends more than is
mended here; what isn't certain is refused.

It must not look at cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive import header
from osrecipe.formats.hive.layout import BASE_SIZE, FORMAT, MAX_BINS_SIZE, PAGE, U64
from osrecipe.formats.hive.marvin import marvin32

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.formats.hive.header import BaseBlock

_ENTRY: Final = Struct(
    "<4sIIIIIQQ"
)  # signature, size, flags, sequence, bins size, pages, hash of body, of head
_ENTRY_HASHED: Final = 32
_PAGE_REF: Final = Struct("<II")
_FLAGS: Final = 144
_BIN_TIMESTAMP: Final = BASE_SIZE + 20
_SECTOR: Final = header.SECTOR


@dataclass(frozen=True, slots=True)
class _Entry:
    """One write: pages to put into the bins, and the bins' size afterwards."""

    sequence: int
    flags: int
    size: int
    pages: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class _Log:
    """A log whose header is in order."""

    base: BaseBlock
    data: bytes
    entries: tuple[_Entry, ...]


def recover(data: bytes, base: BaseBlock, logs: Sequence[bytes]) -> bytes:
    """Complete a dirty hive.

    Args:
        data: the primary file.
        base: its base block as parsed.
        logs: its log files, in the order of their names.

    Returns:
        The primary file as it would have been written, clean.

    Raises:
        FormatError: `hive/dirty`, as no log fits.
    """
    usable = [log for raw in logs if (log := _open(raw)) is not None]
    chain = _new_chain(base, usable)
    if not chain:
        chain = _old_chain(data, base, usable)
    if not chain:
        raise FormatError(
            FORMAT,
            Fault.DIRTY,
            "the hive's last write was not finished and no transaction log completes it",
            hint="keep the hive's `.LOG1` and `.LOG2` files beside it, or let Windows load it once",
        )
    block = bytearray(data[:BASE_SIZE].ljust(BASE_SIZE, b"\0"))
    if not base.intact:
        block[:_SECTOR] = chain[0].data[:_SECTOR]
    return _apply(block, data, chain, limit=len(data) + sum(map(len, logs)))


def _open(raw: bytes) -> _Log | None:
    """A log with a sound header, or None."""
    try:
        base = header.parse(raw)
    except FormatError:
        return None  # not a log: an empty or foreign file beside the hive is common
    if not base.clean:
        return None
    if base.kind == header.FILE_NEW_LOG:
        return _Log(base, raw, tuple(_new_entries(raw, base.sequence1)))
    if base.kind in header.FILE_OLD_LOGS:
        return _Log(base, raw, tuple(_old_entries(raw, base)))
    return None


def _new_chain(base: BaseBlock, logs: Sequence[_Log]) -> list[_Log]:
    """The new-format logs to apply, in order."""
    found = [log for log in logs if log.base.kind == header.FILE_NEW_LOG and log.entries]
    found.sort(key=lambda log: log.base.sequence1)
    if not base.intact:
        return found[-1:]
    found = [log for log in found if log.base.sequence1 >= base.sequence2]
    chain = found[:1]
    for log in found[1:]:
        if log.base.sequence1 == chain[-1].entries[-1].sequence + 1:
            chain.append(log)
    return chain


def _old_chain(data: bytes, base: BaseBlock, logs: Sequence[_Log]) -> list[_Log]:
    """The old-format log to apply: the first that carries the time of the unfinished write."""
    timestamp = base.timestamp
    if not base.intact:
        if len(data) < _BIN_TIMESTAMP + U64.size:
            return []
        (timestamp,) = U64.unpack_from(data, _BIN_TIMESTAMP)
    found = [log for log in logs if log.base.kind in header.FILE_OLD_LOGS and log.entries]
    return [log for log in found if log.base.timestamp == timestamp][:1]


def _new_entries(raw: bytes, sequence: int) -> Iterator[_Entry]:
    """The entries numbered from `sequence` on, up to the first that is damaged or out of turn."""
    position = _SECTOR
    while (found := _new_entry(raw, position)) is not None:
        entry, size = found
        if entry.sequence != sequence:
            return
        yield entry
        sequence += 1
        position += size


def _new_entry(raw: bytes, position: int) -> tuple[_Entry, int] | None:
    """The entry at `position` and its size, or None where there is no sound one."""
    if len(raw) - position < _ENTRY.size:
        return None
    signature, size, flags, sequence, bins, count, body_hash, head_hash = _ENTRY.unpack_from(raw, position)
    if signature != b"HvLE" or size % _SECTOR or not _ENTRY.size < size <= len(raw) - position:
        return None
    entry = raw[position : position + size]
    if marvin32(entry[:_ENTRY_HASHED]) != head_hash or marvin32(entry[_ENTRY.size :]) != body_hash:
        return None
    pages = _entry_pages(entry, count, bins)
    if pages is None or bins % PAGE or bins > MAX_BINS_SIZE:
        return None
    return _Entry(sequence, flags, bins, pages), size


def _entry_pages(entry: bytes, count: int, bins: int) -> tuple[tuple[int, bytes], ...] | None:
    """The pages of an entry with their offsets, or None where they don't fit."""
    position = _ENTRY.size + count * _PAGE_REF.size
    if position > len(entry):
        return None
    pages: list[tuple[int, bytes]] = []
    for offset, size in _PAGE_REF.iter_unpack(entry[_ENTRY.size : position]):
        if size > len(entry) - position or offset + size > bins:
            return None
        pages.append((offset, entry[position : position + size]))
        position += size
    return tuple(pages)


def _old_entries(raw: bytes, base: BaseBlock) -> Iterator[_Entry]:
    """The one write an old log holds, unless it is cut off."""
    bitmap_end = _SECTOR + 4 + base.size // _SECTOR // 8
    if raw[_SECTOR : _SECTOR + 4] != b"DIRT" or len(raw) < bitmap_end:
        return
    position = -(-bitmap_end // _SECTOR) * _SECTOR
    pages: list[tuple[int, bytes]] = []
    for place, byte in enumerate(raw[_SECTOR + 4 : bitmap_end]):
        for bit in range(8):
            if byte >> bit & 1:
                if len(raw) - position < _SECTOR:
                    return
                pages.append(((8 * place + bit) * _SECTOR, raw[position : position + _SECTOR]))
                position += _SECTOR
    if pages:
        yield _Entry(base.sequence1, raw[_FLAGS], base.size, tuple(pages))


def _apply(block: bytearray, data: bytes, chain: Sequence[_Log], *, limit: int) -> bytes:
    """Put the chain's pages into the bins; `limit` bounds what the result may weigh."""
    bins = bytearray(data[BASE_SIZE:])
    size, sequence, timestamp = len(bins), 0, header.parse(block).timestamp
    for entry in (entry for log in chain for entry in log.entries):
        if entry.size + BASE_SIZE > limit:
            raise FormatError(FORMAT, Fault.DIRTY, "a transaction log grows the hive by more than it holds")
        size, sequence = entry.size, entry.sequence
        bins.extend(bytes(max(0, size - len(bins))))
        for offset, page in entry.pages:
            bins[offset : offset + len(page)] = page
        block[_FLAGS] = block[_FLAGS] & ~1 | entry.flags & 1
    header.stamp(block, sequence=sequence, timestamp=timestamp, root=header.parse(block).root, size=size)
    return bytes(block) + bytes(bins[:size])
