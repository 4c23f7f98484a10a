"""The files of an image in memory, for what reads images by their files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.winpath import WinPath


class Files:
    """An image that is a dict."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = {path.lower(): (path, data) for path, data in files.items()}

    def read_bytes(self, path: WinPath) -> bytes | None:
        """The bytes at a path."""
        found = self._files.get(str(path).lower())
        return found[1] if found else None

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """The names right below a folder."""
        start = f"{folder}\\".lower()
        below = [path[len(start) :] for key, (path, _) in self._files.items() if key.startswith(start)]
        return tuple(dict.fromkeys(rest.partition("\\")[0] for rest in below))
