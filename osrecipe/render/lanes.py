"""A plan by lanes, as people read it: what stands side by side, what waits for what. A view; changes no order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render.style import clean
from osrecipe.windows.ordering import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osrecipe.model.names import LaneId, RuleId, TaskId, UnitId
    from osrecipe.model.plan import Job, Plan, Session


@dataclass(frozen=True)
class Lane:
    """The units of one lane, in order; `name` is the image's, empty for a lane of jobs alone."""

    id: LaneId
    name: str
    units: tuple[Session | Job, ...]

    @property
    def title(self) -> str:
        """The lane with its image: `install-pro: Windows 10 Pro`."""
        shown = clean(self.id)
        return shown if not self.name or self.name == self.id else f"{shown}: {clean(self.name)}"

    @property
    def tasks(self) -> int:
        """How many tasks it has."""
        return sum(len(unit.tasks) for unit in self.units)


def lanes(plan: Plan) -> tuple[Lane, ...]:
    """The plan's lanes, in the order of their first units."""
    found: dict[LaneId, list[Session | Job]] = {}
    for unit in plan.units:
        found.setdefault(unit.lane, []).append(unit)
    return tuple(Lane(lane, _name(units), tuple(units)) for lane, units in found.items())


def _name(units: Iterable[Session | Job]) -> str:
    return next((unit.name for unit in units if unit.kind == "session"), "")


def needs(plan: Plan) -> dict[UnitId, tuple[UnitId, ...]]:
    """The units each unit waits for by the plan's edges, in the plan's order."""
    home = {task.id: unit.id for unit in plan.units for task in unit.tasks}
    found: dict[UnitId, dict[UnitId, None]] = {unit.id: {} for unit in plan.units}
    for edge in plan.edges:
        before, after = home.get(edge.before), home.get(edge.after)
        if before is not None and after is not None and before != after:
            found[after][before] = None
    return {unit: tuple(those) for unit, those in found.items()}


def stages(plan: Plan) -> tuple[tuple[Lane, ...], ...]:
    """Lanes in groups: within a group none needs anything of another to begin, so they can run side by side."""
    before = _all_before(plan)
    place = {unit.id: 1 << number for number, unit in enumerate(plan.units)}
    groups: list[list[Lane]] = []
    members = 0
    for lane in lanes(plan):
        if not groups or before[lane.units[0].id] & members:
            groups.append([])
            members = 0
        groups[-1].append(lane)
        members |= sum(place[unit.id] for unit in lane.units)
    return tuple(tuple(group) for group in groups)


def _all_before(plan: Plan) -> dict[UnitId, int]:
    """Everything each unit waits for, near and far, as bits in the plan's order, which is a valid one."""
    wanted = needs(plan)
    place = {unit.id: 1 << number for number, unit in enumerate(plan.units)}
    found: dict[UnitId, int] = {}
    for unit in plan.units:
        bits = 0
        for other in wanted[unit.id]:
            bits |= place[other] | found.get(other, 0)
        found[unit.id] = bits
    return found


def waits(plan: Plan) -> Mapping[UnitId, tuple[TaskId, ...]]:
    """The tasks of other lanes each unit waits for, in the plan's order."""
    lane = {task.id: unit.lane for unit in plan.units for task in unit.tasks}
    home = {task.id: unit.id for unit in plan.units for task in unit.tasks}
    found: dict[UnitId, dict[TaskId, None]] = {unit.id: {} for unit in plan.units}
    for edge in plan.edges:
        if edge.before in home and edge.after in home and lane[edge.before] != lane[edge.after]:
            found[home[edge.after]][edge.before] = None
    return {unit: tuple(tasks) for unit, tasks in found.items()}


def reason(plan: Plan, rule: RuleId) -> str:
    """Why a rule holds, from the plan or from the table; its name when neither knows it."""
    known = RULES.get(rule)
    return clean(plan.rules.get(rule) or (known.reason if known else rule))
