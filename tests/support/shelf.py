"""What is costly to make is made once for a whole test run, whichever of xdist's workers asks first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

_SECONDS = 600


class Shelf:
    """Folders by name, each filled once. Read them; what has to change is copied first.

    Args:
        root: a folder that all workers of one test run share and no other run does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder of that name, filled by `make` if it is not there yet.

        Raises:
            RuntimeError: an earlier `make` failed; it is not tried again.
        """
        folder, failed = self._root / name, self._root / f"{name}.failed"
        with FileLock(self._root / f"{name}.lock", timeout=_SECONDS):
            if failed.exists():
                raise RuntimeError(f"`{name}` could not be made: {failed.read_text(encoding='utf-8')}")
            if not (self._root / f"{name}.made").exists():
                folder.mkdir()
                try:
                    make(folder)
                except BaseException as cause:
                    failed.write_text(repr(cause), encoding="utf-8")
                    raise
                (self._root / f"{name}.made").touch()
        return folder


def shelf_of(factory: pytest.TempPathFactory) -> Shelf:
    """The shelf of this test run: beside the workers' own folders under xdist, which all lie in the run's."""
    base = factory.getbasetemp()
    return Shelf((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shelf")
