"""A file of the ISO as a seekable stream, read in place. Never copies or caches a file."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from typing import TYPE_CHECKING, BinaryIO

from typing_extensions import override

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import WriteableBuffer

    from osrecipe.formats.iso.entries import Extent


class ExtentStream(io.RawIOBase):
    """The bytes of some extents, one after the other. Owns and closes the handle it is given."""

    def __init__(self, handle: BinaryIO, extents: Sequence[Extent]) -> None:
        super().__init__()
        self._handle = handle
        self._extents = extents
        self._starts = _running_starts(extents)
        self._size = sum(extent.length for extent in extents)
        self._position = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("Can't seek to before the start of a file")
        self._position = base + offset
        return self._position

    @override
    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if self._position >= self._size or not view:
            return 0
        index = bisect_right(self._starts, self._position) - 1
        within = self._position - self._starts[index]
        extent = self._extents[index]
        wanted = min(len(view), extent.length - within)
        self._handle.seek(extent.offset + within)
        data = self._handle.read(wanted)
        if len(data) < wanted:
            # The sizes were checked when the disc was opened, so the file shrank since.
            raise FormatError("iso", Fault.TRUNCATED, "The ISO became shorter while it was read")
        view[:wanted] = data
        self._position += wanted
        return wanted

    @override
    def close(self) -> None:
        self._handle.close()
        super().close()


def _running_starts(extents: Sequence[Extent]) -> list[int]:
    starts, total = [], 0
    for extent in extents:
        starts.append(total)
        total += extent.length
    return starts
