"""What firmware finds on a parsed disc: its El Torito entries, with the extent of each boot image."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.entries import BOOT_SECTOR, SECTOR, BootEntry, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pycdlib.eltorito import EltoritoBootCatalog, EltoritoEntry
    from pycdlib.pycdlib import PyCdlib

    from osrecipe.formats.iso.entries import Node

_BOOTABLE = 0x88
_FAT_SIGNATURE = b"\x55\xaa"


def boot_entries(disc: PyCdlib, nodes: Iterable[Node], stream: BinaryIO, size: int) -> tuple[BootEntry, ...]:
    """List the El Torito entries in catalogue order; empty where the disc has no catalogue.

    Args:
        disc: the opened pycdlib object.
        nodes: the disc's files: one that starts where an image starts says how long the image is.
        stream: the ISO itself, for images that no file names.
        size: bytes of the ISO.

    Raises:
        FormatError: `iso/truncated` for an image beyond the end, `iso/unsupported` for an unknown platform.
    """
    catalogue = disc.eltorito_boot_catalog
    if catalogue is None:
        return ()
    files = {node.extents[0].offset: node.entry.size for node in nodes if node.extents}
    return tuple(_entry(platform, raw, files, stream, size) for platform, raw in _recorded(catalogue))


def _recorded(catalogue: EltoritoBootCatalog) -> Iterator[tuple[int, EltoritoEntry]]:
    first: int = catalogue.validation_entry.platform_id
    yield first, catalogue.initial_entry
    for section in catalogue.sections:
        for raw in section.section_entries:
            yield section.platform_id, raw
    for raw in catalogue.standalone_entries:
        yield first, raw


def _entry(
    platform: int, raw: EltoritoEntry, files: dict[int, int], stream: BinaryIO, size: int
) -> BootEntry:
    offset: int = raw.get_rba() * SECTOR
    if offset >= size:
        raise FormatError(
            "iso", Fault.TRUNCATED, "A boot image lies beyond the end of the ISO", offset=offset
        )
    length = files.get(offset)
    if length is None:
        length = max(raw.sector_count * BOOT_SECTOR, _fat_size(stream, offset))
    return BootEntry(
        platform=_platform(platform),
        bootable=raw.boot_indicator == _BOOTABLE,
        load_sectors=raw.sector_count,
        offset=offset,
        size=min(length, size - offset),
    )


def _platform(number: int) -> Platform:
    try:
        return Platform(number)
    except ValueError as error:
        reason = f"The boot catalogue names an unknown platform: {number:#04x}"
        raise FormatError("iso", Fault.UNSUPPORTED, reason) from error


def _fat_size(stream: BinaryIO, offset: int) -> int:
    """Bytes of the FAT volume that starts at `offset`, or 0: retail EFI entries state one sector and mean the volume."""
    stream.seek(offset)
    sector = stream.read(BOOT_SECTOR)
    if len(sector) < BOOT_SECTOR or sector[510:] != _FAT_SIGNATURE:
        return 0
    (bytes_per_sector,) = struct.unpack_from("<H", sector, 11)
    (small,) = struct.unpack_from("<H", sector, 19)
    (large,) = struct.unpack_from("<L", sector, 32)
    return bytes_per_sector * (small or large) if bytes_per_sector in {512, 1024, 2048, 4096} else 0
