"""The data blocks of one folder, in order, joined where a set of cabinets splits them.

Yields compressed blocks whose checksum holds; decompresses nothing. Layout: [MS-CAB] section 2.5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOCK_OUTPUT = 32768  # no block decompresses to more
_BLOCK_INPUT = BLOCK_OUTPUT + 6144  # the most a block may grow when its data resists compression
_HEADER = struct.Struct("<IHH")


@dataclass(frozen=True, slots=True)
class Segment:
    """The blocks of a folder that one cabinet holds.

    Attributes:
        stream: the cabinet.
        offset: where its first block stands in the stream.
        blocks: how many there are.
        reserve: bytes between each block's header and its data.
    """

    stream: BinaryIO
    offset: int
    blocks: int
    reserve: int


@dataclass(frozen=True, slots=True)
class Block:
    """One compressed block and the size it decompresses to."""

    data: bytes
    size: int


def count(segments: Sequence[Segment]) -> int:
    """How many whole blocks a folder has: one is shared at each border between two cabinets."""
    return sum(segment.blocks for segment in segments) - (len(segments) - 1)


def read_blocks(segments: Sequence[Segment]) -> Iterator[Block]:
    """Read a folder's blocks in order.

    Raises:
        FormatError: TRUNCATED when a cabinet ends early; CORRUPT for sizes past the format's limits, a checksum
            that does not hold, or a border between cabinets without a split block.
    """
    head = b""  # the part of a split block that the cabinet before this one held
    for place, segment in enumerate(segments):
        position = segment.offset
        final = place == len(segments) - 1
        for number in range(segment.blocks):
            data, size, position = _read_block(segment, position)
            data, head = head + data, b""
            if len(data) > _BLOCK_INPUT:
                raise FormatError(
                    "cab", Fault.CORRUPT, "A data block is larger than the format allows", offset=position
                )
            split = not final and number == segment.blocks - 1
            if split != (size == 0):
                raise FormatError(
                    "cab", Fault.CORRUPT, "A data block is split where it should not be", offset=position
                )
            if split:
                head = data
            else:
                yield Block(data, size)


def _read_block(segment: Segment, position: int) -> tuple[bytes, int, int]:
    """One stored block: its data, its decompressed size (0 when it goes on elsewhere), and where the next begins."""
    segment.stream.seek(position)
    header = segment.stream.read(_HEADER.size + segment.reserve)
    if len(header) != _HEADER.size + segment.reserve:
        raise FormatError(
            "cab", Fault.TRUNCATED, "The cabinet ends before its data blocks do", offset=position
        )
    checksum, stored, size = _HEADER.unpack_from(header)
    if stored > _BLOCK_INPUT or size > BLOCK_OUTPUT:
        raise FormatError(
            "cab", Fault.CORRUPT, "A data block is larger than the format allows", offset=position
        )
    data = segment.stream.read(stored)
    if len(data) != stored:
        raise FormatError("cab", Fault.TRUNCATED, "The cabinet ends inside a data block", offset=position)
    # Zero means that the writer stored no checksum. Writers differ on whether the reserved area is covered.
    body = _fold_words(data)
    if checksum and checksum not in {
        body ^ _fold_words(header[4:]),
        body ^ _fold_words(header[4 : _HEADER.size]),
    }:
        raise FormatError("cab", Fault.CORRUPT, "The checksum of a data block does not hold", offset=position)
    return data, size, position + len(header) + stored


def _fold_words(data: bytes) -> int:
    """XOR of the little-endian 32-bit words; a tail of one to three bytes counts in big-endian order."""
    whole = len(data) & ~3
    result = int.from_bytes(data[whole:], "big")
    # Halving a large integer is far quicker than a loop over the words.
    value, size = int.from_bytes(data[:whole], "little"), whole // 4
    while size > 1:
        half = (size + 1) // 2
        value = value >> 32 * half ^ value & (1 << 32 * half) - 1
        size = half
    return result ^ value
