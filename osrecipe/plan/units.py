"""Steps become tasks, tasks become units: ids, digests, references, and the edges between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.names import LaneId, TaskId, UnitId
from osrecipe.model.plan import Edge, Job, Origin, Session, Task
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ArtifactRef,
    EnableNetfx3,
    HarvestSources,
    ImageRef,
    InjectWinre,
    InputRef,
    Operation,
    PlaceUnattend,
    SetCapability,
)
from osrecipe.plan.digests import base_digest, start_digest, task_digest, unit_digest

if TYPE_CHECKING:
    from osrecipe.model.frozen import Digest
    from osrecipe.model.problems import Place
    from osrecipe.model.tasks import JobOp, Ref
    from osrecipe.plan.order import Ordered, Step
    from osrecipe.plan.selection import Selected
    from osrecipe.windows.ordering import Rule

IMAGE = "image.wim"
"""The artifact every session leaves: a WIM with its one image."""


@dataclass
class Draft:
    """The plan while it is put together.

    Attributes:
        time: Unix seconds the recipe states for what is written, None when it states none. What a unit writes has
            it, so that it is part of what is done; the default follows from the media, which is in every digest.
    """

    time: int | None = None
    units: list[Session | Job] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def join(self, before: Session | Job, after: Session | Job, rule: Rule) -> None:
        """All of one unit comes before all of another: its last tasks before the other's first."""
        followed = {e.before for e in self._inside(before)}
        following = {e.after for e in self._inside(after)}
        lasts = [task.id for task in before.tasks if task.id not in followed]
        firsts = [task.id for task in after.tasks if task.id not in following]
        for last in lasts:
            for first in firsts:
                self.link(last, first, rule)

    def prune(self, source: Job) -> None:
        """Leave a job out that nothing refers to."""
        if not any(source.tasks[0].id == e.before for e in self.edges):
            self.units.remove(source)

    def _inside(self, unit: Session | Job) -> list[Edge]:
        ids = {task.id for task in unit.tasks}
        return [e for e in self.edges if e.before in ids and e.after in ids]

    def link(self, before: TaskId, after: TaskId, rule: Rule) -> None:
        """One task comes before another."""
        self.edges.append(Edge(before=before, after=after, rule=rule.id))


def origin_of(place: Place) -> Origin:
    """A place as plan data."""
    return Origin(file=place.file, line=place.line, column=place.column)


def artifact(unit: Session | Job, name: str) -> ArtifactRef:
    """A reference to what a unit leaves."""
    return ArtifactRef(unit=unit.id, name=name, digest=unit.digest)


def saved_image(session: Session) -> ImageRef:
    """The image a session saved."""
    return ImageRef(wim=artifact(session, IMAGE), index=1)


def session(
    draft: Draft, selected: Selected, part: str, base: ImageRef, ordered: Ordered, inputs: dict[str, InputRef]
) -> Session:
    """Add a session: its tasks chained from the base, and the edges that ordered them."""
    lane = selected.lane
    tasks: list[Task] = []
    before: Digest = base_digest(base, draft.time)
    for step in ordered.steps:
        before = task_digest(step.op, before)
        tasks.append(_task(lane, step, before))
    names = {IMAGE, *(_leaves(step.op) for step in ordered.steps)} - {""}
    made = Session(
        id=UnitId(f"{lane}.{part}"),
        lane=lane,
        target=selected.target,
        name=selected.image.name,
        base=base,
        inputs=_inputs([s.op for s in ordered.steps], inputs),
        tasks=tuple(tasks),
        produces=tuple(sorted(names)),
        cacheable=not any(_has_secret(s.op) for s in ordered.steps),
        digest=unit_digest([t.digest for t in tasks], sorted(names)),
    )
    draft.units.append(made)
    draft.edges += [
        Edge(before=TaskId(f"{lane}/{e.before}"), after=TaskId(f"{lane}/{e.after}"), rule=e.rule)
        for e in ordered.edges
    ]
    return made


def job(
    draft: Draft,
    name: str,
    op: JobOp,
    title: str,
    place: Place,
    *,
    inputs: tuple[Ref, ...],
    produces: tuple[str, ...] = (),
    after: Job | None = None,
) -> Job:
    """Add a job: `source/images` makes the unit `source.images`; `after` chains jobs that change the media tree."""
    lane, _, short = name.partition("/")
    digest = task_digest(op, after.digest if after else start_digest(draft.time))
    task = Task(id=TaskId(name), op=op, title=title, origin=origin_of(place), digest=digest)
    made = Job(
        id=UnitId(f"{lane}.{short}"),
        lane=LaneId(lane),
        inputs=inputs,
        tasks=(task,),
        produces=produces,
        cacheable=bool(produces) and after is None,
        digest=unit_digest([digest], produces),
    )
    draft.units.append(made)
    return made


def _task(lane: LaneId, step: Step, digest: Digest) -> Task:
    return Task(
        id=TaskId(f"{lane}/{step.name}"),
        op=step.op,
        title=step.title,
        origin=origin_of(step.place),
        checks=step.checks,
        again=step.again,
        digest=digest,
    )


def _leaves(op: Operation) -> str:
    """The name of the artifact an operation leaves beside the image."""
    return {"harvest-sources": "sources", "harvest-setup": "setup"}.get(getattr(op, "op", ""), "")


def _has_secret(op: Operation) -> bool:
    return isinstance(op, ApplyTweak) and any(c.do == "set" and c.data.kind == "secret" for c in op.registry)


def _inputs(ops: list[Operation], known: dict[str, InputRef]) -> tuple[Ref, ...]:
    """Every reference the operations hold, each once, in order."""
    refs: list[Ref] = []
    for op in ops:
        match op:
            case AddPackage():
                refs += [known[op.input], *op.checkpoints]
            case AddDrivers() | ApplyUnattend() | PlaceUnattend():
                refs.append(op.source)
            case SetCapability(source=InputRef() as source):
                refs.append(source)
            case EnableNetfx3():
                refs.append(op.source)
            case HarvestSources():
                refs.append(op.media)
            case InjectWinre():
                refs.append(op.winre)
            case ApplyTweak():
                refs.extend(c.source for c in op.copy_folders)
    return tuple(dict.fromkeys(refs))
