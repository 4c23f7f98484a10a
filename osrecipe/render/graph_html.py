"""A plan as a page: the picture, then every card with its tasks, what they do, why they stand there. Nothing is fetched.

There is no script in it: highlights are the style sheet's work, details open by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.cards import Card, cards
from osrecipe.render.graph_svg import svg
from osrecipe.render.lanes import lanes, reason
from osrecipe.render.markup import html as esc
from osrecipe.render.palette import DARK, LIGHT, family
from osrecipe.render.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.model.names import RuleId, TaskId
    from osrecipe.model.plan import Plan, Task

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_MOST_CHANGES = 200
_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d8dee4;--ground:#fff;--band:#f6f8fa;--bright:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#2b323b;--ground:#0d1117;--band:#161b22;
--bright:#58a6ff}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;padding:0 0 48px;background:var(--ground);color:var(--ink);font:14px/1.5 ui-sans-serif,system-ui,sans-serif}
main{max-width:1060px;margin:0 auto;padding:0 24px}
.picture{overflow-x:auto;padding:8px 0;border-bottom:1px solid var(--line)}
.picture svg{display:block;margin:0 auto;max-width:100%;min-width:1080px;height:auto}
a{color:var(--bright)}
h1{font-size:15px;font-weight:600;margin:20px 0 4px}h2{font-size:16px;margin:0}
p{margin:4px 0}code{font:12px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}.soft{color:var(--soft)}
section{border:1px solid var(--line);border-radius:8px;margin:14px 0;padding:12px 18px;scroll-margin-top:16px}
section:target{border-color:var(--bright);box-shadow:0 0 0 1px var(--bright)}
section header{display:flex;gap:12px;align-items:baseline;flex-wrap:wrap;margin-bottom:4px}
section header a{margin-left:auto;color:var(--soft);font-size:12px}
ol{margin:6px 0 0;padding:0;list-style:none}
li.task{display:grid;grid-template-columns:14px minmax(150px,220px) 1fr;gap:0 10px;padding:5px 0;border-top:1px solid var(--line)}
li.task .dot{width:10px;height:10px;border-radius:3px;margin-top:6px}li.task p{margin:0}
li.task .why{color:var(--soft);font-size:13px}
details summary{cursor:pointer;color:var(--soft);font-size:13px}details ul{margin:2px 0;padding-left:18px;font-size:13px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:5px 12px 5px 0;border-top:1px solid var(--line);
vertical-align:top}th{border-top:0;color:var(--soft);font-weight:500;font-size:12px}
@media(max-width:640px){li.task{grid-template-columns:14px 1fr}li.task>div{grid-column:2}}
@media print{section{break-inside:avoid}}
"""


def html(plan: Plan) -> str:
    """The whole page."""
    found = cards(plan)
    rules = _rules(plan)
    dots = "".join(f".dot.{name}{{background:{color}}}" for name, color in LIGHT.items())
    dark = "".join(f".dot.{name}{{background:{color}}}" for name, color in DARK.items())
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{esc(_POLICY)}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        (
            f"<title>{esc(plan.recipe)}: the plan</title><style>{_STYLE}{dots}"
            f"@media(prefers-color-scheme:dark){{{dark}}}</style></head><body>"
        ),
        f'<div class="picture" id="picture">{svg(plan, links=True)}</div>',
        "<main>",
        *_head(plan),
        *(line for card in found for line in _card(card, found, plan, rules)),
        *_notes(plan),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _rules(plan: Plan) -> dict[TaskId, tuple[RuleId, ...]]:
    found: dict[TaskId, dict[RuleId, None]] = {}
    for edge in plan.edges:
        found.setdefault(edge.after, {})[edge.rule] = None
    return {task: tuple(rules) for task, rules in found.items()}


def _head(plan: Plan) -> Iterator[str]:
    tasks = sum(len(unit.tasks) for unit in plan.units)
    yield f"<h1>From <code>{esc(plan.source)}</code> to <code>{esc(plan.output)}</code></h1>"
    yield (
        f"<p class=soft>{words.count(tasks, 'task')} in {words.count(len(lanes(plan)), 'lane')}, in the "
        f"{esc(plan.ordering)} order · plan <code>{esc(words.short(plan.digest))}</code></p>"
    )
    rows = "".join(
        f"<tr><td><code>{esc(i.id)}</code></td><td>{esc(i.summary)}</td><td><code>{esc(words.short(i.digest))}</code></td></tr>"
        for i in plan.inputs
    )
    yield f"<table><thead><tr><th>input</th><th>what</th><th>content</th></tr></thead><tbody>{rows}</tbody></table>"


def _card(
    card: Card, found: tuple[Card, ...], plan: Plan, rules: Mapping[TaskId, tuple[RuleId, ...]]
) -> Iterator[str]:
    part = f" <span class=soft>{esc(card.part)} session</span>" if card.part else ""
    image = (
        f" <span class=soft>{esc(card.lane.name)}</span>" if card.lane.name not in {"", card.lane.id} else ""
    )
    yield f'<section id="card-{card.number}"><header><h2>{esc(card.lane.id)}</h2>{image}{part}'
    yield f'<a href="#osr-c{card.number}">in the picture</a></header>'
    if card.after:
        names = ", ".join(f'<a href="#card-{n}">{esc(_name(found[n]))}</a>' for n in card.after)
        yield f"<p class=soft>after {names}</p>"
    yield "<ol>"
    yield from (_task(task, plan, rules.get(task.id, ())) for task in card.tasks)
    yield "</ol></section>"


def _name(card: Card) -> str:
    return f"{clean(card.lane.id)} {card.part}".strip()


def _task(task: Task, plan: Plan, rules: tuple[RuleId, ...]) -> str:
    said = [f"<p>{esc(task.title)}</p>"]
    if why := words.because(task):
        said.append(f"<p class=why>because: {esc(why)}</p>")
    if task.again is not None:
        said.append(f"<p class=why>again: {esc(reason(plan, task.again))}</p>")
    if task.op.op == "tweak" and task.op.registry:
        changes = [words.change(change) for change in task.op.registry[:_MOST_CHANGES]]
        left = len(task.op.registry) - len(changes)
        changes += [f"and {left:,} more"] if left else []
        items = "".join(f"<li>{esc(change)}</li>" for change in changes)
        said.append(f"<details><summary>{esc(words.tweak(task.op))}</summary><ul>{items}</ul></details>")
    if rules:
        items = "".join(f"<li>{esc(reason(plan, rule))}</li>" for rule in rules)
        said.append(f"<details><summary>why it stands here</summary><ul>{items}</ul></details>")
    short = clean(task.id).partition("/")[2]
    return (
        f'<li class=task><span class="dot {family(task)}"></span><code title="{esc(task.id)}">{esc(short)}</code>'
        f"<div>{''.join(said)}</div></li>"
    )


def _notes(plan: Plan) -> Iterator[str]:
    if plan.notes:
        items = "".join(f"<li>{esc(note.text)}</li>" for note in plan.notes)
        yield f"<h1>Notes</h1><ul>{items}</ul>"
