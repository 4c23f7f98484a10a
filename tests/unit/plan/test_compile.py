"""The compiler as a whole: what `auto` means, where problems point, what a plan says of itself."""

from __future__ import annotations

import json

import pytest
from support.plans import applying, compiled, declared, edges, facts, media, problems, recipe, tasks

from osrecipe.model.facts import Facts, WimFacts
from osrecipe.model.frozen import digest_of
from osrecipe.model.origins import Origins
from osrecipe.model.plan import Plan
from osrecipe.model.problems import Place
from osrecipe.windows.ordering import DYNAMIC_UPDATE_FROM, RULES

WINDOWS_11 = facts(media=media([("Pro", "re")], build=f"10.0.{DYNAMIC_UPDATE_FROM}.1"))
LAST_CLASSIC = facts(media=media([("Pro", "re")], build=f"10.0.{DYNAMIC_UPDATE_FROM - 1}.1"))


def test_auto_knows_no_order_from_windows_11_on() -> None:
    """It is refused rather than guessed, and the hint says what can be stated."""
    (problem,) = problems(recipe(), WINDOWS_11)
    assert "plan/no-ordering" == problem.slug
    assert "`ordering: classic`" in problem.hint
    assert "classic" == compiled(recipe(), LAST_CLASSIC).ordering


def test_classic_can_be_stated_for_any_build() -> None:
    """It is the author's decision then; without updates there is nothing to order."""
    assert "classic" == compiled(recipe(**applying("ssu", "lcu", use="classic")), WINDOWS_11).ordering
    assert "install-pro/tweak-oem-files" in tasks(compiled(recipe(updates={}), WINDOWS_11))


def test_media_without_install_images_are_refused() -> None:
    """A hostile or broken WIM may hold none."""
    empty = media().model_copy(update={"install": WimFacts(images=(), compression="lzx", size=1)})
    assert ["plan/no-image"] == [p.slug for p in problems(recipe(), facts(media=empty))]


def test_problems_come_in_the_recipe_s_order_with_their_lines() -> None:
    """Each with the source line under which a caret can stand."""
    places: dict[tuple[str | int, ...], Place] = {
        ("targets", "install", "netfx3"): Place("r.yaml", 9, 5),
        ("targets", "install", "features"): Place("r.yaml", 2, 3),
    }
    lines = {"r.yaml": ("", "  features: {X: enabled}", *[""] * 6, "    netfx3: {enable: true}")}
    made = recipe(targets={"install": {"netfx3": {"enable": True}, "features": {"X": "enabled"}}})
    known = facts(media=media([("Pro", "re")], netfx3=False))
    found = problems(made, known, Origins("r.yaml", values=places, keys=places, lines=lines))
    assert [
        ("plan/no-feature", 2, "  features: {X: enabled}"),
        ("plan/no-source", 9, "    netfx3: {enable: true}"),
    ] == [(p.slug, p.place.line if p.place else 0, p.source) for p in found]


def test_a_source_that_is_not_media_is_a_bug_of_the_caller() -> None:
    """The recipe room lets no such source through."""
    with pytest.raises(TypeError, match="`lcu` is not an ISO"):
        compiled(recipe(source="lcu"), facts())


def test_a_plan_says_what_it_is_made_from() -> None:
    """Inputs in the recipe's order, the rules it uses and no others, the digest of its units."""
    plan = compiled(recipe(), facts())
    assert ["media", "ssu", "lcu", "oem"] == [i.id for i in plan.inputs]
    assert {rule for _b, _a, rule in edges(plan)} == set(plan.rules)
    assert all(RULES[rule].reason == reason for rule, reason in plan.rules.items())
    assert digest_of([u.digest for u in plan.units]) == plan.digest
    assert ("usual", "media", "out/usual.iso") == (plan.recipe, plan.source, plan.output)


def test_no_edge_is_said_twice() -> None:
    """Whatever the ways that led to it."""
    plan = compiled(recipe(), facts())
    assert len(plan.edges) == len(edges(plan))


def test_units_come_after_what_they_need() -> None:
    """The plan's own order is a valid one."""
    plan = compiled(recipe(), facts())
    place = {t.id: n for n, t in enumerate(t for u in plan.units for t in u.tasks)}
    assert all(place[e.before] < place[e.after] for e in plan.edges)


def test_a_saved_plan_is_the_same_plan() -> None:
    """JSON and back loses nothing."""
    plan = compiled(recipe(), facts())
    assert plan == Plan.model_validate_json(plan.model_dump_json())


def test_where_inputs_lie_is_no_part_of_what_is_done() -> None:
    """No unit knows a path of the recipe, and another one changes no digest."""
    inputs = {**declared("ssu", "lcu", "oem"), "media": {"iso": "elsewhere/Win10.iso"}}
    plan, usual = compiled(recipe(inputs=inputs), facts()), compiled(recipe(), facts())
    assert usual.digest == plan.digest
    assert usual.units == plan.units
    assert not any("Win10" in unit.model_dump_json() for unit in plan.units)


def test_facts_survive_being_written_down() -> None:
    """A plan compiled from facts that were saved and read again is the same plan."""
    known = facts()
    again = Facts.model_validate_json(json.dumps(known.model_dump(mode="json")))
    assert compiled(recipe(), known) == compiled(recipe(), again)
