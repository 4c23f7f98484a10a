"""The host files behind a new disc, as pycdlib wants them: opened late, closed early, never silently short.

pycdlib keeps every file object until the disc is written and takes a short read for the end of the file. A media tree
has more files than a process has handles, and a file that shrinks while it is read would be padded with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from pathlib import Path


class LateFile:
    """A readable file of known size that holds a handle only between its first and last byte.

    Attributes:
        size: bytes, as taken before writing began.
    """

    mode = "rb"

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size
        self._position = 0
        self._handle: BinaryIO | None = None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Rewind; pycdlib seeks to nothing but the start.

        Raises:
            ValueError: for any other place.
        """
        if offset or whence:
            raise ValueError("Only the start of a source can be sought")
        self.close()
        self._position = 0
        return 0

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes, or what is left of the stated size.

        Raises:
            FormatError: `iso/truncated` when the file became shorter since its size was taken.
        """
        wanted = min(size, self.size - self._position)
        if self._handle is None:
            self._handle = self._path.open("rb", buffering=0)
            self._handle.seek(self._position)
        data = _read_fully(self._handle, wanted)
        if len(data) < wanted:
            self.close()
            raise FormatError(
                "iso", Fault.TRUNCATED, f"The file became shorter while it was read: `{self._path}`"
            )
        self._position += len(data)
        if self._position >= self.size:
            self.close()
        return data

    def close(self) -> None:
        """Let go of the handle, if any."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def _read_fully(handle: BinaryIO, size: int) -> bytes:
    """Read `size` bytes from an unbuffered file, which may give less at a time; fewer only at its end."""
    data = handle.read(size)
    if len(data) == size:
        return data
    parts = [data]
    while data:
        size -= len(data)
        data = handle.read(size)
        parts.append(data)
    return b"".join(parts)
