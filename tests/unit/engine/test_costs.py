"""What units would cost to run, from earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.dict_images import VERSION
from support.dict_plans import sample_plan
from support.engine_runs import World

from osrecipe.engine.assess import assess
from osrecipe.engine.costs import with_costs
from osrecipe.model.names import InputId

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.assessment import UnitStatus
    from osrecipe.model.plan import Plan


def costs(world: World, plan: Plan) -> dict[str, UnitStatus]:
    """Every unit's status with its cost."""
    sizes = {name: path.stat().st_size for name, path in world.inputs.items() if path.is_file()}
    assessed = assess(plan, VERSION, world.store, world.workspace.previous_plan())
    found = with_costs(assessed, plan, world.store, world.workspace, sizes)
    return {str(unit): status for unit, status in found.units.items()}


def test_before_the_first_run_only_inputs_are_known(tmp_path: Path) -> None:
    """Sizes of inputs are known; what units leave, and how long they take, is not."""
    world = World(tmp_path)
    found = costs(world, world.plan)

    taken = found["source.images"].cost
    assert taken is not None
    assert world.inputs[InputId("media")].stat().st_size == taken.reads
    assert (None, None) == (taken.writes, taken.milliseconds)
    service = found["image-1.service"].cost
    assert service is not None
    assert service.reads is None
    assert not world.workspace.folder.exists()


def test_what_is_stored_costs_nothing_and_has_no_figures(tmp_path: Path) -> None:
    """A cached unit does not run."""
    world = World(tmp_path)
    world.apply()

    found = costs(world, world.plan)

    cached = [status for status in found.values() if status.status == "cached"]
    assert cached
    assert {None} == {status.cost for status in cached}


def test_a_changed_unit_costs_what_it_took_the_last_time(tmp_path: Path) -> None:
    """Its own bytes and time, and those it reads, come from the run before the change."""
    world = World(tmp_path)
    world.apply()

    found = costs(world, sample_plan(dict(world.inputs), tweaked="new"))["image-1.customize"]

    assert "changed" == found.status
    assert found.cost is not None
    assert None not in {found.cost.reads, found.cost.writes, found.cost.milliseconds}
    known = {e.unit: e.size for e in world.store.evidence()}
    assert known[next(u for u in known if u == "image-1.customize")] == found.cost.writes


def test_reports_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    """A run that was killed left no report, an old one another form."""
    world = World(tmp_path)
    world.apply()
    for run in world.workspace.runs():
        run.report.write_text("{}")

    media = costs(world, world.plan)["media.copy"].cost

    assert media is not None
    assert media.milliseconds is None
