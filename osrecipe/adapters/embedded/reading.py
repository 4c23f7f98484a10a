"""An image of a WIM that is only read, such as one inside the finished ISO."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from osrecipe.adapters.embedded.view import file_info
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.changes import FileInfo
    from osrecipe.model.winpath import WinPath


class WimView:
    """One image's files; closing it leaves the WIM's file open, which is its owner's."""

    def __init__(self, wim: BinaryIO, index: int) -> None:
        self._reader = WimReader(wim)
        self._index = index
        self._tree = self._reader.tree(index)

    def read(self, path: WinPath) -> BinaryIO:
        """As `ImageView.read`."""
        entry = self._tree.find(str(path))
        if entry is None or entry.is_directory:
            raise FileNotFoundError(2, "no such file in the image", str(path))
        return self._reader.open_file(self._index, str(path))

    def info(self, path: WinPath) -> FileInfo | None:
        """As `ImageView.info`."""
        entry = self._tree.find(str(path))
        return None if entry is None else file_info(entry)

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """As `ImageView.walk`."""
        if self._tree.find(str(folder)) is not None:
            for entry in self._tree.walk(str(folder)):
                yield file_info(entry)

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """As `ImageView.names_in`."""
        entry = self._tree.find(str(folder))
        if entry is None or not entry.is_directory:
            return ()
        return tuple(child.name for child in self._tree.children(str(folder)))

    def close(self) -> None:
        """Free the decompressors."""
        self._reader.close()
