"""`osrecipe.engine.assess`: what would run, and why."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from support.dict_images import VERSION
from support.dict_plans import sample_plan
from support.engine_runs import World

from osrecipe.engine.assess import assess, difference
from osrecipe.engine.keys import key_folder, store_key
from osrecipe.model.checks import NothingPending
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId, UnitId

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.plan import Job, Plan, Session


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world in which the sample plan has run once."""
    world = World(tmp_path)
    world.apply()
    return world


def _statuses(world: World, plan: Plan) -> dict[str, str]:
    found = assess(plan, VERSION, world.store, world.workspace.previous_plan())
    return {unit: f"{s.status} {s.because}".strip() for unit, s in found.units.items()}


def _entry(world: World, unit: str) -> Path:
    digest = next(u.digest for u in world.plan.units if u.id == unit)
    return world.workspace.store / "v1" / key_folder(store_key(digest, VERSION))


_TREE = "run jobs on the media tree always run"


def test_nothing_stored(tmp_path: Path) -> None:
    """Without a store everything runs, for no particular reason; nothing is made by asking."""
    world = World(tmp_path)
    statuses = _statuses(world, world.plan)

    assert {"run", _TREE} == set(statuses.values())
    assert not world.workspace.folder.exists()


def test_all_stored(world: World) -> None:
    """After a run all is cached but the jobs on the tree."""
    statuses = _statuses(world, world.plan)

    assert {_TREE} == {s for u, s in statuses.items() if u.startswith("media.")}
    assert {"cached"} == {s for u, s in statuses.items() if not u.startswith("media.")}


def test_changed_task_is_named(world: World) -> None:
    """A changed tweak re-runs its session and what is made from it, naming the task; servicing stays cached."""
    statuses = _statuses(world, sample_plan(dict(world.inputs), tweaked="new"))

    assert "cached" == statuses["image-1.service"]
    assert "changed task `image-1/tweak`" == statuses["image-1.customize"]
    assert "changed unit `image-1.customize`: task `image-1/tweak`" == statuses["install.export"]


def test_changed_input_is_named(world: World) -> None:
    """A new update re-runs all that read it, naming the input however far away."""
    world.inputs[InputId("lcu")].write_bytes(b"newer payload")
    statuses = _statuses(world, sample_plan(dict(world.inputs)))

    assert "cached" == statuses["source.images"]
    assert "changed input `lcu`" == statuses["image-2.service"]
    assert "changed unit `image-2.service`: input `lcu`" == statuses["image-2.customize"]
    assert "changed unit `image-1.service`: input `lcu`" == statuses["install.export"]


def test_more_checks_are_a_change(world: World) -> None:
    """A plan that asks for more checks than were made runs what must be checked."""
    statuses = _statuses(world, sample_plan(dict(world.inputs), checks=(NothingPending(),)))

    assert "changed its checks" == statuses["image-1.service"]
    assert "cached" == statuses["image-1.customize"]


def test_step_done_in_a_new_way(world: World) -> None:
    """A step whose meaning changed under the same operation is named as such."""
    old = world.plan.units[0]
    task = old.tasks[0].model_copy(update={"digest": Digest("sha256:" + "1" * 64)})
    new = old.model_copy(update={"tasks": (task,), "digest": Digest("sha256:" + "2" * 64)})

    assert "task `source/images` is done in a new way" == difference(old, new, {old.id: old}, {new.id: new})
    assert "" == difference(old, old, {old.id: old}, {old.id: old})


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("ab", "abc", "task `c` is new"),
        ("abc", "ab", "task `c` was removed"),
        ("abc", "ac", "task `b` was removed"),
        ("abc", "acb", "task `c` was moved"),
    ],
)
def test_tasks_that_come_go_and_move(world: World, before: str, after: str, words: str) -> None:
    """The first task that is new, gone or elsewhere is named."""
    unit = world.plan.units[1]

    def made(names: str) -> Session | Job:
        tasks = tuple(unit.tasks[0].model_copy(update={"id": name}) for name in names)
        return unit.model_copy(update={"tasks": tasks, "digest": Digest(f"sha256:{names}")})

    old, new = made(before), made(after)
    assert words == difference(old, new, {old.id: old}, {new.id: new})


def test_new_unit_just_runs(world: World) -> None:
    """A unit the last run did not have has nothing to differ from."""
    statuses = _statuses(world, sample_plan(dict(world.inputs), images=1))
    assert "changed" == statuses["install.export"].partition(" ")[0]
    fresh = _statuses(world, sample_plan(dict(world.inputs), images=2))
    assert "cached" == fresh["install.export"]


def test_secrets_are_never_stored(world: World) -> None:
    """A session with a secret runs every time, and so does what is made from it; both say why."""
    statuses = _statuses(world, sample_plan(dict(world.inputs), secret=True))

    assert "run it holds a secret" == statuses["image-1.customize"]
    assert "run it is made from `image-1.customize`, which is not stored" == statuses["install.export"]


def test_evicted_artifacts_that_nobody_reads(world: World) -> None:
    """What was evicted need not be made again while all that reads it is stored; it still counts as cached."""
    for entry in _entry(world, "image-1.service").iterdir():
        shutil.rmtree(entry / "artifacts")
    assert "cached" == _statuses(world, world.plan)["image-1.service"]

    changed = _statuses(world, sample_plan(dict(world.inputs), tweaked="new"))
    assert ("run", "cached") == (changed["image-1.service"], changed["image-2.service"])


def test_other_adapter_shares_nothing(world: World) -> None:
    """Another version of a tool makes other artifacts."""
    other = VERSION.model_copy(update={"tools": (("json", "2"),)})
    found = assess(world.plan, other, world.store, None)

    assert "run" == found.units[UnitId("source.images")].status
