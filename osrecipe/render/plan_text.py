"""A plan as text for a terminal or a review: lanes, tasks, what is repeated and why. Returns text, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.lanes import Lane, lanes, reason, stages, waits
from osrecipe.render.style import Ink, cells, clean, cut, hang, pad, paint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.model.assessment import Assessment, UnitStatus
    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Job, Plan, Session, Task

SIGNS = {"run": "+", "cached": "=", "changed": "!"}
"""What would happen to a task: it runs, it comes from the store, it runs because something changed."""
_INKS = {"run": Ink.GREEN, "cached": Ink.DIM, "changed": Ink.YELLOW}
_UNKNOWN = "·"
_BAR = "┃ "
_WIDEST_ID = 48
_MOST_WAITS = 4


def text(plan: Plan, assessment: Assessment | None = None, *, color: bool = False, width: int = 100) -> str:
    """The whole plan for a person.

    Args:
        plan: what would be done.
        assessment: what of it would run here and now; None shows the plan alone.
        color: whether to use terminal colours; nothing is said by colour alone.
        width: columns to wrap at; words are never broken.

    Returns:
        Lines, each ended; equal arguments give equal text.
    """
    page = _Page(plan, assessment, color=color, width=width)
    parts = [page.head(), page.inputs(), *page.groups(), page.notes(), page.totals()]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


class _Page:
    """One rendering: the plan with what each part of the text needs of it."""

    def __init__(self, plan: Plan, assessment: Assessment | None, *, color: bool, width: int) -> None:
        self._plan = plan
        self._status: Mapping[UnitId, UnitStatus] | None = assessment.units if assessment else None
        self._color = color
        self._width = width
        self._waits = waits(plan)

    def head(self) -> list[str]:
        """What is made of what."""
        plan = self._plan
        said = f"from `{clean(plan.source)}` to `{clean(plan.output)}`, in the {clean(plan.ordering)} order"
        return hang(self._bold(clean(plan.recipe)) + ": ", said, self._width)

    def inputs(self) -> list[str]:
        """All that comes from outside."""
        rows = [(clean(i.id), clean(i.summary), words.short(i.digest)) for i in self._plan.inputs]
        wide = max((cells(row[0]) for row in rows), default=0)
        lines = [self._bold("inputs")]
        for name, summary, digest in rows:
            lines += hang(f"  {pad(name, wide)}  ", f"{summary} ({digest})", self._width)
        return lines if rows else []

    def groups(self) -> list[list[str]]:
        """The lanes; those that can run side by side have a bar and a heading in common."""
        parts: list[list[str]] = []
        for group in stages(self._plan):
            if len(group) == 1:
                parts.append(self._lane(group[0], ""))
                continue
            names = words.listed([clean(lane.id) for lane in group], 12)
            parts.append(hang(f"side by side, {words.count(len(group), 'lane')}: ", names, self._width))
            parts += [self._lane(lane, _BAR) for lane in group]
        return parts

    def _lane(self, lane: Lane, bar: str) -> list[str]:
        wide = min(max(cells(clean(t.id)) for u in lane.units for t in u.tasks), _WIDEST_ID)
        width = self._width - len(bar)
        lines = [self._bold(cut(lane.title, width))]
        for unit in lane.units:
            # jobs stand further left than a session's tasks: what follows is aligned all the same
            job_wide = wide + 2 if lane.name else wide
            if unit.kind == "session":
                lines += self._session(unit, wide, width)
            else:
                lines += self._job(unit, job_wide, width)
        return [bar + line for line in lines]

    def _session(self, unit: Session, wide: int, width: int) -> list[str]:
        part = clean(unit.id).removeprefix(f"{clean(unit.lane)}.")
        said = ", ".join([f"{part} session", *self._after(unit)])
        if not unit.cacheable:
            said += ", never stored"
        fate = self._fate(unit)
        lines = hang("  ", f"{said}: {fate}" if fate else said, width)
        for task in unit.tasks:
            lines += self._task(task, unit, wide, "    ", width)
        return [*lines, f"    {words.leaves(unit)}"]

    def _job(self, unit: Job, wide: int, width: int) -> list[str]:
        lines: list[str] = []
        for task in unit.tasks:
            lines += self._task(task, unit, wide, "  ", width)
        for said in (*self._after(unit), *([fate] if (fate := self._fate(unit)) else [])):
            lines += hang("      ", said, width)
        return lines

    def _after(self, unit: Session | Job) -> list[str]:
        before = [clean(task) for task in self._waits[unit.id]]
        return [f"after {words.listed(before, _MOST_WAITS)}"] if before else []

    def _fate(self, unit: Session | Job) -> str:
        """Why its sign is what it is, where the sign does not say it all."""
        status = self._status.get(unit.id) if self._status is not None else None
        if status is None:
            return ""
        return "; ".join(said for said in (_fate(status), words.cost(status.cost)) if said)

    def _task(self, task: Task, unit: Session | Job, wide: int, indent: str, width: int) -> list[str]:
        sign = self._sign(unit.id)
        lines = hang(f"{indent}{sign} {pad(clean(task.id), wide)}  ", clean(task.title), width)
        below = indent + "    "
        if task.again is not None:
            lines += hang(f"{below}again: ", reason(self._plan, task.again), width)
        if why := words.because(task):
            lines += hang(f"{below}because: ", why, width)
        if task.op.op == "tweak" and (touched := words.tweak(task.op)):
            lines.append(below + touched)
        return lines

    def _sign(self, unit: UnitId) -> str:
        if self._status is None or unit not in self._status:
            return _UNKNOWN
        status = self._status[unit].status
        return paint(SIGNS[status], _INKS[status], color=self._color)

    def notes(self) -> list[str]:
        """What a reader should know beside the tasks."""
        lines = [self._bold("notes")]
        for note in self._plan.notes:
            where = f" ({clean(str(note.origin))})" if note.origin else ""
            lines += hang("  ", clean(note.text) + where, self._width)
        return lines if self._plan.notes else []

    def totals(self) -> list[str]:
        """One line of figures, then where the result goes and which plan this is."""
        plan = self._plan
        tasks = sum(len(unit.tasks) for unit in plan.units)
        figures = [words.count(len(lanes(plan)), "lane"), words.count(len(plan.units), "unit")]
        figures.append(words.count(tasks, "task"))
        said = ", ".join(figures)
        if self._status is not None:
            said += ": " + tally(plan, self._status)
        return [
            self._bold(said),
            *self._costs(),
            f"writes `{clean(plan.output)}`",
            f"plan {words.short(plan.digest)}",
        ]

    def _costs(self) -> list[str]:
        known = words.costs([s.cost for s in self._status.values()]) if self._status is not None else ""
        return [f"to run: {known}"] if known else []

    def _bold(self, shown: str) -> str:
        return paint(shown, Ink.BOLD, color=self._color)


def _fate(status: UnitStatus) -> str:
    because = clean(status.because)
    match status.status:
        case "cached":
            return ""
        case "changed":
            return f"changed: {because}" if because else "changed"
        case "run":
            return because


def tally(plan: Plan, status: Mapping[UnitId, UnitStatus]) -> str:
    """`12 to run, 3 of them changed, 26 cached`, in tasks."""
    number = {"run": 0, "changed": 0, "cached": 0}
    for unit in plan.units:
        if unit.id in status:
            number[status[unit.id].status] += len(unit.tasks)
    said = f"{number['run'] + number['changed']:,} to run"
    if number["changed"]:
        said += f" ({number['changed']:,} of them changed)"
    return f"{said}, {number['cached']:,} cached"


def task_lines(plan: Plan) -> dict[TaskId, str]:
    """Each task's id with its title on one line; what monitors and summaries name tasks by."""
    return {task.id: f"{clean(task.id)}  {clean(task.title)}" for unit in plan.units for task in unit.tasks}
