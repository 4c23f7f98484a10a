"""What a run came to: every task of the plan accounted for, the first failure first. The report is made of it."""

from __future__ import annotations

from typing import Literal

from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.checks import CheckResult
from osrecipe.model.codes import ExitCode
from osrecipe.model.frozen import Digest, Frozen
from osrecipe.model.names import TaskId, UnitId
from osrecipe.model.plan import Origin

TaskStatus = Literal["done", "cached", "failed", "discarded", "not-run"]
"""`discarded`: it was done, but its session was not saved."""


class TaskResult(Frozen):
    """One task of the plan.

    Attributes:
        log: relative to the report's folder.
        started: milliseconds since the run's start; 0 when unknown, as for what came from the store.
    """

    task: TaskId
    unit: UnitId
    title: str
    status: TaskStatus
    detail: str = ""
    figures: tuple[tuple[str, int], ...] = ()
    checks: tuple[CheckResult, ...] = ()
    started: int = 0
    milliseconds: int = 0
    log: str = ""


class UnitResult(Frozen):
    """One unit.

    Attributes:
        digest: its portable key.
        store_key: the key with adapter and tools.
        started: milliseconds since the run's start; 0 when unknown, as for what came from the store.
        milliseconds: how long it took; for a cached one, when it was made.
    """

    unit: UnitId
    status: Literal["done", "cached", "failed", "skipped", "cancelled"]
    digest: Digest
    store_key: Digest | None = None
    started: int = 0
    milliseconds: int = 0


class Failure(Frozen):
    """What ended the run, or went wrong while cleaning up."""

    unit: UnitId | None
    task: TaskId | None
    slug: str
    reason: str
    code: str = ""
    remedy: str = ""
    origin: Origin | None = None
    log: str = ""


class Written(Frozen):
    """A file the run published: path as the recipe states it, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


class RunResult(Frozen):
    """The whole run.

    Attributes:
        run: its id.
        plan: the plan's digest.
        first_failure: the cause; `cleanup_failures` come after it and never replace it.
        milliseconds: wall time.
    """

    format: Literal["osrecipe-report/1"] = "osrecipe-report/1"
    run: str
    recipe: str
    plan: Digest
    adapter: AdapterVersion
    exit_code: ExitCode
    units: tuple[UnitResult, ...]
    tasks: tuple[TaskResult, ...]
    written: tuple[Written, ...] = ()
    first_failure: Failure | None = None
    cleanup_failures: tuple[Failure, ...] = ()
    milliseconds: int = 0
