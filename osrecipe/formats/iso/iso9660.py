"""The ISO9660 sides of a parsed disc (plain, Joliet, Rock Ridge), as nodes. Reads pycdlib's objects, never the file.

The fields are those of ECMA-119 clause 9; links, long names and moved folders are Rock Ridge's (RRIP 1.12).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.entries import Extent, Facet, IsoEntry, Node
from osrecipe.formats.iso.names import check_component, check_depth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycdlib.dates import DirectoryRecordDate
    from pycdlib.dr import DirectoryRecord
    from pycdlib.headervd import PrimaryOrSupplementaryVD
    from pycdlib.pycdlib import PyCdlib

_VERSION = re.compile(r";[0-9]*\Z")
_ASSOCIATED = 0x04  # file flags, ECMA-119 9.1.6: a second fork under the same name
_MORE_EXTENTS = 0x80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def label(disc: PyCdlib, facet: Facet) -> str:
    """Read the volume identifier of the side that is read."""
    raw = _descriptor(disc, facet).volume_identifier
    text = raw.decode("utf-16-be", "replace") if facet is Facet.JOLIET else _text(raw)
    return text.rstrip(" \0")


def nodes(disc: PyCdlib, facet: Facet) -> Iterator[Node]:
    """Yield every file and folder below the root, folders before what they hold.

    Raises:
        FormatError: for names that leave their folder, folders too deep or in a loop, interleaved files.
    """
    descriptor = _descriptor(disc, facet)
    block: int = descriptor.logical_block_size()
    folders = [(descriptor.root_directory_record(), "", 1)]
    seen: set[int] = set()
    while folders:
        folder, prefix, depth = folders.pop()
        check_depth(depth)
        if id(folder) in seen:
            raise FormatError("iso", Fault.CORRUPT, f"Folders hold each other: `{prefix}`")
        seen.add(id(folder))
        for record in _children(folder, facet):
            path = prefix + check_component(_name(record, facet))
            below = _folder_record(record, facet)
            if below is not None:
                yield Node(IsoEntry(path, is_dir=True, size=0, modified=_time(record.date)))
                folders.append((below, path + "\\", depth + 1))
            else:
                yield _file(path, record, facet, block)


def _descriptor(disc: PyCdlib, facet: Facet) -> PrimaryOrSupplementaryVD:
    if facet is Facet.JOLIET and disc.joliet_vd is not None:
        return disc.joliet_vd
    return disc.pvd


def _children(folder: DirectoryRecord, facet: Facet) -> Iterator[DirectoryRecord]:
    """The records that are entries: neither the two dots, nor further parts of a file, nor folders moved here."""
    continued = False
    for record in folder.children:
        part, continued = continued, bool(record.file_flags & _MORE_EXTENTS)
        if record.is_dot() or record.is_dotdot() or part or record.file_flags & _ASSOCIATED:
            continue
        if (
            facet is Facet.ROCK_RIDGE
            and record.rock_ridge is not None
            and record.rock_ridge.relocated_record()
        ):
            continue
        yield record


def _folder_record(record: DirectoryRecord, facet: Facet) -> DirectoryRecord | None:
    """The record whose children are this folder's, or None for a file."""
    if (
        facet is Facet.ROCK_RIDGE
        and record.rock_ridge is not None
        and record.rock_ridge.child_link_record_exists()
    ):
        return record.rock_ridge.cl_to_moved_dr
    return record if record.is_dir() else None


def _name(record: DirectoryRecord, facet: Facet) -> str:
    raw: bytes = record.file_identifier()
    if facet is Facet.JOLIET:
        return _VERSION.sub("", raw.decode("utf-16-be"))
    if facet is Facet.ROCK_RIDGE and record.rock_ridge is not None and record.rock_ridge.name():
        return _text(record.rock_ridge.name())
    bare = _VERSION.sub("", _text(raw))
    return bare if record.is_dir() else bare.removesuffix(".")


def _text(raw: bytes) -> str:
    # No encoding is recorded: today's tools write UTF-8, older ones whatever their terminal used.
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _file(path: str, record: DirectoryRecord, facet: Facet, block: int) -> Node:
    modified = _time(record.date)
    if facet is Facet.ROCK_RIDGE and record.rock_ridge is not None and record.is_symlink():
        link = _text(record.rock_ridge.symlink_path())
        return Node(IsoEntry(path, is_dir=False, size=0, modified=modified, link=link))
    runs = _extents(path, record, block)
    size = sum(run.length for run in runs)
    return Node(IsoEntry(path, is_dir=False, size=size, modified=modified), runs)


def _extents(path: str, record: DirectoryRecord, block: int) -> tuple[Extent, ...]:
    runs: list[Extent] = []
    part: DirectoryRecord | None = record
    while part is not None:
        if part.file_unit_size or part.interleave_gap_size:
            raise FormatError("iso", Fault.UNSUPPORTED, f"The file is interleaved with another: `{path}`")
        if part.data_length:
            runs.append(Extent((part.orig_extent_loc + part.xattr_len) * block, part.data_length))
        part = part.data_continuation
    return tuple(runs)


def _time(stamp: DirectoryRecordDate) -> int | None:
    """Nanoseconds since 1970 of a directory record's date (ECMA-119 9.1.5), or None for a day that does not exist."""
    try:
        moment = datetime(
            1900 + stamp.years_since_1900,
            stamp.month,
            stamp.day_of_month,
            stamp.hour,
            stamp.minute,
            stamp.second,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return (moment - _EPOCH - timedelta(minutes=15 * stamp.gmtoffset)) // timedelta(microseconds=1) * 1000
