"""The engine dies at every point of its journal; the next start cleans up and ends as if nothing had happened."""

from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING

import pytest
from support.engine_runs import World

from osrecipe.engine.journal import Journal, read
from osrecipe.engine.records import LINE, Line
from osrecipe.model.codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.engine.records import Record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork to die in the middle")

_DEAD = 77
_SMALL = 1
_EVERY = {"torn": 6}
"""A torn record says no more than one that was never written; a sample of them is enough."""


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that the kernel has, so these tests need not wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


def _die_in(world: World, action: Callable[[], object]) -> int:
    """Run `action` in a copy of this process; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    world.fresh()
    return status


def _dying(point: int, when: str) -> Callable[[Journal, Record], None]:
    """A `Journal.write` that ends the process at its `point`th record: before, in the middle of, or after it."""
    original = Journal.write
    count = itertools.count(1)

    def write(self: Journal, what: Record) -> None:
        number = next(count)  # units run in threads: each record has a number of its own
        if number == point and when == "before":
            os._exit(_DEAD)
        if number == point and when == "torn":
            text = LINE.dump_json(Line(n=number, at=0, what=what))
            self._file.write(text[: len(text) // 2])
            self._file.flush()
            os._exit(_DEAD)
        original(self, what)
        if number == point and when == "after":
            os._exit(_DEAD)

    return write


def _kill_at(world: World, point: int, when: str) -> int:
    def action() -> None:
        setattr(Journal, "write", _dying(point, when))  # noqa: B010 - in a process of its own
        world.apply()

    return _die_in(world, action)


def _records(world: World) -> int:
    return sum(len(read(run.journal).lines) for run in world.workspace.runs())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A run that nothing disturbs."""
    world = World(tmp_path_factory.mktemp("undisturbed"), images=_SMALL)
    world.apply()
    return world


@pytest.mark.parametrize("when", ["before", "after", "torn"])
def test_killed_at_every_record(tmp_path: Path, undisturbed: World, when: str) -> None:
    """Killed at any record, the next start removes exactly what was left, and its ISO is the undisturbed one."""
    last = _records(undisturbed)
    expected = undisturbed.workspace.output.read_bytes()
    stored = {p.parent.parent.name for p in undisturbed.workspace.store.glob("v1/*/*/artifacts")}

    for point in range(1, last + 1, _EVERY.get(when, 1)):
        world = World(tmp_path / str(point), images=_SMALL)
        bystander = world.folder / "out" / "someone-elses.part"
        bystander.write_text("not ours")
        assert _DEAD == _kill_at(world, point, when)
        result = world.apply()

        assert (point, ExitCode.DONE) == (point, result.exit_code)
        assert (point, ["someone-elses.part"]) == (point, world.leftovers())
        assert (point, expected) == (point, world.workspace.output.read_bytes())
        keys = {p.parent.parent.name for p in world.workspace.store.glob("v1/*/*/artifacts")}
        assert (point, stored) == (point, keys)
        assert all(unit.status in {"done", "cached"} for unit in result.units)


def test_dies_of_nothing_past_the_end(tmp_path: Path, undisturbed: World) -> None:
    """The points above reach the journal's end: one further and the run is over."""
    world = World(tmp_path, images=_SMALL)

    assert 0 == _kill_at(world, _records(undisturbed) + 1, "before")


def test_killed_while_cleaning(tmp_path: Path) -> None:
    """A start that dies while cleaning up after another leaves the rest to the next one."""
    world = World(tmp_path, images=_SMALL)
    assert _DEAD == _kill_at(world, 12, "after")
    assert world.leftovers()
    for point in range(1, 4):
        assert _DEAD == _kill_at(world, point, "before")

    assert ExitCode.DONE == world.apply().exit_code
    assert [] == world.leftovers()
