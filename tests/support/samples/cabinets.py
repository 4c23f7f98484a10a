"""Cabinets and .msu containers with fixed dates, so that the same description gives the same bytes.

Written with the `cabarchive` package (store and MSZIP only). Knows nothing of what the files mean.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import cabarchive

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATE = dt.date(2018, 8, 20)
_TIME = dt.time(12, 0, 0)


def cabinet(files: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """A cabinet of `files` (names with backslashes for folders) in their order; MSZIP unless told otherwise."""
    archive = cabarchive.CabArchive()
    for name, content in files.items():
        archive[name] = cabarchive.CabFile(content, mtime=dt.datetime.combine(_DATE, _TIME))
    return bytes(archive.save(compress=compress, sort=False))


def wsus_scan() -> bytes:
    """The metadata cabinet that update agents read: a cabinet with a cabinet in it."""
    inner = cabinet(
        {
            "package.xml": b'<?xml version="1.0"?>\r\n<OfflineSyncPackage MinimumClientVersion="5.8.0.2678" />\r\n'
        }
    )
    return cabinet({"package.cab": inner}, compress=False)
