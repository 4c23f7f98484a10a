"""A cabinet and the other cabinets of its set, seen as one archive.

Finds the neighbours a cabinet names beside it, joins the folders they share, and keeps their files open. It decides
nothing about where files go and decompresses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.cab.blocks import BLOCK_OUTPUT, Segment, count
from osrecipe.formats.cab.directory import CabFile, CabFolder, Cabinet, read_directory
from osrecipe.formats.cab.names import fold, safe_parts, shown
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

_MOST_CABINETS = 512


@dataclass(frozen=True, slots=True)
class OpenCabinet:
    """One cabinet of a set: its tables and the stream its blocks are read from."""

    directory: Cabinet
    stream: BinaryIO
    base: int


@dataclass(frozen=True, slots=True)
class JoinedFolder:
    """A folder over all cabinets of the set."""

    folder: CabFolder
    segments: tuple[Segment, ...]

    @property
    def capacity(self) -> int:
        """The most bytes it can decompress to."""
        return count(self.segments) * BLOCK_OUTPUT


@dataclass(frozen=True, slots=True)
class CabinetSet:
    """The joined view; `directory` numbers folders over the whole set."""

    directory: Cabinet
    folders: tuple[JoinedFolder, ...]


def open_set(path: Path, closing: ExitStack) -> CabinetSet:
    """Open a cabinet and every cabinet before and after it.

    Args:
        path: any cabinet of the set; the others are looked for in its folder, by name, whatever the case.
        closing: closes the files.

    Raises:
        FormatError: MISSING when a named cabinet is not there; UNSAFE when its name is more than a file name;
            CORRUPT when the cabinets contradict each other.
    """
    chain = [_open(path, closing)]
    seen = {path.name.lower()}
    _extend(chain, path.parent, seen, closing, forward=False)
    _extend(chain, path.parent, seen, closing, forward=True)
    return join(chain)


def open_one(stream: BinaryIO, base: int = 0) -> OpenCabinet:
    """Read the tables of a cabinet that begins at `base` of a stream."""
    stream.seek(base)
    return OpenCabinet(read_directory(stream), stream, base)


def _open(path: Path, closing: ExitStack) -> OpenCabinet:
    return open_one(closing.enter_context(path.open("rb")))


def _extend(
    chain: list[OpenCabinet], folder: Path, seen: set[str], closing: ExitStack, *, forward: bool
) -> None:
    """Follow the names in one direction, adding to that end of the chain."""
    while name := (chain[-1].directory.next if forward else chain[0].directory.previous):
        if len(safe_parts(name)) != 1:
            raise FormatError(
                "cab", Fault.UNSAFE, f"The next cabinet of the set is in another folder: `{shown(name)}`"
            )
        if fold(name) in seen or len(chain) >= _MOST_CABINETS:
            raise FormatError("cab", Fault.CORRUPT, f"The set of cabinets has no end, again: `{shown(name)}`")
        seen.add(fold(name))
        found = _open(_beside(folder, name), closing)
        before, after = (chain[-1], found) if forward else (found, chain[0])
        _check_neighbours(before.directory, after.directory, name)
        chain.insert(len(chain) if forward else 0, found)


def _beside(folder: Path, name: str) -> Path:
    for entry in folder.iterdir():
        if fold(entry.name) == fold(name) and entry.is_file():
            return entry
    raise FormatError("cab", Fault.MISSING, f"A cabinet of the set is not beside the others: `{shown(name)}`")


def _check_neighbours(before: Cabinet, after: Cabinet, name: str) -> None:
    if before.set_id != after.set_id or before.index + 1 != after.index:
        raise FormatError("cab", Fault.CORRUPT, f"A cabinet belongs to another set: `{shown(name)}`")
    if before.next is None or after.previous is None:
        raise FormatError("cab", Fault.CORRUPT, f"A cabinet does not name its neighbour: `{shown(name)}`")


def join(chain: list[OpenCabinet]) -> CabinetSet:
    """Join the cabinets of a complete, ordered set.

    Raises:
        FormatError: CORRUPT where a folder that goes on does not go on; MISSING where the chain is not complete.
    """
    folders: list[JoinedFolder] = []
    files: list[CabFile] = []
    goes_on = False
    for cabinet in chain:
        directory = cabinet.directory
        continues = any(file.from_previous for file in directory.files)
        if goes_on != continues:
            fault = Fault.CORRUPT if folders else Fault.MISSING
            raise FormatError("cab", fault, "A folder is continued in one cabinet but not in its neighbour")
        first = len(folders) - continues
        for number, (folder, segment) in enumerate(_segments(cabinet)):
            if number == 0 and continues:
                folders[-1] = _continued(folders[-1], folder, segment)
            else:
                folders.append(JoinedFolder(folder, (segment,)))
        # A file that goes on is listed in every cabinet that holds a part of it; the first listing counts.
        files += [
            replace(file, folder=first + file.folder) for file in directory.files if not file.from_previous
        ]
        goes_on = any(file.to_next for file in directory.files)
    if goes_on:
        raise FormatError("cab", Fault.MISSING, "The last folder goes on in a cabinet that is not there")
    whole = replace(
        chain[0].directory, files=tuple(files), folders=tuple(joined.folder for joined in folders)
    )
    return CabinetSet(replace(whole, next=None), tuple(folders))


def _segments(cabinet: OpenCabinet) -> Iterator[tuple[CabFolder, Segment]]:
    reserve = cabinet.directory.reserve.data
    for folder in cabinet.directory.folders:
        yield folder, Segment(cabinet.stream, cabinet.base + folder.data_offset, folder.blocks, reserve)


def _continued(joined: JoinedFolder, folder: CabFolder, segment: Segment) -> JoinedFolder:
    if joined.folder.type_code != folder.type_code:
        raise FormatError(
            "cab", Fault.CORRUPT, "A folder changes its compression from one cabinet to the next"
        )
    if not joined.segments[-1].blocks or not segment.blocks:
        raise FormatError("cab", Fault.CORRUPT, "A folder that spans cabinets has no blocks in one of them")
    return replace(joined, segments=(*joined.segments, segment))
