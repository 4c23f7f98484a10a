"""Writing the tree with oscdimg: by a stand-in that speaks its command line, with its answers never taken on trust."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from support.oscdimg import Oscdimg
from support.witness import witness

from osrecipe.formats.iso import IsoReader, Platform
from osrecipe.media.iso import write_media
from osrecipe.model.adapter import CancelledError, Context, TaskError
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import WriteIso

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
TIME = 1_532_865_600
OP = WriteIso(label="OSR_X64", firmware=("bios", "efi"), timestamp=TIME, output="x.iso", writer="oscdimg")
MEDIA = {
    "Boot/ETFSBOOT.com": b"\xf4" * 4096,
    "efi/microsoft/boot/efisys.bin": b"\xeb" * 70_000,
    "sources/install.wim": b"wim" * 5000,
    "sources/a name with spaces.dll": b"dll",
}


class Place:
    """A tree, a folder for the artifact, and what a task's context heard."""

    def __init__(self, folder: Path, media: dict[str, bytes]) -> None:
        self.tree = folder / "the tree, #1"
        self.artifacts = folder / "art ifacts"
        self.artifacts.mkdir()
        for name, data in media.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (TIME - 5000, TIME - 5000))
        self.tool = Oscdimg(folder)
        self.said: list[str] = []
        self.shares: list[float] = []
        self.stopped = threading.Event()

    def write(self, op: WriteIso = OP) -> str:
        """Write it; what the outcome says."""
        return write_media(op, self.tree, self.artifacts, self.context).detail

    @property
    def context(self) -> Context:
        """The task's."""
        return Context(
            work=self.artifacts,
            resolve=lambda _ref: self.tree,
            progress=self._progress,
            log=self.said.append,
            now=TIME,
        )

    def _progress(self, share: float, _text: str) -> None:
        self.shares.append(share)
        if self.stopped.is_set():
            raise CancelledError

    @property
    def left(self) -> list[str]:
        """Names in the artifact's folder."""
        return sorted(path.name for path in self.artifacts.iterdir())

    def failure(self) -> str:
        """Why it fails, with the remedy; nothing may be left of what was written."""
        with pytest.raises(TaskError) as caught:
            self.write()
        assert [] == self.left
        return f"{caught.value.reason}; {caught.value.remedy}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A small media tree below folders whose names have spaces, commas and number signs."""
    folder = tmp_path / "a folder, #2"
    folder.mkdir()
    made = Place(folder, MEDIA)
    for name, value in made.tool.environment.items():
        monkeypatch.setenv(name, value)
    return made


def boots(iso: Path) -> dict[Platform, bytes]:
    """The images that the boot entries load."""
    with IsoReader(iso) as disc:
        return {entry.platform: disc.boot_image(entry) for entry in disc.boot_entries()}


def test_both_boot_entries_are_written(place: Place) -> None:
    """With every file, the label and the images; another reader agrees about the entries."""
    assert "4 files, boots by BIOS and UEFI, written by oscdimg 2.56" == place.write()
    assert ["iso"] == place.left
    iso = place.artifacts / "iso"
    expected = {
        Platform.BIOS: MEDIA["Boot/ETFSBOOT.com"],
        Platform.EFI: MEDIA["efi/microsoft/boot/efisys.bin"],
    }
    assert expected == boots(iso)
    report = witness("xorriso", "-indev", str(iso), "-report_el_torito", "plain")
    assert ["BIOS", "UEFI"] == [line.split()[6] for line in report.splitlines() if "boot img" in line]
    with IsoReader(iso) as disc:
        assert "OSR_X64" == disc.label
        for name, data in MEDIA.items():
            with disc.open(name) as stream:
                assert data == stream.read()


@pytest.mark.parametrize(("firmware", "platform"), [("bios", Platform.BIOS), ("efi", Platform.EFI)])
def test_one_boot_entry_is_written_where_the_source_has_one(
    place: Place, firmware: str, platform: Platform
) -> None:
    """Media for arm64 boot by UEFI alone."""
    place.write(OP.model_copy(update={"firmware": (firmware,)}))
    assert {platform} == boots(place.artifacts / "iso").keys()
    (call,) = place.tool.calls
    assert 1 == sum(word.startswith("-bootdata:1#") for word in call["argv"])


def test_media_that_do_not_boot_stay_so(place: Place) -> None:
    """No boot entry is made up."""
    place.write(OP.model_copy(update={"firmware": ()}))
    assert {} == boots(place.artifacts / "iso")


def test_no_folder_of_the_host_is_in_the_boot_entries(place: Place) -> None:
    """Commas and number signs have a meaning there and can't be quoted: images are named from the tree."""
    place.write()
    (call,) = place.tool.calls
    assert str(place.tree) == call["folder"]
    (boot,) = [word for word in call["argv"] if word.startswith("-bootdata:")]
    assert "-bootdata:2#p0,e,bBoot/ETFSBOOT.com#pEF,e,befi/microsoft/boot/efisys.bin" == boot
    assert str(place.tree) == call["argv"][-2]


def test_everything_has_the_plan_s_time(place: Place) -> None:
    """As it is told with `-t`, which knows no other."""
    place.write()
    with IsoReader(place.artifacts / "iso") as disc:
        times = {e.modified for e in disc.entries() if not e.is_dir and e.path != "boot.cat"}
    assert {TIME * 10**9} == times


def test_the_command_and_what_it_printed_are_in_the_log(place: Place) -> None:
    """Bars are progress instead."""
    place.write()
    assert any(line.startswith("/") and "-udfver102" in line for line in place.said)
    assert "Done." in place.said
    assert [] == [line for line in place.said if "%" in line]
    assert 1.0 == max(place.shares)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("nothing", "it wrote no file"),
        ("empty", "it wrote no file"),
        ("text", "the ISO can't be read"),
        ("no-bios", "the ISO has other boot entries than the source: EFI"),
        ("other-boot", "its boot entry loads something else: `efisys.bin`"),
        ("no-file", "a file is not on the ISO: `sources\\a name with spaces.dll`"),
        ("label", "the label is another one: `OTHER`"),
    ],
)
def test_an_exit_code_of_0_alone_is_no_success(
    place: Place, monkeypatch: pytest.MonkeyPatch, fault: str, why: str
) -> None:
    """What it wrote is looked at, and nothing is left of it when it is wrong."""
    monkeypatch.setenv("OSCDIMG_FAULT", fault)
    failure = place.failure()
    assert f"oscdimg says that all went well, but {why}" in failure
    assert "leave `output.writer` out" in failure


def test_a_failure_is_told_in_its_own_words(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last lines say more than an exit code; the half that was written is removed."""
    monkeypatch.setenv("OSCDIMG_FAULT", "fails")
    failure = place.failure()
    assert "oscdimg could not write the ISO (exit code 1)" in failure
    assert "There is not enough space on the disk" in failure


def test_it_is_ended_when_the_run_is_to_stop(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the half that was written is removed."""
    monkeypatch.setenv("OSCDIMG_FAULT", "hangs")
    threading.Timer(1.0, place.stopped.set).start()
    with pytest.raises(CancelledError):
        place.write()
    assert [] == place.left


def test_a_missing_boot_image_is_said_before_anything_is_written(place: Place) -> None:
    """As with our own writer."""
    (place.tree / "efi/microsoft/boot/efisys.bin").unlink()
    assert "the media has no `efi/microsoft/boot/efisys.bin`" in place.failure()
    assert [] == place.tool.calls


def test_a_tool_that_is_gone_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it was there when the run began."""
    monkeypatch.setenv("OSRECIPE_OSCDIMG", "/no/such/oscdimg")
    with pytest.raises(OsrecipeError) as caught:
        place.write()
    assert "run/tool-missing" == caught.value.problems[0].slug


def test_our_own_writer_starts_nothing(place: Place) -> None:
    """It is the default, and every file keeps its own time."""
    assert "4 files, boots by BIOS and UEFI" == place.write(OP.model_copy(update={"writer": None}))
    assert [] == place.tool.calls
    with IsoReader(place.artifacts / "iso") as disc:
        assert {(TIME - 5000) * 10**9} == {e.modified for e in disc.entries() if not e.is_dir}
