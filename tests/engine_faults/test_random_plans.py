"""Random plans with random faults: every unit ends once, needs are respected, and a resumed run ends as any other."""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dict_plans import artifact, job, plan_of, sample_plan, session, tweak
from support.engine_runs import World

from osrecipe.engine.graph import Graph
from osrecipe.model.codes import ExitCode
from osrecipe.model.tasks import ExportImages, ExportPart, ImageRef, PlaceFile, WriteIso
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Plan, Session


def _plan(world: World, parents: list[list[int]]) -> Plan:
    """Sessions, each on top of one image and with further ones exported beside it; then a tree and an ISO."""
    sample = sample_plan(dict(world.inputs), images=1)
    take = sample.units[0]
    copy = next(u for u in sample.units if u.id == "media.copy")
    assert take.kind == "job"
    assert copy.kind == "job"
    units: list[Session | Job] = [take]
    images = [ImageRef(wim=artifact(take, "install.wim"), index=1)]
    for number, above in enumerate(parents):
        chosen = sorted({index % len(images) for index in above})
        base = images[chosen[0]]
        if len(chosen) > 1:
            parts = tuple(ExportPart(image=images[index], refresh=False) for index in chosen)
            op = ExportImages(wim="joined.wim", parts=parts, compress="none")
            joined = job(f"join-{number}", "export", op, produces=("joined.wim",))
            units.append(joined)
            base = ImageRef(wim=artifact(joined, "joined.wim"), index=1)
        made = session(f"lane-{number}", base, [("tweak", tweak(f"t{number}"), ())])
        units.append(made)
        images.append(ImageRef(wim=artifact(made, "image.wim"), index=1))
    last: Job = copy
    units.append(copy)
    for number, image in enumerate(images[1:], start=1):
        op_ = PlaceFile(source=image.wim, to=WinPath(f"sources\\{number}.wim"))
        last = job("media", f"place-{number}", op_, inputs=(image.wim,), after=last)
        units.append(last)
    iso = WriteIso(label="SAMPLE", firmware=("bios",), timestamp=1_600_000_000, output="out/sample.iso")
    units.append(job("media", "iso", iso, produces=("iso",), after=last))
    return plan_of(units, {str(i.id): i.digest for i in sample.inputs})


@settings(deadline=None, max_examples=25)
@given(
    parents=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=5),
    bad=st.sets(st.integers(0, 12), max_size=2),
    parallel=st.integers(1, 4),
)
def test_random_plans(
    tmp_path_factory: pytest.TempPathFactory, parents: list[list[int]], bad: set[int], parallel: int
) -> None:
    """Whatever fails, every unit has one end, none starts early, nothing is left; the next run completes the same ISO."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _fd: None)
        folder = tmp_path_factory.mktemp("plan")
        calm = World(folder / "calm")
        assert ExitCode.DONE == calm.apply(_plan(calm, parents)).exit_code
        world = World(folder / "wild")
        plan = _plan(world, parents)
        graph = Graph(plan)
        adapter = world.fresh()
        failing = {plan.units[number].id for number in bad if number < len(plan.units)}
        for unit in failing:
            adapter.faults["open", unit] = OSError(5, "broken", unit)
            adapter.faults["job", unit.replace(".", "/")] = OSError(5, "broken", unit)
        done: set[UnitId] = set()
        lock = threading.Lock()
        original = world.watcher.event

        def event(event: object) -> None:
            if getattr(event, "event", "") == "unit-finished" and getattr(event, "status", "") == "done":
                with lock:
                    done.add(event.unit)  # type: ignore[attr-defined]
            if getattr(event, "event", "") == "unit-started":
                assert graph.needs[event.unit] <= done  # type: ignore[attr-defined]
            original(event)  # type: ignore[arg-type]

        world.watcher.event = event  # type: ignore[method-assign]
        first = world.apply(plan, parallel=parallel)

        assert bool(failing) == (first.exit_code != ExitCode.DONE)
        assert [] == world.leftovers()
        ends = Counter(e.unit for e in world.watcher.events if e.event == "unit-finished")
        assert set(ends.values()) <= {1}
        assert {u.unit for u in first.units if u.status != "skipped"} == set(ends)
        assert [t.id for u in plan.units for t in u.tasks] == [t.task for t in first.tasks]
        opened = Counter(unit for step, unit in adapter.notes if step == "open" and unit not in failing)
        closed = Counter(unit for step, unit in adapter.notes if step in {"commit", "discard"})
        assert opened == closed
        world.fresh()
        second = world.apply(plan, parallel=parallel)
        assert ExitCode.DONE == second.exit_code
        assert calm.workspace.output.read_bytes() == world.workspace.output.read_bytes()
        assert not set(world.executor.calls) & {
            u.unit for u in first.units if u.status == "done" and u.store_key
        }


def test_many_runs_at_once_share_a_store(tmp_path: Path) -> None:
    """Runs in workspaces of their own that share one store end alike, whoever publishes first."""
    from osrecipe.engine.runner import Options, run
    from osrecipe.engine.store import Store

    worlds = [World(tmp_path / str(n), images=1) for n in range(4)]
    for world in worlds:  # the inputs' times differ, their digests do not
        assert worlds[0].plan.digest == world.plan.digest
    codes: list[ExitCode] = []

    def go(world: World) -> None:
        result = run(
            world.plan,
            world.executor,
            world.workspace,
            Store(tmp_path / "store"),
            world.watcher,
            resolve_inputs=world.inputs,
            options=Options(undoers={"mount": world.undoer}),
        )
        codes.append(result.exit_code)

    threads = [threading.Thread(target=go, args=(world,)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [ExitCode.DONE] * 4 == codes
    assert 1 == len({world.workspace.output.read_bytes() for world in worlds})
    assert all(1 == len(list(key.iterdir())) for key in (tmp_path / "store" / "v1").glob("[0-9a-f]*"))
    assert 4 == len(list((tmp_path / "store" / "v1").glob("*/*/artifacts")))
