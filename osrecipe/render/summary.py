"""How a run ended, for a person: what was written, what each image came to, and on failure what to do first.

The first cause comes before all else that went wrong. Returns text, decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import ends, words
from osrecipe.render.lanes import lanes
from osrecipe.render.style import Ink, cells, clean, cut, hang, pad, paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.plan import Plan
    from osrecipe.model.result import Failure, RunResult

_WIDTH = 100
_MOST_TASKS = 12
_MOST_IMAGES = 24
_WIDEST_NAME = 48


def text(result: RunResult, plan: Plan, *, color: bool = False) -> str:
    """The closing summary of a run of `plan`; every line ended."""
    parts = [
        _outcome(result, color=color),
        _cause(result, color=color),
        _left_behind(result, color=color),
        _written(result),
        _images(result, plan),
        _unsaved(result),
        _totals(result, plan),
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _outcome(result: RunResult, *, color: bool) -> list[str]:
    good = result.exit_code == 0
    said = paint(words.ENDS[result.exit_code], Ink.GREEN if good else Ink.RED, color=color)
    return [f"{clean(result.recipe)}: {said}"]


def _cause(result: RunResult, *, color: bool) -> list[str]:
    """What ended the run."""
    if result.first_failure is None:
        return []
    titles = {task.task: task.title for task in result.tasks}
    failure = result.first_failure
    title = clean(titles.get(failure.task, "")) if failure.task else ""
    return failure_lines(failure, title, color=color)


def failure_lines(failure: Failure, title: str = "", *, color: bool = False) -> list[str]:
    """One failure: where, why, what to do."""
    where = clean(failure.task or failure.unit or "the run")
    head = f"{paint(f'error[{clean(failure.slug)}]', Ink.RED, color=color)}: {where}"
    lines = [f"{head}: {title}" if title else head, *_lines("  ", failure.reason)]
    rows = (
        ("code", clean(failure.code)),
        ("recipe", clean(str(failure.origin)) if failure.origin else ""),
        ("log", clean(failure.log)),
        ("hint", clean(failure.remedy)),
    )
    for name, said in rows:
        if said:
            lines += hang(f"  {paint(name + ':', Ink.CYAN, color=color)} ", said, _WIDTH)
    return lines


def _lines(first: str, said: str) -> list[str]:
    """A reason may have several lines: one for each check that failed."""
    return [line for part in said.splitlines() or [""] for line in hang(first, clean(part), _WIDTH)]


def _left_behind(result: RunResult, *, color: bool) -> list[str]:
    """What could not be removed, with the command that removes it."""
    if not result.cleanup_failures:
        return []
    lines = [paint("left behind:", Ink.RED, color=color)]
    for failure in result.cleanup_failures:
        where = f"{clean(failure.unit)}: " if failure.unit else ""
        lines += _lines("  ", where + failure.reason)
        if failure.remedy:
            lines.append(f"    remove it with: {clean(failure.remedy)}")
    return lines


def _written(result: RunResult) -> list[str]:
    return [
        f"wrote `{clean(w.path)}`, {words.size(w.size)}, SHA-256 {words.short(w.sha256)}…"
        for w in result.written
    ]


def _images(result: RunResult, plan: Plan) -> list[str]:
    known = ends.images(result, plan)
    rows = [
        (
            cut(clean(image.name), _WIDEST_NAME),
            _build(image),
            _tasks(image),
            f"{image.passed:,} of {words.count(image.checks, 'check')} passed"
            if image.checks
            else "no checks",
            words.duration(image.milliseconds) if image.milliseconds else "",
        )
        for image in known[:_MOST_IMAGES]
    ]
    lines = ["images", *(f"  {line}" for line in columns(rows))] if rows else []
    if len(known) > len(rows):
        lines.append(f"  and {len(known) - len(rows):,} more")
    return lines


def _build(image: ends.ImageEnd) -> str:
    if not image.saved:
        return "not saved"
    return f"build {image.build}" if image.build else "build not read"


def _tasks(image: ends.ImageEnd) -> str:
    said = f"{image.done:,} done, {image.cached:,} cached"
    return (
        said if image.done + image.cached == image.tasks else f"{said} of {words.count(image.tasks, 'task')}"
    )


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns."""
    wide = [max(cells(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    return ["  ".join(pad(c, w) for c, w in zip(row, wide, strict=True)).rstrip() for row in rows]


def _unsaved(result: RunResult) -> list[str]:
    """What was done in vain, and what was never begun."""
    lines: list[str] = []
    for status, said in (
        ("discarded", "done but discarded, as their images were not saved"),
        ("not-run", "not run"),
    ):
        tasks = [clean(task.task) for task in ends.by_status(result, status)]
        if tasks:
            lines += hang(
                f"{words.count(len(tasks), 'task')} {said}: ", words.listed(tasks, _MOST_TASKS), _WIDTH
            )
    return lines


def _totals(result: RunResult, plan: Plan) -> list[str]:
    number = {status: len(ends.by_status(result, status)) for status in ("done", "cached", "failed")}
    passed, made = ends.checks(result.tasks)
    counts = [f"{number['done']:,} done", f"{number['cached']:,} cached"]
    if number["failed"]:
        counts.append(f"{number['failed']:,} failed")
    head = f"{words.count(len(result.tasks), 'task')} in {words.count(len(lanes(plan)), 'lane')}"
    held = f"{passed:,} of {words.count(made, 'check')} passed" if made else "no checks"
    adapter = f"adapter {clean(result.adapter.name)} {clean(result.adapter.version)}"
    lines = [
        f"{head}: {', '.join(counts)}; {held}; {words.duration(result.milliseconds)}",
        f"run {clean(result.run)}, plan {words.short(result.plan)}, {adapter}",
    ]
    if result.exit_code:
        lines.append(f"exit {int(result.exit_code)}: {words.ENDS[result.exit_code]}")
    return lines
