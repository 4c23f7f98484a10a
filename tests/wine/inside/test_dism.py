"""What the adapter makes of programs called DISM: Wine's own, and paths with other letters. By Windows' Python only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.servicing import Bench, take_media
from support.standins import LAUNCHER, machine

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.janitor import MountUndoer
from osrecipe.adapters.dism.tool import SYSTEM, find
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import PutFile
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.adapters.dism.tool import Tool

pytest_plugins = ["support.fixtures"]
pytestmark = pytest.mark.wine
MARK = WinPath("Windows\\osrecipe-mark.txt")


def bench(tmp_path: Path, samples: Samples, tool: Tool, name: str) -> Bench:
    """A place to work in."""
    media, work = tmp_path / "media", tmp_path / name
    media.mkdir()
    work.mkdir()
    return Bench(work, samples, take_media(samples, media), DismAdapter(tool))


def test_wine_s_dism_is_found_and_believed_in_nothing(tmp_path: Path, samples: Samples) -> None:
    """It says nothing and returns 0 for anything: every command is a failure, and nothing is taken for mounted."""
    tool = find(SYSTEM)
    assert "dism.exe" == Path(tool.path).name.lower()
    made = bench(tmp_path, samples, tool, "work")
    with pytest.raises(TaskError) as caught:
        made.open("winpe")
    assert "without its banner: is this DISM at all?" in caught.value.reason
    with pytest.raises(OsrecipeError) as undone:
        MountUndoer(lambda: tool, ()).undo(str(tmp_path / "mount"))
    assert "list mounts" in undone.value.problems[0].reason


def test_a_folder_with_other_letters_is_found_among_the_mounts(
    tmp_path: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DISM lists it in the OEM code page; saved, it is in the image."""
    machine(tmp_path / "machine", monkeypatch)
    made = bench(tmp_path, samples, find(str(LAUNCHER)), "Pr\xfcfung \xe9")
    image, _ = made.open("winpe")
    image.apply((PutFile(MARK, b"here"),))
    image.commit(made.folder / "saved.wim")
    with WimReader.open(made.folder / "saved.wim") as wim:
        assert b"here" == wim.read_file(1, str(MARK))
