"""Making a new disc depend on its input alone: every place where pycdlib asks the clock or a random generator.

Found by reading pycdlib 1.22 for `time.time`, `localtime` and `random`: the primary descriptor and its directory
records, the UDF volume, integrity, file set and file descriptors, and the volume set identifier. All but one are
fields of objects and are set before pycdlib computes checksums; the primary descriptor's modification date is made
while it is written and is set in the file, where no checksum covers it.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from pycdlib.dates import DirectoryRecordDate, VolumeDescriptorDate
from pycdlib.udf import UDFTimestamp

from osrecipe.formats.iso.entries import SECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pycdlib.pycdlib import PyCdlib
    from pycdlib.udf import UDFFileEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_TIME = 1 << 12  # type 1 of ECMA-167 1/7.3.1: local time with a known offset, here 0
_MODIFIED_AT = 16 * SECTOR + 830  # ECMA-119 8.4.27: in the primary descriptor, which is always sector 16


def set_times(disc: PyCdlib, seconds: int, modified: Mapping[int, int]) -> None:
    """Give every descriptor of a new disc its time.

    Args:
        disc: a pycdlib object on which everything has been added.
        seconds: since 1970, for all that has no time of its own.
        modified: nanoseconds since 1970 by the `id` of a UDF file entry.
    """
    nanoseconds = seconds * 1_000_000_000
    _set_volume_times(disc, nanoseconds)
    for entry in _file_entries(disc):
        stamp = udf_time(modified.get(id(entry), nanoseconds))
        entry.access_time = entry.mod_time = entry.attr_time = stamp
    for record in disc.pvd.root_directory_record().children:
        record.date = _record_date(nanoseconds)
    disc.pvd.root_directory_record().date = _record_date(nanoseconds)


def set_volume_set(disc: PyCdlib, label: str, seconds: int) -> None:
    """Set the UDF volume set identifier, whose first 16 characters are to be unique (UDF 1.02 2.2.2.5): time and hash."""
    unique = f"{seconds & 0xFFFFFFFF:08x}" + hashlib.sha256(label.encode()).hexdigest()[:8]
    text = b"\x08" + unique.encode("ascii")
    field = text.ljust(127, b"\0") + bytes([len(text)])
    for sequence in (disc.udf_main_descs, disc.udf_reserve_descs):
        for descriptor in sequence.pvds:
            descriptor.vol_set_ident = field


def set_modification_date(stream: BinaryIO, seconds: int) -> None:
    """Overwrite the primary descriptor's modification date in a written disc."""
    stream.seek(_MODIFIED_AT)
    stream.write(_volume_date(seconds * 1_000_000_000))


def udf_time(nanoseconds: int) -> UDFTimestamp:
    """A UDF timestamp in UTC, exact to the microsecond it can hold."""
    moment = _moment(nanoseconds)
    centi, rest = divmod(moment.microsecond, 10_000)
    packed = struct.pack(
        "<HHBBBBBBBB",
        _LOCAL_TIME,
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        centi,
        rest // 100,
        rest % 100,
    )
    stamp = UDFTimestamp()
    stamp.parse(packed)
    return stamp


def _set_volume_times(disc: PyCdlib, nanoseconds: int) -> None:
    stamp = udf_time(nanoseconds)
    for sequence in (disc.udf_main_descs, disc.udf_reserve_descs):
        for descriptor in sequence.pvds:
            descriptor.recording_date = stamp
    if disc.udf_logical_volume_integrity is not None:
        disc.udf_logical_volume_integrity.recording_date = stamp
    disc.udf_file_set.recording_date = stamp
    date = VolumeDescriptorDate()
    date.parse(_volume_date(nanoseconds))
    disc.pvd.volume_creation_date = disc.pvd.volume_effective_date = date


def _file_entries(disc: PyCdlib) -> Iterator[UDFFileEntry]:
    waiting = [disc.udf_root]
    while waiting:
        entry = waiting.pop()
        if entry is None:
            continue
        yield entry
        waiting += [child.file_entry for child in entry.fi_descs.values() if not child.is_parent()]


def _record_date(nanoseconds: int) -> DirectoryRecordDate:
    moment = _moment(nanoseconds)
    return DirectoryRecordDate.from_fields(
        moment.year - 1900, moment.month, moment.day, moment.hour, moment.minute, moment.second, 0
    )


def _volume_date(nanoseconds: int) -> bytes:
    """Pack ECMA-119 8.4.26.1: 16 digits and the offset from UTC in quarters of an hour."""
    return _moment(nanoseconds).strftime("%Y%m%d%H%M%S00").encode("ascii") + b"\0"


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
