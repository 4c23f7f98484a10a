"""Which capabilities a folder of packages has: those that a recipe wants are looked for, no others.

A features-on-demand disc holds thousands of cabinets, so that the likely ones are opened first, and not all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import FormatError
from osrecipe.formats.msu import open_package
from osrecipe.windows.capabilities import capability_name, is_declared

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST_CABINETS: Final = 500
"""Cabinets that are opened in one folder; with more to look at, nothing is said to be missing."""


def capabilities_in(folder: Path, wanted: Iterable[str], most: int = MOST_CABINETS) -> dict[str, bool | None]:
    """Look for capabilities in a folder of packages.

    Args:
        folder: where the packages are, at any depth.
        wanted: names of capabilities, in any case.
        most: cabinets to open.

    Returns:
        By name, in lower case: True where a cabinet says that it is this capability, False where every cabinet was read
        and none does, nor is called like it and says nothing; None where that can't be told.
    """
    looking = _Looking(folder, most)
    return {name: looking.find(name) for name in sorted({name.lower() for name in wanted})}


class _Looking:
    """What was read so far."""

    def __init__(self, folder: Path, most: int) -> None:
        self._cabinets = [p for p in folder.rglob("*") if p.suffix.lower() == ".cab" and p.is_file()]
        self._most = most
        self._declared: dict[Path, str] = {}
        self._unreadable = False

    def find(self, wanted: str) -> bool | None:
        complete = True
        for path in sorted(self._cabinets, key=lambda path: (-_alike(wanted, path.name), path.as_posix())):
            if path not in self._declared:
                if len(self._declared) >= self._most:
                    complete = False
                    break
                self._declared[path] = self._read(path)
            if self._declared[path] == wanted:
                return True
            if not self._declared[path] and _alike(wanted, path.name):
                complete = (
                    False  # it may be the capability all the same, declared in a way that is not known here
                )
        is_sure = complete and not self._unreadable and (is_declared(wanted) or not self._cabinets)
        return False if is_sure else None

    def _read(self, path: Path) -> str:
        """The capability a cabinet is, or nothing."""
        try:
            with open_package(path) as opened:
                found = [package for archive in opened.archives if (package := archive.package()) is not None]
        except (FormatError, OSError):
            self._unreadable = True
            return ""
        declared = next((package.capability for package in found if package.capability is not None), None)
        return "" if declared is None else capability_name(declared).lower()


def _alike(wanted: str, name: str) -> int:
    """How many words of a capability's name, without its version, are in a file's name."""
    words = re.findall(r"[a-z0-9]+", wanted.rpartition("~")[0])
    return sum(word in name.lower() for word in words)
