"""What an ISO holds, as data. No bytes are read here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

SECTOR = 2048  # bytes: an optical sector, and the only UDF block size on optical media
BOOT_SECTOR = 512  # bytes: El Torito counts what firmware loads in these


class Facet(StrEnum):
    """Which of an ISO's parallel file systems was read."""

    UDF = "udf"
    JOLIET = "joliet"
    ROCK_RIDGE = "rock-ridge"
    ISO9660 = "iso9660"


class Platform(IntEnum):
    """El Torito platform ids (El Torito 1.0, figure 2; UEFI 2.10, 13.3.2.1)."""

    BIOS = 0x00
    POWER_PC = 0x01
    MAC = 0x02
    EFI = 0xEF


@dataclass(frozen=True, slots=True)
class Extent:
    """A run of bytes of one file: both numbers count bytes from the start of the ISO."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first byte after the run."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class IsoEntry:
    r"""One file or folder of an ISO.

    Attributes:
        path: relative, backslashes between components, as spelled on the disc: `sources\install.wim`.
        is_dir: whether it is a folder.
        size: bytes; 0 for folders and links.
        modified: nanoseconds since 1970-01-01 UTC, or None where the disc has no valid time.
        link: what a Rock Ridge symbolic link says, with slashes as on the disc; None for everything else.
    """

    path: str
    is_dir: bool
    size: int
    modified: int | None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """An entry together with where its bytes are."""

    entry: IsoEntry
    extents: tuple[Extent, ...] = ()


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One El Torito entry.

    Attributes:
        platform: the firmware it is for.
        bootable: whether the firmware may offer it.
        load_sectors: 512-byte sectors the firmware loads, as recorded.
        offset: byte offset of the boot image in the ISO.
        size: bytes of the image: of the file that starts there, or what the image or the entry says of itself.
    """

    platform: Platform
    bootable: bool
    load_sectors: int
    offset: int
    size: int
