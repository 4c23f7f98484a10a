"""Who has files below a folder open, as far as the system lets us see without other programs.

Linux says it in `/proc`. Windows has no documented call for folders: there the remedy names what is usual.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_MOST: Final = 5


def holders(folder: Path) -> tuple[str, ...]:
    """A few programs with open files below the folder, as `name (pid)`; empty where it can't be known."""
    found: list[str] = []
    if not _PROC.is_dir():
        return ()
    prefix = f"{folder.resolve()}{os.sep}"
    for process in _PROC.iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid() and _holds(process, prefix):
            with contextlib.suppress(OSError):
                found.append(f"{(process / 'comm').read_text(encoding='utf-8').strip()} ({process.name})")
    return tuple(sorted(found)[:_MOST])


def _holds(process: Path, prefix: str) -> bool:
    links = [process / "cwd"]
    with contextlib.suppress(OSError):
        links += (process / "fd").iterdir()
    for link in links:
        with contextlib.suppress(OSError):
            if f"{link.readlink()}{os.sep}".startswith(prefix):
                return True
    return False
