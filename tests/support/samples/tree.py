"""A Windows file tree in memory: what a WIM image holds, with all that NTFS knows of a file.

Holds and answers; writing it is `wimfile`'s, filling it `images`'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING

from support.samples import acl
from support.samples.names import DAY, SEALED_UNIX, filetime

if TYPE_CHECKING:
    from collections.abc import Iterator


class Attribute(IntFlag):
    """File attributes."""

    READONLY = 0x1
    HIDDEN = 0x2
    SYSTEM = 0x4
    DIRECTORY = 0x10
    ARCHIVE = 0x20
    REPARSE = 0x400
    NOT_INDEXED = 0x2000


@dataclass(frozen=True)
class Reparse:
    """A junction or symbolic link: its tag and the data after the tag."""

    tag: int
    data: bytes


@dataclass
class Inode:
    """A file or folder, whatever its names: names that share one are hard links."""

    content: bytes = b""
    attributes: int = Attribute.ARCHIVE
    sddl: str = acl.SYSTEM_FILE
    created: int = 0
    written: int = 0
    streams: dict[str, bytes] = field(default_factory=dict)
    reparse: Reparse | None = None


@dataclass
class Entry:
    """One name in a folder."""

    name: str
    inode: Inode
    short: str = ""
    children: dict[str, Entry] = field(default_factory=dict)  # by upper-case name

    @property
    def is_folder(self) -> bool:
        """Whether other entries can be below it."""
        return bool(self.inode.attributes & Attribute.DIRECTORY)


class Tree:
    """One image's files; paths have backslashes and no drive, in any case."""

    def __init__(self) -> None:
        self.root = Entry("", _folder_inode(acl.ROOT_FOLDER))

    def entry(self, path: str) -> Entry:
        """The entry at a path; KeyError when there is none."""
        found = self.root
        for name in _split(path):
            found = found.children[name.upper()]
        return found

    def folder(self, path: str, *, sddl: str = "", short: str = "", attributes: int = 0) -> Entry:
        """The folder at a path, made with those above it; a new one takes its descriptor from above unless given."""
        at = self.root
        for name in _split(path):
            if name.upper() not in at.children:
                at.children[name.upper()] = Entry(name, _folder_inode(at.inode.sddl))
            at = at.children[name.upper()]
        at.inode.sddl = sddl or at.inode.sddl
        at.inode.attributes |= attributes
        at.short = short or at.short
        return at

    def file(
        self,
        path: str,
        content: bytes,
        *,
        sddl: str = acl.SYSTEM_FILE,
        attributes: int = Attribute.ARCHIVE,
        written: int = 0,
    ) -> Entry:
        """Put a file; `written` in Unix seconds, by default some days before the image was sealed."""
        day = sum(path.upper().encode()) % 300
        stamp = written or SEALED_UNIX - DAY * day
        # Ticks finer than a second, where nothing compares the time with a disc's.
        inode = Inode(
            content, attributes, sddl, filetime(stamp - DAY), filetime(stamp) + (0 if written else day)
        )
        return self._put(path, inode)

    def link(self, path: str, existing: str) -> Entry:
        """Give a file one more name."""
        return self._put(path, self.entry(existing).inode)

    def junction(self, path: str, target: str, *, symlink: bool = False) -> Entry:
        """A junction, or a symbolic link to a folder, with an absolute target such as a path on `C:`."""
        attributes = (
            Attribute.DIRECTORY
            | Attribute.REPARSE
            | Attribute.HIDDEN
            | Attribute.SYSTEM
            | Attribute.NOT_INDEXED
        )
        inode = _folder_inode(acl.JUNCTION)
        inode.attributes = attributes
        inode.reparse = _reparse(target, symlink=symlink)
        return self._put(path, inode)

    def walk(self) -> Iterator[tuple[str, Entry]]:
        """Every path with its entry, folders before what is in them, the root left out."""
        pending = [("", self.root)]
        while pending:
            path, entry = pending.pop()
            if path:
                yield path, entry
            prefix = f"{path}\\" if path else ""
            pending += [(f"{prefix}{child.name}", child) for child in reversed(entry.children.values())]

    def _put(self, path: str, inode: Inode) -> Entry:
        above, _, name = path.rpartition("\\")
        entry = Entry(name, inode)
        self.folder(above).children[name.upper()] = entry
        return entry


def _split(path: str) -> list[str]:
    return [name for name in path.split("\\") if name]


def _folder_inode(sddl: str) -> Inode:
    stamp = filetime(SEALED_UNIX - 400 * DAY)
    return Inode(attributes=Attribute.DIRECTORY, sddl=sddl, created=stamp, written=filetime(SEALED_UNIX))


def _reparse(target: str, *, symlink: bool) -> Reparse:
    substitute = f"\\??\\{target}".encode("utf-16-le")
    shown = target.encode("utf-16-le")
    gap = b"" if symlink else b"\0\0"  # junctions end each name with a zero, symbolic links don't
    lengths = (0, len(substitute), len(substitute) + len(gap), len(shown))
    head = b"".join(length.to_bytes(2, "little") for length in lengths) + (bytes(4) if symlink else b"")
    return Reparse(0xA000000C if symlink else 0xA0000003, head + substitute + gap + shown + gap)
