"""Things go wrong while other things go wrong: the first cause is reported first, what is left is said, exit code 6."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from support.dict_images import MountUndoer
from support.engine_runs import World

from osrecipe.engine.files import remove
from osrecipe.engine.journal import Journal, read
from osrecipe.engine.records import Released
from osrecipe.model.codes import ExitCode
from osrecipe.model.events import Warned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.engine.records import Record
    from osrecipe.model.execution import UnitRequest


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with one image."""
    return World(tmp_path, images=1)


class _Stuck(MountUndoer):
    """Can't undo while stuck."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = True

    def undo(self, name: str) -> None:
        """Refuse, or do it."""
        if self.stuck:
            raise OSError(16, "Device or resource busy", name)
        super().undo(name)


def test_discard_fails_and_the_undoer_helps(world: World) -> None:
    """A session that fails and can't give its mount back is helped by the undoer; the first cause is the result."""
    adapter = world.fresh()
    adapter.faults["service", "image-1.service"] = OSError(5, "the first cause", "x")
    adapter.faults["discard", "image-1.service"] = OSError(16, "the second")
    result = world.apply()

    assert result.first_failure is not None
    assert (ExitCode.TASK, "the first cause: `x`", ()) == (
        result.exit_code,
        result.first_failure.reason,
        result.cleanup_failures,
    )
    assert 1 == len(world.undoer.undone)
    assert any("the second" in e.text for e in world.watcher.events if isinstance(e, Warned))
    assert [] == world.leftovers()


def test_mount_that_stays(world: World) -> None:
    """A mount that nobody can undo makes exit code 6, comes after the first cause, and names the command."""
    adapter = world.fresh()
    adapter.faults["service", "image-1.service"] = OSError(5, "the first cause", "x")
    adapter.faults["discard", "image-1.service"] = OSError(16, "the second")
    world.undoer = _Stuck()
    result = world.apply()

    assert result.first_failure is not None
    mount = str(next(world.mounts.iterdir()))
    assert (ExitCode.CLEANUP, "the first cause: `x`") == (result.exit_code, result.first_failure.reason)
    assert f"run `unmount {mount}`" == result.cleanup_failures[0].remedy
    assert all(f.slug == "run/cleanup" for f in result.cleanup_failures)
    assert world.leftovers()[-1].startswith("mounted: image-1.service")
    assert not world.workspace.output.exists()

    world.fresh()
    again = world.apply()
    assert (ExitCode.CLEANUP, None) == (again.exit_code, again.first_failure)
    assert world.workspace.output.exists()

    world.undoer.stuck = False
    world.fresh()
    last = world.apply()
    assert (ExitCode.DONE, [], [mount]) == (last.exit_code, world.leftovers(), world.undoer.undone)
    assert any(
        "removed what a dead run had left" in e.text for e in world.watcher.events if isinstance(e, Warned)
    )


def test_folder_that_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A work folder that can't be removed is reported with the command; the ISO is there all the same."""

    def stubborn(path: Path) -> None:
        if path.name == "work":
            raise OSError(13, "Permission denied", str(path))
        remove(path)

    monkeypatch.setattr("osrecipe.engine.janitor.remove", stubborn)
    result = world.apply()

    assert (ExitCode.CLEANUP, None) == (result.exit_code, result.first_failure)
    assert "Permission denied" in result.cleanup_failures[0].reason
    assert result.cleanup_failures[0].remedy.startswith("run `rm -r -- ")
    assert world.workspace.output.exists()
    monkeypatch.undo()
    world.fresh()
    assert (ExitCode.DONE, []) == (world.apply().exit_code, world.leftovers())


@pytest.mark.parametrize("point", range(1, 50, 3))
def test_journal_that_can_not_be_written(world: World, monkeypatch: pytest.MonkeyPatch, point: int) -> None:
    """From any record on the disk is full for the journal: no step is taken unannounced, and the run ends in order."""
    original = Journal.write
    count = 0
    lock = threading.Lock()

    def write(self: Journal, what: Record) -> None:
        nonlocal count
        with lock:
            count += 1
            full = count >= point and not isinstance(what, Released)
        if full:
            raise OSError(28, "No space left on device", "journal.jsonl")
        original(self, what)

    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    monkeypatch.setattr(Journal, "write", write)
    result = world.apply()
    monkeypatch.undo()

    if result.first_failure is None:
        assert ExitCode.DONE == result.exit_code
    else:
        assert "run/space" == result.first_failure.slug
        assert result.exit_code in {ExitCode.TASK, ExitCode.CLEANUP}
    world.fresh()
    assert ExitCode.DONE == world.apply().exit_code
    assert [] == world.leftovers()


def test_both_images_fail(tmp_path: Path) -> None:
    """Of two failures the first is the cause; the other does not replace it."""
    world = World(tmp_path)
    adapter = world.fresh()
    adapter.faults["service", "image-1.service"] = OSError(5, "cause 1", "x")
    first_is_over = threading.Event()

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        if request.unit.id == "image-2.service":
            first_is_over.wait(10)
            raise OSError(5, "cause 2", "x")

    original = world.watcher.event

    def event(event: object) -> None:
        if getattr(event, "event", "") == "unit-finished" and getattr(event, "unit", "") == "image-1.service":
            first_is_over.set()
        original(event)  # type: ignore[arg-type]

    world.executor.before = before
    world.watcher.event = event  # type: ignore[method-assign]
    result = world.apply(parallel=3)

    assert result.first_failure is not None
    assert "cause 1: `x`" == result.first_failure.reason
    ends = {str(u.unit): u.status for u in result.units if u.unit.endswith(".service")}
    assert {"failed"} == set(ends.values())
    assert [] == world.leftovers()


def test_running_sessions_give_up_after_a_failure(tmp_path: Path) -> None:
    """A failure cancels what runs: the other image is given up, not saved, and nothing of it is stored."""
    world = World(tmp_path)
    adapter = world.fresh()
    adapter.faults["service", "image-1.service"] = OSError(5, "broken", "x")

    def before(request: UnitRequest, cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + 10
        while request.unit.id == "image-2.service" and not cancelled() and time.monotonic() < until:
            time.sleep(0.01)

    world.executor.before = before
    result = world.apply(parallel=3)

    statuses = {str(u.unit): u.status for u in result.units}
    assert ("failed", "cancelled") == (statuses["image-1.service"], statuses["image-2.service"])
    assert "skipped" == statuses["image-2.customize"]
    assert {"not-run"} == {t.status for t in result.tasks if t.unit == "image-2.service"}
    assert ("commit", "image-2.service") not in adapter.notes
    assert not list(world.workspace.store.glob("v1/*/*/artifacts/image.wim"))
    run = world.workspace.runs()[-1]
    assert () == read(run.journal).outstanding()
