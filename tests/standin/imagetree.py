r"""Paths inside an image's folder: backslashes, any case, whatever the file system underneath thinks of case."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def find(root: Path, path: str) -> Path:
    """The host path of a path in the image; parts that are there are found in any case, the others are as given."""
    at = root
    for part in path.replace("/", "\\").strip("\\").split("\\"):
        at = _child(at, part)
    return at


def files(folder: Path, suffix: str) -> Iterator[Path]:
    """Files of a folder by the end of their name, in order; nothing when there is no such folder."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.name.lower().endswith(suffix))


def put_file(source: Path, target: Path) -> None:
    """Copy a file with its time to a place where a file may be; that file's other names keep the old content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    shutil.copy2(source, fresh)
    fresh.replace(target)


def put_bytes(content: bytes, target: Path) -> None:
    """Write a file in the same way."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    fresh.write_bytes(content)
    fresh.replace(target)


def put_link(existing: Path, target: Path) -> None:
    """Make a path another name of a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    os.link(existing, target)


def remove_tree(path: Path) -> None:
    """Remove a file or a folder with what is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder, but not the folder."""
    for path in folder.iterdir():
        remove_tree(path)


def _child(folder: Path, name: str) -> Path:
    exact = folder / name
    if os.path.lexists(exact) or not folder.is_dir():
        return exact
    wanted = name.lower()
    return next((path for path in folder.iterdir() if path.name.lower() == wanted), exact)
