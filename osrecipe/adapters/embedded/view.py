"""What can be asked of any image, open for change or not: files, folders, and a file object for content.

Reads only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.model.changes import FileInfo
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.formats.wim.tree import Entry


class ImageView(Protocol):
    """An image's files, by path without regard to case."""

    def read(self, path: WinPath) -> BinaryIO:
        """Open a file; FileNotFoundError when there is none."""

    def info(self, path: WinPath) -> FileInfo | None:
        """What is at a path, or None."""

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """Everything below a folder; nothing when it is not there."""

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """The names directly in a folder; none when it is not there."""


def read_all(view: ImageView, path: WinPath) -> bytes:
    """A file's bytes; FileNotFoundError when there is none."""
    with view.read(path) as file:
        return file.read()


def file_info(entry: Entry) -> FileInfo:
    """An entry as the model has it; an empty file has no hash for free.

    Raises:
        FormatError: its name is none Windows can have.
    """
    try:
        path = WinPath(entry.path)
    except ValueError as error:
        raise FormatError("wim", Fault.UNSAFE, f"a name in the image can't be used: {error}") from error
    known = any(entry.sha1)
    return FileInfo(
        path, entry.size or 0, entry.written, entry.is_directory, entry.sha1.hex() if known else None
    )
