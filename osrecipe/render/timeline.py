"""A run over time: when each unit and task began and ended, and the chain of units that made it as long as it was.

Figures only; drawing is `run_svg`'s business. A result without start times gets the earliest the plan's order allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render.lanes import Lane, lanes, needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Job, Plan, Session, Task
    from osrecipe.model.result import RunResult, TaskResult, UnitResult


@dataclass(frozen=True)
class Segment:
    """A task's part of a bar; milliseconds since the run's start."""

    task: Task
    status: str
    start: int
    end: int


@dataclass(frozen=True)
class Bar:
    """A unit that ran."""

    unit: Session | Job
    status: str
    start: int
    end: int
    segments: tuple[Segment, ...]
    critical: bool


@dataclass(frozen=True)
class Row:
    """A lane: what ran in it, in lines of bars that do not overlap, and which of its units came from the store."""

    lane: Lane
    lines: tuple[tuple[Bar, ...], ...]
    cached: tuple[Session | Job, ...]


@dataclass(frozen=True)
class Timeline:
    """The whole run; `recorded` says whether start times are the run's own. `end` in milliseconds."""

    rows: tuple[Row, ...]
    end: int
    recorded: bool


def timeline(result: RunResult, plan: Plan) -> Timeline:
    """Lay a run of `plan` out over time."""
    units = {unit.unit: unit for unit in result.units}
    tasks = {task.task: task for task in result.tasks}
    ran = {id_: unit for id_, unit in units.items() if unit.status not in {"cached", "skipped"}}
    recorded = any(unit.started for unit in ran.values())
    starts = {id_: unit.started for id_, unit in ran.items()} if recorded else _earliest(plan, ran)
    critical = _critical(plan, ran, starts)
    rows = []
    for lane in lanes(plan):
        bars = [
            _bar(unit, ran[unit.id], starts[unit.id], tasks, critical=unit.id in critical)
            for unit in lane.units
            if unit.id in starts
        ]
        cached = tuple(u for u in lane.units if u.id in units and units[u.id].status == "cached")
        rows.append(Row(lane, _packed(bars), cached))
    ends = [bar.end for row in rows for line in row.lines for bar in line]
    return Timeline(tuple(rows), max([*ends, result.milliseconds]), recorded)


def _earliest(plan: Plan, ran: Mapping[UnitId, UnitResult]) -> dict[UnitId, int]:
    """Each unit right after the last it waits for, as if there were room for all at once."""
    before = needs(plan)
    starts: dict[UnitId, int] = {}
    for unit in plan.units:
        if unit.id in ran:
            ends = [starts[o] + ran[o].milliseconds for o in before[unit.id] if o in starts]
            starts[unit.id] = max(ends, default=0)
    return starts


def _critical(
    plan: Plan, ran: Mapping[UnitId, UnitResult], starts: Mapping[UnitId, int]
) -> frozenset[UnitId]:
    """From the unit that ended last back along what each had to wait for.

    That is the last unit over before it began: one it needs, or one whose place among those that run it took.
    """
    before = needs(plan)
    ends = {unit: starts[unit] + ran[unit].milliseconds for unit in starts}
    found: set[UnitId] = set()
    current = max(ends, key=lambda unit: ends[unit], default=None)
    while current is not None and current not in found:
        found.add(current)
        over = [unit for unit, end in ends.items() if end <= starts[current] and unit not in found]
        wanted = frozenset(before.get(current, ()))
        current = max(over, key=lambda unit: (ends[unit], unit in wanted), default=None)
    return frozenset(found)


def _bar(
    unit: Session | Job, ended: UnitResult, start: int, tasks: Mapping[TaskId, TaskResult], *, critical: bool
) -> Bar:
    end = start + max(ended.milliseconds, 0)
    segments: list[Segment] = []
    at = start
    for task in unit.tasks:
        known = tasks.get(task.id)
        if known is None or known.status == "not-run":
            continue
        began = min(max(known.started or at, at), end)
        at = min(began + max(known.milliseconds, 0), end)
        segments.append(Segment(task, known.status, began, at))
    return Bar(unit, ended.status, start, end, tuple(segments), critical)


def _packed(bars: Sequence[Bar]) -> tuple[tuple[Bar, ...], ...]:
    """Bars into as few lines as are needed for none to overlap."""
    lines: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda b: b.start):
        free = next((line for line in lines if line[-1].end <= bar.start), None)
        if free is None:
            lines.append(free := [])
        free.append(bar)
    return tuple(tuple(line) for line in lines)
