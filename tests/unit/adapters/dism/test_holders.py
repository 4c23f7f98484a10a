"""Who has files of a mount folder open: by `/proc`, or by a Restart Manager that is given here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from osrecipe.adapters.dism import holders as module
from osrecipe.adapters.dism.holders import held_by, holders, likely_first


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """A folder with some of an image's files, and a link out of it."""
    folder = tmp_path / "my mount"
    for name in (
        "bootmgr",
        "Windows/explorer.exe",
        "Windows/System32/ntdll.dll",
        "Windows/System32/config/SOFTWARE",
        "Windows/System32/config/SYSTEM",
        "Users/Default/NTUSER.DAT",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "other.txt").write_bytes(b"x")
    (folder / "link").symlink_to(outside)
    return folder


def test_hives_come_first_and_every_file_once(mount: Path) -> None:
    """Then level by level; nothing a link leads to."""
    found = [Path(path).relative_to(mount).as_posix() for path in likely_first(mount)]
    expected = [
        "Windows/System32/config/SOFTWARE",
        "Windows/System32/config/SYSTEM",
        "Users/Default/NTUSER.DAT",
        "bootmgr",
        "Windows/explorer.exe",
        "Windows/System32/ntdll.dll",
    ]
    assert expected == found


def test_no_more_files_than_the_bound(mount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image has a hundred thousand."""
    monkeypatch.setattr(module, "MOST_FILES", 4)
    assert ["SOFTWARE", "SYSTEM", "NTUSER.DAT", "bootmgr"] == [Path(p).name for p in likely_first(mount)]


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path) -> None:
    """Nothing is raised."""
    assert [] == list(likely_first(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, ""),
        ({812: "Windows Explorer", 4: "System"}, "; it is held by System (4), Windows Explorer (812)"),
        ({812: "Windows Explorer", os.getpid(): "python"}, "; it is held by Windows Explorer (812)"),
        ({os.getpid(): "python"}, f"; it is held by osrecipe itself ({os.getpid()})"),
        (
            dict.fromkeys(range(11, 20), "p"),
            "; it is held by p (11), p (12), p (13), p (14), p (15)",
        ),
    ],
    ids=["nobody", "two", "we and another", "we alone", "many"],
)
def test_others_are_named_before_ourselves(
    mount: Path, monkeypatch: pytest.MonkeyPatch, found: dict[int, str], said: str
) -> None:
    """A few, by name and number; we are named when the fault can only be ours."""
    monkeypatch.setattr("osrecipe.adapters.dism.restart_manager.library", object)
    monkeypatch.setattr("osrecipe.adapters.dism.restart_manager.users", lambda *_, **__: found)
    assert said == held_by(mount)


def test_the_restart_manager_is_asked_about_the_folder_s_files(
    mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a bound of time."""
    asked: list[str] = []

    def users(files: list[str], _manager: object, *, most: int, seconds: float) -> dict[int, str]:
        asked.extend(files)
        assert (6, 10.0) == (most, seconds)
        return {}

    monkeypatch.setattr("osrecipe.adapters.dism.restart_manager.library", object)
    monkeypatch.setattr("osrecipe.adapters.dism.restart_manager.users", users)
    assert () == holders(mount)
    assert str(mount / "Windows/System32/config/SOFTWARE") == asked[0]


def test_this_system_says_who_it_is(mount: Path) -> None:
    """Another process by its open file, and ourselves; by `/proc` on Linux, by the Restart Manager on Windows."""
    code = "import sys, time; f = open(sys.argv[1]); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(mount / "bootmgr")], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = holders(mount)
        other.kill()
        assert [f"({other.pid})"] == [one.rpartition(" ")[2] for one in found]
    with (mount / "bootmgr").open("rb"):
        assert (f"osrecipe itself ({os.getpid()})",) == holders(mount)
    assert () == holders(mount)
