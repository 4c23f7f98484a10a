"""`osrecipe.plan.short_names`: names of steps, all different whatever Windows calls its things."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from osrecipe.plan.short_names import short_names


def digits(name: str, number: int = 8) -> str:
    """The first digits of a name's hash."""
    return hashlib.sha256(name.encode()).hexdigest()[:number]


def test_names_that_are_alike_get_digits() -> None:
    """The others are as they are, in small letters."""
    assert {"A b": f"x-a-b-{digits('A b')}", "a.B": "x-a.b", "a-b": f"x-a-b-{digits('a-b')}"} == short_names(
        ["A b", "a.B", "a-b"], "x"
    )


def test_a_name_that_is_another_s_with_digits_stays_its_own() -> None:
    """The one that needs digits takes more of them."""
    third = f"foo-x-{digits('Foo X')}"
    assert {
        "Foo X": f"x-foo-x-{digits('Foo X', 9)}",
        "foo-x": f"x-foo-x-{digits('foo-x')}",
        third: f"x-{third}",
    } == short_names(["Foo X", "foo-x", third], "x")


def test_only_what_people_know_a_thing_by_is_in_its_name() -> None:
    """Such as an app's name without its version."""
    assert {"App_1_x64": "appx-app"} == short_names(
        ["App_1_x64"], "appx", lambda name: name.partition("_")[0]
    )


@given(st.sets(st.text(max_size=90), max_size=12))
def test_no_two_are_alike(names: set[str]) -> None:
    """Whatever the names are."""
    made = short_names(names, "x")
    assert names == set(made)
    assert len(names) == len(set(made.values()))
