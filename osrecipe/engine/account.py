"""Accounting: every task of a unit has exactly one end, or the unit's work is not trusted.

A tool that says it is done although a step was left out is worse than one that fails (Packer's issue 13301 shows how
long that stays unseen), so what the events do not account for is a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.events import TaskChecked, TaskFailed, TaskFinished, TaskStarted
from osrecipe.model.result import Failure, TaskResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.model.checks import CheckResult
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.result import TaskStatus


@dataclass
class _Entry:
    finished: TaskFinished | None = None
    failed: TaskFailed | None = None
    checks: tuple[CheckResult, ...] = ()
    started: bool = False


class Ledger:
    """What a unit's events say of its tasks.

    Args:
        unit: the unit.
        log: the path under which a task's log is reported; an empty string when there is none.
    """

    def __init__(self, unit: Session | Job, log: Callable[[TaskId], str] = lambda _: "") -> None:
        self._unit = unit
        self._log = log
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
        return self._complaint

    def failed(self) -> TaskFailed | None:
        """The first failure reported."""
        return next((e.failed for e in self._entries.values() if e.failed is not None), None)

    def failure(self, reason: str, slug: str = Slug.RUN_TASK_FAILED, remedy: str = "") -> Failure:
        """The failure to report: the failed task's own, or `reason` for the unit as a whole."""
        event = self.failed()
        if event is None:
            return Failure(unit=self._unit.id, task=None, slug=slug, reason=reason, remedy=remedy)
        task = next(t for t in self._unit.tasks if t.id == event.task)
        return Failure(
            unit=self._unit.id,
            task=task.id,
            slug=event.slug,
            reason=event.reason,
            code=event.code,
            remedy=event.remedy,
            origin=task.origin,
            log=self._log(task.id),
        )

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
            checks=((entry.finished.checks if entry.finished else ()) + entry.checks)
            or _failed_checks(entry),
            milliseconds=end.milliseconds if end else 0,
            log=self._log(task.id) if entry.started else "",
        )

    def _start(self, task: TaskId, entry: _Entry) -> None:
        if entry.started:
            self._complain(f"a task was started twice: `{task}`")
        elif self._order[self._next] != task:
            self._complain(f"a task was started out of its turn: `{task}`")
        entry.started = True
        self._next = min(self._order.index(task) + 1, len(self._order) - 1)

    def _finish(self, event: TaskFinished, entry: _Entry) -> None:
        if entry.finished is not None:
            self._complain(f"a task was reported as done twice: `{event.task}`")
        elif not entry.started:
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


def _failed_checks(entry: _Entry) -> tuple[CheckResult, ...]:
    return entry.failed.checks if entry.failed else ()


def skipped(unit: Session | Job) -> tuple[TaskResult, ...]:
    """The results of a unit that never started."""
    return tuple(TaskResult(task=t.id, unit=unit.id, title=t.title, status="not-run") for t in unit.tasks)


def from_evidence(unit: Session | Job, results: tuple[TaskResult, ...]) -> tuple[TaskResult, ...]:
    """The results of a unit whose artifacts came from the store: as when it ran, under today's names."""
    return tuple(
        old.model_copy(
            update={"task": t.id, "unit": unit.id, "title": t.title, "status": "cached", "log": ""}
        )
        for t, old in zip(unit.tasks, results, strict=True)
    )
