"""The worker's side of a unit: runs its tasks one by one and turns what happens into events.

It runs wherever the executor puts it, best in a child process, and knows nothing of stores, journals or other units.
"""

from __future__ import annotations

import errno
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.engine.clock import SystemClock
from osrecipe.engine.files import remove
from osrecipe.engine.graph import key_of
from osrecipe.engine.logs import keep_log
from osrecipe.engine.workspace import log_name
from osrecipe.formats.errors import FormatError
from osrecipe.model.adapter import CancelledError, Context, Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.events import (
    LogLine,
    ResourceAcquired,
    ResourceReleased,
    TaskChecked,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskStarted,
    UnitProgress,
    Warned,
)
from osrecipe.model.execution import UnitOutcome
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from osrecipe.engine.clock import Clock
    from osrecipe.model.checks import CheckResult
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitRequest
    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Task
    from osrecipe.model.tasks import Ref

_MAX_LINE = 31_000
"""Characters of one log line in an event; what reads event streams has limits."""


class UnitFailedError(Exception):
    """A task failed and was reported; the unit ends here."""


class CheckError(TaskError):
    """Something reads back otherwise than it must.

    Attributes:
        checks: what was read, the failed ones among them.
    """

    def __init__(self, slug: str, reason: str, checks: tuple[CheckResult, ...], *, remedy: str = "") -> None:
        super().__init__(slug, reason, remedy=remedy)
        self.checks = checks


@dataclass(frozen=True)
class Verified:
    """An outcome together with what was read back."""

    outcome: Outcome
    checks: tuple[CheckResult, ...]


class Worker:
    """Carries out the tasks of one request.

    Args:
        request: the unit, its folders and references.
        secrets: the values it needs.
        emit: takes events; for an acquired resource it returns only when the journal has it.
        cancelled: whether to give up.
        clock: for durations.
    """

    def __init__(
        self,
        request: UnitRequest,
        *,
        secrets: Mapping[str, str],
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
        clock: Clock | None = None,
    ) -> None:
        self.request = request
        self.secrets = dict(secrets)
        self.emit = emit
        self._unit = request.unit.id
        self._cancelled = cancelled
        self._clock = clock or SystemClock()
        self._paths = {resolved.key: resolved.path for resolved in request.resolved}
        self._shown: tuple[TaskId | None, int, str] | None = None

    def require_wanted(self) -> None:
        """Give up if the run was asked to.

        Raises:
            CancelledError: it was.
        """
        if self._cancelled():
            raise CancelledError

    def context(self, work: Path, task: TaskId | None = None) -> Context:
        """What an adapter may use, for a task or for the unit as a whole; makes the work folder."""
        work.mkdir(parents=True)
        return Context(
            work=work,
            resolve=self._resolve,
            progress=lambda done, text: self._progress(task, done, text),
            log=lambda text: self.log(text, task),
            now=self.request.now,
            shared=self.request.shared,
            secrets=self.secrets,
            acquired=lambda kind, name: self.emit(ResourceAcquired(unit=self._unit, kind=kind, name=name)),
            released=lambda kind, name: self.emit(ResourceReleased(unit=self._unit, kind=kind, name=name)),
            keep=lambda name, file: self._keep(name, file, task),
        )

    def do(self, task: Task, action: Callable[[Context], Outcome | Verified]) -> None:
        """Carry one task out: an event before, an event after, a private folder in between.

        Raises:
            UnitFailedError: it failed; that was reported.
            CancelledError: the run was asked to stop.
        """
        self.require_wanted()
        self.emit(TaskStarted(unit=self._unit, task=task.id, title=task.title))
        started = self._clock.ticks()
        work = self.request.work / f"task-{task.id.replace('/', '__')}"
        with self.blame(task, started):
            done = action(self.context(work, task.id))
            remove(work)
            found = done if isinstance(done, Verified) else Verified(done, ())
            self.emit(
                TaskFinished(
                    unit=self._unit,
                    task=task.id,
                    status=found.outcome.status,
                    detail=found.outcome.detail,
                    figures=found.outcome.figures,
                    checks=found.checks,
                    milliseconds=self._clock.ticks() - started,
                )
            )

    @contextmanager
    def blame(self, task: Task, started: int | None = None) -> Iterator[None]:
        """Report whatever goes wrong in the block as the failure of `task`.

        Raises:
            UnitFailedError: something did.
            CancelledError: the run was asked to stop.
        """
        try:
            yield
        except (CancelledError, UnitFailedError):
            raise
        except Exception as cause:
            failed = self._failure(task, cause, 0 if started is None else self._clock.ticks() - started)
            self.log(f"failed: {failed.code} {failed.reason}".replace(":  ", ": "), task.id)
            self.emit(failed)
            raise UnitFailedError(failed.reason) from cause

    def checked(self, task: Task, checks: tuple[CheckResult, ...]) -> None:
        """Report what reading back showed of a task."""
        if checks:
            self.emit(TaskChecked(unit=self._unit, task=task.id, checks=checks))

    def warn(self, text: str) -> None:
        """Say something that stops nothing."""
        self.emit(Warned(unit=self._unit, text=text))

    def log(self, text: str, task: TaskId | None = None) -> None:
        """Append lines to a task's log, or the unit's."""
        for line in text.splitlines() or [""]:
            self.emit(LogLine(unit=self._unit, task=task, text=line[:_MAX_LINE]))

    def _keep(self, name: str, file: BinaryIO, task: TaskId | None) -> None:
        """Keep what a tool wrote. That it can't be kept is no failure: the task has one already."""
        if self.request.logs is None:
            return
        kept = self.request.logs / log_name(task or self._unit, name)
        try:
            keep_log(file, kept, self.secrets.values())
        except OSError as cause:
            self.log(f"{name} could not be kept: {cause.strerror}", task)
            return
        self.log(f"{name} is kept beside this log: `{kept.name}`", task)

    def _resolve(self, ref: Ref) -> Path:
        return self._paths[key_of(ref)]

    def _progress(self, task: TaskId | None, done: float, text: str) -> None:
        self.require_wanted()
        shown = (task, max(0, min(1000, int(done * 1000))), text)
        if shown == self._shown:
            return
        self._shown = shown
        if task is None:
            self.emit(UnitProgress(unit=self._unit, permille=shown[1], text=text))
        else:
            self.emit(TaskProgress(unit=self._unit, task=task, permille=shown[1], text=text))

    def _failure(self, task: Task, cause: Exception, milliseconds: int) -> TaskFailed:
        slug, reason, code, remedy = self._words(task, cause)
        checks = cause.checks if isinstance(cause, CheckError) else ()
        return TaskFailed(
            unit=self._unit,
            task=task.id,
            slug=slug,
            reason=reason,
            code=code,
            remedy=remedy,
            checks=checks,
            milliseconds=milliseconds,
        )

    def _words(self, task: Task, cause: Exception) -> tuple[str, str, str, str]:
        """Slug, reason, code and remedy of what went wrong."""
        match cause:
            case TaskError():
                return cause.slug, cause.reason, cause.code, cause.remedy
            case FormatError():
                return cause.slug, cause.reason, "", cause.hint
            case OsrecipeError():
                return cause.problems[0].slug, cause.problems[0].reason, "", cause.problems[0].hint
            case OSError():
                return _host_words(cause)
        self.log("".join(traceback.format_exception(cause)), task.id)
        return Slug.INTERNAL, f"{type(cause).__name__}: {cause}", "", "report it with the task's log"


def _host_words(cause: OSError) -> tuple[str, str, str, str]:
    where = f": `{cause.filename}`" if cause.filename else ""
    if cause.errno == errno.ENOSPC:
        return Slug.RUN_SPACE, f"no space is left{where}", "", "free space on the output's volume"
    reason = cause.strerror or str(cause) or type(cause).__name__
    return Slug.RUN_TASK_FAILED, f"{reason}{where}", "", ""


def outcome_of(work: Callable[[], None]) -> UnitOutcome:
    """Run a unit's work and say how it ended."""
    try:
        work()
    except CancelledError:
        return UnitOutcome(status="cancelled")
    except UnitFailedError as cause:
        return UnitOutcome(status="failed", detail=str(cause))
    return UnitOutcome(status="done")


def carry_out_job(
    request: UnitRequest,
    do: Callable[[Task, UnitRequest, Context], Outcome | Verified],
    *,
    secrets: Mapping[str, str],
    emit: Callable[[Event], None],
    cancelled: Callable[[], bool],
    clock: Clock | None = None,
) -> UnitOutcome:
    """Carry a job out: each of its tasks with `do`, which raises `TaskError` (or `CheckError`) for what it can't do."""
    worker = Worker(request, secrets=secrets, emit=emit, cancelled=cancelled, clock=clock)

    def work() -> None:
        for task in request.unit.tasks:
            worker.do(task, lambda ctx, task=task: do(task, request, ctx))  # type: ignore[misc]  # bound per turn

    return outcome_of(work)
