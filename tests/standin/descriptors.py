"""Descriptors, attributes and creation times of files that were put into an image.

On NTFS a file that is written over keeps these, and a new one takes its descriptor from where it lies. wimlib on
POSIX adds files without. Here each gets what its path had before, or what its neighbours have: a likeness of
inheritance, not inheritance. Only fields of a fixed size are written, so that nothing in the resource moves; a short
name is lost with the entry that had it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ENTRY = struct.Struct("<QIiQ16xQQQ20sIQHHH")
_FOLDER, _ARCHIVE, _NORMAL, _REPARSE = 0x10, 0x20, 0x80, 0x400
_NONE = -1
_DEEPEST = 256


@dataclass(frozen=True)
class Entry:
    """An entry of a metadata resource; `at` is where it stands, `path` is in lower case with slashes."""

    path: str
    at: int
    attributes: int
    security: int
    created: int
    group: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that is no link."""
        return bool(self.attributes & _FOLDER) and not self.attributes & _REPARSE


def restored(before: bytes, after: bytes, paths: Iterable[str]) -> bytes:
    """The resource `after` with `paths` as they were in `before`.

    Args:
        before: the metadata of the image before files were put in; its descriptors are the first of `after`'s.
        after: the metadata wimlib has written.
        paths: what was put in, with slashes and without a leading one.
    """
    if _descriptors(after)[: len(_descriptors(before))] != _descriptors(before):
        return after  # wimlib has sorted them anew; nothing is better than something wrong
    old = {entry.path: entry for entry in _entries(before)}
    new = {entry.path: entry for entry in _entries(after)}
    wanted = {path.lower() for path in paths}
    patched = bytearray(after)
    by_group: dict[int, tuple[int, int, int]] = {}
    # A path that was there decides for all the names of its file.
    for path in sorted(wanted & new.keys(), key=lambda path: (path not in old, path)):
        entry = new[path]
        model = old.get(path)
        fields = _fields(model, entry, old)
        if entry.group:
            fields = by_group.setdefault(entry.group, fields)
        attributes, security, created = fields
        struct.pack_into("<Ii", patched, entry.at + 8, attributes, security)
        struct.pack_into("<Q", patched, entry.at + 40, created)
    return bytes(patched)


def _fields(model: Entry | None, entry: Entry, old: dict[str, Entry]) -> tuple[int, int, int]:
    if model is not None and model.is_folder == entry.is_folder:
        return model.attributes, model.security, model.created
    attributes = entry.attributes if entry.attributes & _REPARSE else (entry.attributes | _ARCHIVE) & ~_NORMAL
    if entry.is_folder:
        attributes = entry.attributes
    return attributes, _neighbours(entry, old), entry.created


def _neighbours(entry: Entry, old: dict[str, Entry]) -> int:
    """The descriptor of a file in the same folder, or of the nearest folder above that was there."""
    folder = entry.path.rpartition("/")[0]
    if not entry.is_folder:
        for other in old.values():
            if other.path.rpartition("/")[0] == folder and not other.attributes & _FOLDER:
                return other.security
    while folder not in old:
        folder = folder.rpartition("/")[0]
    return old[folder].security


def _descriptors(metadata: bytes) -> list[bytes]:
    total, count = struct.unpack_from("<II", metadata)
    if 8 + 8 * count > len(metadata):
        raise DismError(13)
    sizes = struct.unpack_from(f"<{count}Q", metadata, 8)
    found, at = [], 8 + 8 * count
    for size in sizes:
        found.append(metadata[at : at + size])
        at += size
    if at > max(total, 8):
        raise DismError(13)
    return found


def _entries(metadata: bytes) -> Iterator[Entry]:
    """Every entry, the root first; its path is empty."""
    root = (max(struct.unpack_from("<I", metadata)[0], 8) + 7) & ~7
    yield from _list(metadata, root, "", 0)


def _list(metadata: bytes, at: int, folder: str, depth: int) -> Iterator[Entry]:
    if depth > _DEEPEST:
        raise DismError(13)
    while at + 8 <= len(metadata) and (length := struct.unpack_from("<Q", metadata, at)[0]) > 8:
        fields = _ENTRY.unpack_from(metadata, at)
        _, attributes, security, below, created, _, _, _, _, group, streams, _, name_size = fields
        start = at + _ENTRY.size
        name = metadata[start : start + name_size].decode("utf-16-le")
        path = f"{folder}/{name}".strip("/").lower()
        entry = Entry(path, at, attributes, security, created, 0 if attributes & _REPARSE else group)
        yield entry
        if below and entry.is_folder:
            yield from _list(metadata, below, path, depth + 1)
        if depth == 0 and not folder and not name:
            return  # the root stands alone
        at += (length + 7) & ~7
        for _ in range(streams):
            at += (struct.unpack_from("<Q", metadata, at)[0] + 7) & ~7
