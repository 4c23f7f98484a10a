"""What `apply` refuses, and the exact words: a recipe in `golden/run-bad` beside all that the command prints.

Nothing that is refused leaves anything behind.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from support.command import osrecipe
from support.golden import masked, same
from support.samples import names
from support.samples.packages import write_package
from support.samples.spec import Component, Part, RegValue, UpdatePackage, ValueType

from osrecipe.formats.iso import IsoFile, write_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.samples import Samples
    from support.shelf import Shelf

    from .conftest import Media

GOLDEN = Path(__file__).parents[1] / "golden" / "run-bad"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))
_HOLDER = "run 20240131T235959.123Z-0a1b2c3d, process 4711 on build-agent"
_BOOT = ("boot\\etfsboot.com", "efi\\microsoft\\boot\\efisys.bin")


def disc_without(source: Media, name: str, to: Path) -> Path:
    """The sample media without one file."""
    files = [
        IsoFile("\\".join(path.relative_to(source.files).parts), path, int(path.stat().st_mtime) * 10**9)
        for path in sorted(source.files.rglob("*"))
        if path.is_file() and path.name != name
    ]
    made = to / "made.iso"
    write_iso(files, [], made, label="X", bios_boot=_BOOT[0], efi_boot=_BOOT[1], timestamp=names.SEALED_UNIX)
    return made


def other_architecture(folder: Path) -> None:
    """A servicing stack for machines of another kind."""
    version = "10.0.17134.191"
    value = RegValue("HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso", "Stack", ValueType.SZ, "arm64")
    component = Component(names.Identity("Sample-Stack", version, "arm64"), registry=(value,))
    parent = names.Identity("Microsoft-Windows-ProfessionalEdition", arch="arm64")
    identity = names.Identity("Package_for_ServicingStack_191", "17134.191.1.0", "arm64")
    part = Part("Package_1_for_KB9000901", (parent,), (component,))
    write_package(UpdatePackage("kb9000901-arm64", "servicing-stack", "KB9000901", identity, (part,)), folder)


class Stage:
    """A folder in which a case is played."""

    def __init__(self, folder: Path, samples: Samples, shelf: Shelf, source: Media) -> None:
        self.folder = folder
        self.samples = samples
        self._shelf = shelf
        self._source = source
        self.open = ExitStack()

    def disc(self, name: str, without: str) -> None:
        """Put a disc there that lacks a file."""
        made = self._shelf.take(f"disc-{name}", lambda to: disc_without(self._source, without, to))
        (self.folder / f"{name}.iso").symlink_to(made / "made.iso")

    def output(self, content: bytes) -> None:
        """Put something where the output belongs."""
        (self.folder / "out").mkdir()
        (self.folder / "out" / "t.iso").write_bytes(content)

    def hold(self, lock: str) -> None:
        """Be a run that is alive."""
        path = self.folder / "out" / ".osrecipe" / lock
        path.parent.mkdir(parents=True)
        self.open.enter_context(FileLock(path))
        path.with_name(f"{path.name}.holder").write_text(_HOLDER, encoding="utf-8")

    def truncate(self) -> None:
        """Half an update."""
        whole = self.samples.package("kb9000001-x64").read_bytes()
        (self.folder / "truncated.msu").write_bytes(whole[: len(whole) // 2])


PREPARE: dict[str, Callable[[Stage], object]] = {
    "02-wrong-architecture": lambda stage: other_architecture(stage.folder),
    "04-netfx3-without-its-package": lambda stage: stage.disc(
        "no-sxs", "microsoft-windows-netfx3-ondemand-package.cab"
    ),
    "09-output-in-use": lambda stage: stage.hold(".locks/t.iso.lock"),
    "10-output-is-not-ours": lambda stage: stage.output(b"somebody else's"),
    "11-media-is-text": lambda stage: (stage.folder / "text.iso").write_text("no disc\n" * 9000),
    "12-update-is-truncated": lambda stage: stage.truncate(),
    "15-output-is-the-source": lambda stage: stage.output(stage.samples.media.read_bytes()),
    "17-media-without-install": lambda stage: stage.disc("no-install", "install.wim"),
    "19-recipe-is-in-use": lambda stage: stage.hold("t/lock"),
    "21-output-in-a-file": lambda stage: (stage.folder / "notes.txt").write_text("notes\n"),
    "20-reg-file-is-broken": lambda stage: (stage.folder / "broken.reg").write_text(
        'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n"One"=dwrd:1\n'
    ),
}
STARTS = {"09-output-in-use", "10-output-is-not-ours", "15-output-is-the-source", "19-recipe-is-in-use"}
"""Cases that are refused once the output's folder is known, where a run would have begun."""


@pytest.fixture
def stage(tmp_path: Path, samples: Samples, shelf: Shelf, source: Media) -> Stage:
    """An empty folder."""
    return Stage(tmp_path, samples, shelf, source)


def state(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and what is in it; the engine's locks and their holders' notes aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "lock" not in path.name
    }


@pytest.mark.parametrize("case", CASES)
def test_refused_in_these_words(stage: Stage, case: str) -> None:
    """The whole output and the exit code are as written; no file was made, none changed."""
    shutil.copyfile(GOLDEN / f"{case}.yaml", stage.folder / f"{case}.yaml")
    if case in PREPARE:
        PREPARE[case](stage)
    before = state(stage.folder)
    with stage.open:
        done = osrecipe(
            "apply", f"{case}.yaml", "-i", stage.samples.folder, "--progress=plain", cwd=stage.folder
        )
    said = masked(done.out + done.err, here=stage.folder, samples=stage.samples.folder)
    same(GOLDEN / f"{case}.err", f"{said}exit: {done.code}\n")
    assert before == state(stage.folder)
    assert case in STARTS or not (stage.folder / "out").exists()


def test_the_plan_is_refused_alike(stage: Stage) -> None:
    """What can't be done without Windows is refused by `plan` already, with the same words and exit code as by `apply`."""
    case = "01-not-without-windows"
    shutil.copyfile(GOLDEN / f"{case}.yaml", stage.folder / f"{case}.yaml")
    done = osrecipe("plan", f"{case}.yaml", "-i", stage.samples.folder, cwd=stage.folder)
    assert (GOLDEN / f"{case}.err").read_text(encoding="utf-8") == f"{done.err}exit: {done.code}\n"
    assert "" == done.out
    assert 3 == done.code
    answer = stage.samples.answer("kb9000009-x64")["refused"]
    assert ["advanced-installer", "differential-payload"] == answer
    for word in (f"{case}.yaml:9:5", "advanced installer", "payload:delta-pe", "dism adapter on Windows"):
        assert word in done.err
