"""`osrecipe` as if Wine's volumes had reparse points: `python -m support.wine.ntfs …`.

Wine 8 says that its drives have none, and osrecipe rightly refuses to mount there. The stand-in's mounts are plain
folders that need none, so this one answer is corrected; nothing else is.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from osrecipe.adapters.dism import host
from osrecipe.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    _told = host._windows_volume

    def _windows_volume(folder: Path) -> tuple[str | None, bool | None, bool | None]:
        name, is_fixed, _ = _told(folder)
        return name, is_fixed, True

    host._windows_volume = _windows_volume

if __name__ == "__main__":
    run()
