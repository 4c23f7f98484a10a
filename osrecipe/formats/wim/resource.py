"""One resource of a WIM as random-access bytes: the chunk tables and the chunks.

Reads from any seekable binary file, decompresses only the chunks that are asked for, and checks every offset
against the resource's bounds. It does not know what the bytes mean.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.layout import Codec, Resource, ResourceFlag, check_chunk, corrupt
from osrecipe.formats.wim.libwim import Decompressor

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = 1 << 20  # bytes read at a time from uncompressed resources
_SOLID_HEADER: Final = 16
_NARROW: Final = 0xFFFFFFFF  # resources past this size have 8-byte chunk offsets
_CACHED_CHUNKS: Final = 4


class Codecs:
    """The decompressors in use, one for each codec and chunk size."""

    def __init__(self) -> None:
        self._made: dict[tuple[Codec, int], Decompressor] = {}

    def get(self, codec: Codec, chunk: int) -> Decompressor:
        """The decompressor, made on first use."""
        key = (codec, chunk)
        if key not in self._made:
            self._made[key] = Decompressor(codec, chunk)
        return self._made[key]

    def close(self) -> None:
        """Frees them all."""
        for made in self._made.values():
            made.close()
        self._made.clear()


class Readable(Protocol):
    """Bytes with a known size that can be read from any place."""

    size: int

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """All of it in order."""
        ...


def read_exactly(file: BinaryIO, offset: int, count: int) -> bytes:
    """Reads `count` bytes at `offset`.

    Raises:
        FormatError: the file ends before.
    """
    file.seek(offset)
    raw = file.read(count)
    if len(raw) != count:
        raise FormatError(
            "wim", Fault.TRUNCATED, f"the file ends inside a resource of {count} bytes", offset=offset
        )
    return raw


class Stored:
    """An uncompressed resource."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self.size = size

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` of the uncompressed data."""
        count = max(0, min(count, self.size - offset))
        return read_exactly(self._file, self._offset + offset, count) if count else b""

    def pieces(self) -> Iterator[bytes]:
        """All of it in order."""
        for at in range(0, self.size, _PIECE):
            yield self.read_at(at, _PIECE)


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the chunks of a compressed resource are, relative to the file."""

    codec: Codec
    chunk: int
    starts: array[int]  # one more than there are chunks
    base: int


class Chunked:
    """A compressed resource, solid or not."""

    def __init__(self, file: BinaryIO, resource: Resource, size: int, table: _Table, codecs: Codecs) -> None:
        self._file = file
        self._resource = resource
        self._table = table
        self._codecs = codecs
        self._cache: dict[int, bytes] = {}
        self.size = size

    def _chunk(self, number: int) -> bytes:
        if number in self._cache:
            return self._cache[number]
        table = self._table
        start, end = table.starts[number], table.starts[number + 1]
        expected = min(table.chunk, self.size - number * table.chunk)
        if not 0 < end - start <= expected:
            raise corrupt(
                f"chunk {number} has an impossible size: {end - start} bytes", offset=table.base + start
            )
        raw = read_exactly(self._file, table.base + start, end - start)
        if len(raw) != expected:  # a chunk that would not shrink is kept as it is
            raw = self._codecs.get(table.codec, table.chunk).decompress(raw, expected)
        while len(self._cache) >= _CACHED_CHUNKS:
            del self._cache[next(iter(self._cache))]
        self._cache[number] = raw
        return raw

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` of the uncompressed data."""
        end = min(offset + count, self.size)
        if offset >= end:
            return b""
        chunk = self._table.chunk
        first, last = offset // chunk, (end - 1) // chunk
        parts = [self._chunk(number) for number in range(first, last + 1)]
        joined = parts[0] if len(parts) == 1 else b"".join(parts)
        return joined[offset - first * chunk : end - first * chunk]

    def pieces(self) -> Iterator[bytes]:
        """All of it in order."""
        for number in range(len(self._table.starts) - 1):
            yield self._chunk(number)


class Slice:
    """A blob's part of a solid resource."""

    def __init__(self, whole: Readable, offset: int, size: int) -> None:
        self._whole = whole
        self._offset = offset
        self.size = size

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` of the blob."""
        count = max(0, min(count, self.size - offset))
        return self._whole.read_at(self._offset + offset, count) if count else b""

    def pieces(self) -> Iterator[bytes]:
        """All of it in order."""
        for at in range(0, self.size, _PIECE):
            yield self.read_at(at, _PIECE)


def _numbers(raw: bytes, wide: bool) -> array[int]:
    numbers = array("Q" if wide else "I", raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _plain_table(file: BinaryIO, resource: Resource, codec: Codec, chunk: int) -> _Table:
    count = -(-resource.size // chunk)
    wide = resource.size > _NARROW
    table_size = (count - 1) * (8 if wide else 4)
    if table_size >= resource.stored:
        raise corrupt("a chunk table is larger than its resource", offset=resource.offset)
    starts = array("Q", [0])
    starts.extend(array("Q", _numbers(read_exactly(file, resource.offset, table_size), wide)))
    starts.append(resource.stored - table_size)
    if any(later < sooner for sooner, later in pairwise(starts)):
        raise corrupt("the offsets of a chunk table go backwards", offset=resource.offset)
    return _Table(codec, chunk, starts, resource.offset + table_size)


def _solid_header(file: BinaryIO, resource: Resource) -> tuple[int, int, Codec]:
    if resource.stored <= _SOLID_HEADER:
        raise corrupt("a solid resource is too short", offset=resource.offset)
    raw = read_exactly(file, resource.offset, _SOLID_HEADER)
    size, chunk, codec = (int.from_bytes(raw[a:b], "little") for a, b in ((0, 8), (8, 12), (12, 16)))
    if not Codec.XPRESS <= codec <= Codec.LZMS:
        raise FormatError(
            "wim",
            Fault.UNSUPPORTED,
            f"unknown compression of a solid resource: {codec}",
            offset=resource.offset,
        )
    check_chunk(Codec(codec), chunk)
    return size, chunk, Codec(codec)


def _solid_table(file: BinaryIO, resource: Resource) -> tuple[int, _Table]:
    size, chunk, codec = _solid_header(file, resource)
    table_size = -(-size // chunk) * 4
    if size == 0 or _SOLID_HEADER + table_size >= resource.stored:
        raise corrupt(
            "the chunk table of a solid resource is larger than the resource", offset=resource.offset
        )
    starts = array("Q", [0])
    at = 0
    for stored in _numbers(read_exactly(file, resource.offset + _SOLID_HEADER, table_size), wide=False):
        at += stored
        starts.append(at)
    if _SOLID_HEADER + table_size + at > resource.stored:
        raise corrupt("the chunks of a solid resource leave it", offset=resource.offset)
    return size, _Table(codec, chunk, starts, resource.offset + _SOLID_HEADER + table_size)


def solid_size(file: BinaryIO, resource: Resource) -> int:
    """The uncompressed size of a solid resource, in bytes."""
    return _solid_header(file, resource)[0]


def open_resource(file: BinaryIO, resource: Resource, codec: Codec, chunk: int, codecs: Codecs) -> Readable:
    """The uncompressed bytes of a resource.

    Args:
        file: the WIM, or the part of a split one that holds the resource.
        resource: where it is.
        codec: the WIM's compression, for resources that are not solid.
        chunk: the WIM's chunk size in bytes.
        codecs: decompressors to share.

    Raises:
        FormatError: the resource contradicts itself or leaves the file.
    """
    if resource.flags & ResourceFlag.SOLID:
        size, table = _solid_table(file, resource)
        return Chunked(file, resource, size, table, codecs)
    if not resource.flags & ResourceFlag.COMPRESSED:
        if resource.stored != resource.size:
            raise corrupt("an uncompressed resource has two sizes", offset=resource.offset)
        return Stored(file, resource.offset, resource.size)
    if codec is Codec.NONE:
        raise corrupt("a compressed resource in a WIM without compression", offset=resource.offset)
    if resource.size == 0:
        return Stored(file, resource.offset, 0)
    return Chunked(file, resource, resource.size, _plain_table(file, resource, codec, chunk), codecs)


def sha1(readable: Readable) -> bytes:
    """The SHA-1 of all the bytes: the format's own identity of a blob."""
    digest = hashlib.sha1(usedforsecurity=False)
    for piece in readable.pieces():
        digest.update(piece)
    return digest.digest()
