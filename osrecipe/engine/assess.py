"""Assessing a plan: what would run here and now, what comes from the store, and why. An overlay; nothing is changed.

Units are looked at from the goal backwards: one whose artifacts were evicted need not run again while everything that
reads them is still stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.engine.graph import Graph, changes_tree, key_of
from osrecipe.engine.keys import store_key
from osrecipe.model.assessment import Assessment, UnitStatus
from osrecipe.model.tasks import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.engine.store import Entry, Store
    from osrecipe.model.adapter import AdapterVersion
    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Plan, Session
    from osrecipe.model.tasks import Ref


@dataclass(frozen=True)
class Decision:
    """Which units run, and the entries the others come from."""

    run: frozenset[UnitId]
    cached: Mapping[UnitId, Entry]


def decide(
    graph: Graph,
    find: Callable[[Session | Job], Entry | None],
    verify: Callable[[Entry, frozenset[str]], bool] = lambda _entry, _names: True,
) -> Decision:
    """Choose what runs.

    Args:
        graph: the plan's units.
        find: an entry of the store that answers for a unit.
        verify: whether the artifacts named so are undamaged; asked only for what a unit that runs will read.
    """
    run: set[UnitId] = set()
    cached: dict[UnitId, Entry] = {}
    for unit in reversed(graph.order):
        entry = find(graph.units[unit]) if unit in graph.storable else None
        wanted = graph.read_artifacts(unit, graph.users(unit) & run)
        if entry is not None and (not wanted or (entry.whole and verify(entry, wanted))):
            cached[unit] = entry
        else:
            run.add(unit)
    return Decision(frozenset(run), cached)


def assess(plan: Plan, adapter: AdapterVersion, store: Store, previous: Plan | None) -> Assessment:
    """What would happen to every unit of a plan.

    Args:
        plan: the plan.
        adapter: who would carry it out.
        store: where artifacts would come from.
        previous: the plan of the last run, to say what changed since; None when there is none.

    Raises:
        OsrecipeError: the plan contradicts itself.
    """
    graph = Graph(plan)
    decision = decide(graph, lambda unit: store.find(store_key(unit.digest, adapter), unit))
    return assessment_of(graph, decision, previous)


def assessment_of(graph: Graph, decision: Decision, previous: Plan | None) -> Assessment:
    """A decision with its reasons."""
    before = {unit.id: unit for unit in previous.units} if previous else {}
    return Assessment(units={unit: _status(graph, decision, unit, before) for unit in graph.units})


def _status(
    graph: Graph, decision: Decision, unit: UnitId, before: Mapping[UnitId, Session | Job]
) -> UnitStatus:
    if unit in decision.cached:
        return UnitStatus(status="cached")
    planned, old = graph.units[unit], before.get(unit)
    if (
        unit in graph.storable
        and old is not None
        and (old.digest != planned.digest or old.tasks != planned.tasks)
    ):
        because = difference(old, planned, before, graph.units)
        if because:
            return UnitStatus(status="changed", because=because)
    return UnitStatus(status="run", because=_why_never_stored(graph, unit))


def _why_never_stored(graph: Graph, unit: UnitId) -> str:
    if unit in graph.storable:
        return ""
    planned = graph.units[unit]
    if changes_tree(planned):
        return "jobs on the media tree always run"
    if not planned.cacheable:
        return "it holds a secret" if planned.kind == "session" else "it is never stored"
    hidden = sorted(graph.producers(unit) - graph.storable)
    return f"it is made from `{hidden[0]}`, which is not stored" if hidden else "it leaves nothing"


def difference(
    old: Session | Job,
    new: Session | Job,
    old_units: Mapping[UnitId, Session | Job],
    new_units: Mapping[UnitId, Session | Job],
) -> str:
    """What of a unit differs first: an input, a unit it starts from or reads, or one of its own tasks.

    Returns an empty string when nothing that is recorded differs.
    """
    return (
        _changed_input(old, new, old_units, new_units)
        or _changed_task(old, new)
        or _changed_otherwise(old, new)
    )


def _changed_input(
    old: Session | Job,
    new: Session | Job,
    old_units: Mapping[UnitId, Session | Job],
    new_units: Mapping[UnitId, Session | Job],
) -> str:
    known = {key_of(ref): ref for ref in _inputs(old)}
    for ref in _inputs(new):
        before = known.get(key_of(ref))
        if before is None or before.digest == ref.digest:
            continue
        if not isinstance(ref, ArtifactRef):
            return f"input `{ref.input}`"
        if ref.unit in old_units and ref.unit in new_units:
            root = difference(old_units[ref.unit], new_units[ref.unit], old_units, new_units)
            return (
                f"unit `{ref.unit}`: {root}"
                if root and not root.startswith("unit")
                else root or f"unit `{ref.unit}`"
            )
        return f"unit `{ref.unit}`"
    return ""


def _inputs(unit: Session | Job) -> tuple[Ref, ...]:
    return (*((unit.base.wim,) if unit.kind == "session" else ()), *unit.inputs)


def _changed_task(old: Session | Job, new: Session | Job) -> str:
    before = {task.id: task for task in old.tasks}
    after = {task.id for task in new.tasks}
    for number, task in enumerate(new.tasks):
        if task.id not in before:
            return f"task `{task.id}` is new"
        if task.op != before[task.id].op:
            return f"task `{task.id}`"
        if number < len(old.tasks) and old.tasks[number].id != task.id:
            gone = old.tasks[number].id
            return f"task `{gone}` was removed" if gone not in after else f"task `{task.id}` was moved"
    gone_last = [task.id for task in old.tasks if task.id not in after]
    return f"task `{gone_last[0]}` was removed" if gone_last else ""


def _changed_otherwise(old: Session | Job, new: Session | Job) -> str:
    """What is left when inputs and operations are equal: how a step is done, or what is checked afterwards."""
    pairs = list(zip(old.tasks, new.tasks, strict=False))
    if old.digest != new.digest:
        steps = [after.id for before, after in pairs if before.digest != after.digest]
        return f"task `{steps[0]}` is done in a new way" if steps else "what it leaves"
    return "its checks" if any(before.checks != after.checks for before, after in pairs) else ""
