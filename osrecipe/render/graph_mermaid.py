"""A plan as a Mermaid graph, for pull requests and job pages, within the bounds that forges leave at their defaults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.cards import cards, reduced
from osrecipe.render.lanes import lanes, needs
from osrecipe.render.palette import FAMILIES, LIGHT, family
from osrecipe.render.style import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Plan

MOST_TASKS = 60
"""Beyond so many, lanes are shown instead of tasks."""
MOST_EDGES = 500
MOST_CHARACTERS = 50_000
_LABEL = 60
_SPECIAL = {c: f"#{ord(c)};" for c in '#;"&<>`\\{}[]()|'}
"""Mermaid's own way to write what would end a label or mean something in it."""


@dataclass(frozen=True)
class _Graph:
    """What is drawn: subgraphs of (id, label, family), and arrows."""

    groups: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
    arrows: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The graph; ids hold nothing of what things are called."""
        lines = ["flowchart TB"]  # a review is narrow and long
        for number, (title, nodes) in enumerate(self.groups):
            shown = [f'{name}["{label}"]:::{kind}' for name, label, kind in nodes]
            if title:
                lines += [f'  subgraph g{number}["{title}"]']
                lines += [f"    {node}" for node in shown]
                lines.append("  end")
            else:
                lines += [f"  {node}" for node in shown]
        lines += [f"  {before} --> {after}" for before, after in self.arrows]
        lines += [
            f"  classDef {kind} fill:{LIGHT[kind]},stroke:#59636e,color:#1f2328" for kind in self._kinds
        ]
        return "\n".join(lines) + "\n"

    @property
    def _kinds(self) -> list[str]:
        used = {kind for _, nodes in self.groups for _, _, kind in nodes}
        return [kind for kind in FAMILIES if kind in used]

    @property
    def fits(self) -> bool:
        """Whether a forge draws it."""
        return len(self.arrows) < MOST_EDGES and len(self.text) < MOST_CHARACTERS


def mermaid(plan: Plan) -> str:
    """The plan as Mermaid text: tasks where there are few, else lanes, else kinds of lanes."""
    tasks = sum(len(unit.tasks) for unit in plan.units)
    graphs = (_by_tasks, _by_lanes) if tasks <= MOST_TASKS else (_by_lanes,)
    return next((g.text for make in graphs if (g := make(plan)).fits), _by_kinds(plan).text)


def label(text: str) -> str:
    """Text inside a quoted label."""
    return "".join(_SPECIAL.get(c, c) for c in cut(clean(text), _LABEL))


def _by_tasks(plan: Plan) -> _Graph:
    found = cards(plan)
    numbers = {task.id: f"n{n}" for n, task in enumerate(t for card in found for t in card.tasks)}
    groups = tuple(
        (
            label(f"{card.lane.title}{f', {card.part}' if card.part else ''}"),
            tuple((numbers[t.id], label(t.id.partition("/")[2]), family(t)) for t in card.tasks),
        )
        for card in found
    )
    inside = [
        (numbers[a.id], numbers[b.id])
        for unit in plan.units
        for a, b in zip(unit.tasks, unit.tasks[1:], strict=False)
    ]
    return _Graph(groups, (*inside, *_between(plan, numbers)))


def _between(plan: Plan, numbers: Mapping[TaskId, str]) -> list[tuple[str, str]]:
    """From each unit's last task to the first of those that come right after it."""
    place = {unit.id: n for n, unit in enumerate(plan.units)}
    after = reduced({place[unit]: {place[o] for o in others} for unit, others in needs(plan).items()})
    return [
        (numbers[plan.units[other].tasks[-1].id], numbers[plan.units[n].tasks[0].id])
        for n in sorted(after)
        for other in sorted(after[n])
    ]


def _by_lanes(plan: Plan) -> _Graph:
    found = lanes(plan)
    numbers = {lane.id: f"n{n}" for n, lane in enumerate(found)}
    nodes = tuple(
        (
            numbers[lane.id],
            f"{label(lane.title)}<br/>{words.count(lane.tasks, 'task')}",
            _main(t for unit in lane.units for t in (family(task) for task in unit.tasks)),
        )
        for lane in found
    )
    home = {unit.id: numbers[unit.lane] for unit in plan.units}
    pairs = ((home[other], home[unit]) for unit, others in needs(plan).items() for other in others)
    return _Graph((("", nodes),), tuple(dict.fromkeys((a, b) for a, b in pairs if a != b)))


def _by_kinds(plan: Plan) -> _Graph:
    """Lanes of one kind of image as one: a plan of any size fits."""
    kinds: dict[str, list[int]] = {}
    home: dict[str, str] = {}
    for lane in lanes(plan):
        target = next((unit.target for unit in lane.units if unit.kind == "session"), "jobs")
        kinds.setdefault(target, []).append(lane.tasks)
        home.update((unit.id, target) for unit in lane.units)
    numbers = {kind: f"n{n}" for n, kind in enumerate(kinds)}
    nodes = tuple(
        (
            numbers[kind],
            f"{kind}: {words.count(len(sizes), 'lane')}<br/>{words.count(sum(sizes), 'task')}",
            "media",
        )
        for kind, sizes in kinds.items()
    )
    pairs = ((home[other], home[unit]) for unit, others in needs(plan).items() for other in others)
    arrows = dict.fromkeys((numbers[a], numbers[b]) for a, b in pairs if a != b)
    return _Graph((("", nodes),), tuple(arrows))


def _main(kinds: Iterable[str]) -> str:
    """The family most of a lane's tasks are of."""
    return Counter(kinds).most_common(1)[0][0]
