"""A machine with the stand-in on it, and the sample media's WIMs to work with."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from support.servicing import take_media
from support.standin import Standin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs and the cabinet of .NET 3.5, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def dism(tmp_path: Path) -> Standin:
    """The stand-in with a state folder of its own."""
    return Standin(tmp_path)


@pytest.fixture
def wim(tmp_path: Path, media: Path) -> Callable[[str], Path]:
    """A copy of one of the media's WIMs that may be changed."""

    def copy(name: str) -> Path:
        return shutil.copyfile(media / name, tmp_path / name)

    return copy


@pytest.fixture
def mounted(dism: Standin, wim: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    """Mounts an image of a copy of one of the media's WIMs; returns the folder."""

    def mount(name: str = "boot.wim", index: int = 1, *options: str) -> Path:
        folder = tmp_path / "mount"
        folder.mkdir()
        file = wim(name)
        done = dism("/Mount-Image", f"/ImageFile:{file}", f"/Index:{index}", f"/MountDir:{folder}", *options)
        assert done.code == 0
        return folder

    return mount
