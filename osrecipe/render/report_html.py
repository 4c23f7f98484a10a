"""A run as one HTML page: what failed first, what was written, what every task did and what was read back.

One file, nothing fetched, no scripts; everything that comes from outside is escaped. Decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import ends, words
from osrecipe.render.lanes import Lane, lanes, reason
from osrecipe.render.markup import html as esc
from osrecipe.render.run_svg import svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Plan, Task
    from osrecipe.model.result import Failure, RunResult, TaskResult

_MANY_CHECKS = 12
"""Beyond so many, a task's checks are folded."""
_SIGNS = {"done": "✓", "cached": "=", "failed": "✗", "discarded": "-", "not-run": "·"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d8dee4;--ground:#fff;--band:#f6f8fa;
--good:#1a7f37;--bad:#b3261e;--badband:#ffebe9}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#2b323b;--ground:#0d1117;
--band:#161b22;--good:#4ac26b;--bad:#ff8f86;--badband:#2d1214}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1024px;padding:24px 32px 48px;background:var(--ground);color:var(--ink);
font:14px/1.5 ui-sans-serif,system-ui,sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 8px}h3{font-size:14px;margin:20px 0 6px}
p{margin:4px 0}code,.hash{font:12px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}.hash{font-size:11px}
.soft{color:var(--soft)}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-top:1px solid var(--line)}
th{border-top:0;color:var(--soft);font-weight:500;font-size:12px}
td.number,th.number{text-align:right;white-space:nowrap;padding-right:20px}
td.number:last-child,th.number:last-child{padding-right:0}th.task{width:230px}td.sign{width:1.6em;text-align:center}
td.id,td.task{white-space:nowrap}
ul{margin:4px 0;padding-left:0;list-style:none}li{overflow-wrap:anywhere;padding-left:18px;text-indent:-18px}
.failure{background:var(--badband);border-left:4px solid var(--bad);padding:10px 16px;margin:16px 0}
.failure pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;font:12px/1.5 ui-monospace,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:6px 0}dt{color:var(--soft)}dd{margin:0}
svg.osr-run{max-width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
details>summary{cursor:pointer}
@media print{body{max-width:none;padding:0;font-size:11px}code,.hash,.failure pre{font-size:10px}h2{break-after:avoid}tr,.failure,svg{break-inside:avoid}
details::details-content{content-visibility:visible;height:auto}}
"""


def html(result: RunResult, plan: Plan) -> str:
    """The report of a run of `plan`, a whole page."""
    title = f"{esc(result.recipe)}: {esc(words.ENDS[result.exit_code])}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{esc(_POLICY)}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        *_head(result),
        *_failures(result),
        *_outputs(result),
        *_images(result, plan),
        "<h2>The run</h2>",
        svg(result, plan),
        *_inputs(plan),
        *_tasks(result, plan),
        *_notes(plan),
        *_particulars(result, plan),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _head(result: RunResult) -> Iterator[str]:
    ink = "bad" if result.exit_code else "good"
    passed, made = ends.checks(result.tasks)
    yield f"<h1>{esc(result.recipe)}</h1>"
    figures = [
        words.duration(result.milliseconds),
        f"{len(ends.by_status(result, 'done')):,} of {words.count(len(result.tasks), 'task')} done",
        f"{len(ends.by_status(result, 'cached')):,} from the store",
        f"{passed:,} of {words.count(made, 'check')} passed" if made else "no checks made",
    ]
    outcome = f'<span class="{ink}">{esc(words.ENDS[result.exit_code])}</span>'
    yield f"<p>{outcome} <span class=soft>{esc(' · '.join(figures))}</span></p>"


def _failures(result: RunResult) -> Iterator[str]:
    """The cause, then what was left behind after it."""
    titles = {task.task: task.title for task in result.tasks}
    if result.first_failure is not None:
        failure = result.first_failure
        title = titles.get(failure.task, "") if failure.task else ""
        yield f"<h2>What failed</h2>{_failure(failure, title)}"
    if result.cleanup_failures:
        yield "<h2>What is left behind</h2>"
        yield from (_failure(failure, "") for failure in result.cleanup_failures)


def _failure(failure: Failure, title: str) -> str:
    where = failure.task or failure.unit or "the run"
    rows = (
        ("code", failure.code),
        ("recipe", str(failure.origin) if failure.origin else ""),
        ("log", failure.log),
        ("kind", failure.slug),
    )
    listed = "".join(f"<dt>{name}</dt><dd><code>{esc(said)}</code></dd>" for name, said in rows if said)
    remedy = f"<p>What to do:</p><pre>{esc(failure.remedy)}</pre>" if failure.remedy else ""
    said = "<br>".join(map(esc, failure.reason.splitlines()))
    head = f"<p><code>{esc(where)}</code> {esc(title)}</p><p class=bad>{said}</p>"
    return f"<div class=failure>{head}<dl>{listed}</dl>{remedy}</div>"


def _outputs(result: RunResult) -> Iterator[str]:
    if not result.written:
        return
    rows = [
        (f"<code>{esc(w.path)}</code>", words.size(w.size), f"<span class=hash>{esc(w.sha256)}</span>")
        for w in result.written
    ]
    yield "<h2>What was written</h2>"
    yield _table(("file", "size", "SHA-256"), rows, numbers={1})


def _images(result: RunResult, plan: Plan) -> Iterator[str]:
    rows = [
        (
            _image(image),
            esc(image.build) if image.saved else "not saved",
            f"{image.done:,} done, {image.cached:,} from the store, of {image.tasks:,}",
            f"{image.passed:,} of {image.checks:,} passed" if image.checks else "none made",
            words.duration(image.milliseconds) if image.milliseconds else "",
        )
        for image in ends.images(result, plan)
    ]
    if rows:
        yield "<h2>Images</h2>"
        yield _table(("image", "build read back", "tasks", "checks", "time"), rows, numbers={4})


def _image(image: ends.ImageEnd) -> str:
    lane = f"<br><code class=soft>{esc(image.lane)}</code>" if image.lane != image.name else ""
    return esc(image.name) + lane


def _inputs(plan: Plan) -> Iterator[str]:
    rows = [
        (f"<code>{esc(i.id)}</code>", esc(i.summary), f"<span class=hash>{esc(i.digest)}</span>")
        for i in plan.inputs
    ]
    yield "<h2>Inputs</h2>"
    yield _table(("input", "what", "content"), rows)


def _tasks(result: RunResult, plan: Plan) -> Iterator[str]:
    known = {task.task: task for task in result.tasks}
    yield "<h2>Tasks</h2>"
    for lane in lanes(plan):
        name = f" <span class=soft>{esc(lane.name)}</span>" if lane.name and lane.name != lane.id else ""
        yield f"<h3>{esc(lane.id)}{name}</h3>"
        yield _table(
            ("", "task", "what was done and read back", "time"), _lane(lane, known, plan), numbers={3}
        )


def _lane(lane: Lane, known: dict[TaskId, TaskResult], plan: Plan) -> list[tuple[str, ...]]:
    return [_task(task, known.get(task.id), plan) for unit in lane.units for task in unit.tasks]


def _task(task: Task, result: TaskResult | None, plan: Plan) -> tuple[str, ...]:
    status = result.status if result else "not-run"
    ink = {"done": "good", "failed": "bad"}.get(status, "soft")
    said = [esc(task.title)]
    if status not in {"done", "failed"}:
        said[0] += (
            f" <span class=soft>({esc({'cached': 'from the store'}.get(status, status.replace('-', ' ')))})</span>"
        )
    if task.again is not None:
        said.append(f"<span class=soft>again: {esc(reason(plan, task.again))}</span>")
    if why := words.because(task):
        said.append(f"<span class=soft>because: {esc(why)}</span>")
    if result is not None:
        said += _facts(result)
    spent = (
        words.duration(result.milliseconds) if result and status in {"done", "failed", "discarded"} else ""
    )
    sign = f'<span class="{ink}" title="{esc(status)}">{_SIGNS[status]}</span>'
    return (sign, f"<code>{esc(task.id)}</code>", "<br>".join(said), spent)


def _facts(result: TaskResult) -> Iterator[str]:
    """What a task said of itself, and its checks."""
    detail = result.detail
    shown = ", ".join(filter(None, [detail, words.figures(result.figures, detail)]))
    log = f" <code>{esc(result.log)}</code>" if result.log and result.status == "failed" else ""
    if shown or log:
        yield f"<span class=soft>{esc(shown)}</span>{log}"
    if result.checks:
        items = "".join(
            f'<li><span class="{"good" if r.passed else "bad"}">{"✓" if r.passed else "✗"}</span> {esc(words.found(r))}</li>'
            for r in result.checks
        )
        listed = f"<ul>{items}</ul>"
        if len(result.checks) > _MANY_CHECKS:
            passed = sum(r.passed for r in result.checks)
            summary = f"{passed:,} of {words.count(len(result.checks), 'check')} passed"
            listed = f"<details><summary>{summary}</summary>{listed}</details>"
        yield listed


def _notes(plan: Plan) -> Iterator[str]:
    if plan.notes:
        yield "<h2>Notes</h2>"
        items = (
            f"<li>{esc(n.text)}{f' <code>{esc(str(n.origin))}</code>' if n.origin else ''}</li>"
            for n in plan.notes
        )
        yield f"<ul>{''.join(items)}</ul>"


def _particulars(result: RunResult, plan: Plan) -> Iterator[str]:
    tools = ", ".join(f"{name} {version}" for name, version in result.adapter.tools)
    rows = (
        ("run", result.run),
        ("plan", plan.digest),
        ("order", plan.ordering),
        ("adapter", f"{result.adapter.name} {result.adapter.version}"),
        ("tools", tools),
        ("exit", f"{int(result.exit_code)}: {words.ENDS[result.exit_code]}"),
    )
    yield "<h2>Particulars</h2>"
    listed = "".join(f"<dt>{name}</dt><dd class=hash>{esc(said)}</dd>" for name, said in rows if said)
    yield f"<dl>{listed}</dl>"


def _table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: frozenset[int] | set[int] = frozenset()
) -> str:
    """A table of cells that are HTML already."""

    def kind(column: int) -> str:
        if column in numbers:
            return ' class="number"'
        if headers[column] == "":
            return ' class="sign"'
        return {"task": ' class="task"', "input": ' class="id"'}.get(headers[column], "")

    head = "".join(f"<th{kind(n)}>{header}</th>" for n, header in enumerate(headers))
    body = "".join(
        "<tr>" + "".join(f"<td{kind(n)}>{cell}</td>" for n, cell in enumerate(row)) + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
