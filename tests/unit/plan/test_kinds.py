"""Updates of kinds that can be told but not applied, and images that were captured."""

from __future__ import annotations

import pytest
from support.plans import applying, compiled, facts, media, origins, problems, recipe, update

from osrecipe.model.facts import MediaFacts, Trace, UpdateKind
from osrecipe.model.problems import Place
from osrecipe.windows.targets import DEFAULT_TARGETS, STEP_OF_KIND

LINE = Place("recipe.yaml", 7, 5)


@pytest.mark.parametrize("kind", [kind for kind in UpdateKind if kind not in STEP_OF_KIND])
def test_a_kind_without_a_step_is_refused_at_its_line(kind: UpdateKind) -> None:
    """What can't be applied is said by name, at the recipe's line, with what to do."""
    made = recipe(**applying("ssu", "odd"))
    found = problems(made, facts(odd=update(kind, "77")), origins(updates__apply__odd=LINE))

    expected = (f"`odd` is a {kind} update, a kind that can't be applied yet", LINE, "plan/kind")
    assert [expected] == [(p.reason, p.place, p.slug) for p in found]
    assert found[0].hint


def test_an_update_that_is_not_applied_may_be_of_any_kind() -> None:
    """An input that is only declared hinders nothing."""
    made = recipe(inputs=applying("ssu", "lcu", "odd")["inputs"])
    plan = compiled(made, facts(odd=update(UpdateKind.SETUP, "77")))

    assert "input `odd` is not used" in [note.text for note in plan.notes]


def test_kinds_with_a_step_have_targets() -> None:
    """One table never knows a kind that the other does not."""
    assert set(STEP_OF_KIND) == set(DEFAULT_TARGETS)


def test_a_captured_image_is_noted() -> None:
    """The reader learns what a captured image can't be used for, and why it counts as one."""
    usual = media()
    traces = (Trace(cause="setup", what="file a"), Trace(cause="people", what="profile b"))
    first, second = usual.install.images
    images = (first.model_copy(update={"capture": "captured", "traces": traces}), second)
    install = usual.install.model_copy(update={"images": images})
    changed: MediaFacts = usual.model_copy(update={"install": install})

    notes = [note.text for note in compiled(recipe(), facts(media=changed)).notes]

    assert ["`Windows 10 Pro` is captured, so it can't be used for an upgrade: file a; profile b"] == notes
