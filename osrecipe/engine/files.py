"""Host files, carefully: durable writes, renames, removal of what is ours, and paths that stay where they belong."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RETRIES = 6
_PAUSE = 0.05
"""Seconds; doubled at each retry. Windows refuses to replace or remove what a virus scanner has open."""


def sync_file(path: Path) -> None:
    """Make a file's content durable. A file that may not be written is opened for reading where that is enough."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except PermissionError:
        if sys.platform == "win32":
            return  # FlushFileBuffers needs write access; a read-only file was flushed when it was closed
        handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Make a folder's entries durable; Windows has no such call and does it with the rename."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(source: Path, to: Path) -> None:
    """Rename over what may be there, durably; both lie on one volume."""
    _patiently(lambda: _replace_once(source, to))
    sync_folder(to.parent)


def _replace_once(source: Path, to: Path) -> None:
    source.replace(to)


def write_durably(path: Path, data: bytes, partial: Path | None = None) -> None:
    """Write a file so that its name never shows half of it.

    Args:
        path: its final name.
        data: its content.
        partial: the name it has meanwhile, in the same folder; `.NAME.part` if not given.
    """
    temp = partial or path.with_name(f".{path.name}.part")
    try:
        temp.write_bytes(data)
        sync_file(temp)
        replace(temp, path)
    except OSError:
        temp.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all below it; nothing to do when it is not there.

    Links are removed, never followed.

    Raises:
        OSError: something is still there.
    """
    _patiently(lambda: _remove_once(path))


def _remove_once(path: Path) -> None:
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(info.st_mode):
        _unlink(path)
    elif _is_junction(info):
        path.rmdir()
    else:
        _remove_folder(path)


def _remove_folder(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except PermissionError:
        _make_writable(path)
        shutil.rmtree(path)


def _is_junction(info: os.stat_result) -> bool:
    """Whether it is a mount point or junction, whose content is somewhere else."""
    return getattr(info, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except PermissionError:
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        path.unlink()


def _make_writable(folder: Path) -> None:
    """Take read-only marks off a folder and all below it; links are left alone."""
    folder.chmod(stat.S_IRWXU)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = folder / parent / name
            if not path.is_symlink():
                path.chmod(stat.S_IRWXU)


def _patiently(action: Callable[[], None]) -> None:
    pause = _PAUSE
    for _ in range(_RETRIES if sys.platform == "win32" else 0):
        try:
            return action()
        except PermissionError:
            time.sleep(pause)
            pause *= 2
    return action()


def lies_in(path: Path, folder: Path) -> bool:
    """Whether `path` lies below `folder` on the disk: links on the way are followed, a link at its end is not."""
    if ".." in path.parts or not path.is_absolute():
        return False
    real = path.parent.resolve() / path.name
    return real != folder.resolve() and real.is_relative_to(folder.resolve())


def removal_command(path: Path) -> str:
    """The command that removes a file or folder, to be pasted."""
    if sys.platform == "win32":
        return f'rmdir /s /q "{path}"' if path.is_dir() else f'del /f "{path}"'
    return f"rm -r -- {shlex.quote(str(path))}"


def folder_size(path: Path) -> int:
    """Bytes of all files below a folder, or of one file."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(p.lstat().st_size for p in path.rglob("*") if not p.is_dir())
