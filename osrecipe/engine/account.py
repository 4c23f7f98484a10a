"""Accounting: every task of a unit has exactly one end, or the unit's work is not trusted.

A tool that says it is done although a step was left out is worse than one that fails (Packer's issue 13301 shows how
long that stays unseen), so what the events do not account for is a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.engine.expectations import in_force
from osrecipe.model.codes import Slug
from osrecipe.model.events import TaskChecked, TaskFailed, TaskFinished, TaskStarted
from osrecipe.model.result import Failure, TaskResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.model.checks import CheckResult
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.result import TaskStatus


@dataclass
class _Entry:
    finished: TaskFinished | None = None
    failed: TaskFailed | None = None
    checks: tuple[CheckResult, ...] = ()
    started: int | None = None


class Ledger:
    """What a unit's events say of its tasks.

    Args:
        unit: the unit.
        log: the path under which a task's log is reported; an empty string when there is none.
        now: milliseconds since the run's start.
    """

    def __init__(
        self,
        unit: Session | Job,
        log: Callable[[TaskId | UnitId], str] = lambda _: "",
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        self._unit = unit
        self._log = log
        self._now = now
        self._entries = {task.id: _Entry() for task in unit.tasks}
        self._order = [task.id for task in unit.tasks]
        self._next = 0
        self._complaint = ""

    def hear(self, event: Event) -> None:
        """Enter an event; those that are not about a task's state are ignored."""
        if not isinstance(event, TaskStarted | TaskFinished | TaskFailed | TaskChecked):
            return
        entry = self._entries.get(event.task)
        if entry is None or event.unit != self._unit.id:
            self._complain(f"a task was reported that is not in the unit: `{event.task}`")
            return
        match event:
            case TaskStarted():
                self._start(event.task, entry)
            case TaskFinished():
                self._finish(event, entry)
            case TaskFailed():
                if entry.failed is None:
                    entry.failed = event
            case TaskChecked():
                entry.checks += event.checks

    def complaint(self) -> str:
        """What the events of a unit that says it is done leave open; an empty string when all is accounted for."""
        missing = [task for task, entry in self._entries.items() if entry.finished is None]
        if missing:
            self._complain(f"the unit ended, but a task was never reported as done: `{missing[0]}`")
        if self.failed() is not None:
            self._complain("the unit says that it is done, but one of its tasks failed")
        for task, checks in zip(self._order, in_force(self._unit), strict=True):
            made = {result.check for result in self._made(task) if result.passed}
            if not made.issuperset(checks):
                self._complain(f"a check of a task was not made, or did not hold: `{task}`")
        return self._complaint

    def failed(self) -> TaskFailed | None:
        """The first failure reported."""
        return next((e.failed for e in self._entries.values() if e.failed is not None), None)

    def failure(self, reason: str, slug: str = Slug.RUN_TASK_FAILED, remedy: str = "") -> Failure:
        """The failure to report: the failed task's own, or `reason` for the task that was running or the unit."""
        event = self.failed() or self._unended(slug, reason, remedy)
        if event is None:
            log = self._log(self._unit.id)
            return Failure(unit=self._unit.id, task=None, slug=slug, reason=reason, remedy=remedy, log=log)
        task = next(t for t in self._unit.tasks if t.id == event.task)
        return Failure(
            unit=self._unit.id,
            task=task.id,
            slug=event.slug,
            reason=event.reason,
            code=event.code,
            remedy=event.remedy,
            origin=task.origin,
            log=self._log(task.id) or self._log(self._unit.id),
        )

    def _unended(self, slug: str, reason: str, remedy: str) -> TaskFailed | None:
        """Take the unit's failure as that of the task that was started and never ended, if there is one."""
        for task, entry in self._entries.items():
            if entry.started is not None and entry.finished is None:
                entry.failed = TaskFailed(
                    unit=self._unit.id, task=task, slug=slug, reason=reason, remedy=remedy
                )
                return entry.failed
        return None

    def results(self, *, saved: bool) -> tuple[TaskResult, ...]:
        """The result of each task, in the plan's order; what was done but not saved is `discarded`."""
        return tuple(self._result(task, self._entries[task.id], saved=saved) for task in self._unit.tasks)

    def _result(self, task: Task, entry: _Entry, *, saved: bool) -> TaskResult:
        end = entry.failed or entry.finished
        status: TaskStatus = "not-run"
        if entry.failed is not None:
            status = "failed"
        elif entry.finished is not None:
            status = "done" if saved else "discarded"
        return TaskResult(
            task=task.id,
            unit=self._unit.id,
            title=task.title,
            status=status,
            detail=_detail(entry),
            figures=entry.finished.figures if entry.finished else (),
            checks=self._made(task.id) or (entry.failed.checks if entry.failed else ()),
            started=entry.started or 0,
            milliseconds=end.milliseconds if end else 0,
            log=self._log(task.id),
        )

    def _made(self, task: TaskId) -> tuple[CheckResult, ...]:
        entry = self._entries[task]
        return (entry.finished.checks if entry.finished else ()) + entry.checks

    def _start(self, task: TaskId, entry: _Entry) -> None:
        if entry.started is not None:
            self._complain(f"a task was started twice: `{task}`")
        elif self._order[self._next] != task:
            self._complain(f"a task was started out of its turn: `{task}`")
        entry.started = self._now()
        self._next = min(self._order.index(task) + 1, len(self._order) - 1)

    def _finish(self, event: TaskFinished, entry: _Entry) -> None:
        if entry.finished is not None:
            self._complain(f"a task was reported as done twice: `{event.task}`")
        elif entry.started is None:
            self._complain(f"a task was reported as done that was never started: `{event.task}`")
        entry.finished = entry.finished or event

    def _complain(self, text: str) -> None:
        self._complaint = self._complaint or text


def _detail(entry: _Entry) -> str:
    if entry.failed is not None:
        return entry.failed.reason
    if entry.finished is None:
        return ""
    plain = entry.finished.status == "done"
    return (
        entry.finished.detail if plain else f"{entry.finished.status}: {entry.finished.detail}".rstrip(": ")
    )


def skipped(unit: Session | Job) -> tuple[TaskResult, ...]:
    """The results of a unit that never started."""
    return tuple(TaskResult(task=t.id, unit=unit.id, title=t.title, status="not-run") for t in unit.tasks)


def from_evidence(unit: Session | Job, results: tuple[TaskResult, ...]) -> tuple[TaskResult, ...]:
    """The results of a unit whose artifacts came from the store: as when it ran, under today's names."""
    return tuple(
        old.model_copy(
            update={
                "task": t.id,
                "unit": unit.id,
                "title": t.title,
                "status": "cached",
                "started": 0,
                "log": "",
            }
        )
        for t, old in zip(unit.tasks, results, strict=True)
    )
