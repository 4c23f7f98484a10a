"""Updates of kinds that can be told from others but not be applied yet: refused at the recipe's line, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.facts import UpdateFacts
from osrecipe.windows.targets import INSTEAD, STEP_OF_KIND

if TYPE_CHECKING:
    from osrecipe.plan.steps import Compiling


def check_kinds(work: Compiling) -> None:
    """Leave a problem for each update the recipe applies that no step is known for."""
    known = ", ".join(f"`{kind.value}`" for kind in STEP_OF_KIND)
    for name in work.recipe.updates.apply:
        facts = work.facts.inputs[name]
        if isinstance(facts, UpdateFacts) and facts.update_kind not in STEP_OF_KIND:
            reason = f"`{name}` is a {facts.update_kind.value} update, a kind that can't be applied yet"
            hint = INSTEAD.get(facts.update_kind, f"the kinds that can be applied are: {known}")
            work.problem(Slug.PLAN_KIND, reason, work.origins.key("updates", "apply", name), hint)
