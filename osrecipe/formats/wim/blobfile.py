"""Blobs as file objects.

A raw file over a blob's readable bytes, and one that swallows what is written. No format knowledge.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from typing_extensions import override

if TYPE_CHECKING:
    from osrecipe.formats.wim.resource import Readable


class Nowhere(io.RawIOBase, BinaryIO):
    """Takes bytes and forgets them."""

    @override
    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]  # bytes-like


class BlobFile(io.RawIOBase):
    """A blob as a raw file."""

    def __init__(self, readable: Readable) -> None:
        self._readable = readable
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._readable.size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    @override
    def tell(self) -> int:
        return self._at

    @override
    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # the base class promises a writable buffer
        got = self._readable.read_at(self._at, len(view))
        view[: len(got)] = got
        self._at += len(got)
        return len(got)
