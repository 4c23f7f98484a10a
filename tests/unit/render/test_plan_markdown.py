"""A plan for a pull request's comment."""

from __future__ import annotations

import re
from functools import cache

import pytest
from markdown_it import MarkdownIt
from support import results
from support.plans import facts, origins, recipe

from osrecipe.model.names import TaskId
from osrecipe.model.plan import Note, Plan
from osrecipe.plan import compile_plan
from osrecipe.render.plan_markdown import LIMIT, markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
EVIL = "</details><script>alert(1)</script>|`x`**b**[l](http://e.example) @all #1 \x1b[2J\u202e漢"


@cache
def usual() -> Plan:
    """The usual plan."""
    return compile_plan(recipe(), facts(), origins())


@cache
def large(tasks: int, title: str = "") -> Plan:
    """A plan of one session with so many tasks, beside the usual ones."""
    plan = usual()
    session = next(unit for unit in plan.units if unit.kind == "session")
    many = tuple(
        session.tasks[0].model_copy(
            update={"id": TaskId(f"winre/t{n}"), "title": title or f"task number {n}"}
        )
        for n in range(tasks)
    )
    units = tuple(u.model_copy(update={"tasks": many}) if u is session else u for u in plan.units)
    return plan.model_copy(update={"units": units})


def task_cells(shown: str) -> list[str]:
    """The tasks a Markdown parser finds in the cells of the tables, each a code span of its own."""
    cells = [token for token in PARSER.parse(shown) if token.type == "inline" and token.children]
    alone = [c.children for c in cells if c.children is not None and len(c.children) == 1]
    return [only.content for (only,) in alone if only.type == "code_inline" and "/" in only.content]


@pytest.mark.parametrize("assessed", [False, True])
def test_every_task_has_exactly_one_row(assessed: bool) -> None:
    """A Markdown parser finds each task of the plan in one cell."""
    plan = usual()
    shown = markdown(plan, results.assessment(plan, ("winre",)) if assessed else None)

    assert sorted(task.id for unit in plan.units for task in unit.tasks) == sorted(task_cells(shown))


def test_every_edge_of_a_task_names_its_rule() -> None:
    """The rules that place a task stand in its row."""
    plan = usual()
    rows = {line.split("`")[1]: line for line in markdown(plan).splitlines() if line.startswith("| `")}

    assert all(f"`{edge.rule}`" in rows[edge.after] for edge in plan.edges)


@pytest.mark.parametrize("title", ["", "漢" * 400, EVIL, "@" * 500])
def test_five_thousand_tasks_stay_under_the_limit(title: str) -> None:
    """A plan that is too long is cut, says so at its start and end, and counts right what it shows."""
    plan = large(5_000, title)
    shown = markdown(plan)
    found = re.search(r"\*\*Cut: ([\d,]+) of ([\d,]+) tasks are shown", shown)

    assert len(shown.encode()) <= LIMIT
    assert found is not None
    assert len(task_cells(shown)) == int(found[1].replace(",", ""))
    assert sum(len(unit.tasks) for unit in plan.units) == int(found[2].replace(",", ""))
    assert 2 == shown.count(found[0])
    assert shown.count("<details>") == shown.count("</details>")


def test_cutting_uses_the_room_there_is() -> None:
    """What is cut is cut near the limit, not far from it."""
    assert len(markdown(large(5_000)).encode()) > 0.9 * LIMIT


def test_reasons_go_before_tasks() -> None:
    """A plan that fits without its reasons is shown whole."""
    plan = usual()
    whole = markdown(plan)
    without = markdown(plan, limit=len(whole.encode()) - 1)

    assert "Cut:" not in without
    assert len(task_cells(whole)) == len(task_cells(without))
    assert "why" in whole
    assert "why" not in without


def test_many_notes_are_cut_too() -> None:
    """Notes can't push the tasks out."""
    plan = large(5_000).model_copy(
        update={"notes": tuple(Note(text=f"note {n} " + "x" * 100) for n in range(5_000))}
    )
    shown = markdown(plan)

    assert len(shown.encode()) <= LIMIT
    assert len(task_cells(shown)) > 100
    assert "more rows" in shown


def test_hostile_text_is_no_markup() -> None:
    """A Markdown parser finds no HTML and no link that we did not write."""
    plan = usual()
    units = tuple(
        u.model_copy(
            update={
                "tasks": tuple(t.model_copy(update={"title": EVIL}) for t in u.tasks),
                **({"name": EVIL} if u.kind == "session" else {}),
            }
        )
        for u in plan.units
    )
    inputs = tuple(i.model_copy(update={"summary": EVIL}) for i in plan.inputs)
    hostile = plan.model_copy(
        update={"units": units, "inputs": inputs, "notes": (Note(text=EVIL),), "recipe": EVIL, "output": EVIL}
    )
    shown = markdown(hostile)
    tokens = [child for token in PARSER.parse(shown) for child in [token, *(token.children or [])]]
    tags = {
        tag
        for t in tokens
        if t.type in {"html_block", "html_inline"}
        for tag in re.findall(r"<[^>]*>", t.content)
    }

    assert {"<details>", "</details>", "<summary>", "</summary>", "<br>"} >= tags
    assert not {"link_open", "strong_open", "em_open", "image"} & {t.type for t in tokens}
    assert all(line.isprintable() for line in shown.split("\n"))
    assert sorted(t.id for u in hostile.units for t in u.tasks) == sorted(set(task_cells(shown)) - {EVIL})


def test_change_is_named_once_for_each_unit() -> None:
    """The cause of a change stands at the unit's first task."""
    plan = usual()
    shown = markdown(plan, results.assessment(plan, (), ("setup",)))

    assert sum(unit.lane == "setup" for unit in plan.units) == shown.count("changed: input")
