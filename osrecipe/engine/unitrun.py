"""One unit's turn: folders, executor, accounting, publishing, cleaning up. Runs in a worker thread.

Whatever happens in between, what was acquired is released, or reported as left.
"""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from osrecipe.engine.account import Ledger
from osrecipe.engine.evidence import Evidence, survey
from osrecipe.engine.graph import key_of
from osrecipe.engine.janitor import Cleaner, reason_of
from osrecipe.engine.keys import store_key
from osrecipe.engine.logs import mask, without
from osrecipe.engine.records import (
    Acquired,
    Published,
    Released,
    TaskBegan,
    TaskEnded,
    UnitEnded,
    UnitStarted,
)
from osrecipe.model.codes import Slug
from osrecipe.model.events import (
    LogLine,
    ResourceAcquired,
    ResourceReleased,
    TaskChecked,
    TaskFailed,
    TaskFinished,
    TaskStarted,
    UnitFinished,
)
from osrecipe.model.events import UnitStarted as UnitStartedEvent
from osrecipe.model.execution import ResolvedRef, UnitRequest
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import ApplyTweak, InputRef, WriteIso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from osrecipe.engine.clock import Clock
    from osrecipe.engine.evidence import StoredFile
    from osrecipe.engine.graph import Graph
    from osrecipe.engine.janitor import Undoer
    from osrecipe.engine.journal import Journal
    from osrecipe.engine.logs import Logs
    from osrecipe.engine.records import Record
    from osrecipe.engine.sources import Sources
    from osrecipe.engine.store import Lease
    from osrecipe.engine.workspace import RunFolder, Workspace
    from osrecipe.model.events import Event
    from osrecipe.model.execution import Executor
    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Session
    from osrecipe.model.result import Failure, TaskResult


@dataclass(frozen=True)
class Bench:
    """What the units of a run share."""

    graph: Graph
    workspace: Workspace
    run: RunFolder
    journal: Journal
    lease: Lease
    logs: Logs
    executor: Executor
    sources: Sources
    secrets: Mapping[str, str]
    undoers: Mapping[str, Undoer]
    clock: Clock
    now: int
    say: Callable[[Event], None]
    cancelled: Callable[[], bool]
    zero: int
    """The clock's ticks when the run began."""
    artifacts: dict[UnitId, Path]
    """Where each unit's artifacts are; a unit enters its own before those that wait for it start."""


@dataclass(frozen=True)
class UnitDone:
    """How a unit's turn ended.

    Attributes:
        started: milliseconds since the run's start.
        failure: why, when it did not end well by itself.
        cleanup: what is left behind.
        files: what it left, for a unit whose files are published as outputs.
    """

    unit: UnitId
    status: Literal["done", "failed", "cancelled"]
    results: tuple[TaskResult, ...]
    started: int
    milliseconds: int
    failure: Failure | None = None
    cleanup: tuple[Failure, ...] = ()
    files: tuple[StoredFile, ...] = ()


class _FailedError(Exception):
    """The unit failed for this reason."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class UnitTurn:
    """Carries one unit out, once."""

    def __init__(self, bench: Bench, unit: Session | Job) -> None:
        self._bench = bench
        self._unit = unit
        self._ledger = Ledger(unit, bench.logs.path, lambda: bench.clock.ticks() - bench.zero)
        self._held: list[Acquired] = []
        self._secrets = {name: bench.secrets[name] for name in secret_names(unit)}
        self._started = bench.clock.ticks()

    def run(self) -> UnitDone:
        """Do it. Never raises for what a unit may meet; a journal that can't be written is such a thing too."""
        status: Literal["done", "failed", "cancelled"] = "failed"
        failure: Failure | None = None
        files: tuple[StoredFile, ...] = ()
        try:
            status, files = self._work()
        except _FailedError as cause:
            failure = cause.failure
        except OsrecipeError as cause:
            problem = cause.problems[0]
            failure = self._ledger.failure(problem.reason, problem.slug, problem.hint)
        except OSError as cause:
            failure = self._host_failure(cause)
        except Exception as cause:  # noqa: BLE001 - a bug in a unit must not leave mounts behind
            failure = self._bug(cause)
        left = self._clean_up(status)
        return UnitDone(
            unit=self._unit.id,
            status=status,
            results=self._ledger.results(saved=status == "done"),
            started=self._started - self._bench.zero,
            milliseconds=self._bench.clock.ticks() - self._started,
            failure=failure,
            cleanup=left,
            files=files,
        )

    def _work(self) -> tuple[Literal["done", "cancelled"], tuple[StoredFile, ...]]:
        work = self._bench.run.unit_work(self._unit.id)
        self._write(UnitStarted(unit=self._unit.id, work=str(work)))
        self._make("folder", work)
        made = self._artifact_folder()
        request = self._request(work, made / "artifacts")
        request.artifacts.mkdir()
        outcome = self._bench.executor.execute(request, self._secrets, self._hear, self._bench.cancelled)
        if outcome.status == "cancelled" and self._bench.cancelled():
            return "cancelled", ()
        if outcome.status != "done":
            raise _FailedError(
                self._ledger.failure(
                    without(outcome.detail, self._bench.secrets.values())
                    or f"the unit ended as `{outcome.status}`"
                )
            )
        if complaint := self._ledger.complaint():
            raise _FailedError(self._ledger.failure(complaint, Slug.RUN_UNACCOUNTED))
        return "done", self._keep(made)

    def _artifact_folder(self) -> Path:
        """A new folder for artifacts: in the store's staging, or in the run's folder for what may not be stored."""
        unit = self._unit.id
        if unit in self._bench.graph.storable:
            made = self._bench.lease.stage(unit)
            self._make("store", made)
        else:
            made = self._bench.run.unit_artifacts(unit)  # released with the run's work folder
            made.mkdir(parents=True)
        return made

    def _keep(self, made: Path) -> tuple[StoredFile, ...]:
        """Publish what the unit left, or keep it for this run."""
        unit, bench = self._unit, self._bench
        self._require_steady_inputs()
        if unit.id not in bench.graph.storable:
            bench.artifacts[unit.id] = made / "artifacts"
            wanted = unit.produces if is_output(unit) else ()
            self._require_artifacts(made / "artifacts")
            return survey(made / "artifacts", wanted)[1]
        folders, files = survey(made / "artifacts", unit.produces)
        key = store_key(unit.digest, bench.executor.adapter)
        evidence = Evidence(
            unit=unit.id,
            key=key,
            digest=unit.digest,
            adapter=bench.executor.adapter,
            run=bench.run.id,
            at=bench.clock.wall(),
            milliseconds=bench.clock.ticks() - self._started,
            tasks=self._ledger.results(saved=True),
            artifacts=unit.produces,
            folders=folders,
            files=files,
        )
        entry = bench.lease.publish(made, evidence, unit)
        bench.artifacts[unit.id] = entry.artifacts
        self._write(Published(unit=unit.id, key=key))
        return files

    def _require_artifacts(self, artifacts: Path) -> None:
        missing = [name for name in self._unit.produces if not (artifacts / name).exists()]
        if missing:
            reason = f"the unit says that it is done, but an artifact is not there: `{missing[0]}`"
            raise _FailedError(self._ledger.failure(reason, Slug.RUN_UNACCOUNTED))

    def _require_steady_inputs(self) -> None:
        """An artifact made of an input that changed meanwhile must not be stored under the old input's key."""
        used = [r.input for r in self._bench.graph.references[self._unit.id] if isinstance(r, InputRef)]
        if (name := self._bench.sources.drifted(used)) is not None:
            raise _FailedError(self._ledger.failure(*drift(name)))

    def _request(self, work: Path, artifacts: Path) -> UnitRequest:
        bench = self._bench
        resolved = []
        for ref in bench.graph.references[self._unit.id]:
            path = (
                bench.sources.path(ref.input)
                if isinstance(ref, InputRef)
                else bench.artifacts[ref.unit] / ref.name
            )
            resolved.append(ResolvedRef(key=key_of(ref), path=path))
        return UnitRequest(
            unit=self._unit,
            adapter=bench.executor.adapter.name,
            resolved=tuple(resolved),
            work=work,
            artifacts=artifacts,
            tree=bench.run.tree,
            now=bench.now,
            logs=bench.run.logs,
            shared=bench.run.shared,
            secret_names=tuple(self._secrets),
        )

    def _hear(self, event: Event) -> None:
        """Take an event from the executor: what must be durable is, before this returns."""
        event = mask(event, self._bench.secrets.values())  # any unit may read back what another wrote
        match event:
            case UnitStartedEvent() | UnitFinished():
                return  # the engine says these itself
            case ResourceAcquired():
                self._acquire(event.kind, event.name)
            case ResourceReleased():
                self._release(event.kind, event.name)
            case TaskStarted():
                self._write(TaskBegan(unit=event.unit, task=event.task))
            case TaskFinished():
                self._note_end(event, event.status, "")
            case TaskFailed():
                self._note_end(event, "failed", event.slug)
            case TaskChecked():
                self._note_end(event, "checked", "")
            case LogLine():
                self._bench.logs.write(event)
        self._ledger.hear(event)
        self._bench.say(event)

    def _note_end(self, event: TaskFinished | TaskFailed | TaskChecked, status: str, slug: str) -> None:
        self._write(
            TaskEnded(unit=event.unit, task=event.task, status=status, slug=slug, checks=event.checks)
        )

    def _make(self, kind: str, folder: Path) -> None:
        self._acquire(kind, str(folder))
        folder.mkdir(parents=True)

    def _acquire(self, kind: str, name: str) -> None:
        what = Acquired(unit=self._unit.id, kind=kind, name=name)
        self._write(what)
        self._held.append(what)

    def _release(self, kind: str, name: str) -> None:
        self._write(Released(kind=kind, name=name))
        self._held = [h for h in self._held if (h.kind, h.name) != (kind, name)]

    def _clean_up(self, status: str) -> tuple[Failure, ...]:
        """Release what is held, the youngest first."""
        bench = self._bench
        bench.logs.close(self._unit.id)
        cleaner = Cleaner(bench.workspace, bench.run, bench.undoers)
        try:
            cleaner.clean(reversed(self._held), bench.journal)
            self._write(UnitEnded(unit=self._unit.id, status=status))
        except OSError as cause:
            cleaner.failures.append(
                self._ledger.failure(f"the journal: {reason_of(cause)}", Slug.RUN_CLEANUP)
            )
        return tuple(cleaner.failures)

    def _host_failure(self, cause: OSError) -> Failure:
        where = f": `{cause.filename}`" if cause.filename else ""
        if cause.errno == errno.ENOSPC:
            remedy = "free space on the output's volume, or lower the store's budget"
            return self._ledger.failure(f"no space is left{where}", Slug.RUN_SPACE, remedy)
        return self._ledger.failure(f"{reason_of(cause)}{where}")

    def _bug(self, cause: Exception) -> Failure:
        text = "".join(traceback.format_exception(cause))
        for line in text.splitlines():
            self._hear(LogLine(unit=self._unit.id, task=None, text=line))
        return self._ledger.failure(f"{type(cause).__name__}: {cause}", Slug.INTERNAL)

    def _write(self, what: Record) -> None:
        self._bench.journal.write(what)


def secret_names(unit: Session | Job) -> tuple[str, ...]:
    """The secrets a unit's tasks need, by name, sorted."""
    changes = (c for t in unit.tasks if isinstance(t.op, ApplyTweak) for c in t.op.registry)
    return tuple(sorted({c.data.text or "" for c in changes if c.do == "set" and c.data.kind == "secret"}))


def is_output(unit: Session | Job) -> bool:
    """Whether a unit writes what the run publishes."""
    return any(isinstance(task.op, WriteIso) for task in unit.tasks)


def drift(name: str) -> tuple[str, str, str]:
    """Reason, slug and remedy for an input that changed during the run."""
    return (
        f"input `{name}` changed while the run was reading it",
        Slug.INPUT_DRIFT,
        "let nothing write to it, then plan and run again",
    )
