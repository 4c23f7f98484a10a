"""The command line: forms of switches, what goes together, what is refused with 87."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from standin import commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.standin import Standin

FORMS = [
    ("/Get-ImageInfo", "/ImageFile:{}"),
    ("/get-imageinfo", "/imagefile={}"),
    ("/GET-WIMINFO", "/WimFile:{}"),
    ("/Get-WimInfo", '/WimFile:"{}"'),
    ("/ImageFile:{}", "/Get-ImageInfo"),
    ("/Get-ImageInfo", "/ImageFile:{}", "/NoRestart", "/LogLevel:4"),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_switch_has_many_forms(dism: Standin, media: Path, form: tuple[str, ...]) -> None:
    """A colon or an equals sign, quotes, any case, any order, old names."""
    done = dism(*(part.format(media / "boot.wim") for part in form))
    assert 0 == done.code
    assert "Index : 2" in done.lines


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (["/Get-Image"], "get-image"),
        (["/Get-MountedImageInfo", "/Bogus:1"], "bogus"),
        (["/Get-MountedImageInfo", "/MountDir:x"], "mountdir"),
        (["/Get-MountedImageInfo", "boot.wim"], "boot.wim"),
        (["/Get-MountedImageInfo", "/Image:x"], "image"),
        (["/NoSuch", "/English"], "nosuch"),
    ],
)
def test_an_unknown_option_is_87(dism: Standin, line: list[str], named: str) -> None:
    """The option is named; nothing is done."""
    done = dism(*line)
    assert 87 == done.code
    assert done.lines[2:4] == ["Error: 87", f"The {named} option is unknown."]


@pytest.mark.parametrize(
    "line",
    [
        ["/Get-Packages", "/Get-Features", "/Image:x"],
        ["/Get-ImageInfo"],
        ["/Get-ImageInfo:3", "/ImageFile:x"],
        ["/Apply-Unattend", "/Image:x"],
        ["/Get-Packages"],
        ["/Mount-Image", "/ImageFile:{}", "/MountDir:x"],
        ["/Mount-Image", "/ImageFile:{}", "/MountDir:x", "/Index:1", "/Name:x"],
        ["/Unmount-Image", "/MountDir:x"],
        ["/Unmount-Image", "/MountDir:x", "/Commit", "/Discard"],
        ["/Get-MountedImageInfo", "/LogLevel:5"],
    ],
)
def test_options_that_are_missing_or_do_not_go_together_are_87(
    dism: Standin, media: Path, line: list[str]
) -> None:
    """One servicing command on a line; compulsory options; one of several."""
    assert 87 == dism(*(part.format(media / "boot.wim") for part in line)).code


def test_elevation_is_checked_before_parsing(dism: Standin) -> None:
    """Without it every command line ends the same, even a wrong one."""
    for line in (["/Get-MountedImageInfo"], ["/NoSuch"], ["/?"], []):
        done = dism(*line, STANDIN_ELEVATED="0")
        assert (740, 122) == (done.code, len(done.raw))


def test_the_scratch_folder_has_to_exist(dism: Standin, tmp_path: Path) -> None:
    """A scratch folder that is not there is a path not found."""
    assert 3 == dism("/Get-MountedImageInfo", f"/ScratchDir:{tmp_path / 'no'}").code
    assert 0 == dism("/Get-MountedImageInfo", f"/ScratchDir:{tmp_path}").code


def test_the_log_is_written_where_asked(dism: Standin, tmp_path: Path) -> None:
    """Each call appends; an error block names the file."""
    log = tmp_path / "dism.log"
    dism("/Get-MountedImageInfo", f"/LogPath:{log}")
    done = dism("/Get-ImageInfo", f"/ImageFile:{tmp_path / 'no.wim'}", f"/LogPath:{log}")
    assert f"The DISM log file can be found at {log}" == done.lines[-1]
    text = log.read_text(encoding="utf-8")
    assert ["command: Get-MountedImageInfo", "command: Get-ImageInfo", "failed: 2"] == [
        found
        for found in ("command: Get-MountedImageInfo", "command: Get-ImageInfo", "failed: 2")
        if found in text
    ]


def test_quiet_prints_nothing_but_errors(dism: Standin, media: Path) -> None:
    """With `/Quiet` even what a query was asked for is not printed."""
    assert b"" == dism("/Get-ImageInfo", f"/ImageFile:{media / 'boot.wim'}", "/Quiet").raw
    assert ["Error: 2"] == dism("/Get-ImageInfo", "/ImageFile:/no.wim", "/Quiet").lines[:1]


def test_help_lists_every_command(dism: Standin) -> None:
    """`/?` lists the commands, `/? /Command` its options; `/English` does not go with it."""
    everything = dism("/?").text
    assert [] == [c.name for c in commands.COMMANDS if f"  /{c.name}\n" not in everything]
    assert "    /mountdir" in dism("/?", "/Mount-Image").lines
    assert 87 == dism("/?", "/English").code


def test_a_running_windows_is_not_there(dism: Standin) -> None:
    """`/Online` is answered with not supported."""
    assert 50 == dism("/Online", "/Get-Packages").code


def test_a_drive_letter_is_wines(dism: Standin, wim: Callable[[str], Path]) -> None:
    """`Z:` is the root of the file system; other drives are not there."""
    path = str(wim("boot.wim")).replace("/", "\\")
    assert 0 == dism("/Get-ImageInfo", f"/ImageFile:Z:{path}").code
    assert 3 == dism("/Get-ImageInfo", f"/ImageFile:C:{path}").code
