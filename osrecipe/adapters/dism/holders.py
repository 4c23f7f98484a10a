"""Who has files below a folder open, as far as the system lets us see without other programs.

Linux says it in `/proc`. Windows is asked by its Restart Manager, file by file: the likeliest files first, then as many
as its time allows, so that an empty answer there does not mean that nobody holds any. It must not change anything, and
never fails: who can't be seen is not named.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import restart_manager
from osrecipe.adapters.dism.backup import leads_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC: Final = Path("/proc")
_MOST: Final = 5
SECONDS: Final = 10.0
"""How long Windows is asked; the unmount that failed is tried again anyway."""
MOST_FILES: Final = 50_000
"""Files Windows is asked about at most: half of what an image holds."""
_LIKELY: Final = (
    ("Windows", "System32", "config"),  # a hive that is still loaded or open
    ("Users", "Default"),
    ("Windows", "WinSxS"),
    ("Windows", "Logs"),
    ("Windows", "servicing"),
)
"""Folders whose own files come first."""


def held_by(folder: Path) -> str:
    """The end of a sentence about a folder: `; it is held by NAME (PID)`, or nothing where it can't be known."""
    who = holders(folder)
    return f"; it is held by {', '.join(who)}" if who else ""


def holders(folder: Path) -> tuple[str, ...]:
    """A few programs with open files below the folder, as `name (pid)`; empty where it can't be known.

    This process is named only when nobody else is found: then the fault is ours.
    """
    manager = restart_manager.library()
    found = _by_proc(folder) if manager is None else _by_files(folder, manager)
    own = os.getpid()
    if found.keys() == {own}:
        return (f"osrecipe itself ({own})",)
    return tuple(sorted(f"{name} ({pid})" for pid, name in found.items() if pid != own)[:_MOST])


def _by_files(folder: Path, manager: restart_manager.Library) -> dict[int, str]:
    return restart_manager.users(likely_first(folder), manager, most=_MOST + 1, seconds=SECONDS)


def likely_first(folder: Path) -> Iterator[str]:
    """Files below a folder, each once: those somebody most often has open, then level by level. Links are not followed."""
    seen: set[str] = set()
    for parts in _LIKELY:
        for path in _files(folder.joinpath(*parts)):
            seen.add(path)
            yield path
    left = MOST_FILES - len(seen)
    folders = deque([folder])
    while folders and left > 0:
        here = folders.popleft()
        for path in _files(here):
            if path not in seen:
                left -= 1
                yield path
        folders += _folders(here)


def _files(folder: Path) -> list[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if entry.is_file(follow_symlinks=False))
    return []


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        inside = sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
        return [path for path in inside if not leads_elsewhere(path)]
    return []


def _by_proc(folder: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    if not _PROC.is_dir():
        return found
    prefix = f"{folder.resolve()}{os.sep}"
    for process in _PROC.iterdir():
        if process.name.isdigit() and _holds(process, prefix):
            with contextlib.suppress(OSError):
                found[int(process.name)] = (process / "comm").read_text(encoding="utf-8").strip()
    return found


def _holds(process: Path, prefix: str) -> bool:
    links = [process / "cwd"]
    with contextlib.suppress(OSError):
        links += (process / "fd").iterdir()
    for link in links:
        with contextlib.suppress(OSError):
            if f"{link.readlink()}{os.sep}".startswith(prefix):
                return True
    return False
