"""Explaining tasks, and asking adapters what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from support.plans import compiled, facts, media, recipe

from osrecipe.model.adapter import Action, Adapter, AdapterVersion, Refusal
from osrecipe.model.origins import Origins
from osrecipe.model.problems import OsrecipeError, Place
from osrecipe.plan import refusals
from osrecipe.plan.explain import explain

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Job, Session, Task

PLAN = compiled(recipe(), facts(media=media([("Pro", "re")])))


class Picky:
    """An adapter that refuses tasks of some names, and describes all."""

    version = AdapterVersion(name="picky", version="1")

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[str] = []

    def refuse(self, task: Task, unit: Session | Job, known: Facts) -> Refusal | None:
        """Refuse what it was told to."""
        assert task in unit.tasks
        assert known.inputs
        self.asked.append(task.id)
        short = task.id.partition("/")[2]
        return Refusal(reason=f"no {short}", hint="use another") if short in self.refused else None

    def describe(self, task: Task, unit: Session | Job) -> tuple[Action, ...]:
        """One line."""
        return (Action(text=f"do {task.id} in {unit.id}"),)


def _adapter(*refused: str) -> Adapter:
    return cast("Adapter", Picky(*refused))


def test_a_task_is_explained_by_its_rules_and_actions() -> None:
    """What it follows and what follows it, each with reason and source; why it is a repetition; what is done."""
    found = explain(PLAN, "install-pro/lcu-after-netfx3", _adapter())
    assert found.again is not None
    assert "lcu-after-netfx3" == found.again.id
    after = {reason.task: reason.rule.id for reason in found.after}
    assert "cumulative-again-last" == after["install-pro/netfx3"]  # type: ignore[index]  # a task's id is text
    assert ["install-pro/winre", "media/sync-sources"] == sorted(reason.task for reason in found.before)
    assert all(r.rule.reason and r.rule.source for r in (*found.after, *found.before))
    assert "install-pro.service" == found.unit.id
    assert "do install-pro/lcu-after-netfx3 in install-pro.service" == found.actions[0].text


def test_every_task_can_be_explained() -> None:
    """Jobs as well as sessions' tasks; the first and the last have nothing on one side."""
    first, *_rest, last = [explain(PLAN, t.id, _adapter()) for u in PLAN.units for t in u.tasks]
    assert () == first.after
    assert () == last.before


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("install-pro/lcv", "did you mean `install-pro/lcu`?"), ("x", "`osrecipe plan` lists the tasks")],
)
def test_a_task_that_is_not_there_is_a_usage_error(asked: str, hint: str) -> None:
    """With the nearest one there is."""
    with pytest.raises(OsrecipeError) as caught:
        explain(PLAN, asked, _adapter())
    assert ("plan/unknown-task", hint, 2) == (
        caught.value.problems[0].slug,
        caught.value.problems[0].hint,
        caught.value.exit_code,
    )


def test_an_adapter_is_asked_for_every_task() -> None:
    """Before anything is opened."""
    picky = Picky()
    assert () == refusals(PLAN, facts(), cast("Adapter", picky), Origins("r.yaml"))
    assert [t.id for u in PLAN.units for t in u.tasks] == picky.asked


def test_a_refusal_is_said_once_for_each_line_of_the_recipe() -> None:
    """An update that goes to four kinds of image is one line, and one problem with that line beneath."""
    place = Place("r.yaml", 3, 5)
    keys: dict[tuple[str | int, ...], Place] = {("updates", "apply", "lcu"): place}
    places = Origins("r.yaml", keys=keys, lines={"r.yaml": ("", "", "    lcu: auto")})
    plan = compiled(recipe(), facts(), places)
    found = refusals(plan, facts(), _adapter("lcu", "harvest"), places)
    lcu, *others = found
    assert ("plan/refused", place, "use another", "    lcu: auto") == (
        lcu.slug,
        lcu.place,
        lcu.hint,
        lcu.source,
    )
    assert "the picky adapter can't do `winre/lcu`: no lcu" == lcu.reason
    assert 1 == len(others)
