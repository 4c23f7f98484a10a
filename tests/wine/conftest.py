"""Tests against Wine: only where they are asked for (`./script/test --wine`, or `pytest -m wine`)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out of ordinary runs: a prefix takes ten seconds to make, and Wine is rarely there."""
    mine = [item for item in items if FOLDER in item.path.parents]
    if mine and "wine" not in (config.option.markexpr or ""):
        items[:] = [item for item in items if item not in mine]
        config.hook.pytest_deselected(items=mine)


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
        kept = {
            name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}
        }
        environment = kept | {"WINEPREFIX": str(self.folder), "WINEDEBUG": "-all", "WINEARCH": "win64"}
        done = subprocess.run(
            ["wine", *arguments], env=environment, capture_output=True, check=False, timeout=seconds
        )
        subprocess.run(
            ["wineserver", "-w"], env=environment, capture_output=True, check=False, timeout=seconds
        )
        return done.returncode

    def install(self, package: Path) -> int:
        """What Wine's `wusa` answers to a package."""
        return self.run("wusa", f"Z:{str(package).replace('/', chr(92))}", "/quiet", "/norestart")

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


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Prefix:
    """A new prefix for the tests of a file."""
    for program in ("wine", "wineserver"):
        if shutil.which(program) is None:
            pytest.skip(f"Wine is not there: `{program}`")
    return Prefix(tmp_path_factory.mktemp("wine") / "prefix")
