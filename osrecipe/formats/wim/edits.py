r"""What can be changed in an image: one record for each kind of change.

Data only. Paths are backslash strings from the image's root, such as `Windows\System32\x.dll`, found without
regard to case; the case of what is there already is kept. `apply.py` gives them their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PutFile:
    """A file with this content, new or replaced.

    A replaced file keeps its descriptor, attributes, short name, other times, named streams and hard links; all
    its names change together. A new one inherits from its directory.

    Attributes:
        path: where; the directory must exist.
        source: a file on this machine, or the bytes.
        write_time: 100 ns steps since 1601; None means the commit's time.
        attributes: None keeps those of an existing file, and means ARCHIVE for a new one.
        security: self-relative descriptor; None keeps, or inherits for a new file.
        like: a plain file whose attributes, descriptor, creation time and named streams a new file takes over,
            unless they are given; a file that is there already keeps its own.
    """

    path: str
    source: Path | bytes
    write_time: int | None = None
    attributes: int | None = None
    security: bytes | None = None
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Another name for an existing file; a file that is there under the path is replaced by it.

    What is replaced leaves its long and short name, as those belong to the directory; descriptor, attributes, times
    and streams belong to the file, so that they are those of `target`.
    """

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes a name; other hard links of the file stay.

    Attributes:
        path: what.
        missing_ok: whether nothing there is fine.
        recursive: whether a directory may have content.
    """

    path: str
    missing_ok: bool = False
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class Rename:
    """Moves an entry to another name or directory, with all it has.

    The short name is kept when the long name stays the same but for case, and nothing in the new directory has
    it; a new long name drops it, as the old one no longer belongs to it.
    """

    source: str
    destination: str


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """A directory, with those above it; an existing one is fine.

    Attributes:
        path: where.
        attributes: None keeps, or means DIRECTORY alone for a new one.
        security: self-relative descriptor; None keeps, or inherits.
    """

    path: str
    attributes: int | None = None
    security: bytes | None = None


@dataclass(frozen=True, slots=True)
class SetSecurity:
    """Another descriptor, on every name of the file; None takes it away."""

    path: str
    descriptor: bytes | None


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Other file attributes, on every name of the file; what makes a directory or reparse point stays."""

    path: str
    attributes: int


@dataclass(frozen=True, slots=True)
class SetTimes:
    """Other times, on every name of the file: 100 ns steps since 1601; None keeps one."""

    path: str
    created: int | None = None
    accessed: int | None = None
    written: int | None = None


@dataclass(frozen=True, slots=True)
class PutReparse:
    """A reparse point: a new one, or in place of an empty directory, a file or another reparse point.

    Attributes:
        path: where.
        tag: such as 0xA0000003 for a junction.
        data: the reparse data behind its 8-byte header.
        directory: whether a new one is a directory, as a junction must be.
    """

    path: str
    tag: int
    data: bytes
    directory: bool = False


@dataclass(frozen=True, slots=True)
class RepairDirectoryStreams:
    """Stores the streams of all directories as DISM does.

    libwim before 1.14.2 wrote a row for a directory's unnamed stream, which a directory does not have; DISM
    refuses such images.
    """


Edit = (
    PutFile
    | Link
    | Delete
    | Rename
    | MakeDirectory
    | SetSecurity
    | SetAttributes
    | SetTimes
    | PutReparse
    | RepairDirectoryStreams
)
