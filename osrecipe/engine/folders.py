"""A folder input into an image: which files and folders to write where. Reads names only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import MakeFolder, PutFile
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.model.winpath import WinPath

_MAX_FILES = 500_000
"""Files in one folder input; a whole Windows has a third of that."""


def copy_folder(source: Path, to: WinPath) -> tuple[MakeFolder | PutFile, ...]:
    """The changes that put the content of `source` into the folder `to`, folders before what they hold.

    Raises:
        TaskError: `input/unsafe`, for a link, a name Windows does not allow, or two names that are one on Windows.
    """
    changes: list[MakeFolder | PutFile] = [MakeFolder(to)]
    seen: set[WinPath] = set()
    for path in _walk(source):
        place = _place(source, path, to)
        if place in seen:
            raise TaskError(Slug.INPUT_UNSAFE, f"two names in the folder are one on Windows: `{place}`")
        seen.add(place)
        if len(seen) > _MAX_FILES:
            raise TaskError(
                Slug.INPUT_UNSAFE, f"the folder holds more than {_MAX_FILES} files: `{source.name}`"
            )
        changes.append(MakeFolder(place) if path.is_dir() else PutFile(place, path))
    return tuple(changes)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise TaskError(
                Slug.INPUT_UNSAFE,
                f"the folder holds a link or something that is no file: `{path.name}`",
                remedy="put a copy of the file in its place",
            )
        yield path
        if path.is_dir():
            yield from _walk(path)


def _place(source: Path, path: Path, to: WinPath) -> WinPath:
    try:
        return to / path.relative_to(source).as_posix().replace("/", "\\")
    except ValueError as cause:
        raise TaskError(Slug.INPUT_UNSAFE, str(cause)) from cause
