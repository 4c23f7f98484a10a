"""The UDF side of a parsed disc, as nodes. Reads pycdlib's objects, never the file.

The fields are those of ECMA-167 part 4: file identifier descriptors name file entries, whose allocation descriptors
say where the bytes are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.entries import SECTOR, Extent, IsoEntry, Node
from osrecipe.formats.iso.names import check_component, check_depth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycdlib.pycdlib import PyCdlib
    from pycdlib.udf import UDFFileEntry

_DELETED = 0x04  # file characteristics, ECMA-167 4/14.4.3
_EIGHT_BIT = 8  # OSTA compression ids, UDF 1.02 2.1.1
_SIXTEEN_BIT = 16
_INLINE = 3  # ICB flags: the data is in the file entry itself
_LENGTH_BITS = 0x3FFFFFFF  # the two bits above tell recorded from merely allocated
_NO_ZONE = -2047
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def label(disc: PyCdlib) -> str:
    """Read the logical volume's name: the label Windows shows."""
    field: bytes = disc.udf_main_descs.logical_volumes[0].logical_vol_ident
    return decode_dstring(field)


def decode_dstring(field: bytes) -> str:
    """Decode a fixed-size dstring: an OSTA compression id, the text, zeros, and the used length in the last byte."""
    used = field[: min(field[-1], len(field) - 1)]
    if not used:
        return ""
    if used[0] == _EIGHT_BIT:
        return used[1:].decode("latin-1").rstrip("\0")
    if used[0] == _SIXTEEN_BIT:
        return used[1:].decode("utf-16-be").rstrip("\0")
    raise FormatError("iso", Fault.CORRUPT, f"The volume label has an unknown encoding: {used[0]}")


def nodes(disc: PyCdlib) -> Iterator[Node]:
    """Yield every file and folder below the root, folders before what they hold.

    Raises:
        FormatError: for names that leave their folder, folders too deep, and files whose extents contradict them.
    """
    start: int = disc.udf_main_descs.partitions[0].part_start_location
    folders: list[tuple[UDFFileEntry | None, str, int]] = [(disc.udf_root, "", 1)]
    while folders:
        folder, prefix, depth = folders.pop()
        check_depth(depth)
        if folder is None:
            raise FormatError("iso", Fault.CORRUPT, f"A folder has no file entry: `{prefix}`")
        for identifier in folder.fi_descs.values():
            if identifier.is_parent() or identifier.file_characteristics & _DELETED:
                continue
            path = prefix + check_component(identifier.fi.decode(identifier.encoding))
            entry = identifier.file_entry
            if identifier.is_dir():
                yield Node(IsoEntry(path, is_dir=True, size=0, modified=_time(entry)))
                folders.append((entry, path + "\\", depth + 1))
            else:
                yield _file(path, entry, start)


def _file(path: str, entry: UDFFileEntry | None, start: int) -> Node:
    if entry is None:
        # A retail Server 2008 disc names files whose entry is all zeros (pycdlib, parse_file_entry).
        return Node(IsoEntry(path, is_dir=False, size=0, modified=None))
    if entry.is_symlink():
        raise FormatError("iso", Fault.UNSUPPORTED, f"The disc holds a UDF symbolic link: `{path}`")
    size: int = entry.info_len
    extents = _extents(path, entry, start)
    return Node(IsoEntry(path, is_dir=False, size=size, modified=_time(entry)), extents)


def _extents(path: str, entry: UDFFileEntry, start: int) -> tuple[Extent, ...]:
    left: int = entry.info_len
    inline = entry.icb_tag.flags & 7 == _INLINE
    runs: list[Extent] = []
    for descriptor in entry.alloc_descs:
        length = min(descriptor.extent_length & _LENGTH_BITS, left)
        if descriptor.extent_length & ~_LENGTH_BITS and length:
            raise FormatError("iso", Fault.UNSUPPORTED, f"The file has parts that are not recorded: `{path}`")
        # Inline descriptors already count from the start of the disc, all others from the partition.
        block = descriptor.log_block_num + (0 if inline else start)
        _append(runs, Extent(block * SECTOR + descriptor.offset, length))
        left -= length
    if left:
        raise FormatError(
            "iso", Fault.CORRUPT, f"The file's extents are {left} bytes short of its size: `{path}`"
        )
    return tuple(runs)


def _append(runs: list[Extent], extent: Extent) -> None:
    """Add an extent, joined to the last one where they touch: a descriptor holds less than 1 GiB, a file is one run."""
    if not extent.length:
        return
    if runs and runs[-1].end == extent.offset:
        runs[-1] = Extent(runs[-1].offset, runs[-1].length + extent.length)
    else:
        runs.append(extent)


def _time(entry: UDFFileEntry | None) -> int | None:
    """Nanoseconds since 1970 of the last change (ECMA-167 1/7.3), or None without one or for a day that never was."""
    if entry is None:
        return None
    stamp = entry.mod_time
    zone = UTC if stamp.tz == _NO_ZONE else timezone(timedelta(minutes=max(-1439, min(1439, stamp.tz))))
    micro: int = stamp.centiseconds * 10_000 + stamp.hundreds_microseconds * 100 + stamp.microseconds
    try:
        moment = datetime(
            stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, tzinfo=zone
        )
        return ((moment - _EPOCH) // timedelta(microseconds=1) + micro) * 1000
    except (ValueError, OverflowError):
        return None
