"""Two containers behind one face: a cabinet, and a WIM with one image.

Chosen by the bytes a file begins with, never by its name. Knows nothing of updates.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from osrecipe.formats.cab import CabReader
from osrecipe.formats.cab.names import fold, safe_parts, shown
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from osrecipe.formats.wim.reader import WimReader
    from osrecipe.formats.wim.tree import Entry

_MAGIC_SIZE = 8
_FILETIME_1970 = 116_444_736_000_000_000


class Container(StrEnum):
    """What holds the files."""

    CAB = "cab"
    WIM = "wim"


_MAGICS = ((b"MSCF", Container.CAB), (b"MSWIM\0\0\0", Container.WIM))


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a container: its path with backslashes, and its size in bytes."""

    name: str
    size: int


class Store(Protocol):
    """A container opened for reading."""

    container: Container
    files: tuple[StoredFile, ...]

    def read(self, name: str, *, limit: int) -> bytes:
        """Read a file of at most `limit` bytes."""
        ...

    def read_each(self, names: Iterable[str], *, limit: int) -> list[tuple[str, bytes]]:
        """Read several files, of at most `limit` bytes together."""
        ...

    def extract(self, names: Iterable[str] | None, to: Path, *, limit_bytes: int) -> tuple[Path, ...]:
        """Write files below a folder."""
        ...

    def close(self) -> None:
        """Close what was opened."""
        ...


def open_store(path: Path) -> Store:
    """Open a container.

    Raises:
        FormatError: CORRUPT when it is neither, and what its reader raises.
    """
    with path.open("rb") as stream:
        magic = stream.read(_MAGIC_SIZE)
    for begin, container in _MAGICS:
        if magic.startswith(begin):
            return _CabStore(path) if container is Container.CAB else _WimStore(path)
    raise FormatError(
        "msu", Fault.CORRUPT, f"Neither a cabinet nor a WIM, it begins with: `{magic.hex()}`", offset=0
    )


class _CabStore:
    def __init__(self, path: Path) -> None:
        self.container = Container.CAB
        self._reader = CabReader(path)
        self.files = tuple(StoredFile(file.name, file.size) for file in self._reader.directory.files)

    def read(self, name: str, *, limit: int) -> bytes:
        return self._reader.read(name, limit=limit)

    def read_each(self, names: Iterable[str], *, limit: int) -> list[tuple[str, bytes]]:
        files = [self._reader.find(name) for name in names]
        return [(file.name, data) for file, data in self._reader.read_each(files, limit=limit)]

    def extract(self, names: Iterable[str] | None, to: Path, *, limit_bytes: int) -> tuple[Path, ...]:
        return self._reader.extract(names, to, limit_bytes=limit_bytes)

    def close(self) -> None:
        self._reader.close()


class _WimStore:
    """The first and only image of a WIM."""

    def __init__(self, path: Path) -> None:
        # Cabinets must be readable where the WIM reader's library is absent.
        from osrecipe.formats.wim.reader import WimReader

        self.container = Container.WIM
        self._reader: WimReader = WimReader.open(path)
        try:
            self._entries = _image_files(self._reader)
        except BaseException:
            self._reader.close()
            raise
        self.files = tuple(StoredFile(entry.path, entry.size or 0) for entry in self._entries.values())

    def read(self, name: str, *, limit: int) -> bytes:
        return self.read_each([name], limit=limit)[0][1]

    def read_each(self, names: Iterable[str], *, limit: int) -> list[tuple[str, bytes]]:
        entries = self._judged(names, limit)
        return [
            (entry.path, self._reader.read_file(1, entry.path) if entry.size else b"") for entry in entries
        ]

    def extract(self, names: Iterable[str] | None, to: Path, *, limit_bytes: int) -> tuple[Path, ...]:
        entries = self._judged([file.name for file in self.files] if names is None else names, limit_bytes)
        targets = [to.joinpath(*safe_parts(entry.path, format_="msu")) for entry in entries]
        written: list[Path] = []
        try:
            for entry, target in zip(entries, targets, strict=True):
                self._write(entry, target, to, written)
        except BaseException:
            for path in written:
                with suppress(OSError):  # the first cause matters more
                    path.unlink()
            raise
        return tuple(written)

    def _judged(self, names: Iterable[str], limit: int) -> list[Entry]:
        entries = list(dict.fromkeys(self._find(name) for name in names))
        if sum(entry.size or 0 for entry in entries) > limit:
            raise FormatError("msu", Fault.TOO_LARGE, f"The files are larger than the bound of {limit} bytes")
        return entries

    def _find(self, name: str) -> Entry:
        entry = self._entries.get(fold(name))
        if entry is None or entry.size is None:
            raise FormatError("msu", Fault.MISSING, f"The update has no such file: `{shown(name)}`")
        return entry

    def _write(self, entry: Entry, target: Path, root: Path, written: list[Path]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A link that was in the folder before could lead out of it.
        if not target.parent.resolve().is_relative_to(root.resolve()):
            raise FormatError(
                "msu", Fault.UNSAFE, f"A folder to extract into leads elsewhere: `{target.parent}`"
            )
        try:
            stream = target.open("xb")
        except FileExistsError:
            raise FormatError("msu", Fault.UNSAFE, f"A file to extract exists already: `{target}`") from None
        written.append(target)
        with stream:
            if entry.size:
                self._reader.read_blob(entry.sha1, stream)
        moment = max(0, entry.written - _FILETIME_1970) * 100
        os.utime(target, ns=(moment, moment))

    def close(self) -> None:
        self._reader.close()


def _image_files(reader: WimReader) -> dict[str, Entry]:
    if reader.image_count != 1:
        raise FormatError(
            "msu", Fault.UNSUPPORTED, f"The update has {reader.image_count} images instead of one"
        )
    files = (entry for entry in reader.tree(1).walk() if not entry.is_directory and not entry.is_reparse)
    return {fold(entry.path): entry for entry in files}
