"""The commands' tests run in a folder with a copy of the example recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.applied import copy_recipes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with `recipes/` in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    copy_recipes(folder)
    monkeypatch.chdir(folder)
    return folder
