"""What a journal records. The journal is read after a crash: each record says enough on its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.checks import CheckResult
from osrecipe.model.frozen import Digest, Frozen
from osrecipe.model.names import TaskId, UnitId

PATH_KINDS = frozenset({"folder", "file", "store", "partial"})
"""Resources that are paths: in the run's folder, the store's staging of the run, or a partial output beside it."""


class RunStarted(Frozen):
    """Who runs what. `boot` tells whether the host was restarted since; empty when the host does not say."""

    record: Literal["run-started"] = "run-started"
    run: str
    plan: Digest
    pid: int
    host: str
    boot: str
    adapter: AdapterVersion


class UnitStarted(Frozen):
    """A unit begins in this work folder."""

    record: Literal["unit-started"] = "unit-started"
    unit: UnitId
    work: str


class Acquired(Frozen):
    """Something is ABOUT to come into being: a path, a mount, a loaded hive."""

    record: Literal["resource-acquired"] = "resource-acquired"
    unit: UnitId | None
    kind: str
    name: str


class Released(Frozen):
    """It is gone."""

    record: Literal["resource-released"] = "resource-released"
    kind: str
    name: str


class TaskBegan(Frozen):
    """A task begins."""

    record: Literal["task-started"] = "task-started"
    unit: UnitId
    task: TaskId


class TaskEnded(Frozen):
    """A task ended: `status` is its outcome's, or `failed` with the slug."""

    record: Literal["task-finished"] = "task-finished"
    unit: UnitId
    task: TaskId
    status: str
    slug: str = ""
    checks: tuple[CheckResult, ...] = ()


class UnitEnded(Frozen):
    """A unit ended."""

    record: Literal["unit-finished"] = "unit-finished"
    unit: UnitId
    status: str


class Published(Frozen):
    """A unit's artifacts are in the store."""

    record: Literal["published"] = "published"
    unit: UnitId
    key: Digest


class Publishing(Frozen):
    """A finished output is ABOUT to get its final name: what is found there afterwards is ours."""

    record: Literal["publishing"] = "publishing"
    path: str
    size: int
    sha256: str


class OutputRenamed(Frozen):
    """A finished output has its final name."""

    record: Literal["output-renamed"] = "output-renamed"
    path: str
    size: int
    sha256: str


class RunFinished(Frozen):
    """The run ended in an orderly way."""

    record: Literal["run-finished"] = "run-finished"
    exit_code: int


class Cleaned(Frozen):
    """A later run removed what this one left."""

    record: Literal["cleaned"] = "cleaned"
    by: str


Record = Annotated[
    RunStarted
    | UnitStarted
    | Acquired
    | Released
    | TaskBegan
    | TaskEnded
    | UnitEnded
    | Published
    | Publishing
    | OutputRenamed
    | RunFinished
    | Cleaned,
    Field(discriminator="record"),
]


class Line(Frozen):
    """One line of a journal: its number from 1, its time in Unix milliseconds, and what happened."""

    n: int
    at: int
    what: Record


LINE: TypeAdapter[Line] = TypeAdapter(Line)
"""Reads and writes one line as JSON."""
