"""What differs between two compiled plans, and between two sides of many recipes. Data only.

`before` and `after` are the two sides; whatever is told of one side only has None on the other. What things are merely
called (inputs, tweaks, the recipe) and why (`because`) is kept apart: it changes no image and counts as no difference.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from osrecipe.model.frozen import Digest, Frozen
from osrecipe.model.names import InputId, LaneId, TaskId, UnitId
from osrecipe.model.plan import Origin

FORMAT = "osrecipe-diff/1"


class RiskKind(StrEnum):
    """What a reviewer should look at twice. A name is never reused for another meaning."""

    RESET_BASE = "reset-base"
    AGAINST_RULE = "against-rule"
    PACKAGE_REMOVED = "package-removed"
    CUMULATIVE_REMOVED = "cumulative-removed"
    DOWNGRADED = "downgraded"
    SAME_NAME = "same-name-other-content"
    EDITION_DROPPED = "edition-dropped"
    NOT_SERVICED = "no-longer-serviced"
    NETFX3_REMOVED = "netfx3-removed"
    DELETES = "deletes"
    SECRET = "secret"  # noqa: S105 - the name of a risk, not a password
    UNSIGNED = "unsigned-drivers"
    EXPECTATION_REMOVED = "expectation-removed"


class Risk(Frozen):
    """One thing to look at twice.

    Attributes:
        where: ids of tasks, or of an input or an image's lane, that it is about.
        text: what it is, one sentence without a full stop.
    """

    kind: RiskKind
    where: tuple[str, ...]
    text: str


class InputSide(Frozen):
    """An input on one side; `kb` and `version` are empty where a plan does not say them."""

    id: InputId
    digest: Digest
    summary: str
    kb: str = ""
    version: str = ""


class InputChange(Frozen):
    """An input that came, went, was bumped, or holds other bytes under the same KB, version and name (`content`)."""

    change: Literal["added", "removed", "bumped", "content"]
    before: InputSide | None
    after: InputSide | None


class Detail(Frozen):
    """One value of a task; None where a side does not have it."""

    what: str
    before: str | None
    after: str | None


class TaskSide(Frozen):
    """A task on one side."""

    id: TaskId
    title: str
    because: str = ""
    again: bool = False


class TaskChange(Frozen):
    """A task that came, went, or does something else; `details` say what else."""

    change: Literal["added", "removed", "changed"]
    lane: LaneId
    before: TaskSide | None
    after: TaskSide | None
    details: tuple[Detail, ...] = ()


class Moved(Frozen):
    """A task at another place in its session; the fewest that explain the new order.

    Attributes:
        was_after, is_after: the task right before it; None at the session's start.
        session: of the `after` side; `from_session` differs where it changed sessions.
    """

    task: TaskId
    lane: LaneId
    from_session: UnitId
    session: UnitId
    was_after: TaskId | None
    is_after: TaskId | None


class ImageChange(Frozen):
    """An image of the finished media, or a recovery image's lane.

    Attributes:
        change: `added` to or `removed` from the media; `serviced` now where it was carried over, or `carried` over now.
        lane: its lane where it has or had one.
        tasks: what is done to it, on the side where something is.
    """

    change: Literal["added", "removed", "serviced", "carried"]
    name: str
    target: Literal["install", "winre", "winpe", "setup"]
    lane: LaneId | None
    tasks: tuple[TaskSide, ...] = ()


class UnitFate(Frozen):
    """Whether a unit of the `after` side can come from a store that `before` filled.

    `always` is what no store keeps: the media tree, and sessions that use a secret.
    """

    unit: UnitId
    fate: Literal["rebuilt", "kept", "always"]


class Rename(Frozen):
    """Only a name differs."""

    what: Literal["recipe", "input", "tweak", "task", "lane"]
    before: str
    after: str


class BecauseChange(Frozen):
    """Only the reason that the recipe's author gives differs."""

    task: TaskId
    before: str
    after: str


class PlanDiff(Frozen):
    """All that differs between two plans.

    Attributes:
        settings: of the plan as a whole: the order it follows.
        notes: those only one side has; `what` is empty.
    """

    recipe: str
    before: Digest
    after: Digest
    inputs: tuple[InputChange, ...] = ()
    images: tuple[ImageChange, ...] = ()
    tasks: tuple[TaskChange, ...] = ()
    moved: tuple[Moved, ...] = ()
    settings: tuple[Detail, ...] = ()
    units: tuple[UnitFate, ...] = ()
    risks: tuple[Risk, ...] = ()
    renames: tuple[Rename, ...] = ()
    because: tuple[BecauseChange, ...] = ()
    notes: tuple[Detail, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the same is done to the same bytes in the same order, and the result goes to the same place."""
        return not (self.inputs or self.images or self.tasks or self.moved or self.settings or self.rebuilt)

    @property
    def rebuilt(self) -> tuple[UnitId, ...]:
        """Units that have to run anew."""
        return tuple(u.unit for u in self.units if u.fate == "rebuilt")

    @property
    def kept(self) -> tuple[UnitId, ...]:
        """Units that can come from the store."""
        return tuple(u.unit for u in self.units if u.fate == "kept")


class DiffProblem(Frozen):
    """Why a side of a recipe has no plan."""

    slug: str
    reason: str
    hint: str = ""
    origin: Origin | None = None


class RecipeDiff(Frozen):
    """One recipe on both sides.

    Attributes:
        path: as the user would type it.
        was: its path on the `before` side, where that is another one.
        state: `broken` has no plan on the `after` side, `mended` had none on the `before` side.
        diff: against an empty plan where one side has none; None where neither has.
    """

    path: str
    was: str = ""
    state: Literal["changed", "same", "added", "removed", "broken", "mended"]
    diff: PlanDiff | None = None
    problems: tuple[DiffProblem, ...] = ()


class Comparison(Frozen):
    """Two sides of all recipes that were looked at; `before` and `after` say which sides, for people."""

    format: Literal["osrecipe-diff/1"] = "osrecipe-diff/1"
    before: str
    after: str
    recipes: tuple[RecipeDiff, ...]

    @property
    def differing(self) -> tuple[RecipeDiff, ...]:
        """Those that are not the same on both sides."""
        return tuple(r for r in self.recipes if r.state != "same")
