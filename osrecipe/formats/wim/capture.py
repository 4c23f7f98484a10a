"""Capturing a folder as an image: what samples, tests and payload caches are made from.

libwim scans and compresses. Not for anything that has to keep Windows descriptors on another system: only an
NTFS volume read through libwim has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.wim import native
from osrecipe.formats.wim.layout import Codec, check_chunk
from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction, Watch

if TYPE_CHECKING:
    from pathlib import Path

_USUAL_CHUNK: Final = {Codec.NONE: 0, Codec.XPRESS: 1 << 15, Codec.LZX: 1 << 15, Codec.LZMS: 1 << 17}
_SOLID_CHUNK: Final = {Codec.XPRESS: 1 << 16, Codec.LZX: 1 << 21, Codec.LZMS: 1 << 26}


@dataclass(frozen=True, slots=True)
class Compression:
    """How a WIM's resources are compressed; a chunk of 0 means the usual size in bytes."""

    codec: Codec = Codec.LZX
    chunk: int = 0

    @property
    def chunk_size(self) -> int:
        """The chunk size in bytes; 0 without compression."""
        size = self.chunk or _USUAL_CHUNK[self.codec]
        check_chunk(self.codec, size)
        return size


def solid_chunk(codec: Codec, total: int) -> int:
    """The usual chunk size of a solid resource; less where the whole is smaller, as memory goes by the chunk."""
    return min(_SOLID_CHUNK[codec], max(1 << 15, 1 << max(total - 1, 0).bit_length()))


NONE: Final = Compression(Codec.NONE)
XPRESS: Final = Compression(Codec.XPRESS)
LZX: Final = Compression(Codec.LZX)
LZMS: Final = Compression(Codec.LZMS)


def capture(
    folder: Path,
    wim: Path,
    name: str,
    *,
    description: str = "",
    flags: str = "",
    compression: Compression = LZX,
    boot: bool = False,
    append: bool = False,
    ntfs_volume: bool = False,
    integrity: bool = False,
    threads: int = 0,
    progress: ProgressFunction | None = None,
    cancel: CancelFunction | None = None,
) -> int:
    """Captures a folder as a new image; times are those of the files.

    Args:
        folder: what to capture; with `ntfs_volume`, an NTFS device or image file.
        wim: the file to make, or with `append` to add to (its compression then stays).
        name: of the image.
        description: for the XML.
        flags: for the XML: the edition id, such as `Professional`.
        compression: of a new file.
        boot: make it the image that boots.
        append: add to an existing file.
        ntfs_volume: see `folder`.
        integrity: write an integrity table.
        threads: 0 means one for each CPU.
        progress: told of each step; False stops.
        cancel: asked at each step; True stops.

    Returns:
        The image's index.

    Raises:
        FormatError: libwim refuses.
        Aborted: it was stopped; `wim` is not to be used.
    """
    properties = {key: value for key, value in (("DESCRIPTION", description), ("FLAGS", flags)) if value}
    return native.capture(
        folder,
        wim,
        name,
        properties=properties,
        codec=compression.codec,
        chunk=compression.chunk_size,
        boot=boot,
        append=append,
        ntfs_volume=ntfs_volume,
        integrity=integrity,
        threads=threads,
        watch=Watch(progress, cancel),
    )
