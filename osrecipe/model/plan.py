"""The plan: what will be done, in which order, and why. Data only; networkx is a view of it.

Identity and place are kept apart: `digest`s are taken of what is done to which bytes, never of names, places or paths,
so that renaming an input or moving a line rebuilds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from osrecipe.model.checks import Check
from osrecipe.model.frozen import Digest, Frozen
from osrecipe.model.names import InputId, LaneId, RuleId, TaskId, UnitId
from osrecipe.model.tasks import ImageRef, Op, Ref


class Origin(Frozen):
    """The recipe line a task comes from; not part of any digest."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file] + [str(n) for n in (self.line, self.column) if n])


class Task(Frozen):
    """One thing done in a session, or to the media.

    Attributes:
        title: what it does in one line for people.
        checks: what must be true afterwards, read back from the image before it is saved.
        again: the rule that makes it a repetition (`lcu-after-netfx3`), or None.
        digest: of the operation, its inputs and everything before it in the same session.
    """

    id: TaskId
    op: Op
    title: str
    origin: Origin | None = None
    checks: tuple[Check, ...] = ()
    again: RuleId | None = None
    digest: Digest


class Session(Frozen):
    """Open an image, do its tasks in order, save or discard. It never waits inside.

    Attributes:
        image: the kind of image, for hives and rules.
        name: the image's name for people.
        base: the WIM and index it starts from.
        inputs: everything its tasks read besides the base.
        produces: artifacts by name; `image.wim` (one image) always.
        cacheable: False when a task carries a secret.
    """

    kind: Literal["session"] = "session"
    id: UnitId
    lane: LaneId
    target: Literal["install", "winre", "winpe", "setup"]
    name: str
    base: ImageRef
    inputs: tuple[Ref, ...] = ()
    tasks: tuple[Task, ...]
    produces: tuple[str, ...]
    cacheable: bool = True
    digest: Digest


class Job(Frozen):
    """One task outside any image: taking images out, exports, everything done to the media tree.

    Attributes:
        produces: artifacts by name; empty for jobs that change the media tree.
        cacheable: whether its artifacts may come from the store.
    """

    kind: Literal["job"] = "job"
    id: UnitId
    lane: LaneId
    inputs: tuple[Ref, ...] = ()
    tasks: tuple[Task, ...]
    produces: tuple[str, ...] = ()
    cacheable: bool
    digest: Digest


Unit = Annotated[Session | Job, Field(discriminator="kind")]


class Edge(Frozen):
    """`before` comes before `after`, because of `rule`."""

    before: TaskId
    after: TaskId
    rule: RuleId


class PlannedInput(Frozen):
    """An input as the plan knows it: what a reviewer needs to recognise it, and `apply` to find it again.

    Attributes:
        kind: what it was declared as.
        path: as the recipe has it, relative to the recipe's folder, forward slashes.
    """

    id: InputId
    kind: Literal["iso", "update", "folder", "drivers", "answer-file"]
    path: str
    digest: Digest
    summary: str


class Note(Frozen):
    """Something a reader should know: an image without winre, an update that goes nowhere."""

    text: str
    origin: Origin | None = None


class Plan(Frozen):
    """Everything `apply` will do. Units are in one valid order; the same recipe and facts give the same bytes.

    Attributes:
        home: the folder that the inputs' paths and `output` are relative to: the recipe's, as seen from the folder of
            the file this plan is saved in.
        secrets: environment variable by name of secret; never a value.
    """

    format: Literal["osrecipe-plan/1"] = "osrecipe-plan/1"
    recipe: str
    home: str = "."
    ordering: str
    source: str
    inputs: tuple[PlannedInput, ...]
    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    rules: Mapping[RuleId, str]
    notes: tuple[Note, ...] = ()
    secrets: Mapping[str, str] = {}
    output: str
    digest: Digest
