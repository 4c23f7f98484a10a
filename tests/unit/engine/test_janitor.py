"""`osrecipe.engine.janitor`: removes what is ours, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.dict_images import MountUndoer

from osrecipe.engine.clock import SystemClock
from osrecipe.engine.janitor import clean_dead_runs, prune
from osrecipe.engine.journal import Journal, read
from osrecipe.engine.records import Acquired, Released, RunFinished
from osrecipe.engine.workspace import RunFolder, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.engine.records import Record
    from osrecipe.model.result import Failure


class _World:
    """A workspace with one dead run."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder / "out" / "x.iso", "corp")
        self.run = self.make("20240101T000000.000Z-00000001")
        self.undoer = MountUndoer()

    def make(self, name: str) -> RunFolder:
        run = RunFolder(self.workspace.runs_folder / name)
        run.logs.mkdir(parents=True)
        return run

    def journal(self, *records: Record) -> None:
        journal = Journal(self.run.journal, SystemClock())
        for record in records:
            journal.write(record)
        journal.close()

    def held(self, kind: str, path: Path | str) -> None:
        self.journal(Acquired(unit=None, kind=kind, name=str(path)))

    def clean(self) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
        return clean_dead_runs(self.workspace, {"mount": self.undoer}, SystemClock(), "next")


@pytest.fixture
def world(tmp_path: Path) -> _World:
    """A workspace with one dead run."""
    return _World(tmp_path)


def test_removes_what_was_held(world: _World, tmp_path: Path) -> None:
    """Folders, files, staging, partial outputs and mounts of a dead run go; journal, plan and logs stay."""
    work = world.run.work / "units" / "a"
    staged = tmp_path / "store" / "v1" / ".staging" / world.run.id / "a"
    partial = world.workspace.partial(world.workspace.output, world.run.id)
    mount = tmp_path / "mount"
    for folder in (work, staged):
        folder.mkdir(parents=True)
        (folder / "x").write_text("x")
    for file in (partial, mount):
        file.write_text("x")
    world.held("folder", world.run.work)
    world.held("store", staged)
    world.held("partial", partial)
    world.held("mount", mount)

    removed, left = world.clean()

    assert (4, ()) == (len(removed), left)
    assert [str(mount)] == world.undoer.undone
    assert not any(path.exists() for path in (world.run.work, staged, partial, mount))
    assert world.run.logs.is_dir()
    assert read(world.run.journal).finished
    assert ((), ()) == world.clean()


def test_released_is_left_alone(world: _World) -> None:
    """What the journal says was released is nobody's business any more."""
    world.run.work.mkdir()
    world.held("folder", world.run.work)
    world.journal(Released(kind="folder", name=str(world.run.work)))

    assert ((), ()) == world.clean()
    assert world.run.work.is_dir()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("folder", "precious"),
        ("file", "precious/x"),
        ("store", "precious/x"),
        ("partial", "out/x.iso"),
        ("partial", "out/.x.iso.other-run.part"),
        ("partial", "precious/x"),
        ("folder", "out/.osrecipe/corp/runs/20240101T000000.000Z-00000001"),
        ("folder", "out/.osrecipe/corp/runs/20240101T000000.000Z-00000001/../../../../../precious"),
        ("folder", "out/.osrecipe/corp/runs/20240101T000000.000Z-00000001/link/x"),
        ("folder", "out/.osrecipe/corp/runs/20240101T000000.000Z-00000002/work"),
        ("folder", "out/.osrecipe/corp/store"),
    ],
)
def test_touches_nothing_else(world: _World, tmp_path: Path, kind: str, path: str) -> None:
    """A journal that names what the run can't have made is reported, and nothing is removed."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "x").write_text("gold")
    world.workspace.output.write_text("iso")
    (world.workspace.output.parent / ".x.iso.other-run.part").write_text("x")
    (world.workspace.runs_folder / "20240101T000000.000Z-00000002" / "work").mkdir(parents=True)
    world.workspace.store.mkdir()
    (world.run.path / "link").symlink_to(tmp_path / "precious")
    world.held(kind, tmp_path / path)
    before = sorted(tmp_path.rglob("*"))

    removed, left = world.clean()

    gone = {world.workspace.runs_folder / f"20240101T000000.000Z-00000002{rest}" for rest in ("", "/work")}
    assert () == removed
    assert ["run/cleanup"] == [str(f.slug) for f in left]
    assert "not the run's own" in left[0].reason
    assert set(before) - set(tmp_path.rglob("*")) <= gone
    assert not read(world.run.journal).finished


def test_mount_that_stays_keeps_its_folders(world: _World) -> None:
    """Folders are not removed through a mount that could not be undone, whatever came first: the image would change."""
    mount = world.run.work / "mount"
    mount.mkdir(parents=True)
    (mount / "Windows").write_text("the image")
    world.held("mount", mount)
    world.held("folder", world.run.work)

    class Stuck(MountUndoer):
        """Can't."""

        def undo(self, name: str) -> None:
            """Refuse."""
            raise OSError(16, "Device or resource busy", name)

    world.undoer = Stuck()
    removed, left = world.clean()

    assert () == removed
    assert "the image" == (mount / "Windows").read_text()
    assert ["mount", "folder"] == [f.reason.partition(" ")[0] for f in left]
    assert "Device or resource busy" in left[0].reason
    # nobody is told to remove a folder with a mount in it
    assert [f"run `unmount {mount}`", "undo that first, then clean again"] == [f.remedy for f in left]
    world.undoer = MountUndoer()
    (mount / "Windows").unlink()
    mount.rmdir()
    mount.touch()
    assert 2 == len(world.clean()[0])
    assert not world.run.work.exists()


def test_kind_nobody_knows(world: _World) -> None:
    """A resource that no undoer knows is reported, not forgotten."""
    world.held("hive", "HKLM\\osr")
    assert "nothing here knows how to undo a hive" in world.clean()[1][0].reason
    assert 1 == len(world.clean()[1])


def test_run_that_recorded_nothing_goes(world: _World) -> None:
    """A run that died before its first record made nothing but its folder."""
    assert ((), ()) == world.clean()
    assert not world.run.path.exists()


def test_finished_run_is_left_alone(world: _World) -> None:
    """A run that ended in order, with nothing left, is not looked at."""
    world.journal(RunFinished(exit_code=0))
    size = world.run.journal.stat().st_size

    assert ((), ()) == world.clean()
    assert size == world.run.journal.stat().st_size


def test_prune_keeps_the_last_and_the_unclean(world: _World) -> None:
    """Old runs go, but not one that still holds something, whose journal is the only thing that knows."""
    world.held("hive", "HKLM\\osr")
    for number in range(2, 15):
        world.run = world.make(f"20240101T000000.000Z-{number:08d}")
        world.journal(RunFinished(exit_code=0))
    assert () == prune(world.workspace, 10, "none")

    kept = [run.id[-2:] for run in world.workspace.runs()]
    assert ["01", *(f"{n:02d}" for n in range(5, 15))] == kept
