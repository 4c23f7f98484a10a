"""Events: what happens in a run, for the monitor (lossy) and for workers to tell the engine.

The journal has its own records in `engine.journal`; the two are never mixed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from osrecipe.model.checks import CheckResult
from osrecipe.model.frozen import Frozen
from osrecipe.model.names import TaskId, UnitId


class UnitStarted(Frozen):
    """A unit's work begins."""

    event: Literal["unit-started"] = "unit-started"
    unit: UnitId


class TaskStarted(Frozen):
    """A task begins; `title` as in the plan."""

    event: Literal["task-started"] = "task-started"
    unit: UnitId
    task: TaskId
    title: str


class TaskProgress(Frozen):
    """How far a task is: thousandths, and a short text. Lossy."""

    event: Literal["task-progress"] = "task-progress"
    unit: UnitId
    task: TaskId
    permille: int
    text: str = ""


class TaskFinished(Frozen):
    """A task ended well; seconds are milliseconds here, as digests and JSON stay free of floats."""

    event: Literal["task-finished"] = "task-finished"
    unit: UnitId
    task: TaskId
    status: str
    detail: str = ""
    figures: tuple[tuple[str, int], ...] = ()
    checks: tuple[CheckResult, ...] = ()
    milliseconds: int = 0


class TaskFailed(Frozen):
    """A task ended badly; the session will be discarded."""

    event: Literal["task-failed"] = "task-failed"
    unit: UnitId
    task: TaskId
    slug: str
    reason: str
    code: str = ""
    remedy: str = ""
    checks: tuple[CheckResult, ...] = ()
    milliseconds: int = 0


class TaskChecked(Frozen):
    """What reading back showed of a task that ended well: once all tasks are done, right before the image is saved."""

    event: Literal["task-checked"] = "task-checked"
    unit: UnitId
    task: TaskId
    checks: tuple[CheckResult, ...]


class UnitProgress(Frozen):
    """How far a unit is with what belongs to no task: opening its image, saving it. Thousandths. Lossy."""

    event: Literal["unit-progress"] = "unit-progress"
    unit: UnitId
    permille: int
    text: str = ""


class UnitFinished(Frozen):
    """A unit ended: `done`, `cached` (its artifacts came from the store), `failed`, `skipped` or `cancelled`."""

    event: Literal["unit-finished"] = "unit-finished"
    unit: UnitId
    status: Literal["done", "cached", "failed", "skipped", "cancelled"]
    milliseconds: int = 0


class ResourceAcquired(Frozen):
    """Something outside the work folder is about to come into being (a mount, a loaded hive)."""

    event: Literal["resource-acquired"] = "resource-acquired"
    unit: UnitId
    kind: str
    name: str


class ResourceReleased(Frozen):
    """It is gone."""

    event: Literal["resource-released"] = "resource-released"
    unit: UnitId
    kind: str
    name: str


class LogLine(Frozen):
    """A line a tool printed, for the task's log."""

    event: Literal["log"] = "log"
    unit: UnitId
    task: TaskId | None
    text: str


class Warned(Frozen):
    """Something a reader should know that stops nothing."""

    event: Literal["warning"] = "warning"
    unit: UnitId | None
    text: str


Event = Annotated[
    UnitStarted
    | TaskStarted
    | TaskProgress
    | TaskFinished
    | TaskFailed
    | TaskChecked
    | UnitProgress
    | UnitFinished
    | ResourceAcquired
    | ResourceReleased
    | LogLine
    | Warned,
    Field(discriminator="event"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes one event as JSON."""
