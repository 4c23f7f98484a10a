"""Locks at the terminal: written, checked, bumped, refused; and plans that need nothing else."""

from __future__ import annotations

import difflib
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.cli import run
from support.golden import same
from support.samples.extras import DRIVERS
from support.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.samples import Samples

GOLDEN = Path(__file__).parents[1] / "golden" / "lock"
QUICK = "recipes/quickstart.yaml"
MONTHLY = "recipes/monthly-updates.yaml"
WINDOWS = "recipes/on-windows.yaml"


class Desk:
    """A terminal in a folder with the example recipes, the samples in a folder beside."""

    def __init__(self, here: Path, samples: Samples, more: Path) -> None:
        self.here = here
        self.folder = samples.folder
        self.more = more
        more.mkdir()
        self.log = Transcript(here=here, samples=samples.folder, more=more)

    def copy(self, name: str, to: str) -> None:
        """Put a sample under another name into the second folder of inputs."""
        shutil.copy(self.folder / name, self.more / to)

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Change a file, and note it."""
        file = self.here / path
        before = after = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in after
            after = after.replace(old, new)
        file.write_text(after, encoding="utf-8")
        self.log.show("".join(_diff(path, before, after)))


def _diff(path: str, before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="", n=0)
    return [f"{line.partition('sha256')[0]}\n" for line in lines]


def writing(desk: Desk) -> None:
    """Written once, the same the second time; checked with and without the files."""
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.log.type("lock", "--check", QUICK)
    desk.log.type("lock", "--check", QUICK, "-i", desk.folder)
    desk.log.type("lock", "recipes/corporate.yaml", "-i", desk.folder, "--dry-run")


def drift(desk: Desk) -> None:
    """Another file under a locked name is refused everywhere, until it is locked."""
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.log.note("kb9000002-x64.msu is replaced by another file")
    desk.copy("kb9000003-x64.msu", "kb9000002-x64.msu")
    for command in ("plan", "apply", "lock --check"):
        desk.log.type(*command.split(), QUICK, "-i", desk.more, "-i", desk.folder)
    desk.log.type("lock", QUICK, "-i", desk.more, "-i", desk.folder)


def bump(desk: Desk) -> None:
    """Newer updates change one line each, in recipe and lock."""
    recipe, lock = desk.here / QUICK, desk.here / "recipes/quickstart.lock"
    desk.log.type("lock", QUICK, "-i", desk.folder)
    (desk.more / "junk.cab").write_bytes(b"no cabinet")
    for name in ("kb9000003-x64.msu", "kb9000002-x64.msu", "kb9000004-x64.msu"):
        desk.copy(name, name)
    before = recipe.read_text(), lock.read_text()
    desk.log.type("lock", "--bump", desk.more, "--dry-run", QUICK)
    assert before == (recipe.read_text(), lock.read_text())
    desk.log.type("lock", "--bump", desk.more, QUICK)
    for path, old in zip((recipe, lock), before, strict=True):
        desk.log.show("".join(_diff(path.name, old, path.read_text())))
    desk.log.type("lock", "--check", QUICK, "-i", desk.folder)
    desk.log.type("lock", "--bump", desk.more, QUICK)


def bump_checkpoint(desk: Desk) -> None:
    """What an update builds on stays, though the folder has something newer of its kind; what the newer one needs is said to be yours."""
    newer = desk.here / "newer"
    newer.mkdir()
    shutil.copy(desk.folder / "kb9000003-x64.msu", newer)
    desk.copy("kb9000002-x64.msu", "base.msu")
    desk.edit(
        QUICK,
        (
            "  lcu: {update: kb9000002-x64.msu}\n",
            "  lcu: {update: kb9000002-x64.msu, checkpoints: [base]}\n  base: {update: base.msu}\n",
        ),
    )
    desk.log.type("lock", QUICK, "-i", desk.folder, "-i", desk.more)
    desk.log.type("lock", "--bump", newer, QUICK)
    desk.log.type("lock", "--bump", newer, QUICK)


def bump_template(desk: Desk) -> None:
    """A name that is made of variables is left to a person, and nothing is written."""
    desk.edit(MONTHLY, ("cumulative: kb9000003", "cumulative: kb9000002"))
    desk.log.type("lock", MONTHLY, "-i", desk.folder)
    lock = (desk.here / "recipes/monthly-updates.lock").read_bytes()
    desk.log.type("lock", "--bump", desk.folder, MONTHLY)
    assert lock == (desk.here / "recipes/monthly-updates.lock").read_bytes()


def bump_fragment(desk: Desk) -> None:
    """An update that a fragment brings changes in the fragment, with the hash that is stated there."""
    sha256 = hashlib.sha256((desk.folder / "kb9000002-x64.msu").read_bytes()).hexdigest()
    fragment = desk.here / "recipes/fragments/updates.yaml"
    fragment.write_text(
        f"# the month's\ninputs:\n  lcu:\n    update: '../updates/kb9000002-x64.msu'  # LCU\n    sha256: {sha256}\n",
        encoding="utf-8",
    )
    desk.edit(
        QUICK,
        ("name: quickstart\n", "name: quickstart\nextends: [fragments/updates.yaml]\n"),
        ("  lcu: {update: kb9000002-x64.msu}\n", ""),
    )
    desk.log.type("lock", QUICK, "-i", desk.folder)
    before = fragment.read_text(encoding="utf-8")
    desk.log.type("lock", "--bump", desk.folder, QUICK)
    desk.log.show("".join(_diff("updates.yaml", before, fragment.read_text(encoding="utf-8"))))
    newer = hashlib.sha256((desk.folder / "kb9000003-x64.msu").read_bytes()).hexdigest()
    assert f"sha256: {newer}\n" in fragment.read_text(encoding="utf-8")
    desk.log.type("lock", "--check", QUICK, "-i", desk.folder)


def stale(desk: Desk) -> None:
    """A recipe that moved on from its lock is told so, before any file is looked at."""
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.edit(QUICK, ("kb9000002", "kb9000003"), ("10.0.17134.228", "10.0.17134.345"))
    for command in ("plan", "plan --locked", "lock --check"):
        desk.log.type(*command.split(), QUICK)
    desk.log.type("plan", QUICK, "--no-lock", "-i", desk.folder, "--out", "p.json")


def broken(desk: Desk) -> None:
    """Half a merge, and a line that was edited: places and words."""
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.edit(
        "recipes/quickstart.lock",
        ('{"input": "ssu"', '<<<<<<< HEAD\n{"input": "ssu", "input": "lcu"'),
        ('{"input": "lcu"', '{"inputs": "lcu"'),
    )
    desk.log.type("plan", QUICK)
    desk.edit(
        "recipes/quickstart.lock", ("<<<<<<< HEAD\n", ""), ('"ssu", "input": "lcu"', '"ssu", "size": 1')
    )
    desk.log.type("explain", "winre/lcu", QUICK, "--locked")
    desk.edit("recipes/quickstart.lock", ("osrecipe-lock/1", "osrecipe-lock/2"))
    desk.log.type("lock", "--check", QUICK)
    desk.log.type("lock", QUICK, "-i", desk.folder)


def missing(desk: Desk) -> None:
    """Without a lock what needs one says how to make it; contradictions are usage errors."""
    desk.log.type("plan", "--locked", QUICK)
    desk.log.type("lock", "--check", QUICK)
    desk.log.type("lock", "--bump", desk.more, QUICK)
    desk.log.type("lock", QUICK)
    desk.log.type("plan", "--locked", "--no-lock", QUICK)
    desk.log.type("lock", "--check", "--dry-run", QUICK)


def kinds(desk: Desk) -> None:
    """A stated kind that is another one, and a kind that can be locked but not applied yet."""
    desk.edit(QUICK, ("kb9000002-x64.msu", "kb9000006-x64.cab, kind: cumulative"))
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.edit(QUICK, ("kind: cumulative", "kind: safe-os"))
    desk.log.type("lock", QUICK, "-i", desk.folder)
    desk.log.type("plan", QUICK)


def extras(desk: Desk) -> None:
    """Drivers, capabilities and an answer file: locked, checked with and without them, one byte changed."""
    desk.log.type("lock", WINDOWS, "-i", desk.folder)
    desk.log.type("lock", "--check", WINDOWS)
    desk.log.note("a driver's program and the answer file change")
    shutil.copytree(desk.folder / DRIVERS, desk.more / DRIVERS)
    program = desk.more / DRIVERS / "storage" / "constor.sys"
    program.write_bytes(program.read_bytes()[:-1] + b"!")
    desk.edit("recipes/unattend/desk.xml", ("Contoso, Ltd.", "Fabrikam"))
    for command in ("lock --check", "plan"):
        desk.log.type(*command.split(), WINDOWS, "-i", desk.more, "-i", desk.folder)
    desk.log.type("lock", WINDOWS, "-i", desk.more, "-i", desk.folder)


CASES: dict[str, Callable[[Desk], None]] = {
    "01-writing": writing,
    "02-drift": drift,
    "03-bump": bump,
    "04-bump-template": bump_template,
    "05-stale": stale,
    "06-broken": broken,
    "07-missing": missing,
    "08-kinds": kinds,
    "09-bump-fragment": bump_fragment,
    "10-extras": extras,
    "11-bump-checkpoint": bump_checkpoint,
}


@pytest.mark.parametrize("case", CASES)
def test_session(case: str, here: Path, samples: Samples, tmp_path: Path) -> None:
    """All that is printed, with every exit code, is as it was looked at and kept."""
    desk = Desk(here, samples, tmp_path / "more")
    CASES[case](desk)
    same(GOLDEN / f"{case}.txt", desk.log.text)


@pytest.mark.parametrize("recipe", ["quickstart", "corporate", "monthly-updates", "tweaks-only"])
def test_a_plan_from_the_lock_is_the_plan_from_the_inputs(recipe: str, here: Path, samples: Samples) -> None:
    """Byte for byte, for each of the example recipes, whether files are looked at or not."""
    path = f"recipes/{recipe}.yaml"
    plain = run("plan", path, "-i", samples.folder, "--format", "json").out
    assert 0 == run("lock", path, "-i", samples.folder).code

    for options in (["-i", samples.folder], ["--locked"], []):
        done = run("plan", path, "--format", "json", *options)
        assert (0, plain) == (done.code, done.out)
    assert ["recipes"] == [entry.name for entry in here.iterdir()]


def test_every_golden_file_has_its_case() -> None:
    """A file that nothing compares any more is not kept."""
    assert sorted(CASES) == sorted(path.stem for path in GOLDEN.iterdir())
