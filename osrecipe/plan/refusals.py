"""Ask an adapter, before anything is opened, whether it can carry every task out faithfully."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import Place, Problem

if TYPE_CHECKING:
    from osrecipe.model.adapter import Adapter
    from osrecipe.model.facts import Facts
    from osrecipe.model.origins import Origins
    from osrecipe.model.plan import Plan


def refusals(plan: Plan, facts: Facts, adapter: Adapter, origins: Origins) -> tuple[Problem, ...]:
    """One problem for each recipe line the adapter refuses, naming the line, the reason and what can do it."""
    found: dict[tuple[str, str], Problem] = {}
    for unit in plan.units:
        for task in unit.tasks:
            refusal = adapter.refuse(task, unit, facts)
            if refusal is None:
                continue
            place = Place(task.origin.file, task.origin.line, task.origin.column) if task.origin else None
            reason = f"the {adapter.version.name} adapter can't do `{task.id}`: {refusal.reason}"
            line = origins.line(place) if place else ""
            found.setdefault(
                (str(place), refusal.reason), Problem(Slug.PLAN_REFUSED, reason, place, refusal.hint, line)
            )
    return tuple(found.values())
