"""Opening an ISO: its label, entries, files and boot images.

Everything is checked when the disc is opened: whoever holds an `IsoReader` knows that every name stays in its folder
and that every byte is there. Nothing is extracted or cached to answer.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso import iso9660, udf
from osrecipe.formats.iso.boot import boot_entries
from osrecipe.formats.iso.entries import SECTOR, BootEntry, Facet, IsoEntry, Node
from osrecipe.formats.iso.extract import Cancel, Job, Progress, Select, extract_jobs, select_nodes
from osrecipe.formats.iso.library import Disc, GuardedFile, reading_faults
from osrecipe.formats.iso.links import resolve
from osrecipe.formats.iso.names import fold
from osrecipe.formats.iso.stream import ExtentStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_RECOGNITION = 16 * SECTOR
_RECOGNISED = 32  # sectors: UDF's descriptors follow ISO9660's, which are a handful
_IMAGE_MAX = 64 << 20  # bytes of a boot image: El Torito can't load half of that


class IsoReader:
    """A disc, read through the best file system it has. Use as a context manager, or close it.

    Streams from `open` have handles of their own: several can be read at once, in any thread, after closing too.

    Attributes:
        path: the ISO.
        size: its length in bytes.
        facet: the file system that is read.
        label: the volume label of that file system.

    Raises:
        FormatError: `iso/corrupt`, `iso/truncated`, `iso/unsafe`, `iso/too-large` or `iso/unsupported`.
        OSError: when the host can't read the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as stream:
            _refuse_udf_alone(stream)
            guard = GuardedFile(stream)
            self.size = guard.size
            with reading_faults(guard):
                disc = Disc(guard)
                disc.open_fp(cast("BinaryIO", guard))  # all of a file that pycdlib uses
                self.facet = _facet(disc)
                self.label = udf.label(disc) if self.facet is Facet.UDF else iso9660.label(disc, self.facet)
                self._nodes = _nodes(disc, self.facet, self.size)
            self._boot = boot_entries(disc, self._nodes, stream, self.size)
            disc.close()
        self._index: dict[str, Node] = {}
        for node in self._nodes:
            self._index.setdefault(fold(node.entry.path), node)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the disc. No handle is kept between calls, so that this may also be left out."""
        self._nodes = ()
        self._index = {}

    def entries(self) -> Iterator[IsoEntry]:
        """Yield every file and folder, folders before what they hold."""
        return (node.entry for node in self._nodes)

    def entry(self, path: str) -> IsoEntry | None:
        """Look one entry up, whatever the case and the separator."""
        node = self._index.get(fold(path))
        return node.entry if node else None

    def open(self, path: str) -> BinaryIO:
        """Open a file in place: seekable, unbounded in size, nothing read ahead but a small buffer.

        Raises:
            FormatError: `iso/missing` when there is no such file.
        """
        node = self._index.get(fold(path))
        if node is None:
            raise FormatError("iso", Fault.MISSING, f"The ISO has no file `{path}`")
        return self._stream(resolve(node, self._index))

    def boot_entries(self) -> tuple[BootEntry, ...]:
        """List the El Torito entries in catalogue order; empty when nothing boots."""
        return self._boot

    def boot_image(self, entry: BootEntry) -> bytes:
        """Read the image a boot entry loads.

        Raises:
            FormatError: `iso/too-large` past 64 MiB.
        """
        if entry.size > _IMAGE_MAX:
            raise FormatError("iso", Fault.TOO_LARGE, f"A boot image is too large: {entry.size} bytes")
        with self.path.open("rb") as stream:
            stream.seek(entry.offset)
            return stream.read(entry.size)

    def extract(
        self,
        select: Select | None,
        to: Path,
        *,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[IsoEntry, ...]:
        """Copy files and folders below `to`, with their modification times, readable and writable.

        Args:
            select: paths (a folder stands for all below it), a predicate over entries, or None for everything.
            to: a host folder; made when missing. Files that are there already are replaced.
            progress: called with bytes done and bytes in all.
            cancel: called often; raises, with an exception of the caller's own, to stop.

        Returns:
            The entries that were written.

        Raises:
            FormatError: `iso/unsafe` before anything is written when a name would leave `to` or two names are one on
                Windows; `iso/missing` for a path that is not there.
        """
        jobs = []
        for node in select_nodes(self._nodes, self._index, select):
            source = node if node.entry.is_dir else resolve(node, self._index)
            jobs.append(Job(node.entry, source.entry.size, source))
        extract_jobs(jobs, to, self._stream, progress, cancel)
        return tuple(job.entry for job in jobs)

    def _stream(self, node: Node) -> io.BufferedReader:
        handle = self.path.open("rb", buffering=0)
        return io.BufferedReader(ExtentStream(handle, node.extents))


def _refuse_udf_alone(stream: BinaryIO) -> None:
    """Name volumes that have UDF and nothing else; installation media have an ISO9660 part beside it.

    The recognition sequence begins at byte 32768, a descriptor in each sector (ECMA-167 2/8, 3/9).
    """
    stream.seek(_RECOGNITION)
    area = stream.read(_RECOGNISED * SECTOR)
    stream.seek(0)
    marks = {area[at + 1 : at + 6] for at in range(0, len(area), SECTOR)}
    if b"CD001" not in marks and marks & {b"NSR02", b"NSR03"}:
        raise FormatError(
            "iso",
            Fault.UNSUPPORTED,
            "The volume has only a UDF file system, without the ISO9660 part that installation media have",
            hint="make an ISO of its files: `genisoimage -udf`, or `oscdimg` on Windows",
        )


def _facet(disc: Disc) -> Facet:
    if disc.has_udf():
        return Facet.UDF
    if disc.has_joliet():
        return Facet.JOLIET
    return Facet.ROCK_RIDGE if disc.has_rock_ridge() else Facet.ISO9660


def _nodes(disc: Disc, facet: Facet, size: int) -> tuple[Node, ...]:
    found = tuple(udf.nodes(disc) if facet is Facet.UDF else iso9660.nodes(disc, facet))
    for node in found:
        end = max((extent.end for extent in node.extents), default=0)
        if end > size:
            reason = f"The ISO is cut off: `{node.entry.path}` ends at byte {end}, the file at {size}"
            raise FormatError(
                "iso",
                Fault.TRUNCATED,
                reason,
                hint="download or copy the ISO again",
                offset=node.extents[0].offset,
            )
    return found
