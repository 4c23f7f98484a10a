"""`diff_plans`: what differs between two compiled plans, in the terms of the people who review it.

Pure. Places and names of things are not compared, but what is done, to which bytes, in which order; `diff_match` finds
what belongs together, `diff_details` says what a task does otherwise, `diff_risks` what deserves a second look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.diff import (
    BecauseChange,
    Detail,
    InputChange,
    InputSide,
    Moved,
    PlanDiff,
    Rename,
    TaskChange,
    TaskSide,
    UnitFate,
)
from osrecipe.model.frozen import digest_of
from osrecipe.model.tasks import ApplyTweak
from osrecipe.plan.diff_details import content, details, package_versions, promises
from osrecipe.plan.diff_images import image_changes
from osrecipe.plan.diff_match import Both
from osrecipe.plan.diff_order import moved
from osrecipe.plan.diff_risks import risks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Job, Plan, PlannedInput, Session, Task
    from osrecipe.plan.diff_match import Lane, Pair


def diff_plans(before: Plan, after: Plan) -> PlanDiff:
    """What differs between two plans.

    Returns:
        The differences; equal plans have none, and so have plans that differ in names alone. Swapping the arguments
        swaps the sides; only risks have a direction.
    """
    both = Both(before, after)
    inputs, tasks = tuple(_inputs(both)), tuple(_tasks(both))
    images = image_changes(before, after, both.lanes)
    return PlanDiff(
        recipe=after.recipe,
        before=before.digest,
        after=after.digest,
        inputs=inputs,
        images=images,
        tasks=tasks,
        moved=tuple(_moved(both)),
        settings=tuple(_settings(both)),
        units=tuple(_units(both)),
        risks=risks(both, inputs, images, tasks),
        renames=tuple(_renames(both)),
        because=tuple(_because(both)),
        notes=tuple(_notes(both)),
    )


def empty_plan(like: Plan) -> Plan:
    """A plan that does nothing, to compare a recipe with that is on one side only."""
    nothing = digest_of([])
    return like.model_copy(
        update={"inputs": (), "units": (), "edges": (), "rules": {}, "notes": (), "digest": nothing}
    )


# --- inputs ----------------------------------------------------------------------------------------------------------


def _inputs(both: Both) -> Iterator[InputChange]:
    left, right = package_versions(both.before), package_versions(both.after)
    for pair in both.inputs.pairs:
        was, now = _side(pair.before, left), _side(pair.after, right)
        if was.digest != now.digest:
            is_alike = (was.summary, was.kb, was.version) == (now.summary, now.kb, now.version)
            yield InputChange(change="content" if is_alike else "bumped", before=was, after=now)
    for each in both.inputs.removed:
        yield InputChange(change="removed", before=_side(each, left), after=None)
    for each in both.inputs.added:
        yield InputChange(change="added", before=None, after=_side(each, right))


def _side(planned: PlannedInput, known: Mapping[InputId, tuple[str, str]]) -> InputSide:
    kb, version = known.get(planned.id, ("", ""))
    return InputSide(id=planned.id, digest=planned.digest, summary=planned.summary, kb=kb, version=version)


# --- tasks -----------------------------------------------------------------------------------------------------------


def _tasks(both: Both) -> Iterator[TaskChange]:
    """Task by task in the lanes that are on both sides; the tasks of other lanes are told with their images."""
    promised: tuple[frozenset[bytes], frozenset[bytes]] | None = None
    for lanes, tasks in both.tasks:
        lane = lanes.after.id
        for each in tasks.removed:
            said = content(each.op, is_new=False)
            yield TaskChange(change="removed", lane=lane, before=task_side(each), after=None, details=said)
        for pair in tasks.pairs:
            if pair.before.op == pair.after.op:
                continue
            promised = promised or (promises(both.before), promises(both.after))
            if found := details(pair.before.op, pair.after.op, promised):
                was, now = task_side(pair.before), task_side(pair.after)
                yield TaskChange(change="changed", lane=lane, before=was, after=now, details=found)
        for each in tasks.added:
            said = content(each.op, is_new=True)
            yield TaskChange(change="added", lane=lane, before=None, after=task_side(each), details=said)


def task_side(task: Task) -> TaskSide:
    """A task as a diff shows it."""
    because = task.op.because if isinstance(task.op, ApplyTweak) else ""
    return TaskSide(id=task.id, title=task.title, because=because, again=task.again is not None)


def _moved(both: Both) -> Iterator[Moved]:
    """Tasks of sessions that stand elsewhere; jobs wait for what they need and have no order of their own."""
    for lanes, tasks in both.tasks:
        left = {task.id: (unit, n) for unit in lanes.before.units for n, task in enumerate(unit.tasks)}
        right = {task.id: (unit, n) for unit in lanes.after.units for n, task in enumerate(unit.tasks)}
        staying: dict[tuple[str, str], list[Pair[Task]]] = {}
        for pair in tasks.pairs:
            (was, at), (now, to) = left[pair.before.id], right[pair.after.id]
            if was.kind == "job" or now.kind == "job":
                continue
            if _part(was) != _part(now):
                yield _move(pair, lanes.after, was, at, now, to)
            else:
                staying.setdefault((was.id, now.id), []).append(pair)
        for pairs in staying.values():
            for pair in _lifted(both, pairs, [left[pair.before.id][1] for pair in pairs]):
                yield _move(pair, lanes.after, *left[pair.before.id], *right[pair.after.id])


def _lifted(both: Both, pairs: Sequence[Pair[Task]], positions: Sequence[int]) -> Iterator[Pair[Task]]:
    """The pairs of one session that moved, in the new order."""
    found = moved(positions, lambda number: _rank(both, pairs[number]))
    yield from (pairs[number] for number in sorted(found))


def _rank(both: Both, pair: Pair[Task]) -> tuple[object, ...]:
    """What stays where there is a choice: not what the recipe moves, else the first by name."""
    names = sorted([pair.before.id, pair.after.id])
    return (bool(both.moves & set(names)), *names)


def _part(unit: Session | Job) -> str:
    return unit.id.removeprefix(f"{unit.lane}.")


def _move(pair: Pair[Task], lane: Lane, was: Session | Job, at: int, now: Session | Job, to: int) -> Moved:
    return Moved(
        task=pair.after.id,
        lane=lane.id,
        from_session=was.id,
        session=now.id,
        was_after=was.tasks[at - 1].id if at else None,
        is_after=now.tasks[to - 1].id if to else None,
    )


# --- the plan as a whole ---------------------------------------------------------------------------------------------


def _settings(both: Both) -> Iterator[Detail]:
    before, after = both.before, both.after
    if before.ordering != after.ordering:
        yield Detail(what="ordering", before=before.ordering, after=after.ordering)
    pairs = {(str(pair.before.id), str(pair.after.id)) for pair in both.inputs.pairs}
    is_known = any(before.source == b or after.source == a for b, a in pairs)
    if is_known and (before.source, after.source) not in pairs:
        yield Detail(what="source", before=before.source, after=after.source)


def _units(both: Both) -> Iterator[UnitFate]:
    known = {unit.digest for unit in both.before.units}
    for unit in both.after.units:
        if not unit.cacheable:
            yield UnitFate(unit=unit.id, fate="always")
        else:
            yield UnitFate(unit=unit.id, fate="kept" if unit.digest in known else "rebuilt")


def _renames(both: Both) -> Iterator[Rename]:
    if both.before.recipe != both.after.recipe:
        yield Rename(what="recipe", before=both.before.recipe, after=both.after.recipe)
    for inputs in both.inputs.pairs:
        if inputs.before.id != inputs.after.id:
            yield Rename(what="input", before=inputs.before.id, after=inputs.after.id)
    for lanes, tasks in both.tasks:
        if lanes.before.id != lanes.after.id:
            yield Rename(what="lane", before=lanes.before.id, after=lanes.after.id)
        for pair in tasks.pairs:
            was, now = (task.id.partition("/")[2] for task in (pair.before, pair.after))
            if was != now:
                is_tweak = isinstance(pair.after.op, ApplyTweak)
                names = pair.before.id, pair.after.id
                yield Rename(what="tweak" if is_tweak else "task", before=names[0], after=names[1])


def _because(both: Both) -> Iterator[BecauseChange]:
    for _, tasks in both.tasks:
        for pair in tasks.pairs:
            was, now = task_side(pair.before).because, task_side(pair.after).because
            if was != now:
                yield BecauseChange(task=pair.after.id, before=was, after=now)


def _notes(both: Both) -> Iterator[Detail]:
    left = dict.fromkeys(note.text for note in both.before.notes)
    right = dict.fromkeys(note.text for note in both.after.notes)
    yield from (Detail(what="", before=text, after=None) for text in left if text not in right)
    yield from (Detail(what="", before=None, after=text) for text in right if text not in left)
