"""What holds for the difference of any two plans."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support.plan_recipes import Case, cases
from support.plans import compiled

from osrecipe.model.diff import PlanDiff
from osrecipe.plan.diff import diff_plans
from osrecipe.plan.diff_order import moved

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan

SWAPPED = {"added": "removed", "removed": "added", "serviced": "carried", "carried": "serviced"}


def plan_of(case: Case) -> Plan:
    """Its plan."""
    return compiled(case.recipe, case.facts)


def swapped(diff: PlanDiff) -> dict[str, set[object]]:
    """What a difference says, as it would be said the other way round."""
    return {
        "inputs": {(SWAPPED.get(i.change, i.change), i.after, i.before) for i in diff.inputs},
        "images": {(SWAPPED[i.change], i.name, i.target, i.tasks) for i in diff.images},
        "tasks": {
            (
                SWAPPED.get(t.change, t.change),
                t.after,
                t.before,
                frozenset((d.what, d.after, d.before) for d in t.details),
            )
            for t in diff.tasks
        },
        "moved": {(m.session, m.from_session, m.is_after, m.was_after) for m in diff.moved},
        "settings": {(d.what, d.after, d.before) for d in diff.settings},
        "renames": {(r.what, r.after, r.before) for r in diff.renames},
        "notes": {(d.after, d.before) for d in diff.notes},
    }


def straight(diff: PlanDiff) -> dict[str, set[object]]:
    """What a difference says, in the same form."""
    return {
        "inputs": {(i.change, i.before, i.after) for i in diff.inputs},
        "images": {(i.change, i.name, i.target, i.tasks) for i in diff.images},
        "tasks": {
            (
                t.change,
                t.before,
                t.after,
                frozenset((d.what, d.before, d.after) for d in t.details),
            )
            for t in diff.tasks
        },
        "moved": {(m.from_session, m.session, m.was_after, m.is_after) for m in diff.moved},
        "settings": {(d.what, d.before, d.after) for d in diff.settings},
        "renames": {(r.what, r.before, r.after) for r in diff.renames},
        "notes": {(d.before, d.after) for d in diff.notes},
    }


@settings(max_examples=40, deadline=None)
@given(cases(), cases())
def test_antisymmetric(one: Case, other: Case) -> None:
    """The other way round, what was added is removed and every side has changed places."""
    left, right = plan_of(one), plan_of(other)

    assert straight(diff_plans(left, right)) == swapped(diff_plans(right, left))


@settings(max_examples=30, deadline=None)
@given(cases())
def test_no_difference_to_itself(case: Case) -> None:
    """A plan does not differ from itself, read from a file or not, and all of it can come from the store."""
    plan = plan_of(case)
    diff = diff_plans(plan, type(plan).model_validate_json(plan.model_dump_json()))

    assert diff.is_empty
    assert PlanDiff(recipe=plan.recipe, before=plan.digest, after=plan.digest, units=diff.units) == diff


@settings(max_examples=30, deadline=None)
@given(cases(), cases())
def test_stable_and_complete(one: Case, other: Case) -> None:
    """Equal arguments give equal bytes, and whatever has to be rebuilt has a cause that is told."""
    left, right = plan_of(one), plan_of(other)
    diff = diff_plans(left, right)

    assert diff.model_dump_json() == diff_plans(left, right).model_dump_json()
    assert not diff.rebuilt or diff.inputs or diff.images or diff.tasks or diff.moved


@given(st.permutations(range(7)))
def test_fewest_moves(order: list[int]) -> None:
    """What is not moved is in order, and no larger part of the sequence is."""
    lifted = moved(order, lambda n: (n,))
    stay = [position for n, position in enumerate(order) if n not in lifted]
    longest = next(
        size
        for size in range(7, -1, -1)
        if any(list(part) == sorted(part) for part in combinations(order, size))
    )

    assert sorted(stay) == stay
    assert longest == len(stay)


@given(st.permutations(range(12)))
def test_moves_have_no_direction(order: list[int]) -> None:
    """Both directions of a comparison name the same things."""
    back = [order.index(n) for n in range(12)]
    names = {n: (position, n) for n, position in enumerate(order)}
    there = {order[n] for n in moved(order, lambda n: (names[n][0],))}
    again = moved(back, lambda n: (n,))

    assert there == set(again)
