"""A Wine prefix and the programs run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = ("wine", "wineserver")
_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY")


def require(*programs: str) -> None:
    """Skip the test when a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"a program is not installed: `{program}`")


def windows_path(path: Path) -> str:
    """A path of this machine as Wine's drive Z."""
    return f"Z:{path.absolute()}".replace("/", "\\")


def environment(folder: Path) -> dict[str, str]:
    """The environment of programs in a prefix: no screen, no questions about Mono and Gecko."""
    kept = {name: value for name, value in os.environ.items() if name not in _SCREEN}
    return kept | {
        "WINEPREFIX": str(folder),
        "WINEDEBUG": "-all",
        "WINEARCH": "win64",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }


class Prefix:
    """A Wine prefix of its own.

    Args:
        folder: where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("wineboot", "-i")

    def run(self, *arguments: str, seconds: int = 300) -> int:
        """A Windows program's exit code; returns when all it started has ended."""
        done = subprocess.run(
            ["wine", *arguments],
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
        subprocess.run(
            ["wineserver", "-w"],
            env=environment(self.folder),
            capture_output=True,
            check=False,
            timeout=seconds,
        )
        return done.returncode

    def install(self, package: Path) -> int:
        """What Wine's `wusa` answers to a package."""
        return self.run("wusa", windows_path(package), "/quiet", "/norestart")

    def file(self, path: str) -> bytes | None:
        """A file of drive C, in any case; None when it is not there."""
        at = self.folder / "drive_c"
        for name in path.split("\\"):
            found = [one for one in at.iterdir() if one.name.lower() == name.lower()] if at.is_dir() else []
            if not found:
                return None
            at = found[0]
        return at.read_bytes() if at.is_file() else None

    def export(self, key: str) -> bytes:
        """A registry key as a `.reg` file; empty when it is not there."""
        to = self.folder / "drive_c" / "export.reg"
        to.unlink(missing_ok=True)
        self.run("reg", "export", key, "C:\\export.reg", "/y")
        return to.read_bytes() if to.exists() else b""
