"""A plan as cards to draw: sessions, and jobs that stand together, each after what it waits for. A view; no pixels.

A card that another reaches over a third anyway has no line to it, so that the picture says what matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from osrecipe.render.lanes import lanes, needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Plan, Session, Task
    from osrecipe.render.lanes import Lane


@dataclass(frozen=True)
class Card:
    """Units that are drawn as one.

    Attributes:
        number: from 0, in the plan's order.
        part: which of its lane's sessions it is; empty for jobs.
        after: numbers of the cards right before it.
        column: how many cards are before it on the longest way.
        track: the row it stands in.
    """

    number: int
    lane: Lane
    part: str
    units: tuple[Session | Job, ...]
    after: tuple[int, ...]
    column: int
    track: int

    @property
    def tasks(self) -> list[Task]:
        """Its tasks in order."""
        return [task for unit in self.units for task in unit.tasks]


def cards(plan: Plan) -> tuple[Card, ...]:
    """The plan's cards, in its order."""
    waits = needs(plan)
    groups = _grouped(lanes(plan), waits)
    home = {unit.id: number for number, (_, units) in enumerate(groups) for unit in units}
    after = reduced(_between(groups, home, waits))
    columns = _columns(after)
    tracks = _tracks(groups, after, columns)
    return tuple(
        Card(number, lane, _part(units), units, tuple(sorted(after[number])), columns[number], tracks[number])
        for number, (lane, units) in enumerate(groups)
    )


_Group = tuple["Lane", tuple["Session | Job", ...]]


def _part(units: Sequence[Session | Job]) -> str:
    return units[0].id.removeprefix(f"{units[0].lane}.") if units[0].kind == "session" else ""


def _grouped(found: Sequence[Lane], waits: Mapping[UnitId, tuple[UnitId, ...]]) -> list[_Group]:
    """Each lane's jobs in one group where that makes no circle; each session by itself."""
    groups: list[_Group] = [(lane, (unit,)) for lane in found for unit in lane.units]
    for lane in found:
        jobs = tuple(unit for unit in lane.units if unit.kind == "job")
        if len(jobs) > 1:
            others = [(at, units) for at, units in groups if units[0] not in jobs]
            place = next(n for n, (_, units) in enumerate(groups) if units[0] in jobs)
            joined = [*others[:place], (lane, jobs), *others[place:]]
            if _is_order(joined, waits):
                groups = joined
    return groups


def _is_order(groups: Sequence[_Group], waits: Mapping[UnitId, tuple[UnitId, ...]]) -> bool:
    home = {unit.id: number for number, (_, units) in enumerate(groups) for unit in units}
    try:
        TopologicalSorter(_between(groups, home, waits)).prepare()
    except CycleError:
        return False
    return True


def _between(
    groups: Sequence[_Group], home: Mapping[UnitId, int], waits: Mapping[UnitId, tuple[UnitId, ...]]
) -> dict[int, set[int]]:
    return {
        number: {home[other] for unit in units for other in waits[unit.id]} - {number}
        for number, (_, units) in enumerate(groups)
    }


def reduced(after: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """What each comes after, without what a longer way says as well; numbers of anything."""
    above: dict[int, int] = {}
    kept: dict[int, set[int]] = {}
    for number in TopologicalSorter(after).static_order():
        further = 0
        for other in after[number]:
            further |= above[other]
        kept[number] = {other for other in after[number] if not further >> other & 1}
        above[number] = further
        for other in after[number]:
            above[number] |= 1 << other
    return kept


def _columns(after: Mapping[int, set[int]]) -> dict[int, int]:
    columns: dict[int, int] = {}
    for number in TopologicalSorter(after).static_order():
        columns[number] = max((columns[other] + 1 for other in after[number]), default=0)
    return columns


def _tracks(
    groups: Sequence[_Group], after: Mapping[int, set[int]], columns: Mapping[int, int]
) -> dict[int, int]:
    """A row for each image, in order; jobs go into the free row nearest to what they are joined with."""
    rows: dict[str, int] = {}
    for lane, units in groups:
        if units[0].kind == "session":
            rows.setdefault(lane.id, len(rows))
    tracks = {n: rows[lane.id] for n, (lane, units) in enumerate(groups) if units[0].kind == "session"}
    taken: set[tuple[int, int]] = set()
    for number, track in tracks.items():
        first = min(
            columns[n] for n, (lane, _) in enumerate(groups) if n in tracks and rows[lane.id] == track
        )
        taken.update((track, column) for column in range(first, columns[number] + 1))
    followers: dict[int, set[int]] = {n: set() for n in after}
    for number, others in after.items():
        for other in others:
            followers[other].add(number)
    for number, (lane, _) in enumerate(groups):
        if number not in tracks:
            near = [tracks[n] for n in after[number] or followers[number] if n in tracks]
            wanted = rows[lane.id] if lane.id in rows else sum(near) / len(near) if near else 0.0
            tracks[number] = _free(wanted, columns[number], taken)
            taken.add((tracks[number], columns[number]))
    return tracks


def _free(wanted: float, column: int, taken: set[tuple[int, int]]) -> int:
    rows = range(len(taken) + 1)
    return min((row for row in rows if (row, column) not in taken), key=lambda row: (abs(row - wanted), row))
