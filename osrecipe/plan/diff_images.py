"""Which images the finished media gains and loses, and which begin or cease to be serviced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.diff import ImageChange, TaskSide
from osrecipe.model.tasks import ApplyTweak, ExportImages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.plan import Plan, Session
    from osrecipe.model.tasks import ImageRef
    from osrecipe.plan.diff_match import Lane, Matching

_MEDIA_WIMS = {"install.wim": "install", "boot.wim": "winpe"}


@dataclass(frozen=True)
class _Carried:
    """An image that a WIM of the finished media carries over from the source as it is."""

    wim: str
    index: int


def image_changes(before: Plan, after: Plan, lanes: Matching[Lane]) -> tuple[ImageChange, ...]:
    """Images by their lanes; those without a lane by the number they have in the source."""
    if (
        not before.units or not after.units
    ):  # a recipe that is new or gone: every image, and none is carried over
        known: frozenset[_Carried] = frozenset()
        return (*_gone(lanes, known), *_come(lanes, known))
    left, right = _carried(before), _carried(after)
    serviced = _serviced(before), _serviced(after)
    # a WIM that is not written anew carries over all it had
    return (
        *_gone(lanes, right | {c for c in serviced[0] if c.wim not in _written(after)}),
        *_come(lanes, left | {c for c in serviced[1] if c.wim not in _written(before)}),
        *(_other("removed", c) for c in _only(left - serviced[1], right, _written(after))),
        *(_other("added", c) for c in _only(right - serviced[0], left, _written(before))),
    )


def _only(one: frozenset[_Carried], other: frozenset[_Carried], written: frozenset[str]) -> list[_Carried]:
    """Images carried over on the one side, of a WIM that is written on the other without them."""
    found = [c for c in one - other if c.wim in written]
    return sorted(found, key=lambda c: (c.wim, c.index))


def _written(plan: Plan) -> frozenset[str]:
    ops = (task.op for unit in plan.units for task in unit.tasks)
    return frozenset(op.wim for op in ops if isinstance(op, ExportImages))


def _gone(lanes: Matching[Lane], right: frozenset[_Carried]) -> Iterator[ImageChange]:
    for lane in lanes.removed:
        if lane.target:
            yield _change(lane, "carried" if _source(lane) in right else "removed")


def _come(lanes: Matching[Lane], left: frozenset[_Carried]) -> Iterator[ImageChange]:
    for lane in lanes.added:
        if lane.target:
            yield _change(lane, "serviced" if _source(lane) in left else "added")


def _change(lane: Lane, change: str) -> ImageChange:
    tasks = tuple(
        TaskSide(
            id=task.id,
            title=task.title,
            because=task.op.because if isinstance(task.op, ApplyTweak) else "",
            again=task.again is not None,
        )
        for task in lane.tasks
    )
    return ImageChange.model_validate(
        {"change": change, "name": lane.name, "target": lane.target, "lane": lane.id, "tasks": tasks}
    )


def _other(change: str, carried: _Carried) -> ImageChange:
    name = f"image {carried.index} of the source's {carried.wim}"
    return ImageChange.model_validate(
        {"change": change, "name": name, "target": _MEDIA_WIMS[carried.wim], "lane": None}
    )


def _source(lane: Lane) -> _Carried | None:
    """The source's image that a lane starts from; None for a recovery image, which is never carried over alone."""
    first = next(unit for unit in lane.units if unit.kind == "session")
    return _of(first.base)


def _of(image: ImageRef) -> _Carried | None:
    is_media = image.wim.unit == "source.images" and image.wim.name in _MEDIA_WIMS
    return _Carried(image.wim.name, image.index) if is_media else None


def _carried(plan: Plan) -> frozenset[_Carried]:
    parts = (
        part
        for unit in plan.units
        for task in unit.tasks
        if isinstance(task.op, ExportImages)
        for part in task.op.parts
    )
    return frozenset(found for part in parts if (found := _of(part.image)) is not None)


def _serviced(plan: Plan) -> frozenset[_Carried]:
    sessions: list[Session] = [unit for unit in plan.units if unit.kind == "session"]
    return frozenset(found for each in sessions if (found := _of(each.base)) is not None)
