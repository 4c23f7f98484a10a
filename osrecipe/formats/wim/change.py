"""One atomic change of one image of a WIM file.

New blobs, metadata, tables and XML are appended, the header is written last: until then the file is what it was.
A commit costs what changed; the space of what it replaces comes back with an export. The caller works on a copy
of its own: nobody else may write the file meanwhile.

Blobs are compressed here with libwim's compressor, rather than added by `wimlib_update_image` under a temporary
name: libwim would write the whole tree again in its own way, losing what it does not know and, before 1.14.2,
spoiling directories with named streams so that DISM refuses them. So such images need no refusal here.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import integrity
from osrecipe.formats.wim.apply import Editor
from osrecipe.formats.wim.edits import Edit, PutFile, PutReparse
from osrecipe.formats.wim.layout import ZERO_HASH, BlobEntry, HeaderFlag, Resource, ResourceFlag
from osrecipe.formats.wim.metadata import ImageTree
from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction, Stage, Watch
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.references import Totals, reference_counts, totals
from osrecipe.formats.wim.writer import BlobWriter, Ending, Source, finish
from osrecipe.formats.wim.xmlinfo import set_text, set_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_PIECE: Final = 1 << 20
_METADATA_LEVEL: Final = 34  # measured on 17 MB: a fifth of level 50's time, and no larger
_MAX_REPARSE: Final = 16 << 10  # bytes, Windows' limit


@dataclass(frozen=True, slots=True)
class CommitReport:
    """What a commit did.

    Attributes:
        added: blobs that were new.
        reused: blobs that were in the file already.
        from_cache: blobs that were copied compressed from a payload cache.
        dropped: blobs nothing uses any more.
        appended: bytes the file grew by.
        integrity: whether the file has an integrity table, as it had before.
        totals: what the image now holds.
    """

    added: int
    reused: int
    from_cache: int
    dropped: int
    appended: int
    integrity: bool
    totals: Totals


def commit(
    wim: Path,
    index: int,
    edits: Sequence[Edit],
    *,
    now: int,
    level: int = 0,
    threads: int = 0,
    payload: Sequence[WimReader] = (),
    progress: ProgressFunction | None = None,
    cancel: CancelFunction | None = None,
) -> CommitReport:
    """Carries out edits on one image, all or none.

    Args:
        wim: the file, changed in place.
        index: the image, from 1.
        edits: in order.
        now: 100 ns steps since 1601, for new entries and the XML.
        level: compression level, 0 for libwim's default.
        threads: 0 means one for each CPU.
        payload: other WIMs whose blobs are verified, once while they are open, and copied as stored where
            compression and chunk size are the same.
        progress: told of each step; False stops.
        cancel: asked at each step; True stops.

    Raises:
        FormatError: the file or an edit can't be used; the file's content is as before.
        Aborted: it was stopped; likewise.
    """
    if not 0 <= now < 1 << 63:
        raise FormatError("wim", Fault.UNSUPPORTED, f"not a time: {now}")
    watch = Watch(progress, cancel)
    with open_for_change(wim) as file, WimReader(file) as reader:
        work = _Commit(file, reader, index, watch)
        work.plan(edits, now)
        try:
            return work.write(payload, level=level, threads=threads, now=now)
        except BaseException:
            work.undo()
            raise


class _Commit:
    """One commit under way."""

    def __init__(self, file: BinaryIO, reader: WimReader, index: int, watch: Watch) -> None:
        refuse_change(reader)
        self._file = file
        self._reader = reader
        self._index = index
        self._watch = watch
        self.old_size = reader.size
        self._image = ImageTree.parse(reader.metadata(index))
        self._contents: dict[bytes, Source] = {}
        self._deltas: Counter[bytes] = Counter()
        self._reused = self._cached = 0

    def plan(self, edits: Sequence[Edit], now: int) -> None:
        """Hashes what comes in and changes the tree in memory; the file stays as it is."""
        before = reference_counts(self._image)
        hashes = {}
        for number, edit in enumerate(edits):
            source = _source(edit, self._watch)
            if source is not None:
                hashes[number] = source.sha1
                if source.size:
                    self._contents[source.sha1] = source
        Editor(self._image, hashes, now).apply(edits)
        after = reference_counts(self._image)
        self._deltas.update(after)
        self._deltas.subtract(before)
        missing = [
            sha1
            for sha1, delta in self._deltas.items()
            if delta > 0 and sha1 not in self._reader.table and sha1 not in self._contents
        ]
        if missing:
            raise FormatError(
                "wim", Fault.MISSING, f"the WIM lacks a blob its image needs: {missing[0].hex()}"
            )

    def undo(self) -> None:
        """Makes the file what it was, even where the new header had been written."""
        self._file.seek(0)
        self._file.write(self._reader.header.pack())
        self._file.truncate(self.old_size)

    def write(self, payload: Sequence[WimReader], *, level: int, threads: int, now: int) -> CommitReport:
        """Appends what is new and switches the header over."""
        reader, header = self._reader, self._reader.header
        old_sums = self._old_integrity()
        counts = self._counts()
        self._file.seek(0, os.SEEK_END)
        writer = BlobWriter(
            self._file, header.codec, header.chunk_size, level=level, threads=threads, watch=self._watch
        )
        try:
            added = self._add_blobs(writer, payload)
            resource, sha1 = self._add_metadata(threads)
            row = BlobEntry(resource, 1, 1, sha1)
            table = reader.table.changed(counts, {self._index: row}, added)
            sizes = {**reader.table.sizes, **{entry.sha1: entry.resource.size for entry in added}}
            counted = totals(self._image, sizes)
            boots = header.boot_index == self._index
            header = replace(header, boot_metadata=resource if boots else header.boot_metadata)
            ending = Ending(table, self._xml(counted, now), old_sums is not None, old_sums)
            written = finish(self._file, writer, header, ending, self._watch)
        finally:
            writer.close()
        size = max(written.xml.end, written.integrity.end)
        dropped = sum(1 for count in counts.values() if count <= 0)
        new = len(added) - self._cached
        return CommitReport(
            new, self._reused, self._cached, dropped, size - self.old_size, old_sums is not None, counted
        )

    def _add_metadata(self, threads: int) -> tuple[Resource, bytes]:
        """Appends the tree; quickly, as the next commit replaces it and an export compresses it again."""
        header = self._reader.header
        writer = BlobWriter(
            self._file,
            header.codec,
            header.chunk_size,
            level=_METADATA_LEVEL,
            threads=threads,
            watch=self._watch,
        )
        try:
            return writer.add_bytes(self._image.serialise(), ResourceFlag.METADATA)
        finally:
            writer.close()

    def _old_integrity(self) -> tuple[int, list[bytes], int] | None:
        header = self._reader.header
        if not header.integrity.size:
            return None
        step, sums = integrity.read(self._file, header)
        return step, sums, header.blobs.end

    def _add_blobs(self, writer: BlobWriter, payload: Sequence[WimReader]) -> list[BlobEntry]:
        """Appends the blobs the file lacks; rows with their counts."""
        rows, pending = [], []
        for sha1, source in self._contents.items():
            if self._deltas[sha1] <= 0 or sha1 in self._reader.table:
                self._reused += sha1 in self._reader.table
                continue
            resource = self._from_payload(writer, sha1, payload)
            if resource is None:
                pending.append(source)
            else:
                rows.append(BlobEntry(resource, 1, self._deltas[sha1], sha1))
                self._cached += 1
        for source, resource in zip(pending, writer.add(pending), strict=True):
            rows.append(BlobEntry(resource, 1, self._deltas[source.sha1], source.sha1))
        return rows

    def _from_payload(self, writer: BlobWriter, sha1: bytes, payload: Sequence[WimReader]) -> Resource | None:
        header = self._reader.header
        for cache in payload:
            blob = cache.table.get(sha1)
            same = (cache.header.codec, cache.header.chunk_size) == (header.codec, header.chunk_size)
            if blob is not None and same and blob.solid is None:
                cache.verify_blob(sha1)  # once for each open cache, far cheaper than compressing
                return writer.copy(cache.raw_pieces(blob), blob.resource)
        return None

    def _counts(self) -> dict[bytes, int]:
        """The new counts of the blobs whose use changed."""
        table = self._reader.table
        changed = {
            sha1: table.references(sha1) + delta
            for sha1, delta in self._deltas.items()
            if delta and sha1 in table
        }
        if self._reader.image_count > 1 and any(count <= 0 for count in changed.values()):
            changed = self._recounted(changed)
        return {sha1: min(count, 0xFFFFFFFF) for sha1, count in changed.items()}

    def _recounted(self, changed: Mapping[bytes, int]) -> dict[bytes, int]:
        """Counts again over all images: some tools write wrong counts, and no image may lose a blob for that."""
        real = reference_counts(self._image)
        for other in range(1, self._reader.image_count + 1):
            if other != self._index:
                real.update(reference_counts(self._reader.image(other)))
        return {sha1: real[sha1] for sha1 in changed}

    def _xml(self, counted: Totals, now: int) -> Callable[[int], bytes]:
        xml = self._reader.xml.copy()
        image = xml.images()[self._index - 1]
        set_text(image, "DIRCOUNT", counted.directories)
        set_text(image, "FILECOUNT", counted.files)
        set_text(image, "TOTALBYTES", counted.total_bytes)
        set_text(image, "HARDLINKBYTES", counted.hard_link_bytes)
        set_time(image, "LASTMODIFICATIONTIME", now)

        def make(total: int) -> bytes:
            xml.set_total(total)
            return xml.serialise()

        return make


def open_for_change(wim: Path) -> BinaryIO:
    """Opens a file for reading and writing.

    Raises:
        FormatError: it can't be.
    """
    try:
        return wim.open("r+b")
    except OSError as error:
        raise FormatError(
            "wim", Fault.MISSING, f"can't open `{wim}` for writing: {error.strerror}"
        ) from error


def refuse_change(reader: WimReader) -> None:
    """Refuses a WIM that must not be changed in place.

    Raises:
        FormatError: read-only, split, or marked as being written.
    """
    if reader.is_read_only:
        raise FormatError("wim", Fault.UNSUPPORTED, "the WIM is marked read-only")
    if reader.header.parts != 1:
        raise FormatError(
            "wim", Fault.UNSUPPORTED, "a split WIM is not changed", hint="export it into one file first"
        )
    if reader.header.flags & HeaderFlag.WRITE_IN_PROGRESS:
        raise FormatError(
            "wim",
            Fault.DIRTY,
            "the WIM says that it is being written",
            hint="another program has it open or was ended; export it",
        )


def _source(edit: Edit, watch: Watch) -> Source | None:
    """What an edit brings in, hashed; None where it brings nothing."""
    if isinstance(edit, PutReparse):
        if len(edit.data) > _MAX_REPARSE:
            raise FormatError(
                "wim", Fault.TOO_LARGE, f"reparse data of {len(edit.data)} bytes is too large: `{edit.path}`"
            )
        return bytes_source(edit.data)
    if isinstance(edit, PutFile):
        return (
            bytes_source(edit.source) if isinstance(edit.source, bytes) else file_source(edit.source, watch)
        )
    return None


def bytes_source(raw: bytes) -> Source:
    """Bytes in memory as a blob's source; the SHA-1 of nothing is zero, as the format has it."""
    sha1 = hashlib.sha1(raw, usedforsecurity=False).digest() if raw else ZERO_HASH
    return Source(sha1, len(raw), lambda: _pieces(BytesIO(raw)))


def file_source(path: Path, watch: Watch) -> Source:
    """A file as a blob's source: read once now to hash it, and again when it is written.

    Raises:
        FormatError: it can't be read.
    """
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    try:
        for piece in _file_pieces(path):
            digest.update(piece)
            size += len(piece)
            watch(Stage.HASH, size)
    except OSError as error:
        raise FormatError("wim", Fault.MISSING, f"can't read `{path}`: {error.strerror}") from error
    return Source(digest.digest() if size else ZERO_HASH, size, lambda: _file_pieces(path))


def _file_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _pieces(file)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
