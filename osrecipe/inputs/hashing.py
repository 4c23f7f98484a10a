"""Hashes of inputs: files by SHA-256, folders by a tree digest that knows no times, owners or host paths."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.frozen import digest_of
from osrecipe.model.problems import OsrecipeError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osrecipe.model.frozen import Digest

_PIECE = 1 << 20
MAX_FILES = 200_000
"""Files in a folder input; more is a mistake in the recipe."""


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """A file's SHA-256 in hexadecimal; `progress` gets the bytes read since its last call.

    Raises:
        OSError: the file can't be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            if progress is not None:
                progress(len(piece))
    return digest.hexdigest()


@dataclass(frozen=True)
class TreeDigest:
    """A folder's content: digest over sorted relative paths, types and contents; files and bytes in it."""

    digest: Digest
    files: int
    size: int


def tree_digest(folder: Path) -> TreeDigest:
    """Digest a folder.

    Raises:
        OsrecipeError: it holds links or special files (`input/unsafe`), which no image would get, or too many files.
        OSError: something in it can't be read.
    """
    rows: list[list[str]] = []
    files = size = 0
    for path in _walk(folder):
        relative = path.relative_to(folder).as_posix()
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in relative):
            reason = f"a name no image can hold: `{relative.encode('ascii', 'backslashreplace').decode()}`"
            raise OsrecipeError(Problem(Slug.INPUT_UNSAFE, reason, hint="rename the file"))
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            hint = "copy the file itself into the folder"
            raise OsrecipeError(
                Problem(Slug.INPUT_UNSAFE, f"not a plain file or folder: `{relative}`", hint=hint)
            )
        if path.is_dir():
            rows.append([relative, "folder"])
            continue
        files += 1
        size += path.stat().st_size
        if files > MAX_FILES:
            raise OsrecipeError(Problem(Slug.INPUT_UNSAFE, f"the folder holds more than {MAX_FILES} files"))
        rows.append([relative, "file", sha256_of(path)])
    return TreeDigest(digest_of(sorted(rows)), files, size)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        here = folder.__class__(root)
        yield from (here / name for name in (*folders, *sorted(names)))
