"""Boots an ISO in QEMU by software emulation and returns what it said on the serial line."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal

import pytest
from support.bootstubs import DEBUG_EXIT_PORT

_QEMU = "qemu-system-x86_64"
_FIRMWARE = (
    Path("/usr/share/ovmf/OVMF.fd"),
    Path("/usr/share/OVMF/OVMF.fd"),
    Path("/usr/share/qemu/OVMF.fd"),
)
_POLL_SECONDS = 0.1

Firmware = Literal["bios", "uefi"]


def boot(iso: Path, firmware: Firmware = "bios", *, expect: str, timeout: float = 120) -> str:
    """Boot from `iso` until it says `expect`, the machine stops or time is up.

    Skips the test when QEMU, or OVMF for `uefi`, is not installed.

    Returns:
        All that came over the serial line, undecodable bytes replaced.
    """
    with tempfile.TemporaryDirectory() as folder:
        serial = Path(folder, "serial")
        serial.touch()
        process = subprocess.Popen(_command(iso, firmware, serial), stdin=subprocess.DEVNULL)
        try:
            _wait(process, serial, expect, time.monotonic() + timeout)
        finally:
            process.kill()
            process.wait()
        return serial.read_text("utf-8", errors="replace")


def _wait(process: subprocess.Popen[bytes], serial: Path, expect: str, deadline: float) -> None:
    while time.monotonic() < deadline and process.poll() is None:
        if expect in serial.read_text("utf-8", errors="replace"):
            return
        time.sleep(_POLL_SECONDS)


def _command(iso: Path, firmware: Firmware, serial: Path) -> list[str]:
    if shutil.which(_QEMU) is None:
        pytest.skip(f"the witness is not installed: `{_QEMU}`")
    command = [
        _QEMU,
        "-machine",
        "pc,accel=tcg",
        "-m",
        "256",
        "-display",
        "none",
        "-no-reboot",
        "-net",
        "none",
    ]
    command += ["-monitor", "none", "-serial", f"file:{serial}", "-cdrom", str(iso), "-boot", "d"]
    command += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=1"]
    return command + (["-bios", str(_ovmf())] if firmware == "uefi" else [])


def _ovmf() -> Path:
    for path in _FIRMWARE:
        if path.is_file():
            return path
    pytest.skip("the witness is not installed: OVMF firmware")
