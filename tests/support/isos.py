"""Small discs for tests: a media tree, our own ISO of it, and seals for bytes that a test has changed."""

from __future__ import annotations

import binascii
import struct
from typing import TYPE_CHECKING

from osrecipe.formats.iso import IsoFile, write_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECTOR = 2048
LABEL = "CCCOMA_X64FRE_EN-US_DV9"
TIMESTAMP = 1_534_204_800  # 2018-08-14, in seconds
BIOS_BOOT = r"boot\etfsboot.com"
EFI_BOOT = r"efi\microsoft\boot\efisys.bin"
DEEP = "\\".join(f"level{number}" for number in range(12)) + r"\deep.txt"
MEDIA: dict[str, bytes] = {
    "setup.exe": b"MZ setup",
    BIOS_BOOT: b"\xf4" * 4096,
    EFI_BOOT: b"\xeb" * 70_000,
    r"sources\install.wim": bytes(range(256)) * 1200,
    r"sources\boot.wim": b"boot" * 3000,
    r"sources\empty.dat": b"",
    r"日本語\Ünïcode ファイル.txt": b"wide",
    DEEP: b"deep",
}


def host_files(folder: Path, media: Mapping[str, bytes] = MEDIA) -> list[IsoFile]:
    """Write the contents below `folder` under neutral names and say where each goes."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (path, content) in enumerate(media.items()):
        source = folder / f"source{number}"
        source.write_bytes(content)
        files.append(IsoFile(path, source))
    return files


def make_iso(
    folder: Path, media: Mapping[str, bytes] = MEDIA, *, label: str = LABEL, name: str = "media.iso"
) -> Path:
    """Write an ISO with our writer; boot entries for whatever boot images are in `media`."""
    to = folder / name
    write_iso(
        host_files(folder / "host", media),
        ["empty folder"],
        to,
        label=label,
        bios_boot=BIOS_BOOT if BIOS_BOOT in media else None,
        efi_boot=EFI_BOOT if EFI_BOOT in media else None,
        timestamp=TIMESTAMP,
    )
    return to


def seal_tag(disc: bytearray, offset: int) -> None:
    """Give the UDF descriptor at `offset` a right CRC and checksum again (ECMA-167 3/7.2)."""
    (covered,) = struct.unpack_from("<H", disc, offset + 10)
    start = offset + 16
    struct.pack_into("<H", disc, offset + 8, binascii.crc_hqx(bytes(disc[start : start + covered]), 0))
    disc[offset + 4] = (sum(disc[offset : offset + 4]) + sum(disc[offset + 5 : offset + 16])) & 0xFF


def find_descriptor(disc: bytes | bytearray, tag: int, holding: bytes) -> int:
    """Offset of the UDF descriptor with this tag number whose first 300 bytes hold something."""
    at = disc.find(holding)
    while at >= 0:
        for offset in range(at & ~3, max(-1, at - 300), -4):
            if (
                struct.unpack_from("<H", disc, offset)[0] == tag
                and disc[offset + 2] in {2, 3}
                and not disc[offset + 5]
            ):
                return offset
        at = disc.find(holding, at + 1)
    raise AssertionError(f"no descriptor {tag} holds {holding!r}")
