"""Copying images into a new WIM, with or without compressing again.

Metadata is copied byte for byte, blobs as they are stored where the compression is the same. The new file
appears under its name only when it is whole. What is exported, and in which order, is the caller's choice.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import layout
from osrecipe.formats.wim.capture import Compression, solid_chunk
from osrecipe.formats.wim.layout import BlobEntry, Codec, HeaderFlag, Resource, ResourceFlag
from osrecipe.formats.wim.metadata import ImageTree
from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction, Watch
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.references import reference_counts
from osrecipe.formats.wim.writer import BlobWriter, Ending, Source, finish
from osrecipe.formats.wim.xmlinfo import WimXml, apply_fields, check_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osrecipe.formats.wim.blobtable import Blob


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One image to export; None keeps what the source says.

    Attributes:
        wim: the file it is in.
        index: from 1.
        name: another name.
        description: another description.
        flags: another edition id in `FLAGS`.
    """

    wim: Path
    index: int
    name: str | None = None
    description: str | None = None
    flags: str | None = None

    def fields(self) -> dict[str, str]:
        """What to change in the XML."""
        given = {"NAME": self.name, "DESCRIPTION": self.description, "FLAGS": self.flags}
        return {path: value for path, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export made.

    Attributes:
        images: number of images in the new file.
        blobs: number of blobs.
        copied: bytes of blobs that were copied as stored.
        compressed: uncompressed bytes of blobs that were compressed anew.
        size: of the new file in bytes.
    """

    images: int
    blobs: int
    copied: int
    compressed: int
    size: int


def export_images(
    sources: Sequence[ExportSource],
    destination: Path,
    *,
    compression: Compression,
    solid: bool = False,
    recompress: bool = False,
    boot_index: int | None = None,
    integrity: bool = False,
    level: int = 0,
    threads: int = 0,
    progress: ProgressFunction | None = None,
    cancel: CancelFunction | None = None,
) -> ExportReport:
    """Makes a new WIM of images from others, in the order given.

    Blobs copied as stored are not decompressed, so damage in them is copied: `check.verify` finds it.

    Args:
        sources: the images; blobs they share are kept once.
        destination: the new file; replaced in one step where it exists.
        compression: of the new file; with `solid`, of the solid resource (its default chunk is 64 MiB).
        solid: one solid resource for all blobs, as in an ESD.
        recompress: compress again even where the stored form could be copied.
        boot_index: which of the new images boots; None for none.
        integrity: write an integrity table.
        level: libwim's, 0 for its default.
        threads: 0 means one for each CPU.
        progress: told of each step; False stops.
        cancel: asked at each step; True stops.

    Raises:
        FormatError: a source is damaged or lacks a blob, or the request makes no sense.
        Aborted: it was stopped; `destination` is as it was.
    """
    if boot_index is not None and not 1 <= boot_index <= len(sources):
        raise FormatError("wim", Fault.MISSING, f"no image {boot_index} to boot among {len(sources)}")
    if solid and compression.codec is Codec.NONE:
        raise FormatError("wim", Fault.UNSUPPORTED, "a solid resource without compression is not written")
    watch = Watch(progress, cancel)
    with ExitStack() as stack:
        readers = {
            wim: stack.enter_context(WimReader.open(wim))
            for wim in dict.fromkeys(source.wim for source in sources)
        }
        images = [(source, readers[source.wim]) for source in sources]
        out = stack.enter_context(replacing(destination))
        work = _Export(
            images,
            out,
            compression,
            solid=solid,
            recompress=recompress,
            level=level,
            threads=threads,
            watch=watch,
        )
        return work.run(boot_index, integrity=integrity)


def settle(partial: Path, path: Path) -> None:
    """Gives a finished file its name, in one step."""
    partial.replace(path)


class replacing:  # noqa: N801 - used as a statement, like `contextlib.closing`
    """A new binary file that takes its name only when the block ends well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{os.getpid()}-{id(self):x}.partial")

    def __enter__(self) -> BinaryIO:
        self._file = self._partial.open("w+b")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            settle(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)


class _Export:
    """One export under way."""

    def __init__(
        self,
        images: list[tuple[ExportSource, WimReader]],
        out: BinaryIO,
        compression: Compression,
        *,
        solid: bool,
        recompress: bool,
        level: int,
        threads: int,
        watch: Watch,
    ) -> None:
        self._images = images
        self._out = out
        self._watch = watch
        self._solid = solid
        self._recompress = recompress
        chunk = compression.chunk_size
        rp_fix = any(reader.header.flags & HeaderFlag.RP_FIX for _, reader in images)
        self._header = layout.new_header(compression.codec, chunk, bytes(16), solid=solid, rp_fix=rp_fix)
        self._writer = BlobWriter(out, compression.codec, chunk, level=level, threads=threads, watch=watch)
        self._compression = compression
        self._solid_writer: BlobWriter | None = None
        self._level = level
        self._threads = threads
        self._codec = self._header.codec
        self._copied = 0
        self._compressed = 0

    def run(self, boot_index: int | None, *, integrity: bool) -> ExportReport:
        """Writes the file."""
        self._out.write(bytes(layout.HEADER_SIZE))
        try:
            metadata = [reader.metadata(source.index) for source, reader in self._images]
            counts, owners = self._needed(metadata)
            rows = self._blobs(counts, owners)
            image_rows = [self._metadata_row(raw) for raw in metadata]
            table = b"".join(row.pack() for row in [*rows, *image_rows])
            header = replace(
                self._header,
                guid=layout.guid_of(table, self._xml(0)),
                image_count=len(image_rows),
                boot_index=boot_index or 0,
                boot_metadata=image_rows[boot_index - 1].resource if boot_index else layout.NO_RESOURCE,
            )
            written = finish(
                self._out, self._writer, header, Ending(table, self._xml, integrity), self._watch
            )
        finally:
            self._writer.close()
            if self._solid_writer is not None:
                self._solid_writer.close()
        end = max(written.xml.end, written.integrity.end)
        return ExportReport(len(image_rows), len(counts), self._copied, self._compressed, end)

    def _needed(self, metadata: list[bytes]) -> tuple[Counter[bytes], dict[bytes, WimReader]]:
        """How often each blob is used, and which file has it."""
        counts: Counter[bytes] = Counter()
        owners: dict[bytes, WimReader] = {}
        for (source, reader), raw in zip(self._images, metadata, strict=True):
            used = reference_counts(ImageTree.parse(raw))
            for sha1 in used:
                if sha1 not in reader.table:
                    raise FormatError(
                        "wim",
                        Fault.MISSING,
                        f"image {source.index} of `{source.wim.name}` lacks a blob: {sha1.hex()}",
                    )
                owners.setdefault(sha1, reader)
            counts.update(used)
        return counts, owners

    def _blobs(self, counts: Mapping[bytes, int], owners: Mapping[bytes, WimReader]) -> list[BlobEntry]:
        """Writes all blobs, each file's in the order they lie in it, so that reading goes forward."""
        order = {id(reader): number for number, (_, reader) in enumerate(self._images)}
        found = [(reader, reader.blob(sha1)) for sha1, reader in owners.items()]
        found.sort(key=lambda pair: (order[id(pair[0])], pair[1].place))
        if self._solid:
            return self._solid_blobs(counts, [_source(reader, blob) for reader, blob in found])
        copies: list[tuple[WimReader, Blob]] = []
        others: list[tuple[WimReader, Blob]] = []
        for reader, blob in found:
            (copies if self._can_copy(reader, blob) else others).append((reader, blob))
        places = [(blob.sha1, self._copy(reader, blob)) for reader, blob in copies]
        added = self._writer.add(_source(reader, blob) for reader, blob in others)
        for (_, blob), resource in zip(others, added, strict=True):
            places.append((blob.sha1, resource))
            self._compressed += resource.size
        return [BlobEntry(resource, 1, counts[sha1], sha1) for sha1, resource in places]

    def _solid_blobs(self, counts: Mapping[bytes, int], sources: list[Source]) -> list[BlobEntry]:
        self._compressed = sum(source.size for source in sources)
        chunk = self._compression.chunk or solid_chunk(self._compression.codec, self._compressed)
        codec = self._compression.codec
        self._solid_writer = BlobWriter(
            self._out, codec, chunk, level=self._level, threads=self._threads, watch=self._watch
        )
        rows = self._solid_writer.add_solid(sources)
        return [row if row.sha1 not in counts else replace(row, references=counts[row.sha1]) for row in rows]

    def _can_copy(self, reader: WimReader, blob: Blob) -> bool:
        if self._recompress or blob.solid is not None:
            return False
        if self._codec is Codec.NONE and not blob.resource.flags & ResourceFlag.COMPRESSED:
            return True
        return (reader.codec, reader.header.chunk_size) == (self._codec, self._header.chunk_size)

    def _copy(self, reader: WimReader, blob: Blob) -> Resource:
        self._copied += blob.resource.stored
        return self._writer.copy(reader.raw_pieces(blob), blob.resource)

    def _metadata_row(self, raw: bytes) -> BlobEntry:
        resource, sha1 = self._writer.add_bytes(raw, ResourceFlag.METADATA)
        return BlobEntry(resource, 1, 1, sha1)

    def _xml(self, total: int) -> bytes:
        xml = WimXml()
        for index, (source, reader) in enumerate(self._images, 1):
            xml.add_image(reader.xml.images()[source.index - 1], index)
            apply_fields(xml.images()[index - 1], source.fields())
        check_names(xml)
        xml.set_total(total)
        return xml.serialise()


def _source(reader: WimReader, blob: Blob) -> Source:
    return Source(blob.sha1, blob.size, lambda: reader.readable(blob.sha1).pieces())
