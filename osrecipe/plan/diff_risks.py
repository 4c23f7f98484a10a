"""What in a difference deserves a second look. It judges nothing else, and no risk forbids anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.diff import Risk, RiskKind
from osrecipe.model.facts import UpdateKind
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    CleanupImage,
    EnableNetfx3,
)
from osrecipe.plan.diff_details import number, version_of
from osrecipe.windows.ordering import CLASSIC, CUSTOMIZE, MOVED, StepKind
from osrecipe.windows.targets import STEP_OF_KIND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osrecipe.model.diff import ImageChange, InputChange, TaskChange
    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Edge, Plan, Task
    from osrecipe.model.tasks import Op
    from osrecipe.plan.diff_match import Both

    Found = Iterator[tuple[RiskKind, str, str]]

_LATEST = frozenset({UpdateKind.CUMULATIVE, UpdateKind.CHECKPOINT})
_OWN = ("folder", "drivers", "answer file")
"""How summaries begin of inputs whose content changes all the time under one name."""
_MOST_WHERE = 100
"""Ids that one risk names."""
DROPPED = "is dropped from the media"
"""How the compiler's note on an image that is left out ends; the only place a plan names such an image."""


def risks(
    both: Both,
    inputs: Sequence[InputChange],
    images: Sequence[ImageChange],
    tasks: Sequence[TaskChange],
) -> tuple[Risk, ...]:
    """Every risk, in the order of their kinds; alike ones of several images are one."""
    found = [*_tweaks(both), *_unsigned(both)]
    if both.before.units and both.after.units:  # what a new recipe does is no change of anything
        found += [*_images(both, images), *_removed(both), *_downgraded(both), *_cleanup(both)]
        found += [*_moves(both), *_same_name(inputs), *_expectations(tasks)]
    return tuple(_joined(found))


def _joined(found: Iterable[tuple[RiskKind, str, str]]) -> Iterator[Risk]:
    places: dict[tuple[RiskKind, str], dict[str, None]] = {}
    for kind, where, text in found:
        places.setdefault((kind, text), {})[where] = None
    ranks = {kind: rank for rank, kind in enumerate(RiskKind)}
    for kind, text in sorted(places, key=lambda key: ranks[key[0]]):
        yield Risk(kind=kind, where=tuple(places[kind, text])[:_MOST_WHERE], text=text)


def _images(both: Both, images: Sequence[ImageChange]) -> Found:
    named: set[str] = set()
    for each in images:
        if each.change == "carried" or (each.change == "removed" and each.target == "winre"):
            yield RiskKind.NOT_SERVICED, each.lane or each.name, f"`{each.name}` is no longer serviced"
        elif each.change == "removed" and each.lane is not None:
            named.add(f"`{each.name}` {DROPPED}")
            yield RiskKind.EDITION_DROPPED, each.lane, f"`{each.name}` is no longer on the media"
    known = {note.text for note in both.before.notes} | named
    for note in both.after.notes:
        if note.text.endswith(DROPPED) and note.text not in known:
            yield RiskKind.EDITION_DROPPED, "install/export", note.text


def _removed(both: Both) -> Found:
    """Packages and features that an image which stays does not get any more."""
    for _, tasks in both.tasks:
        for task in tasks.removed:
            match task.op:
                case AddPackage():
                    is_latest = task.op.update_kind in _LATEST
                    kind = RiskKind.CUMULATIVE_REMOVED if is_latest else RiskKind.PACKAGE_REMOVED
                    yield kind, task.id, f"no longer: {task.title}"
                case EnableNetfx3():
                    yield RiskKind.NETFX3_REMOVED, task.id, ".NET Framework 3.5 is no longer enabled"
                case _:
                    continue


def _downgraded(both: Both) -> Found:
    for _, tasks in both.tasks:
        for pair in tasks.pairs:
            was, now = pair.before.op, pair.after.op
            if isinstance(was, AddPackage) and isinstance(now, AddPackage):
                old, new = version_of(was.package), version_of(now.package)
                if number(new) and number(new) < number(old):
                    text = f"an older {now.update_kind.value} update: {old} → {new}"
                    yield RiskKind.DOWNGRADED, pair.after.id, text


def _cleanup(both: Both) -> Found:
    """Base resets where there was none before; a new image of a kind that all had them is no news."""
    lanes = [*both.lanes.removed, *(pair.before for pair in both.lanes.pairs)]
    kinds = {lane.target for lane in lanes if any(map(_resets, lane.tasks))}
    pairs = {pair.after.id: pair.before for _, tasks in both.tasks for pair in tasks.pairs}
    alone = {lane.id for lane in both.lanes.added}
    for lane in [*(pair.after for pair in both.lanes.pairs), *both.lanes.added]:
        for task in filter(_resets, lane.tasks):
            before = pairs.get(task.id)
            is_known = lane.target in kinds if lane.id in alone else before is not None and _resets(before)
            if not is_known:
                text = "the base is reset: updates that are in the image then can't be removed any more"
                yield RiskKind.RESET_BASE, task.id, text


def _resets(task: Task) -> bool:
    return isinstance(task.op, CleanupImage) and task.op.level == "reset-base"


# --- moves -----------------------------------------------------------------------------------------------------------


def _moves(both: Both) -> Found:
    names = {pair.after.id: pair.before.id for _, tasks in both.tasks for pair in tasks.pairs}
    known = {(e.before, e.after) for e in both.before.edges if e.rule == MOVED.id}
    steps = _kinds(both.after)
    for edge in both.after.edges:
        was = names.get(edge.before), names.get(edge.after)
        if edge.rule == MOVED.id and was not in known and (reason := _against(edge, steps)):
            short = edge.after.partition("/")[2]
            text = f"moved before `{short}`, against a rule: {reason}"
            yield RiskKind.AGAINST_RULE, edge.before, text


def _against(edge: Edge, steps: dict[TaskId, StepKind]) -> str:
    """The reason of a rule that wants it the other way round; an empty string when there is none."""
    wanted = steps.get(edge.after), steps.get(edge.before)
    rows = (row for row in (*CLASSIC, *CUSTOMIZE) if (row.before, row.after) == wanted)
    return next((row.rule.reason for row in rows), "")


def _kinds(plan: Plan) -> dict[TaskId, StepKind]:
    found = {}
    for unit in plan.units:
        for task in unit.tasks:
            kind = StepKind.CUMULATIVE_AGAIN if task.again is not None else _kind(task.op)
            if kind is not None:
                found[task.id] = kind
    return found


_STEPS: dict[str, StepKind] = {
    "enable-netfx3": StepKind.NETFX3,
    "set-feature": StepKind.FEATURE,
    "set-capability": StepKind.CAPABILITY,
    "remove-app": StepKind.APP,
    "add-drivers": StepKind.DRIVER,
    "change-settings": StepKind.SETTING,
    "apply-unattend": StepKind.UNATTEND,
    "place-unattend": StepKind.UNATTEND,
    "cleanup": StepKind.CLEANUP,
    "harvest-sources": StepKind.HARVEST_SOURCES,
    "harvest-setup": StepKind.HARVEST_SETUP,
}


def _kind(op: Op) -> StepKind | None:
    if not isinstance(op, AddPackage):
        return _STEPS.get(op.op)
    return StepKind.STACK_ALONE if op.stack_only else STEP_OF_KIND.get(op.update_kind)


# --- tweaks, inputs, expectations ------------------------------------------------------------------------------------


def _tweaks(both: Both) -> Found:
    """Deletions and secrets that no tweak of the other side had in an image of that kind."""
    pairs = {pair.after.id: pair.before for _, tasks in both.tasks for pair in tasks.pairs}
    known = set(_marks(both.before))
    for unit in both.after.units:
        for task in unit.tasks if unit.kind == "session" else ():
            before = pairs.get(task.id)
            own = set(_deletes(before)) | set(_secrets(before)) if before is not None else set()
            for kind, marks in ((RiskKind.DELETES, _deletes(task)), (RiskKind.SECRET, _secrets(task))):
                new = [m for m in marks if m not in own and (before is not None or m not in known)]
                if new:
                    yield kind, task.id, _said(kind, new)


def _unsigned(both: Both) -> Found:
    """Drivers that are taken without a valid signature, where they were not before."""
    pairs = {pair.after.id: pair.before for _, tasks in both.tasks for pair in tasks.pairs}
    for unit in both.after.units:
        for task in unit.tasks:
            before = pairs.get(task.id)
            if _takes_unsigned(task) and (before is None or not _takes_unsigned(before)):
                yield RiskKind.UNSIGNED, task.id, "drivers without a valid signature are taken, too"


def _takes_unsigned(task: Task) -> bool:
    return isinstance(task.op, AddDrivers) and task.op.unsigned


def _said(kind: RiskKind, marks: Sequence[str]) -> str:
    most = 3
    shown = ", ".join(f"`{m}`" for m in marks[:most]) + (
        f" and {len(marks) - most} more" if len(marks) > most else ""
    )
    return f"deletes {shown}" if kind is RiskKind.DELETES else f"writes a secret into the image: {shown}"


def _marks(plan: Plan) -> Iterator[str]:
    for unit in plan.units:
        for task in unit.tasks:
            yield from _deletes(task)
            yield from _secrets(task)


def _deletes(task: Task) -> list[str]:
    if not isinstance(task.op, ApplyTweak):
        return []
    found = [str(path) for path in task.op.delete]
    for change in task.op.registry:
        if change.do == "delete-key":
            found.append(str(change.key))
        elif change.do == "delete-value":
            found.append(f"{change.key}\\{change.name}")
    return found


def _secrets(task: Task) -> list[str]:
    if not isinstance(task.op, ApplyTweak):
        return []
    return [
        f"{c.data.text} in {c.key}\\{c.name}"
        for c in task.op.registry
        if c.do == "set" and c.data.kind == "secret"
    ]


def _same_name(inputs: Sequence[InputChange]) -> Found:
    for each in inputs:
        if each.change == "content" and each.after is not None and not each.after.summary.startswith(_OWN):
            text = f"other bytes under the same name: {each.after.summary}"
            yield RiskKind.SAME_NAME, each.after.id, text


def _expectations(tasks: Sequence[TaskChange]) -> Found:
    for task in tasks:
        for detail in task.details:
            if detail.what.startswith("expected of ") and detail.after is None and task.after is not None:
                yield RiskKind.EXPECTATION_REMOVED, task.after.id, f"no longer {detail.what}"
