"""What units would cost to run: bytes read and written, and time, from inputs' sizes and earlier runs' records.

Figures of the last time a unit of the same name ran: a hint for people, never something a decision hangs on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from osrecipe.engine.graph import references
from osrecipe.model.assessment import Assessment, Cost, UnitStatus
from osrecipe.model.result import RunResult
from osrecipe.model.tasks import InputRef, WriteIso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.engine.evidence import Evidence
    from osrecipe.engine.store import Store
    from osrecipe.engine.workspace import Workspace
    from osrecipe.model.names import InputId, UnitId
    from osrecipe.model.plan import Job, Plan, Session
    from osrecipe.model.tasks import Ref


def with_costs(
    assessment: Assessment, plan: Plan, store: Store, workspace: Workspace, sizes: Mapping[InputId, int]
) -> Assessment:
    """An assessment in which every unit that would run has its cost.

    Args:
        assessment: what would run.
        plan: the plan.
        store: where earlier artifacts are, or were.
        workspace: where earlier runs left their reports.
        sizes: bytes of the plan's inputs.
    """
    writers = frozenset(unit.id for unit in plan.units if _writes_iso(unit))
    known = _Known(store, workspace, sizes, writers)
    units = {
        unit.id: _costed(assessment.units[unit.id], known.cost(unit))
        for unit in plan.units
        if unit.id in assessment.units
    }
    return Assessment(units=units)


def _costed(status: UnitStatus, cost: Cost) -> UnitStatus:
    return status if status.status == "cached" else status.model_copy(update={"cost": cost})


def _writes_iso(unit: Session | Job) -> bool:
    return any(isinstance(task.op, WriteIso) for task in unit.tasks)


class _Known:
    """What earlier runs left to know: by unit the newest evidence, the last duration, the last ISO's size."""

    def __init__(
        self, store: Store, workspace: Workspace, sizes: Mapping[InputId, int], writers: frozenset[UnitId]
    ) -> None:
        self._sizes = sizes
        self._writers = writers
        self._evidence: dict[UnitId, Evidence] = {}
        for evidence in sorted(store.evidence(), key=lambda each: each.at):
            self._evidence[evidence.unit] = evidence
        self._durations: dict[UnitId, int] = {}
        self._iso: int | None = None
        for run in workspace.runs():
            try:
                self._learn(RunResult.model_validate_json(run.report.read_bytes()))
            except (OSError, ValidationError):
                continue  # a run that was killed has no report; older ones may have another form

    def _learn(self, result: RunResult) -> None:
        self._durations |= {u.unit: u.milliseconds for u in result.units if u.status == "done"}
        self._iso = result.written[0].size if result.written else self._iso

    def cost(self, unit: Session | Job) -> Cost:
        """The cost of one unit."""
        refs = references(unit)  # a job that only reads the media tree has none
        return Cost(
            reads=self._sum([self._read(ref) for ref in refs]) if refs else None,
            writes=self._writes(unit),
            milliseconds=self._time(unit.id),
        )

    def _sum(self, parts: list[int | None]) -> int | None:
        return None if None in parts else sum(part for part in parts if part is not None)

    def _read(self, ref: Ref) -> int | None:
        if isinstance(ref, InputRef):
            return self._sizes.get(ref.input)
        made = self._evidence.get(ref.unit)
        if made is None:
            return self._iso if ref.unit in self._writers else None
        return sum(f.size for f in made.files if f.path.partition("/")[0] == ref.name)

    def _writes(self, unit: Session | Job) -> int | None:
        if unit.id in self._writers:
            return self._iso
        made = self._evidence.get(unit.id)
        return made.size if made is not None else None

    def _time(self, unit: UnitId) -> int | None:
        made = self._evidence.get(unit)
        return self._durations.get(unit, made.milliseconds if made is not None else None)
