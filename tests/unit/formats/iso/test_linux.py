"""A Linux kernel's UDF driver reads our discs."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from support.isos import MEDIA, make_iso
from support.linux import mounted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.boot
@pytest.mark.skipif(
    not os.environ.get("OSRECIPE_KERNEL"), reason="OSRECIPE_KERNEL names no unpacked kernel package"
)
def test_a_linux_kernel_reads_the_disc(tmp_path: Path) -> None:
    """Mounted as UDF, every file has its bytes: deep, Unicode and empty ones too; empty folders are there."""
    iso = make_iso(tmp_path)
    work = tmp_path / "qemu"
    work.mkdir()
    files, folders, said = mounted(iso, work)
    assert "MOUNTED /dev/vda /mnt udf ro" in said
    assert {
        path.replace("\\", "/"): hashlib.sha256(data).hexdigest() for path, data in MEDIA.items()
    } == files
    assert "empty folder" in folders
