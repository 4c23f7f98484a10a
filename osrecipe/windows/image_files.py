"""The little that knowledge about an image needs of it: bytes by path, names by folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from osrecipe.formats.wim.reader import WimReader
    from osrecipe.model.winpath import WinPath


class ImageFiles(Protocol):
    """Files of an image, whatever holds it."""

    def read_bytes(self, path: WinPath) -> bytes | None:
        """A file's bytes, or None when there is no such file."""

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """The names directly in a folder; none when it is not there."""


class WimFiles:
    """Files of one image of a WIM that is only read."""

    def __init__(self, wim: WimReader, index: int) -> None:
        self._wim = wim
        self._index = index
        self._tree = wim.tree(index)

    def read_bytes(self, path: WinPath) -> bytes | None:
        """As `ImageFiles.read_bytes`."""
        entry = self._tree.find(str(path))
        if entry is None or entry.is_directory:
            return None
        return self._wim.read_file(self._index, str(path))

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """As `ImageFiles.names_in`."""
        entry = self._tree.find(str(folder))
        if entry is None or not entry.is_directory:
            return ()
        return tuple(child.name for child in self._tree.children(str(folder)))
