"""A mounted folder as an image: files found without regard to case, never through a link.

A link inside an image may name a path of the machine the image is for; followed here it would lead into the host.
It changes files as it is told and knows nothing of DISM.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.dism.backup import leads_elsewhere, open_to_read, open_to_write, writable
from osrecipe.engine.clock import filetime, unix_ns
from osrecipe.engine.files import remove
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import DeletePath, FileInfo, LinkFile, MakeFolder, PutFile
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath, upcase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.changes import Change

_PIECE: Final = 4 << 20
_EPOCH: Final = filetime(0)


class ImageFolder:
    """The files of a mounted image.

    Args:
        root: the mount folder.
        now: Unix seconds for what has no time of its own.
    """

    def __init__(self, root: Path, now: int) -> None:
        self._root = _extended(root)
        self._now = now

    def read(self, path: WinPath) -> BinaryIO:
        """As `OpenImage.read`."""
        found = self._find(path)
        if found is None or not _is_file(found):
            raise FileNotFoundError(2, "no such file in the image", str(path))
        return open_to_read(found)

    def read_bytes(self, path: WinPath) -> bytes | None:
        """As `ImageFiles.read_bytes`."""
        found = self._find(path)
        if found is None or not _is_file(found):
            return None
        with open_to_read(found) as file:
            return file.read()

    def info(self, path: WinPath) -> FileInfo | None:
        """As `OpenImage.info`."""
        found = self._find(path)
        return None if found is None else _info(path, found)

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """As `ImageFiles.names_in`."""
        found = self._find(folder)
        return (
            tuple(sorted(entry.name for entry in found.iterdir()))
            if found is not None and _is_folder(found)
            else ()
        )

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """As `OpenImage.walk`; what is behind a link is not part of the image."""
        found = self._find(folder)
        if found is None or not _is_folder(found):
            return
        waiting = [(folder, found)]
        while waiting:
            path, host = waiting.pop()
            folders = []
            for entry in sorted(os.scandir(host), key=lambda one: upcase(one.name)):
                inner = _child(path, entry.name)
                below = Path(entry.path)
                yield _info(inner, below)
                if entry.is_dir(follow_symlinks=False) and not leads_elsewhere(below):
                    folders.append((inner, below))
            waiting += reversed(folders)

    def apply(self, change: Change) -> None:
        """Make one change.

        Raises:
            TaskError: it would go through a link, or replace a folder by a file.
        """
        match change:
            case PutFile():
                self._put(change)
            case LinkFile(path, target):
                self._link(path, target)
            case MakeFolder(path):
                self._place(path).mkdir(exist_ok=True)
            case DeletePath(path):
                if (found := self._find(path)) is not None:
                    remove(found)

    def _put(self, change: PutFile) -> None:
        host = self._place(change.path)
        if _exists(host) and not _is_file(host):
            raise TaskError(Slug.RUN_TASK_FAILED, f"a file can't take this place: `{change.path}`")
        if not _exists(host):
            _fill(host, change.content)
        else:
            with writable(host):
                _fill(host, change.content)
        written = change.written
        if written is None and isinstance(change.content, Path):
            written = _EPOCH + change.content.stat().st_mtime_ns // 100
        when = unix_ns(filetime(self._now) if written is None else written)
        os.utime(host, ns=(when, when))

    def _link(self, path: WinPath, target: WinPath) -> None:
        source = self._find(target)
        if source is None or not _is_file(source):
            raise TaskError(Slug.RUN_TASK_FAILED, f"the image has no such file to link: `{target}`")
        host = self._place(path)
        if _exists(host):
            remove(host)
        os.link(source, host, follow_symlinks=False)

    def _place(self, path: WinPath) -> Path:
        """The host path for something to be written: what is there, or a new name in its folder, which is made."""
        host = self._root
        for number, name in enumerate(path.parts, 1):
            self._require_own(host, path)
            host = _named(host, name) or host / name
            if number < len(path.parts) and not _exists(host):
                host.mkdir()
        return host

    def _find(self, path: WinPath) -> Path | None:
        """The host path of what is there; nothing is there behind a link."""
        host = self._root
        for name in path.parts:
            if host != self._root and leads_elsewhere(host):
                return None
            found = _named(host, name)
            if found is None:
                return None
            host = found
        return host

    def _require_own(self, host: Path, path: WinPath) -> None:
        if host != self._root and leads_elsewhere(host):
            reason = f"a folder of this path is a link that may lead out of the image: `{path}`"
            raise TaskError(Slug.INPUT_UNSAFE, reason, remedy="name the folder the link stands for")


def _extended(root: Path) -> Path:
    """On Windows the form of an absolute path that may be longer than 260 characters."""
    text = str(root.absolute())
    return Path(f"\\\\?\\{text}") if sys.platform == "win32" and not text.startswith("\\\\") else Path(text)


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _is_file(path: Path) -> bool:
    """A file of its own: neither a folder nor a link to somewhere."""
    return stat.S_ISREG(path.lstat().st_mode) and not leads_elsewhere(path)


def _is_folder(path: Path) -> bool:
    """A folder of its own."""
    return stat.S_ISDIR(path.lstat().st_mode) and not leads_elsewhere(path)


def _named(folder: Path, name: str) -> Path | None:
    """What has this name in a folder, in whatever case."""
    exact = folder / name
    if _exists(exact):
        return exact
    if sys.platform == "win32" or not folder.is_dir():
        return None
    wanted = upcase(name)
    return next((other for other in sorted(folder.iterdir()) if upcase(other.name) == wanted), None)


def _child(folder: WinPath, name: str) -> WinPath:
    try:
        return folder / name
    except ValueError as cause:
        raise TaskError(Slug.INPUT_UNSAFE, f"a name in the image can't be used: {cause}") from cause


def _info(path: WinPath, host: Path) -> FileInfo:
    found = host.lstat()
    is_folder = stat.S_ISDIR(found.st_mode)
    written = _EPOCH + found.st_mtime_ns // 100
    return FileInfo(path, 0 if is_folder else found.st_size, written, is_folder)


def _fill(host: Path, content: bytes | Path) -> None:
    """Write into a file; one that is there stays the same file, with its owner, streams and other names."""
    with open_to_write(host) as target:
        if isinstance(content, bytes):
            target.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, target, _PIECE)
        target.truncate()
