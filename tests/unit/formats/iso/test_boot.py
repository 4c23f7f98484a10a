"""Firmware finds the boot images of our discs: proof of El Torito, not of Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.bootstubs import bios_stub, efi_stub, efi_system_partition
from support.isos import BIOS_BOOT, EFI_BOOT, MEDIA, make_iso
from support.qemu import boot

if TYPE_CHECKING:
    from pathlib import Path

    from support.qemu import Firmware


@pytest.mark.boot
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_our_discs_boot(tmp_path: Path, firmware: Firmware) -> None:
    """SeaBIOS and OVMF each start the boot image meant for them, which says its line."""
    efi = efi_system_partition({r"EFI\BOOT\BOOTX64.EFI": efi_stub("started by uefi")})
    media = MEDIA | {BIOS_BOOT: bios_stub("started by bios"), EFI_BOOT: efi}
    said = boot(make_iso(tmp_path, media), firmware, expect=f"started by {firmware}", timeout=90)
    assert f"started by {firmware}" in said
