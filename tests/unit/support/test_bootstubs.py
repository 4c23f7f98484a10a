"""The boot programs of the tests are what they claim to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pefile
import pytest
from support.bootstubs import bios_stub, efi_stub, efi_system_partition
from support.witness import witness

if TYPE_CHECKING:
    from pathlib import Path


def test_the_bios_stub_fits_the_sectors_that_are_loaded() -> None:
    """Firmware loads 4 KiB of a boot image, and a boot manager's first sector is enough for a short line."""
    assert len(bios_stub("a line")) < 512


def test_the_efi_stub_is_an_efi_application() -> None:
    """The stub is a PE32+ image for x86-64 with the subsystem of EFI applications."""
    image = pefile.PE(data=efi_stub("a line"))
    assert image.FILE_HEADER.Machine == 0x8664
    assert image.OPTIONAL_HEADER.Subsystem == 10
    (section,) = image.sections
    assert section.contains_rva(image.OPTIONAL_HEADER.AddressOfEntryPoint)


def test_7z_reads_the_efi_system_partition(tmp_path: Path) -> None:
    """The FAT12 volume holds every file, larger ones in a chain of clusters."""
    files = {
        r"EFI\BOOT\BOOTX64.EFI": efi_stub("x"),
        r"EFI\BIG.BIN": bytes(range(256)) * 999,
        "EMPTY.TXT": b"",
    }
    (tmp_path / "esp").write_bytes(efi_system_partition(files))
    witness("7z", "x", f"-o{tmp_path / 'out'}", str(tmp_path / "esp"))
    for path, content in files.items():
        assert (tmp_path / "out").joinpath(*path.split("\\")).read_bytes() == content


@pytest.mark.parametrize("files", [{"lower.txt": b""}, {"TOOLONGNAME.TXT": b""}, {"A": bytes(1_500_000)}])
def test_what_the_volume_can_not_hold_is_refused(files: dict[str, bytes]) -> None:
    """Names that are not 8.3 and files that don't fit are errors, not damaged volumes."""
    with pytest.raises(ValueError, match=r"8\.3|fit"):
        efi_system_partition(files)
