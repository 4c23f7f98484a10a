"""The one place that reaches into pycdlib: opening a hostile file, and laying out a new one.

pycdlib trusts lengths more than a stranger's file deserves: it reads what a descriptor claims, copies the rest of a
directory for each of its entries, and shortens files that end beyond the ISO. Everything it reads therefore comes
through `GuardedFile`, and its exceptions, of whatever kind, leave as FormatError.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from pycdlib.pycdlib import PyCdlib

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDLESS = 1 << 62
_TOTAL_MAX = 128 << 20  # bytes of metadata; one UDF file costs 2 KiB: 60,000 files
_UDF_PIECE_MAX = 2 << 20  # one UDF directory: 15,000 names of 100 characters
_UDF_WORK_MAX = (
    2 * _UDF_PIECE_MAX**2
)  # sum of squares, as a directory costs the square of its size: 20 s at worst
_ISO_PIECE_MAX = 512 << 10  # one ISO9660 directory
_ISO_WORK_MAX = 3 * _ISO_PIECE_MAX**2 // 2  # 45 s at worst, which takes records made for that
_SMALL = 4096  # bytes: pieces so small that squares of them do not matter

# Without a handler of its own, what pycdlib has to say about odd discs would end up on the terminal.
logging.getLogger("pycdlib").addHandler(logging.NullHandler())


class GuardedFile:
    """A read-only file that bounds what pycdlib reads: each piece, all of it, and the work that follows from it."""

    mode = "rb"

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0
        self._total = 0
        self._work = 0
        self._piece_max = _UDF_PIECE_MAX
        self._work_max = _UDF_WORK_MAX
        self.size = stream.seek(0, os.SEEK_END)
        self.short = False

    def directory_records(self, *, reading: bool) -> None:
        """Say that ISO9660 records are read: a byte of those costs pycdlib far more than a byte of UDF."""
        self._piece_max, self._work_max = (
            (_ISO_PIECE_MAX, _ISO_WORK_MAX) if reading else (_UDF_PIECE_MAX, _UDF_WORK_MAX)
        )

    def tell(self) -> int:
        """Return the position, as files do."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, as files do, except that a position before the start is kept: see `read`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes.

        Before the start there are zeros: pycdlib looks for an anchor 256 blocks before the end that the primary
        descriptor states, and small statements there are legal.

        Raises:
            FormatError: `iso/too-large` when a bound is passed.
        """
        if size < 0:
            size = max(0, self.size - self._position)
        if self._position < 0:
            return bytes(min(size, self._piece_max))
        wanted = min(size, max(0, self.size - self._position))
        self.short = self.short or wanted < size
        self._account(wanted)
        self._stream.seek(self._position)
        data = self._stream.read(wanted)
        self._position += len(data)
        return data

    def _account(self, size: int) -> None:
        self._total += size
        self._work += size * size
        if (
            size > self._piece_max
            or self._total > _TOTAL_MAX
            or self._work > self._work_max + _TOTAL_MAX * 4096
        ):
            raise FormatError(
                "iso",
                Fault.TOO_LARGE,
                "The disc's directories are larger than any installation media has",
                offset=self._position,
            )


class Disc(PyCdlib):
    """pycdlib, told not to repair what it reads, and able to keep an order when it writes."""

    def __init__(self, guard: GuardedFile | None = None) -> None:
        super().__init__()
        self._guard = guard
        self._data_order: dict[int, int] = {}

    def keep_data_order(self) -> None:
        """Lay out file data in the order in which files were added, rather than folder by folder."""
        self._data_order = {id(inode): number for number, inode in enumerate(self.inodes)}

    def _get_iso_size(self) -> int:
        # pycdlib cuts files at the size it gets here, so that a truncated disc looks whole; we report it instead.
        return _ENDLESS

    def _walk_directories(self, *arguments: Any) -> Any:  # noqa: ANN401 - handed through unseen
        if self._guard is None:
            return super()._walk_directories(*arguments)
        self._guard.directory_records(reading=True)
        try:
            return super()._walk_directories(*arguments)
        finally:
            self._guard.directory_records(reading=False)

    def _udf_assign_extents(self, udf_files: list[Any], current_extent: int) -> Any:  # noqa: ANN401 - as above
        answer = super()._udf_assign_extents(udf_files, current_extent)
        if self._data_order:
            udf_files.sort(key=lambda inode: self._data_order[id(inode)])
        return answer


@contextmanager
def reading_faults(guard: GuardedFile) -> Iterator[None]:
    """Turn whatever a damaged disc makes pycdlib raise into one FormatError.

    Raises:
        FormatError: `iso/truncated` when a structure was wanted from beyond the end, else `iso/corrupt`.
    """
    try:
        yield
    except (FormatError, OSError):
        raise
    except Exception as error:
        # Anything else is pycdlib tripping over bytes: struct.error, KeyError, RecursionError, MemoryError, its own.
        detail = str(error) or type(error).__name__
        if guard.short:
            reason = f"The ISO ends before its directories do: {detail}"
            raise FormatError("iso", Fault.TRUNCATED, reason, offset=guard.size) from error
        raise FormatError("iso", Fault.CORRUPT, f"The file is not a readable ISO: {detail}") from error
