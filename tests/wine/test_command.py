"""The command `osrecipe` on Windows CPython under Wine: what it prints, its exit codes, whole runs, killed runs."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from support.applied import leftovers
from support.command import SECONDS, Done, osrecipe
from support.images import Seen, extract_file, files_of, tree, unpack
from support.servicing import take_media
from support.standins import LAUNCHER, Machine, environment, machine
from support.wine.prefix import windows_path
from support.witness import witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples
    from support.wine.machine import Windows

pytestmark = pytest.mark.wine
RECIPE = """schema: osrecipe/1
name: small
inputs:
  media: {iso: sample-media.iso}
  ssu: {update: kb9000001-x64.msu}
source: media
updates: {apply: {ssu: [setup]}}
targets:
  install:
    select: [{edition: Enterprise}]
    others: keep
  setup:
    tweaks:
      mark:
        because: "pr\xfcfen \N{RIGHTWARDS ARROW} \N{CHECK MARK}"
        registry:
          HKLM\\SOFTWARE\\Contoso\\osrecipe:
            Mark: "here"
output: {iso: out/small.iso}
"""
BOOT = "sources\\boot.wim"
HIVE = "Windows\\System32\\config\\SOFTWARE"
_TIMES = re.compile(
    r'<mtime>[^<]*</mtime>|(?<=key="LastResetBase_UTC") value="[^"]*"|(?<=key="InstallTimeLow") value="[^"]*"'
)
STUB = "without its banner: is this DISM at all?"


@dataclass(frozen=True)
class World:
    """A folder whose name has a space, with a recipe, and a machine that its DISM works on."""

    windows: Windows
    folder: Path
    host: Machine
    samples: Samples

    @property
    def inputs(self) -> tuple[str, str]:
        """Where the samples are."""
        return "-i", windows_path(self.samples.folder)

    def run(self, *arguments: object) -> Done:
        """Run `osrecipe` here."""
        return self.windows.osrecipe(*arguments, cwd=self.folder, env=self.host.environment)

    @property
    def apply(self) -> tuple[object, ...]:
        """The arguments that carry the recipe out by the stand-in."""
        return ("apply", "the recipe.yaml", *self.inputs, "--adapter", "dism", "--progress=plain")

    def carry_out(self, dism: str = "") -> Done:
        """Carry it out."""
        tool = ("--dism", dism or self.windows.dism)
        return self.windows.on_ntfs(*self.apply, *tool, cwd=self.folder, env=self.host.environment)

    @property
    def iso(self) -> Path:
        """What comes out."""
        return self.folder / "out" / "small.iso"


@pytest.fixture
def world(windows: Windows, samples: Samples, tmp_path: Path) -> World:
    """A folder and a machine of this test's own."""
    folder = tmp_path / "a place to work"
    folder.mkdir()
    (folder / "the recipe.yaml").write_text(RECIPE, encoding="utf-8")
    return World(windows, folder, machine(tmp_path / "machine"), samples)


def test_help_and_version(world: World) -> None:
    """Every command is named."""
    done = world.run("--help")
    assert (0, "") == (done.code, done.err)
    for name in ("validate", "plan", "apply", "doctor", "clean"):
        assert f"  {name} " in done.out
    assert 0 == world.run("--version").code


def test_validate_says_what_is_wrong_and_where(world: World) -> None:
    """0 and 3, by the recipe's lines."""
    done = world.run("validate", "the recipe.yaml")
    assert (0, "the recipe.yaml: valid: small\n", "") == (done.code, done.out, done.err)
    (world.folder / "bad.yaml").write_text(RECIPE.replace("others: keep", "others: keeep"), encoding="utf-8")
    done = world.run("validate", "bad.yaml")
    assert 3 == done.code
    assert "bad.yaml:11:13: error[" in done.out + done.err
    assert 2 == world.run("validate", "--no-such-option").code
    assert 3 == world.run("validate", "not-there.yaml").code


def test_the_plan_is_the_one_of_other_hosts(world: World) -> None:
    """Byte for byte, saved; what is printed into a pipe is UTF-8."""
    plan = ("plan", "the recipe.yaml", "--adapter", "dism")
    done = world.run(*plan, *world.inputs, "--out", "windows.plan")
    assert 0 == done.code, done.err
    here = osrecipe(*plan, "-i", world.samples.folder, "--out", "linux.plan", cwd=world.folder)
    assert 0 == here.code, here.err
    assert (world.folder / "linux.plan").read_bytes() == (world.folder / "windows.plan").read_bytes()
    for form in ("text", "json"):
        printed = world.run(*plan, *world.inputs, "--format", form)
        assert "pr\xfcfen \N{RIGHTWARDS ARROW} \N{CHECK MARK}" in printed.out
        expected = osrecipe(*plan, "-i", world.samples.folder, "--format", form, cwd=world.folder)
        assert expected.out == printed.out


def test_doctor_looks_at_dism_and_the_volume(world: World) -> None:
    """The stand-in answers as DISM; Wine's volumes can't hold mounts, which stops every run here."""
    done = world.run("doctor", "--dism", world.windows.dism)
    assert "version 10.0.26100.1150 (option)" in flat(done.out)
    assert "ok elevation" in flat(done.out)
    assert "ok mounts" in flat(done.out)
    assert "without reparse points" in flat(done.out)
    stopped = world.run(*world.apply, "--dism", world.windows.dism)
    assert 4 == stopped.code
    assert "without reparse points" in stopped.err
    assert [] == world.host.mounts


def test_wine_s_dism_is_no_dism(world: World) -> None:
    """It is the system's here, returns 0 for anything and prints nothing: said before anything is made."""
    done = world.run("doctor")
    assert "`C:\\windows\\System32\\dism.exe` does not answer as DISM: DISM could not list mounts" in flat(
        done.out
    )
    assert STUB in flat(done.out)
    assert "name another one with `--dism PATH`" in flat(done.out)
    stopped = world.carry_out("system")
    assert 4 == stopped.code
    assert STUB in flat(stopped.err)
    assert "--dism PATH" in flat(stopped.err)
    assert not (world.folder / "out" / ".osrecipe" / "small" / "runs").exists()


def flat(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


def test_the_disc_holds_what_it_does_on_other_hosts(world: World, tmp_path: Path) -> None:
    """Mounted, serviced, saved, exported, written and verified: every file and every entry is the same on Linux.

    The serviced WIM itself is not the same to the byte: DISM gives it a new GUID, and what it writes has its own time.
    """
    done = world.carry_out()
    assert 0 == done.code, done.out + done.err
    assert [] == world.host.mounts
    assert [] == leftovers(world.folder / "out", "small")
    other = tmp_path / "on linux"
    other.mkdir()
    (other / "the recipe.yaml").write_text(RECIPE, encoding="utf-8")
    tool = ("--adapter", "dism", "--dism", LAUNCHER)
    inputs = ("-i", world.samples.folder)
    host = machine(tmp_path / "linux")
    made = osrecipe("apply", "the recipe.yaml", *inputs, *tool, cwd=other, env=host.environment)
    assert 0 == made.code, made.out + made.err
    expected, found = (
        disc(iso, tmp_path / name)
        for name, iso in (("expected", other / "out" / "small.iso"), ("found", world.iso))
    )
    assert expected == found
    assert len(expected) > 300


def disc(iso: Path, to: Path) -> dict[str, object]:
    """Everything on a disc and in its boot images, as other programs see it; without what has this run's time."""
    unpack(iso, to)
    held: dict[str, object] = dict(files_of(to))
    held.pop(BOOT)
    wim = to / "sources" / "boot.wim"
    for index in (1, 2):
        for path, entry in tree(wim, index).items():
            held[f"{index}:{path}"] = replace(entry, accessed="", created="", written="")
    hive = held.pop(f"2:{HIVE.lower()}")
    assert isinstance(hive, Seen)
    text = witness("hivexml", str(extract_file(wim, 2, HIVE, to / "hive")))
    return held | {"values": _TIMES.sub("", text), "hive": replace(hive, streams=())}


def mount_another(world: World, folder: Path) -> None:
    """Mount an image of nobody's, by the stand-in itself."""
    wims = folder.with_name("wims")
    wims.mkdir()
    wim = take_media(world.samples, wims) / "boot.wim"
    folder.mkdir()
    words = ("/English", "/Mount-Image", f"/ImageFile:{wim}", "/Index:1", f"/MountDir:{folder}")
    subprocess.run(
        [str(LAUNCHER), *words],
        env=environment(world.host),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=SECONDS,
    )


def wait_for(process: subprocess.Popen[bytes], wanted: Callable[[], bool]) -> None:
    """Wait until something is so while a program runs."""
    until = time.monotonic() + SECONDS
    while not wanted():
        assert process.poll() is None, "the program ended before"
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_killed_run_s_mount_is_cleaned_up_and_no_other(world: World, tmp_path: Path) -> None:
    """Killed while DISM works: DISM ends too; `clean` gives up exactly this mount, and the next run completes."""
    another = tmp_path / "another"
    mount_another(world, another)
    world.host.order({"command": "Add-Package", "do": "hang", "at": 50, "seconds": 600})
    command = world.windows.command("-m", "support.wine.ntfs", *world.apply, "--dism", world.windows.dism)
    with subprocess.Popen(
        command,
        cwd=world.folder,
        env=world.windows.environment(world.host.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        threading.Thread(target=process.stdout.read, daemon=True).start()
        wait_for(process, lambda: any("/Add-Package" in call for call in world.host.calls))
        process.kill()
    left = [folder for folder in world.host.mounts if folder != str(another)]
    assert 1 == len(left)
    assert not world.iso.exists()
    world.host.order()

    stubbed = world.run("clean", "the recipe.yaml")
    assert 6 == stubbed.code, stubbed.out
    assert STUB in flat(stubbed.out)
    assert 2 == len(world.host.mounts)

    done = world.run("clean", "the recipe.yaml", "--dism", world.windows.dism)
    assert 0 == done.code, done.out + done.err
    assert "removed: " in done.out
    assert [str(another)] == world.host.mounts
    assert not any("/Cleanup-Mountpoints" in call for call in world.host.calls)
    done = world.carry_out()
    assert 0 == done.code, done.out + done.err
    assert [str(another)] == world.host.mounts
