"""Reading a WIM from any seekable binary file, also from inside another one.

Opens header, tables and XML at once, metadata and blobs when asked. Every blob read as a whole is checked
against its SHA-1. It writes nothing.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, Final, Self, overload

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import integrity
from osrecipe.formats.wim.blobfile import BlobFile, Nowhere
from osrecipe.formats.wim.blobtable import Blob, BlobTable
from osrecipe.formats.wim.layout import (
    BLOB_ENTRY_SIZE,
    ZERO_HASH,
    Attribute,
    BlobEntry,
    HeaderFlag,
    Resource,
    corrupt,
)
from osrecipe.formats.wim.metadata import ImageTree
from osrecipe.formats.wim.parts import Part, close_all, solids
from osrecipe.formats.wim.progress import Watch
from osrecipe.formats.wim.resource import (
    Codecs,
    Readable,
    Slice,
    Stored,
    open_resource,
    read_exactly,
)
from osrecipe.formats.wim.tree import Entry, Tree
from osrecipe.formats.wim.xmlinfo import MAX_XML, ImageInfo, WimXml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MAX_METADATA: Final = 1 << 30
_MAX_TABLE: Final = 1 << 29
_MAX_IN_MEMORY: Final = 1 << 30
_PIECE: Final = 1 << 20
_MAX_RATIO: Final = 512  # metadata of many similar names compresses well, but not endlessly


class WimReader:
    """One WIM.

    Not safe for several threads at a time: the file's position is shared.

    Args:
        file: the WIM, or the first part of a split one.
        others: the other parts, in any order.

    Raises:
        FormatError: for anything but a whole, readable WIM.
    """

    def __init__(self, file: BinaryIO, *, others: Sequence[BinaryIO] = ()) -> None:
        self._owned: list[BinaryIO] = []
        self.codecs = Codecs()
        self._parts = {part.header.part: part for part in map(Part, (file, *others))}
        first = self._parts.get(1)
        if first is None:
            raise FormatError(
                "wim",
                Fault.UNSUPPORTED,
                "this is a later part of a split WIM",
                hint="open the first part, with the others beside it",
            )
        self.header = first.header
        self.codec = self.header.codec
        self.size = first.size
        self._check_parts(1 + len(others))
        self.xml = self._read_xml(first)  # first, as it says when all else is encrypted
        self.table = BlobTable()
        for number in sorted(self._parts):
            self._read_table(self._parts[number])
        self._trees: dict[int, ImageTree] = {}
        self._verified: set[bytes] = set()
        self._solid: tuple[tuple[int, int], Readable] | None = None
        if (
            len(self.table.images) != self.header.image_count
            or len(self.xml.images()) != self.header.image_count
        ):
            raise corrupt("header, XML and blob table count different numbers of images")

    @classmethod
    def open(cls, path: Path, *, others: Sequence[Path] = ()) -> Self:
        """Opens a file by its path; close it, or use `with`.

        Raises:
            FormatError: as the constructor; MISSING where there is no such file.
        """
        owned: list[BinaryIO] = []
        try:
            owned.extend(one.open("rb") for one in (path, *others))
            reader = cls(owned[0], others=owned[1:])
        except OSError as error:
            close_all(owned)
            raise FormatError(
                "wim", Fault.MISSING, f"can't open `{error.filename}`: {error.strerror}"
            ) from error
        except BaseException:
            close_all(owned)
            raise
        reader._owned = owned
        return reader

    def close(self) -> None:
        """Frees the decompressors and closes the files it opened itself."""
        self.codecs.close()
        close_all(self._owned)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_parts(self, given: int) -> None:
        if len(self._parts) != given:
            raise corrupt("two parts of a split WIM have the same number")
        if any(part.header.guid != self.header.guid for part in self._parts.values()):
            raise corrupt("the parts belong to different WIMs")
        if given != self.header.parts:
            raise FormatError(
                "wim",
                Fault.MISSING if given < self.header.parts else Fault.CORRUPT,
                f"the WIM is split into {self.header.parts} parts, {given} given",
                hint="give all `.swm` files",
            )

    def _read_table(self, part: Part) -> None:
        where = part.header.blobs
        bound = min(_MAX_TABLE, max(part.size, 1) * _MAX_RATIO)
        raw = self._whole(part, where, bound, "blob table")
        if len(raw) % BLOB_ENTRY_SIZE:
            raise corrupt("the blob table is not a whole number of rows", offset=where.offset)
        self.table.add_rows(raw, part=part.header.part, file_size=part.size, solids=solids(part, raw))

    def _read_xml(self, part: Part) -> WimXml:
        return WimXml.parse(self._whole(part, part.header.xml, MAX_XML, "XML"))

    def _whole(self, part: Part, where: Resource, bound: int, what: str) -> bytes:
        if where.size > bound or where.stored > bound:
            raise FormatError(
                "wim", Fault.TOO_LARGE, f"the {what} of {where.size} bytes is too large", offset=where.offset
            )
        readable = open_resource(part.file, where, self.codec, part.header.chunk_size, self.codecs)
        return b"".join(readable.pieces())

    @property
    def image_count(self) -> int:
        """Number of images."""
        return self.header.image_count

    @property
    def boot_index(self) -> int:
        """The image that boots, or 0."""
        return self.header.boot_index

    @property
    def guid(self) -> bytes:
        """The file's 16-byte identity."""
        return self.header.guid

    @property
    def is_read_only(self) -> bool:
        """Whether the header forbids changes."""
        return bool(self.header.flags & HeaderFlag.READONLY)

    @property
    def is_solid(self) -> bool:
        """Whether any blob is in a solid resource."""
        return self.table.has_solid

    def info(self, index: int) -> ImageInfo:
        """What the XML says of an image, from 1."""
        self._check_index(index)
        return self.xml.info(index)

    def infos(self) -> list[ImageInfo]:
        """What the XML says of every image."""
        return [self.xml.info(index) for index in range(1, self.image_count + 1)]

    def _check_index(self, index: int) -> None:
        if not 1 <= index <= self.image_count:
            raise FormatError(
                "wim", Fault.MISSING, f"there is no image {index}; the WIM has {self.image_count}"
            )

    def metadata_row(self, index: int) -> BlobEntry:
        """Where an image's metadata is."""
        self._check_index(index)
        return self.table.row(self.table.images[index - 1])

    def metadata(self, index: int) -> bytes:
        """An image's metadata resource, uncompressed and verified."""
        row = self.metadata_row(index)
        bound = min(_MAX_METADATA, self.size * _MAX_RATIO)
        raw = self._whole(self._parts[1], row.resource, bound, "metadata")
        if hashlib.sha1(raw, usedforsecurity=False).digest() != row.sha1:
            raise corrupt(
                f"the metadata of image {index} does not have its SHA-1", offset=row.resource.offset
            )
        return raw

    def image(self, index: int) -> ImageTree:
        """An image's tree of entries as bytes: parsed anew, the caller may change it."""
        return ImageTree.parse(self.metadata(index))

    def tree(self, index: int) -> Tree:
        """An image's tree for reading; parsed once."""
        if index not in self._trees:
            self._trees[index] = self.image(index)
        return Tree(self._trees[index], self.table.sizes)

    def blob(self, sha1: bytes) -> Blob:
        """Where a blob is.

        Raises:
            FormatError: it is not in the file (MISSING).
        """
        found = self.table.get(sha1)
        if found is None:
            raise FormatError("wim", Fault.MISSING, f"no blob with SHA-1 {sha1.hex()}")
        return found

    def readable(self, sha1: bytes) -> Readable:
        """A blob's bytes for random access, not verified."""
        if sha1 == ZERO_HASH:
            return Stored(self._parts[1].file, 0, 0)
        blob = self.blob(sha1)
        part = self._parts[blob.part]
        if blob.solid is None:
            return open_resource(part.file, blob.resource, self.codec, part.header.chunk_size, self.codecs)
        key = (blob.part, blob.solid.offset)
        if self._solid is None or self._solid[0] != key:  # chunks are large: keep one resource's
            self._solid = (
                key,
                open_resource(part.file, blob.solid, self.codec, part.header.chunk_size, self.codecs),
            )
        return Slice(self._solid[1], blob.resource.offset, blob.size)

    def raw_pieces(self, blob: Blob) -> Iterator[bytes]:
        """A blob's bytes as they are stored, compressed or not; not for blobs of solid resources."""
        where = blob.resource
        for at in range(where.offset, where.end, _PIECE):
            yield read_exactly(self._parts[blob.part].file, at, min(_PIECE, where.end - at))

    @overload
    def read_blob(self, sha1: bytes, to: None = None) -> bytes: ...
    @overload
    def read_blob(self, sha1: bytes, to: BinaryIO) -> None: ...
    def read_blob(self, sha1: bytes, to: BinaryIO | None = None) -> bytes | None:
        """A blob's bytes, verified; into `to` where it is given.

        Raises:
            FormatError: missing, damaged (what was written to `to` is then worthless), or too large for memory.
        """
        readable = self.readable(sha1)
        if to is None and readable.size > _MAX_IN_MEMORY:
            raise FormatError(
                "wim", Fault.TOO_LARGE, f"a blob of {readable.size} bytes does not go into memory"
            )
        out = io.BytesIO() if to is None else to
        digest = hashlib.sha1(usedforsecurity=False)
        for piece in readable.pieces():
            digest.update(piece)
            out.write(piece)
        if sha1 not in (ZERO_HASH, digest.digest()):
            raise corrupt(
                f"a blob does not have its SHA-1: {sha1.hex()}", offset=self.blob(sha1).resource.offset
            )
        self._verified.add(sha1)
        return out.getvalue() if isinstance(out, io.BytesIO) and to is None else None

    def verify_blob(self, sha1: bytes) -> None:
        """Reads a blob to check it, unless that was done before.

        Raises:
            FormatError: missing or damaged.
        """
        if sha1 not in self._verified:
            self.read_blob(sha1, Nowhere())

    def file_entry(self, index: int, path: str) -> Entry:
        """The entry of a file that has data to read.

        Raises:
            FormatError: there is none, or it is a directory, a reparse point or encrypted.
        """
        entry = self.tree(index).get(path)
        if entry.attributes & Attribute.ENCRYPTED:
            raise FormatError("wim", Fault.ENCRYPTED, f"encrypted by Windows: `{path}`")
        if entry.is_directory or entry.is_reparse:
            raise FormatError("wim", Fault.UNSUPPORTED, f"not a plain file: `{path}`")
        return entry

    def read_file(self, index: int, path: str) -> bytes:
        """A file's bytes, verified."""
        return self.read_blob(self.file_entry(index, path).sha1)

    def open_file(self, index: int, path: str, *, stream: str = "", verify: bool = True) -> BinaryIO:
        """A file as a seekable binary file that decompresses what is read.

        Args:
            index: the image.
            path: in the image.
            stream: a named data stream instead of the data.
            verify: read it once now to check its SHA-1; without, damage may go unseen.
        """
        entry = self.file_entry(index, path) if not stream else self.tree(index).get(path)
        sha1 = entry.sha1
        if stream:
            found = [named.sha1 for named in entry.streams if named.name.casefold() == stream.casefold()]
            if not found:
                raise FormatError("wim", Fault.MISSING, f"no such stream: `{path}:{stream}`")
            sha1 = found[0]
        if verify and sha1 != ZERO_HASH:
            self.verify_blob(sha1)
        return io.BufferedReader(BlobFile(self.readable(sha1)), 1 << 16)

    def verify_integrity(self, watch: Watch | None = None) -> bool:
        """Checks the integrity table against the file; False where there is none.

        Raises:
            FormatError: it is damaged or does not fit.
        """
        checked = [
            integrity.verify(part.file, part.header, watch or Watch()) for part in self._parts.values()
        ]
        return all(checked)
