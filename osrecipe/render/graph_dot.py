"""A plan in Graphviz' language, for whoever wants to draw it otherwise: every task, every edge with its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.lanes import lanes
from osrecipe.render.palette import LIGHT, family
from osrecipe.render.style import clean

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan


def dot(plan: Plan) -> str:
    """The plan as a directed graph; lanes are clusters, rules are labels that show on the edges of an SVG."""
    lines = [
        f"digraph {_quoted(plan.recipe)} {{",
        "  rankdir=LR",
        '  node [shape=box style="filled,rounded"]',
    ]
    for number, lane in enumerate(lanes(plan)):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(lane.title)}"]
        for unit in lane.units:
            lines += [
                f"    {_quoted(t.id)} [label={_quoted(t.id.partition('/')[2])} tooltip={_quoted(t.title)} "
                f'fillcolor="{LIGHT[family(t)]}"]'
                for t in unit.tasks
            ]
        lines.append("  }")
    lines += [f"  {_quoted(e.before)} -> {_quoted(e.after)} [tooltip={_quoted(e.rule)}]" for e in plan.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    """A quoted name; backslashes have meanings of their own in labels."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
