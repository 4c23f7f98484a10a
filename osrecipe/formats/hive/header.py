"""The base block: versions, sequence numbers, where the root is, and the checksum over it all.

It must not look beyond its 4,096 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, iter_unpack
from typing import Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive.layout import BASE_SIZE, FORMAT, MAX_BINS_SIZE, NIL, PAGE, U32

CHECKED = 508
"""Bytes the checksum covers; it stands right behind them."""
SECTOR = 512

_FIELDS: Final = Struct("<4sIIQIIIIIII")
_MINORS: Final = range(3, 7)

FILE_PRIMARY = 0
FILE_OLD_LOGS = (1, 2)
FILE_NEW_LOG = 6


@dataclass(frozen=True, slots=True)
class BaseBlock:
    """The fields of a base block that are used.

    Attributes:
        sequence1: counts the writes begun.
        sequence2: counts the writes finished.
        timestamp: of the last write, a FILETIME.
        minor: the minor version; the major one is 1.
        kind: primary file or one of the logs.
        root: the root key's node.
        size: bytes of bins.
        intact: whether the checksum holds.
    """

    sequence1: int
    sequence2: int
    timestamp: int
    minor: int
    kind: int
    root: int
    size: int
    intact: bool

    @property
    def clean(self) -> bool:
        """Whether the last write was finished."""
        return self.intact and self.sequence1 == self.sequence2


def checksum(block: bytes | bytearray) -> int:
    """The checksum of a base block: its first 508 bytes as numbers, XORed; 0 and -1 are avoided."""
    result = 0
    for (number,) in iter_unpack("<I", bytes(block[:CHECKED])):
        result ^= number
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(result, result)


def parse(data: bytes | bytearray) -> BaseBlock:
    """Read a base block, of which a log holds the first sector only.

    Raises:
        FormatError: it is none, or of a version that is not read here.
    """
    if len(data) < SECTOR:
        raise FormatError(
            FORMAT, Fault.TRUNCATED, "the file is shorter than a hive's header", offset=len(data)
        )
    signature, first, second, timestamp, major, minor, kind, layout, root, size, _ = _FIELDS.unpack_from(data)
    if signature != b"regf":
        raise FormatError(FORMAT, Fault.CORRUPT, "the file is no registry hive", offset=0)
    if major != 1 or minor not in _MINORS:
        raise FormatError(
            FORMAT, Fault.UNSUPPORTED, f"the hive's version is not supported: {major}.{minor}", offset=20
        )
    if layout != 1:
        raise FormatError(
            FORMAT, Fault.UNSUPPORTED, f"the hive's layout is not supported: {layout}", offset=32
        )
    if size % PAGE or size > MAX_BINS_SIZE:
        raise FormatError(FORMAT, Fault.CORRUPT, f"the hive states an impossible size: {size}", offset=40)
    intact = U32.unpack_from(data, CHECKED)[0] == checksum(data)
    return BaseBlock(first, second, timestamp, minor, kind, root, size, intact)


def new(timestamp: int, minor: int) -> bytearray:
    """A base block for a hive that is being made."""
    block = bytearray(BASE_SIZE)
    _FIELDS.pack_into(block, 0, b"regf", 0, 0, timestamp, 1, minor, FILE_PRIMARY, 1, NIL, 0, 1)
    return block


def stamp(block: bytearray, *, sequence: int, timestamp: int, root: int, size: int) -> None:
    """Bring a primary file's base block up to date: both sequence numbers, time, root, size, checksum."""
    sequence &= 0xFFFFFFFF
    *_, minor, _, layout, _, _, clustering = _FIELDS.unpack_from(block)
    _FIELDS.pack_into(
        block,
        0,
        b"regf",
        sequence,
        sequence,
        timestamp,
        1,
        minor,
        FILE_PRIMARY,
        layout,
        root,
        size,
        clustering,
    )
    U32.pack_into(block, CHECKED, checksum(block))
