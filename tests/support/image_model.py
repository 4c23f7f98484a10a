"""A small model of images and a media tree: it carries a plan's tasks out in any order, and errs where servicing would.

It knows what Windows knows (stacks, levels, pending actions, saved images), never the compiler's table of rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.facts import UpdateKind
from osrecipe.model.plan import Session
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ArtifactRef,
    ChangeSettings,
    CleanupImage,
    EnableNetfx3,
    InjectWinre,
    Operation,
    PlaceFile,
    PlaceSetup,
    PlaceUnattend,
    RemoveApp,
    Servicing,
    SetCapability,
    SetFeature,
    SyncSources,
    VerifyMedia,
    WriteIso,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osrecipe.model.plan import Job, Plan, Task


Customizing = RemoveApp | AddDrivers | ChangeSettings | ApplyUnattend | PlaceUnattend
"""Changes of the author that are no tweaks."""


class ModelError(AssertionError):
    """Servicing would have failed here.

    Attributes:
        earlier: the task that made it impossible; later: the one that met it.
    """

    def __init__(self, reason: str, earlier: str, later: str) -> None:
        super().__init__(f"{reason}: `{later}` after `{earlier}`")
        self.earlier = earlier
        self.later = later


@dataclass
class Image:
    """What is known of an image; each field names the task that made it so, or is empty.

    Attributes:
        stack, cumulative: the last that was added.
        stale: what added payload at its first level after the cumulative update.
        pending: what left actions for the first start.
        customized: the author's first change.
        tweaked: the first tweak, after which nothing else may change the image.
        answered: the answer file.
        winre: the unit whose recovery image was put in.
    """

    stack: str = ""
    cumulative: str = ""
    stale: str = ""
    pending: str = ""
    customized: str = ""
    tweaked: str = ""
    answered: str = ""
    winre: str = ""


@dataclass
class Run:
    """One run over a plan: tasks come in one at a time.

    Attributes:
        enabled: features that are on in the source images.
        images: each session's image while it is open and as it was saved.
        saved: how often each session was saved.
        tree: what was done to the media tree, in order.
    """

    plan: Plan
    enabled: frozenset[str]
    images: dict[str, Image] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    tree: list[str] = field(default_factory=list)
    verified: str = ""
    _done: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._home: Mapping[str, Session | Job] = {t.id: u for u in self.plan.units for t in u.tasks}
        self._units: Mapping[str, Session | Job] = {u.id: u for u in self.plan.units}
        self._stacks = {u.lane for u in self.plan.units for t in u.tasks if _is_stack(t.op)}

    def carry_out(self, order: Sequence[Task]) -> None:
        """Do every task in this order, then save what is still open.

        Raises:
            ModelError: something was done too early or too late.
        """
        for task in order:
            self._do(task)

    def _do(self, task: Task) -> None:
        unit = self._home[task.id]
        if self.verified:
            raise ModelError("the media was verified already", self.verified, task.id)
        if self.saved.get(unit.id):
            raise ModelError("the session was saved already", self._done[unit.id][-1], task.id)
        if unit.id not in self._done:
            self._open(unit, task)
        self._done.setdefault(unit.id, []).append(task.id)
        if isinstance(unit, Session):
            self._change(self.images[unit.id], task)
            if len(self._done[unit.id]) == len(unit.tasks):
                self._save(unit, task)
        else:
            self._job(task)

    def _open(self, unit: Session | Job, task: Task) -> None:
        """What a unit needs is there when it begins; reading a session's artifact is what needs it saved."""
        for ref in refs(unit):
            maker = self._units[ref.unit]
            if len(self._done.get(maker.id, ())) < len(maker.tasks):
                missing = next(t.id for t in maker.tasks if t.id not in self._done.get(maker.id, ()))
                raise ModelError("a unit waits inside for what is not there", task.id, missing)
        if isinstance(unit, Session):
            before = self.images.get(unit.base.wim.unit, Image())
            self.images[unit.id] = Image(**vars(before))

    def _save(self, unit: Session, task: Task) -> None:
        image = self.images[unit.id]
        if image.stale:
            raise ModelError("payload was saved at its first level", image.cumulative, image.stale)
        self.saved[unit.id] = self.saved.get(unit.id, 0) + 1
        assert task.id in {t.id for t in unit.tasks}

    def _change(self, image: Image, task: Task) -> None:
        op = task.op
        if isinstance(op, ApplyTweak | InjectWinre | Customizing):
            self._customize(image, task)
        elif image.customized and isinstance(op, Servicing):
            raise ModelError("servicing overwrites what was customized", image.customized, task.id)
        match op:
            case SetCapability() if op.source is not None and image.cumulative:
                image.stale = task.id
            case AddPackage():
                self._add(image, task, op)
            case EnableNetfx3():
                self._payload(image, task)
            case SetFeature():
                image.pending = task.id
                if op.state == "enabled" and op.feature not in self.enabled:
                    self._payload(image, task)
            case CleanupImage() if image.pending:
                raise ModelError("cleanup with pending actions", image.pending, task.id)
            case InjectWinre():
                image.winre = op.winre.unit

    def _customize(self, image: Image, task: Task) -> None:
        image.customized = image.customized or task.id
        if isinstance(task.op, ApplyTweak):
            image.tweaked = image.tweaked or task.id
        elif image.tweaked:
            raise ModelError("what a tweak changed is changed again", image.tweaked, task.id)
        if isinstance(task.op, ApplyUnattend):
            image.answered = task.id
        elif isinstance(task.op, ChangeSettings) and image.answered:
            raise ModelError("settings undo what the answer file said", image.answered, task.id)

    def _payload(self, image: Image, task: Task) -> None:
        image.pending = task.id
        if image.cumulative:
            image.stale = task.id

    def _add(self, image: Image, task: Task, op: AddPackage) -> None:
        lane = self._home[task.id].lane
        if op.stack_only:
            if image.cumulative:
                raise ModelError("the stack came too late for this", image.cumulative, task.id)
            image.stack = task.id
            return
        match op.update_kind:
            case UpdateKind.SERVICING_STACK:
                if image.cumulative:
                    raise ModelError("the stack came too late for this", image.cumulative, task.id)
                image.stack = task.id
            case UpdateKind.CUMULATIVE:
                image.cumulative, image.stale = task.id, ""
            case UpdateKind.DOTNET:
                image.pending = task.id
        if op.update_kind is UpdateKind.CUMULATIVE and lane in self._stacks and not image.stack:
            late = next(t.id for u in self.plan.units if u.lane == lane for t in u.tasks if _is_stack(t.op))
            raise ModelError("the cumulative update needs the stack", task.id, late)

    def _job(self, task: Task) -> None:
        if isinstance(task.op, PlaceFile | PlaceSetup | SyncSources | WriteIso):
            if any(isinstance(t.op, PlaceSetup | WriteIso) for t in self._tree_tasks()) and isinstance(
                task.op, SyncSources
            ):
                raise ModelError("synced files overwrite setup's", self.tree[-1], task.id)
            self.tree.append(task.id)
        if isinstance(task.op, VerifyMedia):
            self.verified = task.id

    def _tree_tasks(self) -> Iterator[Task]:
        for name in self.tree:
            yield from (t for t in self._home[name].tasks if t.id == name)


def refs(unit: Session | Job) -> Iterator[ArtifactRef]:
    """The artifacts a unit reads."""
    if isinstance(unit, Session):
        yield unit.base.wim
    yield from (ref for ref in unit.inputs if isinstance(ref, ArtifactRef))


def _is_stack(op: Operation) -> bool:
    if not isinstance(op, AddPackage):
        return False
    return op.stack_only or op.update_kind is UpdateKind.SERVICING_STACK
