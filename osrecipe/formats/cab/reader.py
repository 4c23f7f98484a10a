"""Reading and extracting the files of a cabinet or a set of cabinets.

Every name is judged before anything is written, every size before anything is decompressed. A folder is decompressed
once per call, whatever the number of files wanted from it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from osrecipe.formats.cab.cabset import JoinedFolder, join, open_one, open_set
from osrecipe.formats.cab.decode import decode_folder
from osrecipe.formats.cab.names import fold, safe_parts, shown
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from types import TracebackType

    from osrecipe.formats.cab.directory import CabFile, Cabinet

Progress = Callable[[int], None]
"""Told how many wanted bytes came in; raises to cancel."""


class CabReader:
    """A cabinet opened for reading.

    Args:
        source: a cabinet, with the rest of its set beside it; or the bytes or a seekable stream of a cabinet that
            needs no others.

    Attributes:
        directory: the tables; for a set, of all its cabinets together.

    Raises:
        FormatError: the tables are damaged, or a cabinet of the set is missing.
    """

    def __init__(self, source: Path | bytes | BinaryIO) -> None:
        self._closing = ExitStack()
        try:
            if isinstance(source, Path):
                whole = open_set(source, self._closing)
            else:
                stream = io.BytesIO(source) if isinstance(source, bytes) else source
                whole = join([open_one(stream, stream.tell())])
        except BaseException:
            self._closing.close()
            raise
        self._folders: tuple[JoinedFolder, ...] = whole.folders
        self.directory: Cabinet = whole.directory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files this reader opened."""
        self._closing.close()

    def find(self, name: str) -> CabFile:
        """Look a file up by its path, whatever the case and the direction of its slashes.

        Raises:
            FormatError: MISSING; CORRUPT when two files have that name.
        """
        found = self._by_name.get(fold(name), [])
        if not found:
            raise FormatError("cab", Fault.MISSING, f"The cabinet has no such file: `{shown(name)}`")
        if len(found) > 1:
            raise FormatError("cab", Fault.CORRUPT, f"The cabinet has two files of one name: `{shown(name)}`")
        return found[0]

    @cached_property
    def _by_name(self) -> dict[str, list[CabFile]]:
        index: dict[str, list[CabFile]] = {}
        for file in self.directory.files:
            index.setdefault(fold(file.name), []).append(file)
        return index

    def read(self, name: str, *, limit: int) -> bytes:
        """Read one file.

        Args:
            name: its path in the cabinet.
            limit: the most bytes it may have.

        Raises:
            FormatError: MISSING, TOO_LARGE, damaged data, or UNAVAILABLE without libmspack.
        """
        file = self.find(name)
        return next(data for _, data in self.read_each([file], limit=limit))

    def read_each(
        self, files: Iterable[CabFile], *, limit: int, progress: Progress | None = None
    ) -> Iterator[tuple[CabFile, bytes]]:
        """Read several files with one pass over each folder.

        Args:
            files: entries of `directory.files`.
            limit: the most bytes all of them may have together.
            progress: told of every piece; raises to cancel.

        Yields:
            Each file with its bytes, ordered by place in the cabinet; folders are decompressed one at a time.

        Raises:
            FormatError: as `read`.
        """
        for folder, wanted in self._by_folder(files, limit):
            buffers = [io.BytesIO() for _ in wanted]
            self._decode(folder, wanted, partial(_append, buffers), progress)
            for file, buffer in zip(wanted, buffers, strict=True):
                yield file, buffer.getvalue()

    def extract(
        self, names: Iterable[str] | None, to: Path, *, limit_bytes: int, progress: Progress | None = None
    ) -> tuple[Path, ...]:
        """Write files below a folder, with their times taken as UTC.

        Args:
            names: paths in the cabinet, or None for all.
            to: the folder; made if absent.
            limit_bytes: the most bytes all files may have together.
            progress: told of every piece; raises to cancel.

        Returns:
            The paths written, ordered by place in the cabinet.

        Raises:
            FormatError: UNSAFE names, two files of one name, a file that exists already, and as `read`. Nothing is
                written unless all names and sizes are good; after damaged data what was written is removed.
            OSError: the disk refused.
        """
        files = (
            self.directory.files if names is None else tuple(dict.fromkeys(self.find(name) for name in names))
        )
        targets = _targets(files, to)
        written: list[Path] = []
        try:
            for folder, wanted in self._by_folder(files, limit_bytes):
                with _Outputs([targets[fold(file.name)] for file in wanted], to, written) as outputs:
                    self._decode(folder, wanted, outputs.write, progress)
                    outputs.finish()
                _set_times(wanted, targets)
        except BaseException:
            for path in written:
                with suppress(OSError):  # the first cause matters more
                    path.unlink()
            raise
        return tuple(written)

    def _by_folder(
        self, files: Iterable[CabFile], limit: int
    ) -> Iterator[tuple[JoinedFolder, list[CabFile]]]:
        """Group by folder in stored order, after every size has been judged."""
        groups: dict[int, list[CabFile]] = {}
        total = 0
        for file in files:
            total += file.size
            if total > limit:
                raise FormatError(
                    "cab", Fault.TOO_LARGE, f"The files are larger than the bound of {limit} bytes"
                )
            groups.setdefault(file.folder, []).append(file)
        for number in sorted(groups):
            groups[number].sort(key=lambda file: (file.offset, file.offset + file.size))
            _check_places(self._folders[number], groups[number])
        for number in sorted(groups):
            yield self._folders[number], groups[number]

    @staticmethod
    def _decode(
        folder: JoinedFolder,
        files: list[CabFile],
        write: Callable[[int, bytes], object],
        progress: Progress | None,
    ) -> None:
        needed = max(file.offset + file.size for file in files)
        if not any(file.size for file in files):
            return
        cutter = _Cutter(files, write, progress)
        decode_folder(folder.folder.type_code, folder.segments, needed, cutter)
        if cutter.position < needed:
            raise FormatError("cab", Fault.TRUNCATED, "A folder is smaller than the files it is said to hold")


def _append(buffers: list[io.BytesIO], number: int, data: bytes) -> None:
    buffers[number].write(data)


def _check_places(folder: JoinedFolder, files: list[CabFile]) -> None:
    end = 0
    for file in files:
        if file.size and file.offset < end:
            raise FormatError(
                "cab", Fault.CORRUPT, f"Two files share bytes of their folder, one is: `{shown(file.name)}`"
            )
        end = max(end, file.offset + file.size)
    if end > folder.capacity:
        raise FormatError(
            "cab", Fault.CORRUPT, f"The files need {end} bytes of a folder of {folder.capacity} at most"
        )


class _Cutter:
    """Cuts a folder's bytes into files that are in order and do not overlap."""

    def __init__(
        self, files: list[CabFile], write: Callable[[int, bytes], object], progress: Progress | None
    ) -> None:
        self.position = 0
        self._files = files
        self._write = write
        self._progress = progress
        self._current = 0

    def __call__(self, data: bytes) -> bool:
        end = self.position + len(data)
        while self._current < len(self._files):
            file = self._files[self._current]
            start, stop = max(file.offset, self.position), min(file.offset + file.size, end)
            if start < stop:
                self._write(self._current, data[start - self.position : stop - self.position])
                if self._progress is not None:
                    self._progress(stop - start)
            if file.offset + file.size > end:
                break
            self._current += 1
        self.position = end
        return self._current < len(self._files)


class _Outputs:
    """The files of one folder on disk, one open at a time."""

    def __init__(self, paths: list[Path], root: Path, written: list[Path]) -> None:
        self._paths = paths
        self._root = root.resolve()
        self._written = written
        self._current = -1
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, number: int, data: bytes) -> None:
        self._advance(number)
        if self._stream is not None:
            self._stream.write(data)

    def finish(self) -> None:
        """Make the files that have no bytes and so were never written to."""
        self._advance(len(self._paths) - 1)

    def _advance(self, number: int) -> None:
        while self._current < number:
            if self._stream is not None:
                self._stream.close()
            self._current += 1
            self._stream = self._create(self._paths[self._current])

    def _create(self, path: Path) -> BinaryIO:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link that was in the folder before could lead out of it.
        if not path.parent.resolve().is_relative_to(self._root):
            raise FormatError(
                "cab", Fault.UNSAFE, f"A folder to extract into leads elsewhere: `{path.parent}`"
            )
        try:
            stream = path.open("xb")
        except FileExistsError:
            raise FormatError("cab", Fault.UNSAFE, f"A file to extract exists already: `{path}`") from None
        self._written.append(path)
        return stream


def _targets(files: Iterable[CabFile], to: Path) -> dict[str, Path]:
    """Where each file goes, by folded name; a name can be neither twice nor both a file and a folder."""
    targets: dict[str, Path] = {}
    folders: set[str] = set()
    for file in files:
        parts = safe_parts(file.name)
        if fold(file.name) in targets:
            raise FormatError(
                "cab", Fault.CORRUPT, f"The cabinet has two files of one name: `{shown(file.name)}`"
            )
        targets[fold(file.name)] = to.joinpath(*parts)
        folders.update(fold("\\".join(parts[:depth])) for depth in range(1, len(parts)))
    both = folders.intersection(targets)
    if both:
        raise FormatError(
            "cab", Fault.CORRUPT, f"The cabinet has a file and a folder of one name: `{shown(min(both))}`"
        )
    return targets


def _set_times(files: list[CabFile], targets: dict[str, Path]) -> None:
    for file in files:
        if file.modified is not None:
            moment = file.modified.replace(tzinfo=UTC).timestamp()
            os.utime(targets[fold(file.name)], (moment, moment))
