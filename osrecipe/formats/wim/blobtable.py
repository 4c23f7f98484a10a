"""The blob table: which blobs a WIM holds, where they are and how often they are used.

Kept as the raw 50-byte rows plus an index, so that a table of 100,000 rows is read and changed in
milliseconds and rows nobody touched stay byte for byte. It does not read blobs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.wim.layout import (
    BLOB_ENTRY_SIZE,
    SOLID_MAGIC,
    ZERO_HASH,
    BlobEntry,
    Resource,
    ResourceFlag,
    corrupt,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROW: Final = struct.Struct("<QQQHI20s")
_REFERENCES_AT: Final = 26
_STORED: Final = (1 << 56) - 1
_METADATA: Final = ResourceFlag.METADATA << 56
_SOLID: Final = ResourceFlag.SOLID << 56
_COMPRESSED: Final = ResourceFlag.COMPRESSED << 56


@dataclass(frozen=True, slots=True)
class Blob:
    """Some file's bytes.

    Attributes:
        sha1: identity, 20 bytes.
        size: uncompressed bytes.
        references: how many names in all images use it, as the table says.
        resource: where it is; inside a solid resource, `offset` counts uncompressed bytes from its start.
        solid: the solid resource that holds it, or None.
        part: the part of a split WIM, from 1.
    """

    sha1: bytes
    size: int
    references: int
    resource: Resource
    solid: Resource | None
    part: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Sorts blobs as they lie in the file: part, resource, place inside a solid one."""
        if self.solid is not None:
            return self.part, self.solid.offset, self.resource.offset
        return self.part, self.resource.offset, 0


@dataclass(frozen=True, slots=True)
class SolidResource:
    """A solid resource: its own row, and where it starts in its run, in uncompressed bytes."""

    resource: Resource
    start: int
    size: int
    part: int


class BlobTable:
    """All rows of one WIM file or of all parts of a split one."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.images: list[int] = []  # row numbers of metadata, in image order
        self.sizes: dict[bytes, int] = {}
        self._rows: dict[bytes, int] = {}
        self._solid: dict[int, SolidResource] = {}

    def add_rows(self, raw: bytes, *, part: int, file_size: int, solids: Mapping[int, SolidResource]) -> None:
        """Adds the table of one file.

        Args:
            raw: the uncompressed table.
            part: the file's part number; rows of other parts are passed over, as are duplicates.
            file_size: of the file, in bytes: no row may point past it.
            solids: row number in `raw` -> the solid resource which that row belongs to.

        Raises:
            FormatError: a row leaves the file or contradicts itself.
        """
        base = len(self.raw) // BLOB_ENTRY_SIZE
        for number, (first, offset, size, of_part, references, sha1) in enumerate(_ROW.iter_unpack(raw)):
            if sha1 == ZERO_HASH or of_part != part:
                continue
            stored = first & _STORED
            if first & _SOLID and number in solids:
                self._add_solid(base + number, sha1, stored, offset, solids[number])
                continue
            if offset + stored > file_size:
                raise corrupt(
                    f"row {number} of the blob table points past the end of the file", offset=offset
                )
            if not first & _COMPRESSED and stored != size:
                raise corrupt(f"row {number} of the blob table has two sizes", offset=offset)
            if first & _METADATA:
                if references and part == 1:
                    self.images.append(base + number)
            elif size and sha1 not in self._rows:
                self._rows[sha1] = base + number
                self.sizes[sha1] = size
        self.raw += raw

    def _add_solid(self, row: int, sha1: bytes, size: int, offset: int, solid: SolidResource) -> None:
        if sha1 in self._rows or not size:
            return
        if not solid.start <= offset <= offset + size <= solid.start + solid.size:
            raise corrupt("a blob leaves its solid resource", offset=solid.resource.offset)
        self._rows[sha1] = row
        self._solid[row] = solid
        self.sizes[sha1] = size

    def __contains__(self, sha1: bytes) -> bool:
        return sha1 in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def has_solid(self) -> bool:
        """Whether any blob is in a solid resource."""
        return bool(self._solid)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._rows)

    def row(self, number: int) -> BlobEntry:
        """A row as the file has it."""
        return BlobEntry.parse(bytes(self.raw[number * BLOB_ENTRY_SIZE : (number + 1) * BLOB_ENTRY_SIZE]))

    def get(self, sha1: bytes) -> Blob | None:
        """A blob by its SHA-1."""
        number = self._rows.get(sha1)
        if number is None:
            return None
        entry = self.row(number)
        solid = self._solid.get(number)
        if solid is None:
            return Blob(sha1, entry.resource.size, entry.references, entry.resource, None, entry.part)
        inside = Resource(
            entry.resource.stored,
            entry.resource.flags,
            entry.resource.offset - solid.start,
            entry.resource.stored,
        )
        return Blob(sha1, inside.size, entry.references, inside, solid.resource, solid.part)

    def place(self, sha1: bytes) -> tuple[int, int, int]:
        """Sorts blobs as they lie in the file, so that reading them in order reads forward."""
        blob = self.get(sha1)
        return (0, 0, 0) if blob is None else blob.place

    def references(self, sha1: bytes) -> int:
        """How often the table says a blob is used; 0 for an unknown one."""
        number = self._rows.get(sha1)
        if number is None:
            return 0
        at = number * BLOB_ENTRY_SIZE + _REFERENCES_AT
        return int.from_bytes(self.raw[at : at + 4], "little")

    def changed(
        self, references: Mapping[bytes, int], metadata: Mapping[int, BlobEntry], added: list[BlobEntry]
    ) -> bytes:
        """A new table.

        Args:
            references: new counts; a blob whose count becomes 0 loses its row.
            metadata: image number from 1 -> its new row.
            added: rows of new blobs.
        """
        raw = bytearray(self.raw)
        dropped = []
        for sha1, count in references.items():
            if sha1 not in self._rows:
                continue
            number = self._rows[sha1]
            if count <= 0:
                dropped.append(number)
            else:
                at = number * BLOB_ENTRY_SIZE + _REFERENCES_AT
                raw[at : at + 4] = count.to_bytes(4, "little")
        for image, entry in metadata.items():
            at = self.images[image - 1] * BLOB_ENTRY_SIZE
            raw[at : at + BLOB_ENTRY_SIZE] = entry.pack()
        kept, at = [], 0
        for number in sorted(dropped):
            kept.append(raw[at : number * BLOB_ENTRY_SIZE])
            at = (number + 1) * BLOB_ENTRY_SIZE
        return b"".join([*kept, raw[at:], *(entry.pack() for entry in added)])


def solid_runs(raw: bytes) -> Iterator[list[tuple[int, BlobEntry]]]:
    """The runs of neighbouring rows that are marked solid: (row number, row)."""
    run: list[tuple[int, BlobEntry]] = []
    for number, row in enumerate(_ROW.iter_unpack(raw)):
        if row[0] & _SOLID:
            run.append(
                (number, BlobEntry.parse(raw[number * BLOB_ENTRY_SIZE : (number + 1) * BLOB_ENTRY_SIZE]))
            )
        elif run:
            yield run
            run = []
    if run:
        yield run


def is_solid_head(entry: BlobEntry) -> bool:
    """Whether a solid row is the resource's own and not a blob's."""
    return entry.resource.size == SOLID_MAGIC
