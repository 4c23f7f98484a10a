"""A plan for a pull request's comment or a job's summary: what is at stake first, the lanes folded below.

A forge refuses a comment that is too long, so one that would be is cut, and says so in its first lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.lanes import Lane, lanes, reason
from osrecipe.render.markup import md, md_code, md_html
from osrecipe.render.plan_text import SIGNS, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osrecipe.model.assessment import Assessment, UnitStatus
    from osrecipe.model.names import RuleId, TaskId, UnitId
    from osrecipe.model.plan import Job, Plan, Session, Task

LIMIT = 65_535
"""Bytes of a comment; forges count characters, of which there are never more."""
_SIDE = 8_000
"""Bytes that inputs, notes and rules get each when the whole is too long."""
_CLOSING = 1_000
"""Bytes kept free for what ends a cut comment."""


def markdown(plan: Plan, assessment: Assessment | None = None, *, limit: int = LIMIT) -> str:
    """The plan as GitHub-flavoured Markdown of at most `limit` bytes.

    When it is too long, the reasons go first, then tasks from the end; the first lines say how many are shown.
    """
    page = _Page(plan, assessment)
    for why in (True, False):
        whole = page.whole(why=why)
        if _bytes(whole) <= limit:
            return whole
    return page.cut(limit)


@dataclass(frozen=True)
class _Table:
    """A Markdown table in the making."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> list[str]:
        rule = "|" + "---|" * len(self.headers)
        return [_row(self.headers), rule, *map(_row, self.rows)]


class _Page:
    """One rendering: the plan with what each part needs of it."""

    def __init__(self, plan: Plan, assessment: Assessment | None) -> None:
        self._plan = plan
        self._status: Mapping[UnitId, UnitStatus] | None = assessment.units if assessment else None
        self._rules = _rules_by_task(plan)
        self._tasks = sum(len(unit.tasks) for unit in plan.units)

    def whole(self, *, why: bool) -> str:
        """Everything; with reasons or without."""
        parts = [self._head(""), "\n".join(self._inputs().lines())]
        parts += [_folded(self._title(lane), self._lane(lane, why=why).lines()) for lane in lanes(self._plan)]
        if why and self._rules:
            parts.append(_folded("why: the rules", self._reasons().lines()))
        if self._plan.notes:
            parts.append("\n".join(self._notes().lines()))
        return "\n\n".join(parts) + "\n"

    def cut(self, limit: int) -> str:
        """As many tasks, in order, as there is room for; the room others take is bounded."""
        sides = ["\n".join(_first(self._inputs(), _SIDE))]
        if self._plan.notes:
            sides.append("\n".join(_first(self._notes(), _SIDE)))
        room = limit - _bytes(self._head("")) - sum(map(_bytes, sides)) - _CLOSING
        parts: list[str] = []
        shown = 0
        for lane in lanes(self._plan):
            title, table = self._title(lane), self._lane(lane, why=False)
            kept = _fitting(table.rows, room - _bytes(_folded(title, _Table(table.headers, ()).lines())))
            if not kept:
                break
            parts.append(_folded(title, _Table(table.headers, kept).lines()))
            room -= _bytes(parts[-1]) + 2
            shown += len(kept)
            if len(kept) < len(table.rows):
                break
        said = (
            f"**Cut: {shown:,} of {words.count(self._tasks, 'task')} are shown, without their reasons.** "
            "`osrecipe plan` shows all."
        )
        return "\n\n".join([self._head(said), sides[0], *parts, *sides[1:], said]) + "\n"

    def _head(self, warning: str) -> str:
        plan = self._plan
        units = f"{words.count(self._tasks, 'task')} in {words.count(len(lanes(plan)), 'lane')}"
        lines = [f"### {md(plan.recipe)}: {units}"]
        if warning:
            lines += ["", warning]
        source, output = md_code(plan.source, in_table=False), md_code(plan.output, in_table=False)
        lines += ["", f"From {source} to {output} in the {md(plan.ordering)} order"]
        lines += ["", f"Plan {md_code(words.short(plan.digest))}"]
        if self._status is not None:
            lines += [
                "",
                f"{tally(plan, self._status)}. Signs: `+` runs, `!` runs because of a change, `=` cached",
            ]
        return "\n".join(lines)

    def _inputs(self) -> _Table:
        rows = ((md_code(i.id), md(i.summary), md_code(words.short(i.digest))) for i in self._plan.inputs)
        return _Table(("input", "what", "content"), tuple(rows))

    def _title(self, lane: Lane) -> str:
        said = f"{lane.title}, {words.count(lane.tasks, 'task')}"
        if self._status is not None:
            statuses = [self._status[u.id].status for u in lane.units if u.id in self._status]
            if any(status != "cached" for status in statuses):
                number = sum(status != "cached" for status in statuses)
                said += f", {number:,} of {words.count(len(lane.units), 'unit')} to run"
            elif statuses:
                said += ", cached"
        return said

    def _lane(self, lane: Lane, *, why: bool) -> _Table:
        headers = ("task", "what", *(("why",) if why else ()))
        return _Table(
            ("", *headers) if self._status is not None else headers,
            tuple(self._task(task, unit, why=why) for unit in lane.units for task in unit.tasks),
        )

    def _task(self, task: Task, unit: Session | Job, *, why: bool) -> tuple[str, ...]:
        what = md(task.title)
        if task.again is not None:
            what += f"<br>again: {md(reason(self._plan, task.again))}"
        if because := words.because(task):
            what += f"<br>because: {md(because)}"
        row = [md_code(task.id), what]
        if why:
            row.append(", ".join(md_code(rule) for rule in self._rules.get(task.id, ())))
        if self._status is None:
            return tuple(row)
        known = self._status.get(unit.id)
        if known is not None and known.status == "changed" and task is unit.tasks[0]:
            row[1] += f"<br>changed: {md(known.because)}"
        return (md_code(SIGNS[known.status]) if known else "", *row)

    def _reasons(self) -> _Table:
        used = sorted({rule for rules in self._rules.values() for rule in rules})
        return _Table(("rule", "reason"), tuple((md_code(r), md(reason(self._plan, r))) for r in used))

    def _notes(self) -> _Table:
        rows = ((md(n.text), md_code(str(n.origin)) if n.origin else "") for n in self._plan.notes)
        return _Table(("note", "where"), tuple(rows))


def _rules_by_task(plan: Plan) -> dict[TaskId, tuple[RuleId, ...]]:
    """The rules that put each task where it is, each once, in the plan's order."""
    found: dict[TaskId, dict[RuleId, None]] = {}
    for edge in plan.edges:
        found.setdefault(edge.after, {})[edge.rule] = None
    return {task: tuple(rules) for task, rules in found.items()}


def _row(row: Sequence[str]) -> str:
    return "| " + " | ".join(row) + " |"


def _folded(title: str, lines: Iterable[str]) -> str:
    # the empty line is what makes a forge read Markdown inside HTML again
    return "\n".join([f"<details><summary>{md_html(title)}</summary>", "", *lines, "", "</details>"])


def _bytes(shown: str) -> int:
    return len(shown.encode())


def _fitting(rows: Sequence[tuple[str, ...]], room: int) -> tuple[tuple[str, ...], ...]:
    """The first rows that fit into so many bytes."""
    used = 0
    for number, row in enumerate(rows):
        used += _bytes(_row(row)) + 1
        if used > room:
            return tuple(rows[:number])
    return tuple(rows)


def _first(table: _Table, room: int) -> list[str]:
    """A table cut to so many bytes, and how many rows it lost."""
    kept = _fitting(table.rows, room)
    lines = _Table(table.headers, kept).lines()
    left = len(table.rows) - len(kept)
    return [*lines, "", f"**Cut: {words.count(left, 'more row')}**"] if left else lines
