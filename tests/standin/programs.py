"""The programs that do the work: `wimlib-imagex` for WIMs, `cabextract` for cabinets.

The one place of the stand-in that starts processes. They get no input and their words are not passed on.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from standin.codes import DismError

if TYPE_CHECKING:
    from pathlib import Path

# wimlib's error numbers that have an answer of their own (wimlib.h, enum wimlib_error_code).
_WIMLIB = {
    1: 32,  # WIMLIB_ERR_ALREADY_LOCKED
    18: 1168,  # WIMLIB_ERR_INVALID_IMAGE
    43: 11,  # WIMLIB_ERR_NOT_A_WIM_FILE
    47: 2,  # WIMLIB_ERR_OPEN
    50: 1392,  # WIMLIB_ERR_READ
    55: 1392,  # WIMLIB_ERR_RESOURCE_NOT_FOUND
    71: 5,  # WIMLIB_ERR_WIM_IS_READONLY
    72: 112,  # WIMLIB_ERR_WRITE
}
_DAMAGED = 13


def wimlib(*arguments: str | Path, commands: str | None = None) -> str:
    """Run `wimlib-imagex`; `commands` is what `update` reads.

    Raises:
        DismError: what its exit code means.
    """
    done = _run(["wimlib-imagex", *map(str, arguments)], commands)
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().replace("\n", "\r\n")
        raise DismError(_WIMLIB.get(done.returncode, _DAMAGED), why)
    return done.stdout.decode(errors="replace")


def extract_cabinet(cabinet: Path, folder: Path) -> None:
    """Take a cabinet's files out; times are UTC.

    Raises:
        DismError: 13, it is damaged.
    """
    with cabinet.open("rb") as file:
        stated = int.from_bytes(file.read(12)[8:], "little")
    # cabextract makes do with whatever cabinets it finds inside one that is cut off.
    if stated > cabinet.stat().st_size:
        raise DismError(_DAMAGED)
    if _run(["cabextract", "-q", "-d", str(folder), str(cabinet)]).returncode:
        raise DismError(_DAMAGED)


def _run(command: list[str], given: str | None = None) -> subprocess.CompletedProcess[bytes]:
    # Names in images differ in case only by mistake; wimlib on POSIX has to be told.
    environment = {**os.environ, "WIMLIB_IMAGEX_IGNORE_CASE": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        input=(given or "").encode(),
        capture_output=True,
        check=False,
        env=environment,
    )
