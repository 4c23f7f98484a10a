"""What a mount's folder holds, and how it differs from what it held before.

Files are told apart by what the file system says and, where only their change time moved, by content: a file that was
read, re-permissioned or linked to is not a changed file. Links between paths count: a path that joins or leaves a
group of hard links changes with all of its group.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from standin.state import read_json, write_json


@dataclass(frozen=True)
class Entry:
    """A file, folder or link; `digest` is a file's SHA-1 or a link's target."""

    kind: str
    size: int = 0
    modified: int = 0
    changed: int = 0
    inode: int = 0
    digest: str = ""


Snapshot = dict[str, Entry]
"""Entries by path with slashes, without a leading one."""


@dataclass
class Difference:
    """Paths to take out of the image and paths to put in; a path can be both."""

    gone: list[str] = field(default_factory=list)
    put: list[str] = field(default_factory=list)


def take(root: Path, before: Snapshot | None = None) -> Snapshot:
    """What is in a folder; files that look as in `before` are not read again."""
    found: Snapshot = {}
    _scan(root, "", found, before or {})
    return found


def difference(before: Snapshot, after: Snapshot) -> Difference:
    """What has to be done to an image that is as `before`."""
    made = Difference()
    for path in sorted(before):
        entry = after.get(path)
        if (entry is None or entry.kind != before[path].kind) and not _below_gone(path, made.gone):
            made.gone.append(path)
    groups_before, groups_after = _groups(before), _groups(after)
    for path, entry in sorted(after.items()):
        old = before.get(path)
        if old is None or (old.kind, old.digest, old.modified) != (entry.kind, entry.digest, entry.modified):
            made.put.append(path)
            continue
        # The image's group shrinks by itself when one of its names is replaced; any other change of links is put in.
        group = groups_after.get(path, frozenset())
        if group and not (entry.inode == old.inode and group <= groups_before.get(path, frozenset())):
            made.put.append(path)
    return made


def save(snapshot: Snapshot, file: Path) -> None:
    """Write a snapshot."""
    write_json(file, {path: asdict(entry) for path, entry in snapshot.items()})


def load(file: Path) -> Snapshot:
    """Read a snapshot; empty when there is none."""
    return {path: Entry(**row) for path, row in (read_json(file) or {}).items()}


def _scan(folder: Path, prefix: str, found: Snapshot, before: Snapshot) -> None:
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{prefix}{entry.name}"
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            found[path] = Entry("link", digest=str(Path(entry.path).readlink()))
        elif stat.S_ISDIR(status.st_mode):
            found[path] = Entry("folder")
            _scan(folder / entry.name, f"{path}/", found, before)
        elif stat.S_ISREG(status.st_mode):
            found[path] = _file(folder / entry.name, status, before.get(path))


def _file(path: Path, status: os.stat_result, old: Entry | None) -> Entry:
    facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    if old is not None and (old.size, old.modified, old.changed, old.inode) == facts:
        return old
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha1").hexdigest()
    return Entry("file", *facts, digest)


def _groups(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    """The group of each path that has more than one name."""
    by_inode: dict[int, list[str]] = {}
    for path, entry in snapshot.items():
        if entry.kind == "file":
            by_inode.setdefault(entry.inode, []).append(path)
    return {path: frozenset(paths) for paths in by_inode.values() if len(paths) > 1 for path in paths}


def _below_gone(path: str, gone: list[str]) -> bool:
    return bool(gone) and path.startswith(f"{gone[-1]}/")
