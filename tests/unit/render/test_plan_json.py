"""A plan as JSON."""

from __future__ import annotations

from support.plans import facts, origins, recipe

from osrecipe.model.plan import Plan
from osrecipe.plan import compile_plan
from osrecipe.render import plan_json


def test_plan_survives_the_round() -> None:
    """What is written is read back as the same plan."""
    plan = compile_plan(recipe(), facts(), origins())

    assert plan == Plan.model_validate_json(plan_json.dump(plan))


def test_text_is_stable() -> None:
    """Rules are sorted whatever order they came in, and the text ends with one line break."""
    plan = compile_plan(recipe(), facts(), origins())
    turned = plan.model_copy(update={"rules": dict(reversed(list(plan.rules.items())))})
    text = plan_json.dump(plan)

    assert text == plan_json.dump(turned)
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
