"""Where a Windows Assessment and Deployment Kit keeps its programs on this host.

It looks at folders and the registry only: which program is wanted and what it does is the caller's business. The
registry half follows Microsoft's documentation and was NOT tried on Windows by its authors.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Final

_BELOW: Final = ("Assessment and Deployment Kit", "Deployment Tools")
_KITS: Final = "SOFTWARE\\Microsoft\\Windows Kits\\Installed Roots"
DEFAULT_ROOT: Final = "C:\\Program Files (x86)\\Windows Kits\\10"
_FOLDERS: Final = {"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}
_RUNS: Final = {"x86": ("x86",), "amd64": ("amd64", "x86"), "arm64": ("arm64", "amd64", "x86")}
"""Whose programs Windows runs on a processor; those for amd64 on arm64 from Windows 11 on."""


def program(*parts: str, emulated: bool = False) -> Path | None:
    """A program of the kit's Deployment Tools, for this host's processor; None where it is not installed.

    Args:
        parts: its folder and name below the processor's folder, such as `DISM`, `dism.exe`.
        emulated: whether one for another processor will do that Windows runs here too; the host's own comes first.
    """
    own = _FOLDERS.get(platform.machine().lower(), "x86")
    folders = _RUNS[own] if emulated else (own,)
    candidates = (Path(root, *_BELOW, folder, *parts) for folder in folders for root in roots())
    return next((path for path in candidates if path.is_file()), None)


def roots() -> list[str]:
    """Where kits are installed, by either view of the registry, and by default."""
    found: list[str] = []
    if sys.platform == "win32":
        import contextlib
        import winreg

        for view in (winreg.KEY_WOW64_32KEY, winreg.KEY_WOW64_64KEY):
            with (
                contextlib.suppress(OSError),
                winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _KITS, 0, winreg.KEY_READ | view) as key,
            ):
                found.append(str(winreg.QueryValueEx(key, "KitsRoot10")[0]))
    return [*found, DEFAULT_ROOT]
