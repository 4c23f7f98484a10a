"""A plan as a picture: a card for each session with its tasks in order, lines for what waits for what.

One self-contained SVG without scripts. Pointing at a card, or reaching it with the keyboard, leaves only its own lines
and neighbours bright; that is the style sheet's work. Legible on light and dark grounds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.cards import Card, cards
from osrecipe.render.lanes import lanes
from osrecipe.render.markup import html
from osrecipe.render.palette import DARK, FAMILIES, LIGHT, family
from osrecipe.render.style import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.plan import Plan, Task

_CARD = 220
_GAP = 60
"""Between columns; lines bend there."""
_ROW_GAP = 26
_HEAD = 46
_LINE = 20
_FOOT = 10
_MARGIN = 24
_TOP = 74
_CHAR = 6.4
"""Average width of a character of the labels; the font is whatever the reader has."""
_SMALL_CHAR = 6.1
_MOST_LINES = 14
"""Tasks a card names; beyond, it says how many more there are."""
_MANY_CARDS = 120
"""Beyond so many, cards name no tasks, and pointing at one changes nothing."""


@dataclass(frozen=True)
class _Box:
    """Where a card stands."""

    card: Card
    x: float
    y: float
    height: float
    lines: int

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def holds(self, y: float) -> bool:
        """Whether a line at this height meets its straight side."""
        return self.y + _FOOT <= y <= self.y + self.height - _FOOT


def svg(plan: Plan, *, links: bool = False) -> str:
    """The picture of a plan.

    Args:
        plan: what is drawn.
        links: whether cards lead to `#card-N` of the page they stand in.
    """
    found = cards(plan)
    boxes = _placed(found)
    width = max((b.x + _CARD for b in boxes), default=0) + _MARGIN
    width = max(width, 760)
    bottom = max((b.y + b.height for b in boxes), default=_TOP) + 52
    tasks = sum(len(card.tasks) for card in found)
    title = clean(plan.recipe)
    said = f"{words.count(tasks, 'task')} in {words.count(len(lanes(plan)), 'lane')}, {clean(plan.ordering)} order"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="osr-graph" viewBox="0 0 {width:.0f} {bottom:.0f}" '
            f'width="{width:.0f}" height="{bottom:.0f}" role="group" aria-label="{html(f"plan of {title}: {said}")}">'
        ),
        _style(boxes),
        f'<rect class="ground" width="{width:.0f}" height="{bottom:.0f}" rx="8"/>',
        _text(_MARGIN, 34, title, "title"),
        _text(_MARGIN, 54, said, "soft"),
        *_edges(boxes),
        *(line for box in boxes for line in _card(box, links=links)),
        *_legend(bottom - 20),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _placed(found: Sequence[Card]) -> list[_Box]:
    """Cards in columns and rows; each row is as high as its highest card, and lower ones stand in its middle."""
    shown = _MOST_LINES if len(found) <= _MANY_CARDS else 0
    lines = {card.number: _lines(card, shown) for card in found}
    heights = {n: _HEAD + count * _LINE + (_FOOT if count else 0) for n, count in lines.items()}
    rows: dict[int, float] = {}
    for card in found:
        rows[card.track] = max(rows.get(card.track, 0), heights[card.number])
    tops: dict[int, float] = {}
    y = float(_TOP)
    for track in sorted(rows):
        tops[track] = y
        y += rows[track] + _ROW_GAP
    return [
        _Box(
            card,
            _MARGIN + card.column * (_CARD + _GAP),
            tops[card.track] + (rows[card.track] - heights[card.number]) / 2,
            heights[card.number],
            lines[card.number],
        )
        for card in found
    ]


def _lines(card: Card, most: int) -> int:
    count = len(card.tasks)
    return min(count, most + 1 if count > most else most) if most else 0


# --- cards -----------------------------------------------------------------------------------------------------------


def _card(box: _Box, *, links: bool) -> Iterator[str]:
    card = box.card
    name = clean(card.lane.id)
    image = clean(card.lane.name) if card.lane.name != card.lane.id else ""
    second = " · ".join(part for part in (card.part, image) if part) or words.count(len(card.tasks), "task")
    tip = f"{clean(card.lane.title)}{f', {card.part}' if card.part else ''}: {words.count(len(card.tasks), 'task')}"
    yield (
        f'<a id="osr-c{card.number}" class="card" href="#card-{card.number}" aria-label="{html(tip)}">'
        if links
        else f'<g id="osr-c{card.number}" class="card" tabindex="0" role="img" aria-label="{html(tip)}">'
    )
    kind = "jobs" if not card.part else "session"
    yield f'<rect class="box {kind}" x="{box.x:.0f}" y="{box.y:.1f}" width="{_CARD}" height="{box.height:.0f}" rx="8"/>'
    room = int((_CARD - 28) / _CHAR)
    yield _text(box.x + 14, box.y + 20, cut(name, room - 2), "lane")
    yield _text(box.x + 14, box.y + 36, cut(second, int((_CARD - 24) / _SMALL_CHAR)), "soft small")
    for number, task in enumerate(card.tasks[: box.lines]):
        y = box.y + _HEAD + number * _LINE
        left = len(card.tasks) - number
        if number == box.lines - 1 and left > 1:
            yield _text(box.x + 30, y + 14, f"and {left:,} more", "soft")
        else:
            yield from _task(task, box.x, y, room - 3)
    yield "</a>" if links else "</g>"


def _task(task: Task, x: float, y: float, room: int) -> Iterator[str]:
    tip = clean(task.title) + (f": {why}" if (why := words.because(task)) else "")
    again = " again" if task.again is not None else ""
    yield (
        f"<g><title>{html(tip)}</title>"
        f'<rect class="{family(task)}" x="{x + 14:.0f}" y="{y + 5:.1f}" width="10" height="10" rx="3"/>'
        f"{_text(x + 30, y + 14, cut(clean(task.id).partition('/')[2], room), f'task{again}')}</g>"
    )


# --- lines -----------------------------------------------------------------------------------------------------------


def _edges(boxes: Sequence[_Box]) -> Iterator[str]:
    """Lines from right to left sides, at heights of their own, those that go up above those that go down."""
    by_number = {box.card.number: box for box in boxes}
    pairs = [(by_number[other], box) for box in boxes for other in box.card.after]
    leaves, enters = _straightened(pairs, _ports(pairs, out=True), _ports(pairs, out=False))
    for pair in pairs:
        before, after = pair
        ends = before.card.number, after.card.number
        x1, y1 = before.x + _CARD, leaves[ends]
        x2, y2 = after.x, enters[ends]
        bend = min((x2 - x1) / 2, _GAP * 0.9)
        # a line over several columns goes level first and bends where it arrives
        level = x2 - _GAP
        path = f"M{x1:.0f} {y1:.1f}"
        if x2 - x1 > _GAP + 1:
            path += f"H{level:.0f}C{level + bend:.0f} {y1:.1f} {x2 - bend:.0f} {y2:.1f} {x2 - 5:.0f} {y2:.1f}"
        else:
            path += f"C{x1 + bend:.0f} {y1:.1f} {x2 - bend:.0f} {y2:.1f} {x2 - 5:.0f} {y2:.1f}"
        yield (
            f'<g class="edge f{ends[0]} t{ends[1]}"><path d="{path}"/>'
            f'<path class="tip" d="M{x2 - 7:.0f} {y2 - 4:.1f}l7 4l-7 4z"/></g>'
        )


_Ports = dict[tuple[int, int], float]


def _straightened(
    pairs: Sequence[tuple[_Box, _Box]], leaves: _Ports, enters: _Ports
) -> tuple[_Ports, _Ports]:
    """The same, with a line made level where it is the only one on a side that is high enough."""
    outs = Counter(before.card.number for before, _ in pairs)
    ins = Counter(after.card.number for _, after in pairs)
    for before, after in pairs:
        ends = before.card.number, after.card.number
        if outs[ends[0]] == 1 and before.holds(enters[ends]):
            leaves[ends] = enters[ends]
        elif ins[ends[1]] == 1 and after.holds(leaves[ends]):
            enters[ends] = leaves[ends]
    return leaves, enters


def _ports(pairs: Sequence[tuple[_Box, _Box]], *, out: bool) -> _Ports:
    """Where each line leaves (or enters) its card."""
    sides: dict[int, list[tuple[float, tuple[int, int], _Box]]] = {}
    for before, after in pairs:
        here, there = (before, after) if out else (after, before)
        ends = before.card.number, after.card.number
        sides.setdefault(here.card.number, []).append((there.middle, ends, here))
    found: _Ports = {}
    for lines in sides.values():
        lines.sort(key=lambda line: line[:2])
        box = lines[0][2]
        step = min(14.0, (box.height - 16) / max(len(lines), 1))
        for number, (_, ends, _box) in enumerate(lines):
            found[ends] = box.middle + (number - (len(lines) - 1) / 2) * step
    return found


# --- looks -----------------------------------------------------------------------------------------------------------


def _legend(y: float) -> Iterator[str]:
    x = float(_MARGIN)
    for name, said in FAMILIES.items():
        yield f'<rect class="{name}" x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" rx="3"/>'
        yield _text(x + 16, y, said, "soft small")
        x += 16 + len(said) * 5.8 + 18


def _text(x: float, y: float, said: str, ink: str) -> str:
    return f'<text class="{ink}" x="{x:.0f}" y="{y:.1f}">{html(said)}</text>'


def _style(boxes: Sequence[_Box]) -> str:
    def fills(colors: dict[str, str]) -> str:
        return "".join(f".osr-graph .{name}{{fill:{color}}}" for name, color in colors.items())

    return (
        "<style>"
        ".osr-graph{font:12px ui-sans-serif,system-ui,sans-serif;--ink:#1f2328;--soft:#59636e;--line:#8c959f;"
        "--ground:#fff;--box:#f6f8fa;--rim:#d1d9e0;--bright:#0969da}"
        ".osr-graph .ground{fill:var(--ground)}.osr-graph text{fill:var(--ink)}.osr-graph .title{font-size:18px;font-weight:600}"
        ".osr-graph .lane{font-weight:600}.osr-graph .soft{fill:var(--soft)}.osr-graph .small{font-size:11px}"
        ".osr-graph .box{fill:var(--box);stroke:var(--rim)}.osr-graph .jobs{stroke-dasharray:4 3}"
        ".osr-graph .again{font-style:italic}.osr-graph .edge path{fill:none;stroke:var(--line);stroke-width:1.5}"
        ".osr-graph .edge .tip{fill:var(--line);stroke:none}"
        ".osr-graph .card{cursor:default;outline:none;text-decoration:none}.osr-graph a.card{cursor:pointer}"
        ".osr-graph .card:is(:hover,:focus-visible) .box{stroke:var(--bright);stroke-width:2;stroke-dasharray:none}"
        f"{fills(LIGHT)}{_hover(boxes)}"
        "@media(prefers-color-scheme:dark){.osr-graph{--ink:#e6edf3;--soft:#9198a1;--line:#6e7681;--ground:#0d1117;"
        f"--box:#161b22;--rim:#30363d;--bright:#58a6ff}}{fills(DARK)}}}"
        "@media(prefers-reduced-motion:no-preference){.osr-graph .card,.osr-graph .edge{transition:opacity .15s}}"
        "@media print{.osr-graph .card,.osr-graph .edge{opacity:1!important}}"
        "</style>"
    )


def _hover(boxes: Sequence[_Box]) -> str:
    """While one card is looked at, all but its lines and what they lead to is faint."""
    if len(boxes) > _MANY_CARDS:
        return ""
    near: dict[int, set[int]] = {box.card.number: {box.card.number} for box in boxes}
    for box in boxes:
        for other in box.card.after:
            near[box.card.number].add(other)
            near[other].add(box.card.number)
    rules = []
    for number, others in near.items():
        on = f".osr-graph:has(#osr-c{number}:is(:hover,:focus-visible))"
        kept = ",".join(f"#osr-c{other}" for other in sorted(others))
        rules.append(
            f"{on} .card:not({kept}){{opacity:.3}}{on} .edge:not(.f{number},.t{number}){{opacity:.12}}"
            f"{on} :is(.f{number},.t{number}) path{{stroke:var(--bright);stroke-width:2.2}}"
            f"{on} :is(.f{number},.t{number}) .tip{{fill:var(--bright)}}"
        )
    return "".join(rules)
