"""Which input, lane and task of one plan is which of the other: by name where names hold, else by what they are.

Nothing here has a direction: swapping the plans swaps the pairs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from osrecipe.model.tasks import AddPackage
from osrecipe.plan.diff_details import fingerprint
from osrecipe.windows.ordering import MOVED

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from osrecipe.model.names import LaneId, TaskId
    from osrecipe.model.plan import Job, Plan, PlannedInput, Session, Task

T = TypeVar("T")


@dataclass(frozen=True)
class Pair(Generic[T]):
    """The same thing on both sides."""

    before: T
    after: T


@dataclass
class Matching(Generic[T]):
    """Pairs, in the order of the `after` side, and what is on one side alone."""

    pairs: list[Pair[T]] = field(default_factory=list)
    removed: list[T] = field(default_factory=list)
    added: list[T] = field(default_factory=list)


@dataclass(frozen=True)
class Lane:
    """The units of a lane; `name` and `target` are those of its sessions, empty for a lane of jobs alone."""

    id: LaneId
    name: str
    target: str
    units: tuple[Session | Job, ...]

    @property
    def tasks(self) -> list[Task]:
        """Its tasks in order."""
        return [task for unit in self.units for task in unit.tasks]


def lanes(plan: Plan) -> list[Lane]:
    """The lanes of a plan, in the order of their first units."""
    found: dict[LaneId, list[Session | Job]] = {}
    for unit in plan.units:
        found.setdefault(unit.lane, []).append(unit)
    return [Lane(name, *_image(units), tuple(units)) for name, units in found.items()]


def _image(units: Iterable[Session | Job]) -> tuple[str, str]:
    return next(((u.name, u.target) for u in units if u.kind == "session"), ("", ""))


def match_inputs(before: Plan, after: Plan) -> Matching[PlannedInput]:
    """Inputs by id, then by content, then the only one of its kind on each side."""
    return _match(
        before.inputs,
        after.inputs,
        (lambda i: i.id, lambda i: i.digest),
        (lambda i: i.summary.partition(" ")[0],),
    )


def match_lanes(before: Plan, after: Plan) -> Matching[Lane]:
    """Lanes by id, then by the image they are about."""
    return _match(
        lanes(before),
        lanes(after),
        (lambda lane: lane.id, lambda lane: (lane.target, lane.name) if lane.target else lane.id),
        (),
    )


def match_tasks(before: Lane, after: Lane, inputs: Matching[PlannedInput]) -> Matching[Task]:
    """Tasks of a lane: what does the same is the same, by name first; then by name, by input, by kind of update."""
    left = {pair.before.id: number for number, pair in enumerate(inputs.pairs)}
    right = {pair.after.id: number for number, pair in enumerate(inputs.pairs)}
    prints: dict[int, bytes] = {}

    def by_print(task: Task) -> bytes:
        """Costly, so not asked of what is equal anyway."""
        if id(task) not in prints:
            prints[id(task)] = fingerprint(task.op)
        return prints[id(task)]

    sides = {id(task): left for task in before.tasks} | {id(task): right for task in after.tasks}

    def by_input(task: Task) -> Hashable:
        if not isinstance(task.op, AddPackage):
            return None
        return ("input", sides[id(task)].get(task.op.input, -1), task.op.update_kind, task.again)

    def by_kind(task: Task) -> Hashable:
        return (task.op.update_kind, task.again) if isinstance(task.op, AddPackage) else None

    return _match(
        before.tasks,
        after.tasks,
        (
            lambda task: (_short(task), by_print(task)),
            lambda task: (by_print(task), task.again),
            lambda task: (_short(task), task.op.op),
            by_input,
        ),
        (by_kind,),
        _equal(before.tasks, after.tasks),
    )


def _equal(before: Sequence[Task], after: Sequence[Task]) -> dict[int, int]:
    """Tasks of one name with equal operations, by their numbers."""
    names = {_short(task): n for n, task in enumerate(after)}
    return {
        n: names[_short(task)]
        for n, task in enumerate(before)
        if _short(task) in names and task.op == after[names[_short(task)]].op
    }


def _short(task: Task) -> str:
    """A task's name inside its lane, which may be called otherwise on the other side."""
    return task.id.partition("/")[2]


def _match(
    before: Sequence[T],
    after: Sequence[T],
    keys: Sequence[Callable[[T], Hashable]],
    only: Sequence[Callable[[T], Hashable]],
    known: Mapping[int, int] | None = None,
) -> Matching[T]:
    """Pair what has equal keys, key by key, the first with the first; None is no key.

    By an `only` key, things are paired where there is one on each side; `known` are pairs to begin with.
    """
    found: dict[int, int] = dict(known or {})
    for key, alone in [*((key, False) for key in keys), *((key, True) for key in only)]:
        left = [n for n in range(len(before)) if n not in found]
        taken = set(found.values())
        right = [n for n in range(len(after)) if n not in taken]
        found |= _paired(
            [(n, key(before[n])) for n in left], [(n, key(after[n])) for n in right], alone=alone
        )
    partner = {right: left for left, right in found.items()}
    return Matching(
        [Pair(before[partner[n]], each) for n, each in enumerate(after) if n in partner],
        [each for n, each in enumerate(before) if n not in found],
        [each for n, each in enumerate(after) if n not in partner],
    )


def _paired(
    left: Sequence[tuple[int, Hashable]], right: Sequence[tuple[int, Hashable]], *, alone: bool
) -> dict[int, int]:
    if not left or not right:
        return {}
    counts = Counter(key for _, key in left), Counter(key for _, key in right)
    waiting: dict[Hashable, list[int]] = {}
    for number, key in reversed(right):
        if key is not None and not (alone and counts[1][key] > 1):
            waiting.setdefault(key, []).append(number)
    found: dict[int, int] = {}
    for number, key in left:
        if waiting.get(key) and not (alone and counts[0][key] > 1):
            found[number] = waiting[key].pop()
    return found


@dataclass(frozen=True)
class Both:
    """Two plans and what belongs together in them."""

    before: Plan
    after: Plan

    @cached_property
    def inputs(self) -> Matching[PlannedInput]:
        """Inputs by pairs."""
        return match_inputs(self.before, self.after)

    @cached_property
    def lanes(self) -> Matching[Lane]:
        """Lanes by pairs."""
        return match_lanes(self.before, self.after)

    @cached_property
    def tasks(self) -> tuple[tuple[Pair[Lane], Matching[Task]], ...]:
        """Tasks by pairs, lane by lane."""
        return tuple((pair, match_tasks(pair.before, pair.after, self.inputs)) for pair in self.lanes.pairs)

    @cached_property
    def moves(self) -> frozenset[TaskId]:
        """Tasks that a recipe moves, on either side."""
        edges = (*self.before.edges, *self.after.edges)
        return frozenset(e.before for e in edges if e.rule == MOVED.id)
