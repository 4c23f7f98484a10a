"""The tally: what a run came to, put together from what each unit came to. No decisions, no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from osrecipe.engine.account import from_evidence, skipped
from osrecipe.engine.keys import store_key
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.result import Failure, RunResult, UnitResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osrecipe.engine.graph import Graph
    from osrecipe.engine.store import Entry
    from osrecipe.engine.unitrun import UnitDone
    from osrecipe.model.adapter import AdapterVersion
    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import TaskResult, Written

_INTERRUPTED = Failure(
    unit=None,
    task=None,
    slug=Slug.RUN_INTERRUPTED,
    reason="the run was asked to stop",
    remedy="run it again: what was finished is not done again",
)


class Tally:
    """Collects, then gives the result.

    Attributes:
        cleanup: what is left behind, in the order it was noticed.
        written: the outputs that were published.
    """

    def __init__(self, plan: Plan, graph: Graph, adapter: AdapterVersion) -> None:
        self._plan = plan
        self._graph = graph
        self._adapter = adapter
        self._done: dict[UnitId, UnitDone] = {}
        self._cached: Mapping[UnitId, Entry] = {}
        self._first: Failure | None = None
        self._interrupted = False
        self.cleanup: list[Failure] = []
        self.written: tuple[Written, ...] = ()

    def cached(self, entries: Mapping[UnitId, Entry]) -> None:
        """These units' artifacts come from the store."""
        self._cached = entries

    def done(self, unit: UnitDone) -> None:
        """A unit ended. Of several failures the first is the cause."""
        self._done[unit.unit] = unit
        if unit.failure is not None:
            self.fail(unit.failure)

    def fail(self, failure: Failure) -> None:
        """Something ended the run; only the first such thing is kept."""
        self._first = self._first or failure

    def interrupt(self) -> None:
        """The run was asked to stop before it was complete."""
        self._interrupted = True
        self.fail(_INTERRUPTED)

    @property
    def failed(self) -> bool:
        """Whether something ended the run early."""
        return self._first is not None

    @property
    def complete(self) -> bool:
        """Whether every unit is done or cached."""
        return all(self._status(unit) in {"done", "cached"} for unit in self._graph.units)

    def result(self, run: str, milliseconds: int) -> RunResult:
        """The result as it stands."""
        return RunResult(
            run=run,
            recipe=self._plan.recipe,
            plan=self._plan.digest,
            adapter=self._adapter,
            exit_code=self._exit_code(),
            units=tuple(self._unit(unit) for unit in self._graph.units),
            tasks=tuple(task for unit in self._graph.units for task in self._tasks(unit)),
            written=self.written,
            first_failure=self._first,
            cleanup_failures=tuple(self.cleanup),
            milliseconds=milliseconds,
        )

    def _exit_code(self) -> ExitCode:
        if self.cleanup:
            return ExitCode.CLEANUP
        if self._interrupted:
            return ExitCode.INTERRUPTED
        if self._first is None:
            return ExitCode.DONE
        return ExitCode.UNEXPECTED if self._first.slug == Slug.INTERNAL else ExitCode.TASK

    def _status(self, unit: UnitId) -> Literal["done", "cached", "failed", "skipped", "cancelled"]:
        if unit in self._cached:
            return "cached"
        return self._done[unit].status if unit in self._done else "skipped"

    def _unit(self, unit: UnitId) -> UnitResult:
        digest = self._graph.units[unit].digest
        done, entry = self._done.get(unit), self._cached.get(unit)
        milliseconds = done.milliseconds if done else 0
        return UnitResult(
            unit=unit,
            status=self._status(unit),
            digest=digest,
            store_key=store_key(digest, self._adapter) if unit in self._graph.storable else None,
            started=done.started if done else 0,
            milliseconds=entry.evidence.milliseconds if entry else milliseconds,
        )

    def _tasks(self, unit: UnitId) -> Iterable[TaskResult]:
        planned = self._graph.units[unit]
        if unit in self._cached:
            return from_evidence(planned, self._cached[unit].evidence.tasks)
        return self._done[unit].results if unit in self._done else skipped(planned)
