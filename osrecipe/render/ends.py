"""What a result comes to, gathered for display: by image, by status, by check. Figures only, no text is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.checks import BuildIs
from osrecipe.render.lanes import lanes
from osrecipe.render.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult, TaskResult, UnitResult
    from osrecipe.render.lanes import Lane


@dataclass(frozen=True)
class ImageEnd:
    """What became of one image.

    Attributes:
        lane: its lane; name: the image's, for people.
        saved: whether all its sessions were.
        build: as read back from it, empty when no check read it.
        tasks: how many its lane has; done and cached: how many of them ended so.
        passed: checks that held; checks: all that were made.
        milliseconds: that its units took in this run, cached ones not counted.
    """

    lane: str
    name: str
    saved: bool
    build: str
    tasks: int
    done: int
    cached: int
    passed: int
    checks: int
    milliseconds: int


def images(result: RunResult, plan: Plan) -> tuple[ImageEnd, ...]:
    """What became of each image of the plan, in the plan's order."""
    by_task = {task.task: task for task in result.tasks}
    by_unit = {unit.unit: unit for unit in result.units}
    return tuple(_image(lane, by_task, by_unit) for lane in lanes(plan) if lane.name)


def _image(
    lane: Lane, by_task: Mapping[TaskId, TaskResult], by_unit: Mapping[UnitId, UnitResult]
) -> ImageEnd:
    known = [by_task[task.id] for unit in lane.units for task in unit.tasks if task.id in by_task]
    units = [by_unit[unit.id] for unit in lane.units if unit.id in by_unit]
    passed, made = checks(known)
    return ImageEnd(
        lane=lane.id,
        name=lane.name,
        saved=len(units) == len(lane.units) and all(unit.status in {"done", "cached"} for unit in units),
        build=_build(known),
        tasks=lane.tasks,
        done=sum(task.status == "done" for task in known),
        cached=sum(task.status == "cached" for task in known),
        passed=passed,
        checks=made,
        milliseconds=sum(unit.milliseconds for unit in units if unit.status != "cached"),
    )


def _build(tasks: Iterable[TaskResult]) -> str:
    """The build as last read back."""
    read = [r.found for task in tasks for r in task.checks if isinstance(r.check, BuildIs)]
    return clean(read[-1]) if read else ""


def checks(tasks: Iterable[TaskResult]) -> tuple[int, int]:
    """How many checks held, and how many were made."""
    results = [r.passed for task in tasks for r in task.checks]
    return sum(results), len(results)


def by_status(result: RunResult, status: str) -> list[TaskResult]:
    """The tasks that ended so, in the plan's order."""
    return [task for task in result.tasks if task.status == status]
