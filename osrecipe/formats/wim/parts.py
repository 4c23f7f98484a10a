"""The files a WIM consists of: one, or the parts of a split one.

Headers and bounds of each part, and which solid resource holds which row; it reads no blobs.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.blobtable import SolidResource, is_solid_head, solid_runs
from osrecipe.formats.wim.layout import HEADER_SIZE, BlobEntry, Header, corrupt
from osrecipe.formats.wim.resource import solid_size

if TYPE_CHECKING:
    from pathlib import Path


class Part:
    """One file of a WIM that may be split.

    Raises:
        FormatError: it has no WIM header, or ends before its tables.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        file.seek(0, os.SEEK_END)
        self.size = file.tell()
        file.seek(0)
        self.header = Header.parse(file.read(HEADER_SIZE))
        for resource in (self.header.blobs, self.header.xml, self.header.integrity):
            if resource.end > self.size:
                raise FormatError(
                    "wim", Fault.TRUNCATED, "the file ends before its tables", offset=resource.offset
                )


def solids(part: Part, raw: bytes) -> dict[int, SolidResource]:
    """Which solid resource each solid row of a table belongs to."""
    found: dict[int, SolidResource] = {}
    for run in solid_runs(raw):
        start = 0
        resources = []
        for _, entry in run:
            if is_solid_head(entry):
                if entry.resource.end > part.size:
                    raise corrupt(
                        "a solid resource points past the end of the file", offset=entry.resource.offset
                    )
                size = solid_size(part.file, entry.resource)
                resources.append(SolidResource(entry.resource, start, size, part.header.part))
                start += size
        found.update(_assigned(run, resources))
    return found


def _assigned(run: list[tuple[int, BlobEntry]], resources: list[SolidResource]) -> dict[int, SolidResource]:
    starts = [resource.start for resource in resources]
    found = {}
    for number, entry in run:
        if is_solid_head(entry):
            continue
        at = bisect_right(starts, entry.resource.offset) - 1
        if at < 0:
            raise corrupt("a solid blob has no solid resource")
        found[number] = resources[at]
    return found


def close_all(files: list[BinaryIO]) -> None:
    """Closes files."""
    for file in files:
        file.close()


def parts_beside(path: Path) -> tuple[Path, ...]:
    """All parts of a split WIM, the first one first, found beside any of them: `x.swm`, `x2.swm`, `x3.swm`, ….

    A WIM that is not split is its only part; parts that are not there are left out, which opening them says.

    Raises:
        FormatError: the file is no WIM.
    """
    with path.open("rb") as file:
        header = Header.parse(file.read(HEADER_SIZE))
    if header.parts == 1:
        return (path,)
    stem = path.stem if header.part == 1 else path.stem.removesuffix(str(header.part))
    names = [f"{stem}{number if number > 1 else ''}{path.suffix}" for number in range(1, header.parts + 1)]
    return tuple(found for name in names if (found := path.with_name(name)).is_file()) or (path,)
