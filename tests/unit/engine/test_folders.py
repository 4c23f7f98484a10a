"""`osrecipe.engine.folders`: a folder input into an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osrecipe.engine.folders import copy_folder
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import MakeFolder, PutFile
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

_TO = WinPath("Windows\\OEM")


def test_folders_come_before_what_they_hold(tmp_path: Path) -> None:
    """Every folder, empty ones too, and every file has its place; names keep their case."""
    (tmp_path / "Deep" / "empty").mkdir(parents=True)
    (tmp_path / "Deep" / "A.txt").write_text("a")

    assert (
        MakeFolder(_TO),
        MakeFolder(_TO / "Deep"),
        PutFile(_TO / "Deep\\A.txt", tmp_path / "Deep" / "A.txt"),
        MakeFolder(_TO / "Deep\\empty"),
    ) == copy_folder(tmp_path, _TO)


@pytest.mark.parametrize("what", ["link", "two names", "name", "dangling"])
def test_unsafe_folders(tmp_path: Path, what: str) -> None:
    """Links, names Windows forbids and names that are one on Windows are refused."""
    match what:
        case "link":
            (tmp_path / "passwd").symlink_to("/etc/passwd")
        case "dangling":
            (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
        case "two names":
            (tmp_path / "Read.me").touch()
            (tmp_path / "READ.ME").touch()
        case "name":
            (tmp_path / "what?.txt").touch()
    with pytest.raises(TaskError) as caught:
        copy_folder(tmp_path, _TO)
    assert "input/unsafe" == caught.value.slug
