"""A plan as text."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import results
from support.plans import facts, media, origins, recipe

from osrecipe.model.plan import Note, Plan, Session
from osrecipe.plan import compile_plan
from osrecipe.render import plan_text
from osrecipe.render.style import cells

EDITIONS = ("Pro", "Enterprise", "Education", "Home")
_INK = re.compile("\x1b\\[[0-9;]*m")


@cache
def plan_of(editions: tuple[str, ...] = ("Pro", "Enterprise"), winres: int = 1) -> Plan:
    """A plan for some editions, with so many different recovery images."""
    images = [(name, f"re{n % winres}" if winres else "") for n, name in enumerate(editions)]
    return compile_plan(recipe(), facts(media=media(images)), origins())


def task_rows(shown: str, signs: str) -> list[str]:
    """The ids of the lines that show a task, in order."""
    return re.findall(rf"^(?:┃)?\s*[{signs}] (\S+/\S+)  ", shown, re.MULTILINE)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(EDITIONS), min_size=1, max_size=4, unique=True),
    st.integers(0, 2),
    st.integers(40, 140),
    st.booleans(),
)
def test_every_task_has_exactly_one_row(editions: list[str], winres: int, width: int, assessed: bool) -> None:
    """Whatever the plan and the width, each task is shown once, its lane's tasks in order."""
    plan = plan_of(tuple(editions), winres)
    overlay = results.assessment(plan, ("winre",), ("setup",)) if assessed else None
    rows = task_rows(plan_text.text(plan, overlay, width=width), "+=!" if assessed else "·")

    assert sorted(task.id for unit in plan.units for task in unit.tasks) == sorted(rows)
    for lane in {unit.lane for unit in plan.units}:
        tasks = [task.id for unit in plan.units if unit.lane == lane for task in unit.tasks]
        assert tasks == [row for row in rows if row in set(tasks)]


def test_signs_follow_the_assessment() -> None:
    """Cached, changed and other units have their signs, and a change names its cause."""
    plan = plan_of()
    shown = plan_text.text(plan, results.assessment(plan, ("winre",), ("setup",)))

    assert {t.id for u in plan.units if u.lane == "winre" for t in u.tasks} == set(task_rows(shown, "="))
    assert {t.id for u in plan.units if u.lane == "setup" for t in u.tasks} == set(task_rows(shown, "!"))
    assert "changed: input `lcu`" in shown


def test_totals_add_up() -> None:
    """What runs and what is cached together are the tasks."""
    plan = plan_of()
    shown = plan_text.text(plan, results.assessment(plan, ("winre",), ("setup",)))
    found = re.search(r"(\d+) tasks: (\d+) to run \((\d+) of them changed\), (\d+) cached", shown)

    assert found is not None
    total, run, changed, cached = map(int, found.groups())
    assert (sum(len(u.tasks) for u in plan.units), 4, 4) == (total, changed, cached)
    assert total == run + cached


def test_colour_changes_no_word() -> None:
    """Without its colours the coloured text is the plain one, layout and all."""
    plan = plan_of()
    overlay = results.assessment(plan, ("winre",), ("setup",))

    coloured = plan_text.text(plan, overlay, color=True)
    assert plan_text.text(plan, overlay) == _INK.sub("", coloured)
    assert "\x1b" in coloured
    assert "\x1b" not in plan_text.text(plan, overlay)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_lines_fit_the_width(width: int) -> None:
    """No line of the usual plan is wider than it may be."""
    assert width >= max(cells(line) for line in plan_text.text(plan_of(), width=width).splitlines())


def test_repetition_says_why() -> None:
    """The cumulative update that is added again has the rule's reason under it."""
    lines = plan_text.text(plan_of(), width=200).splitlines()
    at = next(n for n, line in enumerate(lines) if "lcu-after-netfx3" in line)

    assert "again: .NET 3.5 comes from the media at its first level" in lines[at + 1]


def test_secret_session_says_that_it_is_never_stored() -> None:
    """A reader sees which sessions run every time."""
    plan = plan_of()
    units = tuple(
        u.model_copy(update={"cacheable": False}) if isinstance(u, Session) else u for u in plan.units
    )

    assert "never stored" in plan_text.text(plan.model_copy(update={"units": units}))
    assert "never stored" not in plan_text.text(plan)


def test_hostile_text_moves_no_cursor() -> None:
    """Names and notes are shown on their line, without control characters."""
    plan = plan_of().model_copy(update={"recipe": "a\x1b[2J\nb", "notes": (Note(text="x\r\u202ey"),)})

    assert all(line.isprintable() for line in plan_text.text(plan).split("\n"))


def test_empty_plan_is_shown() -> None:
    """A plan with nothing in it is no special case."""
    plan = plan_of().model_copy(update={"units": (), "edges": (), "inputs": ()})

    assert "0 lanes, 0 units, 0 tasks" in plan_text.text(plan)


def test_equal_plans_give_equal_text() -> None:
    """The text depends on the plan alone."""
    again = Plan.model_validate_json(plan_of().model_dump_json())

    assert plan_text.text(plan_of()) == plan_text.text(again)
