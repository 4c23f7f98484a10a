"""Change sets: files, links and registry values to write into an image, the same for every adapter.

Nothing here knows how a change is carried out; `OpenImage.apply` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.winpath import WinPath


@dataclass(frozen=True)
class PutFile:
    """Write a file: `content` is bytes, or a host file to copy.

    A file that is there keeps its descriptor, attributes, short name, creation time, streams and hard links.

    Attributes:
        written: write time as a FILETIME (100 ns since 1601), or None for the source file's own / the run's.
    """

    path: WinPath
    content: bytes | Path
    written: int | None = None


@dataclass(frozen=True)
class LinkFile:
    """Give an existing file another name; what was at `path` is replaced."""

    path: WinPath
    target: WinPath


@dataclass(frozen=True)
class MakeFolder:
    """Make sure a folder is there, with its parents."""

    path: WinPath


@dataclass(frozen=True)
class DeletePath:
    """Remove a file, or a folder with all below it; nothing to do when it is not there."""

    path: WinPath


Change = PutFile | LinkFile | MakeFolder | DeletePath
ChangeSet = tuple[Change, ...]


@dataclass(frozen=True)
class FileInfo:
    """A file inside an image: size in bytes, write time as a FILETIME, content SHA-1 in hex if it is known for free."""

    path: WinPath
    size: int
    written: int
    is_folder: bool = False
    sha1: str | None = None
