"""Files other processes have open below a folder: what keeps a mount from going away (0xC1420117).

Real where the machine tells, which is Linux; elsewhere faults order it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def open_files_below(folder: Path) -> list[Path]:
    """Paths below a folder that another process has open."""
    ours = str(os.getpid())
    found: list[Path] = []
    if not _PROCESSES.is_dir():
        return found
    for process in _PROCESSES.iterdir():
        if process.name.isdecimal() and process.name != ours:
            found += [path for path in _open_files(process) if path.is_relative_to(folder)]
    return found


def _open_files(process: Path) -> list[Path]:
    """What one process has open, its working folder included; nothing of a process that is not ours to ask."""
    found: list[Path] = []
    with suppress(OSError):
        found.append((process / "cwd").readlink())
        for handle in (process / "fd").iterdir():
            with suppress(OSError):
                found.append(handle.readlink())
    return found
