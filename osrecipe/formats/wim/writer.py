"""Writing the container: blobs, metadata, tables, XML and, last, the header.

Appends to a file that is or becomes a WIM. Until the header is written the old content stays valid. It decides
nothing about what images hold.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import integrity
from osrecipe.formats.wim.layout import (
    NO_RESOURCE,
    SOLID_MAGIC,
    ZERO_HASH,
    BlobEntry,
    Codec,
    Header,
    Resource,
    ResourceFlag,
)
from osrecipe.formats.wim.pipeline import Pipeline
from osrecipe.formats.wim.progress import Stage, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_ALIGN: Final = 8
_NARROW: Final = 0xFFFFFFFF
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Some bytes that are to become a blob.

    Attributes:
        sha1: of the bytes.
        size: in bytes.
        open: gives the bytes in pieces of any size, from the start, each time it is called.
    """

    sha1: bytes
    size: int
    open: Callable[[], Iterator[bytes]]


class BlobWriter:
    """Appends resources to a file at its current position."""

    def __init__(
        self,
        out: BinaryIO,
        codec: Codec,
        chunk: int,
        *,
        level: int = 0,
        threads: int = 0,
        watch: Watch | None = None,
    ) -> None:
        self._out = out
        self._codec = codec
        self._chunk = chunk
        self._pipeline = None if codec is Codec.NONE else Pipeline(codec, chunk, level=level, threads=threads)
        self._watch = watch or Watch()
        self.written = 0

    def close(self) -> None:
        """Frees the compressors."""
        if self._pipeline is not None:
            self._pipeline.close()

    def align(self) -> int:
        """Moves to the next place a resource may start, and returns it."""
        at = self._out.tell()
        if at % _ALIGN:
            self._out.write(bytes(-at % _ALIGN))
        return self._out.tell()

    def copy(self, stored: bytes | Iterable[bytes], resource: Resource) -> Resource:
        """Appends a resource's stored bytes as they are."""
        at = self.align()
        for piece in (stored,) if isinstance(stored, bytes) else stored:
            self._out.write(piece)
            self._tell(Stage.COPY, len(piece))
        if self._out.tell() - at != resource.stored:
            raise FormatError("wim", Fault.TRUNCATED, "a resource ended early while it was copied")
        return Resource(resource.stored, resource.flags & ResourceFlag.COMPRESSED, at, resource.size)

    def _tell(self, stage: Stage, count: int) -> None:
        self.written += count
        self._watch(stage, self.written)

    def add_bytes(self, raw: bytes, flags: int) -> tuple[Resource, bytes]:
        """Appends bytes as a resource; also returns their SHA-1."""
        sha1 = hashlib.sha1(raw, usedforsecurity=False).digest()
        source = Source(sha1, len(raw), lambda: iter((raw,)))
        [resource] = self.add([source])
        return replace(resource, flags=resource.flags | flags), sha1

    def add_plain(self, raw: bytes, flags: int) -> Resource:
        """Appends bytes without compression."""
        at = self.align()
        self._out.write(raw)
        return Resource(len(raw), flags, at, len(raw))

    def add(self, sources: Iterable[Source]) -> Iterator[Resource]:
        """Appends blobs, each its own resource, in order.

        Raises:
            FormatError: a source does not give the bytes it promised.
            Aborted: the watcher asked to stop.
        """
        if self._pipeline is None:
            for source in sources:
                yield self._add_stored(source)
            return
        current: _Chunked | None = None
        jobs = ((source, chunk) for source in sources for chunk in _checked(source, self._chunk))
        for job, raw, packed in self._pipeline.run(jobs):
            if current is None:
                current = _Chunked(self._out, self.align(), job.size, self._chunk)
            current.append(raw if packed is None else packed)
            self._tell(Stage.COMPRESS, len(raw))
            if current.is_full:
                resource = current.finish()
                current = None
                yield resource if resource is not None else self._add_again(job)

    def _add_again(self, source: Source) -> Resource:
        """Stores a blob that did not shrink, where its compressed form was."""
        resource = self._add_stored(source)
        self._out.truncate()
        return resource

    def _add_stored(self, source: Source) -> Resource:
        at = self.align()
        for piece in _checked(source, _PIECE):
            self._out.write(piece)
            self._tell(Stage.COPY, len(piece))
        return Resource(source.size, 0, at, source.size)

    def add_solid(self, sources: list[Source]) -> list[BlobEntry]:
        """Appends blobs as one solid resource; the rows' reference counts are 1."""
        total = sum(source.size for source in sources)
        if not total or self._pipeline is None:
            return []
        at = self.align()
        count = -(-total // self._chunk)
        self._out.write(bytes(16 + 4 * count))
        sizes = []
        pieces = _rechunk((piece for source in sources for piece in _checked(source, _PIECE)), self._chunk)
        whole = Source(ZERO_HASH, total, lambda: iter(()))
        for _, raw, packed in self._pipeline.run((whole, piece) for piece in pieces):
            stored = raw if packed is None else packed
            self._out.write(stored)
            sizes.append(len(stored))
            self._tell(Stage.COMPRESS, len(raw))
        end = self._out.tell()
        self._out.seek(at)
        self._out.write(struct.pack(f"<QII{count}I", total, self._chunk, int(self._codec), *sizes))
        self._out.seek(end)
        head = Resource(end - at, ResourceFlag.SOLID, at, SOLID_MAGIC)
        rows = [BlobEntry(head, 1, 1, ZERO_HASH)]
        inside = 0
        for source in sources:
            rows.append(BlobEntry(Resource(source.size, ResourceFlag.SOLID, inside, 0), 1, 1, source.sha1))
            inside += source.size
        return rows


class _Chunked:
    """A compressed resource while it is written."""

    def __init__(self, out: BinaryIO, at: int, size: int, chunk: int) -> None:
        self._out = out
        self._at = at
        self._size = size
        self._count = -(-size // chunk)
        self._wide = size > _NARROW
        self._stored: list[int] = []
        self._out.write(bytes((self._count - 1) * (8 if self._wide else 4)))

    def append(self, stored: bytes) -> None:
        """Writes the next chunk."""
        self._out.write(stored)
        self._stored.append(len(stored))

    @property
    def is_full(self) -> bool:
        """Whether all chunks are written."""
        return len(self._stored) == self._count

    def finish(self) -> Resource | None:
        """Fills in the table; None, and the position back at the start, when nothing was gained."""
        end = self._out.tell()
        self._out.seek(self._at)
        if end - self._at >= self._size:
            return None
        offsets = []
        at = 0
        for stored in self._stored[:-1]:
            at += stored
            offsets.append(at)
        self._out.write(struct.pack(f"<{len(offsets)}{'Q' if self._wide else 'I'}", *offsets))
        self._out.seek(end)
        return Resource(end - self._at, ResourceFlag.COMPRESSED, self._at, self._size)


def _rechunk(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`."""
    held: list[bytes] = []
    have = 0
    for piece in pieces:
        held.append(piece)
        have += len(piece)
        if have < size:
            continue
        joined = b"".join(held)
        whole = have - have % size
        yield from (joined[at : at + size] for at in range(0, whole, size))
        held = [joined[whole:]] if have > whole else []
        have -= whole
    if have:
        yield b"".join(held)


def _checked(source: Source, size: int) -> Iterator[bytes]:
    """A source's bytes in chunks, and a check at the end that they are the promised ones."""
    digest = hashlib.sha1(usedforsecurity=False)
    count = 0
    for piece in _rechunk(source.open(), size):
        digest.update(piece)
        count += len(piece)
        if count > source.size:
            break
        if count == source.size and digest.digest() != source.sha1:
            break
        yield piece
    else:
        if count == source.size:
            return
    raise FormatError(
        "wim",
        Fault.CORRUPT,
        f"the bytes are not those that were announced: {source.sha1.hex()}",
        hint="did the file change meanwhile?",
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """What is written after blobs and metadata.

    Attributes:
        table: the blob table's rows.
        xml: makes the XML, given the offset at which it will start.
        with_integrity: whether an integrity table is wanted.
        old_integrity: a valid older one: step, sums, end of what it covers.
    """

    table: bytes
    xml: Callable[[int], bytes]
    with_integrity: bool
    old_integrity: tuple[int, list[bytes], int] | None = None


def finish(out: BinaryIO, writer: BlobWriter, header: Header, ending: Ending, watch: Watch) -> Header:
    """Writes table, XML and integrity table, makes them durable, then writes the header.

    Returns:
        The header as written.
    """
    table = writer.add_plain(ending.table, ResourceFlag.METADATA)
    xml = writer.add_plain(ending.xml(writer.align()), ResourceFlag.METADATA)
    sums = NO_RESOURCE
    if ending.with_integrity:
        out.flush()
        end = out.tell()
        made = integrity.make(out, table.end, ending.old_integrity, watch)
        out.seek(end)
        sums = writer.add_plain(made, 0)
    out.truncate()
    _durable(out)
    written = replace(header, blobs=table, xml=xml, integrity=sums)
    out.seek(0)
    out.write(written.pack())
    _durable(out)
    return written


def _durable(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())
