"""WIM files that several tests start from; each test gets a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.wims import SIMPLE, capture_ntfs, make_wim


@pytest.fixture(scope="session")
def _ntfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return capture_ntfs(tmp_path_factory.mktemp("ntfs"))


@pytest.fixture
def ntfs(_ntfs: Path, tmp_path: Path) -> Path:
    """A WIM captured from an NTFS volume: descriptors, short names, streams, links, reparse points."""
    return Path(shutil.copy(_ntfs, tmp_path / "ntfs.wim"))


@pytest.fixture(scope="session")
def _simple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wim(tmp_path_factory.mktemp("simple") / "simple.wim", SIMPLE)


@pytest.fixture
def simple(_simple: Path, tmp_path: Path) -> Path:
    """A small WIM made by our own writer, LZX."""
    return Path(shutil.copy(_simple, tmp_path / "simple.wim"))
