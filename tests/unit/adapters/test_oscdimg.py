"""Which oscdimg is used, its version, and the command line it is given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support.oscdimg import LAUNCHER

from osrecipe.adapters import kits
from osrecipe.adapters.oscdimg import argv, find, options, version_of
from osrecipe.adapters.process import shown
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import WriteIso

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
BOTH = WriteIso(
    label="OSR_X64", firmware=("bios", "efi"), timestamp=1_532_865_600, output="x.iso", writer="oscdimg"
)


def kit(folder: Path, *processors: str) -> str:
    """A folder as an ADK has it, with the stand-in for each processor."""
    for processor in processors:
        place = folder.joinpath(
            "Assessment and Deployment Kit", "Deployment Tools", processor, "Oscdimg", "oscdimg.exe"
        )
        place.parent.mkdir(parents=True)
        place.symlink_to(LAUNCHER)
    return str(folder)


def test_the_environment_names_one() -> None:
    """With its version and where the name came from."""
    tool = find({"OSRECIPE_OSCDIMG": str(LAUNCHER)})
    assert ("2.56", "OSRECIPE_OSCDIMG", str(LAUNCHER)) == (tool.version, tool.origin, tool.path)


def test_a_relative_name_is_made_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started in the media's tree, where the name would lead elsewhere."""
    monkeypatch.chdir(LAUNCHER.parent)
    assert str(LAUNCHER) == find({"OSRECIPE_OSCDIMG": "./oscdimg"}).path


@pytest.mark.parametrize("machine", ["AMD64", "ARM64"])
def test_the_kit_s_for_this_processor_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    """Below the kit's root, whose name has spaces."""
    root = kit(tmp_path / "Windows Kits" / "10", "x86", "amd64", "arm64")
    monkeypatch.setattr("osrecipe.adapters.kits.roots", lambda: [root])
    monkeypatch.setattr("platform.machine", lambda: machine)
    tool = find({})
    assert machine.lower() in tool.path
    assert "the ADK's" == tool.origin


@pytest.mark.parametrize(
    ("machine", "there", "used"),
    [
        ("ARM64", ("x86", "amd64"), "amd64"),
        ("AMD64", ("x86", "arm64"), "x86"),
        ("AMD64", ("arm64",), None),
        ("x86", ("amd64",), None),
    ],
)
def test_one_that_windows_emulates_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, there: tuple[str, ...], used: str | None
) -> None:
    """But never one that can't be started here, nor for programs that have to be the host's own."""
    root = kit(tmp_path, *there)
    monkeypatch.setattr("osrecipe.adapters.kits.roots", lambda: [root])
    monkeypatch.setattr("platform.machine", lambda: machine)
    found = kits.program("Oscdimg", "oscdimg.exe", emulated=True)
    assert used == (None if found is None else found.parts[-3])
    assert kits.program("Oscdimg", "oscdimg.exe") is None


def test_none_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit, or the variable."""
    monkeypatch.setattr("osrecipe.adapters.kits.roots", lambda: ["/nowhere"])
    with pytest.raises(OsrecipeError) as caught:
        find({})
    (problem,) = caught.value.problems
    assert ("run/tool-missing", "there is no oscdimg on this host") == (problem.slug, problem.reason)
    assert "OSRECIPE_OSCDIMG" in problem.hint


def test_a_name_that_leads_nowhere_is_said() -> None:
    """No other is looked for behind the user's back."""
    with pytest.raises(OsrecipeError) as caught:
        find({"OSRECIPE_OSCDIMG": "/no/such/oscdimg"})
    assert "`/no/such/oscdimg`" in caught.value.problems[0].reason


def test_another_program_is_no_oscdimg(tmp_path: Path) -> None:
    """It prints no such banner."""
    other = tmp_path / "oscdimg.exe"
    other.write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    other.chmod(0o755)
    assert version_of(str(other)) is None
    with pytest.raises(OsrecipeError) as caught:
        find({"OSRECIPE_OSCDIMG": str(other)})
    assert "prints no banner" in caught.value.problems[0].reason


def test_the_version_comes_from_the_file_where_that_has_one(samples_pe: Path) -> None:
    """A Windows program is not started for it."""
    assert "10.0.22621.1" == version_of(str(samples_pe))


@pytest.fixture
def samples_pe(tmp_path: Path) -> Path:
    """A Windows program with a version resource."""
    from support.samples.binaries import pe_file

    path = tmp_path / "oscdimg.exe"
    path.write_bytes(pe_file("oscdimg.exe", "10.0.22621.1"))
    return path


@pytest.mark.parametrize(
    ("firmware", "boot"),
    [
        (
            ("bios", "efi"),
            "-bootdata:2#p0,e,bboot\\etfsboot.com#pEF,e,befi\\microsoft\\boot\\efisys.bin",
        ),
        (("efi",), "-bootdata:1#pEF,e,befi\\microsoft\\boot\\efisys.bin"),
        (("bios",), "-bootdata:1#p0,e,bboot\\etfsboot.com"),
        ((), None),
    ],
)
def test_boot_entries_are_those_of_the_source(firmware: tuple[str, ...], boot: str | None) -> None:
    """Both, one or none; media for arm64 have no BIOS entry."""
    found = options(BOTH.model_copy(update={"firmware": firmware}))
    assert ([boot] if boot else []) == [one for one in found if one.startswith("-bootdata")]


def test_the_whole_command_line(tmp_path: Path) -> None:
    """Options, then two absolute paths; each is one argument, whatever is in it, and none can end a quote."""
    tool = find({"OSRECIPE_OSCDIMG": str(LAUNCHER)})
    tree, to = tmp_path / "my media, #1", tmp_path / "out put" / "x.iso"
    line = argv(tool, options(BOTH.model_copy(update={"label": "MY LABEL"})), tree, to)
    expected = ["-m", "-o", "-h", "-u2", "-udfver102", "-t07/29/2018,12:00:00", "-lMY LABEL"]
    assert [str(LAUNCHER), *expected] == line[:8]
    assert [str(tree), str(to)] == line[-2:]
    assert '"-lMY LABEL"' in shown(line, windows=True)
    assert all("my media" not in one for one in line[:-2])
