"""The single lines both text monitors say of an event, and the little they must remember for it. Writes nothing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from osrecipe.model.events import (
    LogLine,
    TaskChecked,
    TaskFailed,
    TaskFinished,
    TaskStarted,
    UnitFinished,
    Warned,
)
from osrecipe.render import words
from osrecipe.render.style import Ink, clean, cut, paint

if TYPE_CHECKING:
    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

TAIL = 8
"""Lines of a failing task's log that are shown."""
_LONGEST = 400
"""Columns of a log line that are shown; the log itself has it whole."""


class Narrator:
    """Turns events into lines.

    Attributes:
        total: tasks of the plan.
        done: tasks that ended well or came from the store.
    """

    def __init__(self, *, color: bool) -> None:
        self._color = color
        self._tails: dict[UnitId, deque[str]] = {}
        self._tasks: dict[UnitId, int] = {}
        self._titles: dict[TaskId, str] = {}
        self.total = 0
        self.done = 0

    def started(self, plan: Plan, assessment: Assessment, run: str) -> list[str]:
        """The run begins."""
        self._tasks = {unit.id: len(unit.tasks) for unit in plan.units}
        self._titles = {task.id: clean(task.title) for unit in plan.units for task in unit.tasks}
        self.total = sum(self._tasks.values())
        cached = sum(
            self._tasks.get(u, 0) for u, status in assessment.units.items() if status.status == "cached"
        )
        said = f"run {clean(run)}: {clean(plan.recipe)}, {words.count(self.total, 'task')}"
        return [f"{said}, {cached:,} cached", *_lanes(plan, assessment)]

    def event(self, event: Event, *, starts: bool) -> list[str]:
        """The lines an event is worth; `starts` asks for tasks that begin, too."""
        match event:
            case TaskStarted():
                self._tails.pop(event.unit, None)
                return [self._row("·", None, event.task, clean(event.title))] if starts else []
            case TaskFinished() | TaskFailed() | TaskChecked():
                return self._task(event)
            case UnitFinished():
                return self._unit(event)
            case LogLine():
                tail = self._tails.setdefault(event.unit, deque(maxlen=TAIL))
                tail.append(cut(clean(event.text[: 2 * _LONGEST]), _LONGEST))
            case Warned():
                return [self._row("!", Ink.YELLOW, event.unit or "", clean(event.text))]
        return []

    def finished(self, result: RunResult) -> list[str]:
        """The run is over."""
        ink = None if result.exit_code == 0 else Ink.RED
        said = f"run {clean(result.run)}: {words.ENDS[result.exit_code]} after {words.duration(result.milliseconds)}"
        return [paint(said, ink, color=self._color)]

    def _task(self, event: TaskFinished | TaskFailed | TaskChecked) -> list[str]:
        match event:
            case TaskFinished():
                self.done += 1
                return [self._finished(event)]
            case TaskFailed():
                return self._failed(event)
            case TaskChecked():
                wrong = [words.found(r) for r in event.checks if not r.passed]
                return [self._row("✗", Ink.RED, event.task, said) for said in wrong]

    def _finished(self, event: TaskFinished) -> str:
        # what a task did is worth more than its title, which stands in the plan
        said = clean(event.detail) or self._titles.get(event.task, "")
        if event.status != "done":
            said = f"{clean(event.status)}: {said}".rstrip(": ")
        return self._row("✓", Ink.GREEN, event.task, f"{said} ({words.duration(event.milliseconds)})".strip())

    def _failed(self, event: TaskFailed) -> list[str]:
        code = f" ({clean(event.code)})" if event.code else ""
        lines = [self._row("✗", Ink.RED, event.task, f"{clean(event.reason.replace(chr(10), '; '))}{code}")]
        lines += [f"    | {line}" for line in self._tails.pop(event.unit, ())]
        return lines

    def _unit(self, event: UnitFinished) -> list[str]:
        self._tails.pop(event.unit, None)
        match event.status:
            case "cached":
                tasks = self._tasks.get(event.unit, 0)
                self.done += tasks
                return [self._row("=", Ink.DIM, event.unit, f"{words.count(tasks, 'task')} from the store")]
            case "done" if self._tasks.get(event.unit) == 1:
                return []  # its task has said so
            case "done":
                return [
                    self._row("✓", Ink.GREEN, event.unit, f"all done ({words.duration(event.milliseconds)})")
                ]
            case _:
                return [self._row("✗", Ink.RED, event.unit, event.status)]

    def _row(self, sign: str, ink: Ink | None, name: str, said: str) -> str:
        shown = f"{clean(name)}: {said}" if name and said else clean(name) or said
        return f"{paint(sign, ink, color=self._color)} {shown}"


def _lanes(plan: Plan, assessment: Assessment) -> list[str]:
    """The plan's summary: a line for each lane, with what of it runs and why it runs again."""
    lanes: dict[str, list[tuple[int, str, str]]] = {}
    for unit in plan.units:
        status = assessment.units.get(unit.id)
        name = unit.lane if unit.kind == "job" or unit.lane == unit.name else f"{unit.lane}: {unit.name}"
        key = next((k for k in lanes if k.split(":")[0] == unit.lane), name)
        lanes.setdefault(key, []).append(
            (len(unit.tasks), status.status if status else "run", status.because if status else "")
        )
    return [_lane(name, units) for name, units in lanes.items()]


def _lane(name: str, units: list[tuple[int, str, str]]) -> str:
    total = sum(tasks for tasks, _, _ in units)
    runs = sum(tasks for tasks, status, _ in units if status != "cached")
    changed = next((because for _, status, because in units if status == "changed" and because), "")
    symbol = "=" if not runs else "!" if changed else "+"
    said = f"  {symbol} {clean(name)}: {words.count(total, 'task')}"
    if 0 < runs < total:
        said += f", {runs:,} to run"
    return said + (f", because {clean(changed)} changed" if changed else "")
