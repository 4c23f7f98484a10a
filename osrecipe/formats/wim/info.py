"""Changing what a WIM says about its images, without touching the images.

XML fields and the boot index only; the new XML is appended and the header written last.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import integrity, layout
from osrecipe.formats.wim.change import open_for_change, refuse_change
from osrecipe.formats.wim.layout import Codec
from osrecipe.formats.wim.progress import Watch
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.writer import BlobWriter, Ending, finish
from osrecipe.formats.wim.xmlinfo import apply_fields, check_names

if TYPE_CHECKING:
    from pathlib import Path

_PATHS: Final = {
    "name": "NAME",
    "description": "DESCRIPTION",
    "display_name": "DISPLAYNAME",
    "display_description": "DISPLAYDESCRIPTION",
    "flags": "FLAGS",
    "edition": "WINDOWS/EDITIONID",
    "installation": "WINDOWS/INSTALLATIONTYPE",
    "architecture": "WINDOWS/ARCH",
    "major": "WINDOWS/VERSION/MAJOR",
    "minor": "WINDOWS/VERSION/MINOR",
    "build": "WINDOWS/VERSION/BUILD",
    "spbuild": "WINDOWS/VERSION/SPBUILD",
    "splevel": "WINDOWS/VERSION/SPLEVEL",
}


@dataclass(frozen=True, slots=True)
class InfoFields:
    """What to set; None leaves a field as it is, an empty text removes it.

    Attributes:
        architecture: the number the XML uses: 0 x86, 5 arm, 9 amd64, 12 arm64.
    """

    name: str | None = None
    description: str | None = None
    display_name: str | None = None
    display_description: str | None = None
    flags: str | None = None
    edition: str | None = None
    installation: str | None = None
    architecture: int | None = None
    major: int | None = None
    minor: int | None = None
    build: int | None = None
    spbuild: int | None = None
    splevel: int | None = None

    def by_path(self) -> dict[str, str | int | None]:
        """XML path -> value; None removes."""
        given = {_PATHS[field.name]: getattr(self, field.name) for field in fields(self)}
        return {path: None if value == "" else value for path, value in given.items() if value is not None}


def set_image_info(wim: Path, index: int, changed: InfoFields) -> None:
    """Sets XML fields of one image.

    Raises:
        FormatError: no such image, a name another image has, or a file that can't be changed.
    """
    _rewrite(wim, index, changed.by_path(), None)


def set_boot_index(wim: Path, index: int) -> None:
    """Makes an image the one that boots; 0 makes none.

    Raises:
        FormatError: no such image, or a file that can't be changed.
    """
    _rewrite(wim, index or 1, {}, index)


def _rewrite(wim: Path, index: int, paths: dict[str, str | int | None], boot: int | None) -> None:
    with open_for_change(wim) as file, WimReader(file) as reader:
        refuse_change(reader)
        reader.info(index)
        xml = reader.xml.copy()
        apply_fields(xml.images()[index - 1], paths)
        check_names(xml)
        header = reader.header
        sums = (*integrity.read(file, header), header.blobs.end) if header.integrity.size else None
        if boot is not None:
            where = reader.metadata_row(boot).resource if boot else layout.NO_RESOURCE
            header = replace(header, boot_index=boot, boot_metadata=where)

        def make(total: int) -> bytes:
            xml.set_total(total)
            return xml.serialise()

        file.seek(0, os.SEEK_END)
        ending = Ending(bytes(reader.table.raw), make, sums is not None, sums)
        try:
            finish(file, BlobWriter(file, Codec.NONE, 0), header, ending, Watch())
        except OSError as error:
            file.truncate(reader.size)
            raise FormatError("wim", Fault.UNAVAILABLE, f"can't write `{wim}`: {error.strerror}") from error
