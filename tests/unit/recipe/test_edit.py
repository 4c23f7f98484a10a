"""Single values changed in a recipe's text: nothing else differs, or nothing is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.model.problems import Problem
from osrecipe.recipe.edit import Edit, apply_edits, value_at

LOC = ("inputs", "lcu", "update")
TEXT = """\
# the month's updates
inputs: # from outside
  ssu:   {update: old.msu}   # first
  lcu:   {update: %s, kind: cumulative} # Patch Tuesday
x: |
  old.msu
"""


@pytest.mark.parametrize("written", ["old.msu", "'old.msu'", '"old.msu"', "upd/old.msu"])
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_the_value_changes(written: str, breaks: str, mark: str) -> None:
    """Quotes, comments, spaces, line breaks and the byte order mark stay; equal text elsewhere too."""
    text = mark + (TEXT % written).replace("\n", breaks)

    made = apply_edits(text, "r.yaml", [Edit(LOC, "kb5-x64_0a1b.msu")])

    inner = written.strip("'\"")
    expected = mark + (TEXT % written.replace(inner, "kb5-x64_0a1b.msu")).replace("\n", breaks)
    assert expected == made
    assert "kb5-x64_0a1b.msu" == value_at(expected, "r.yaml", LOC)


def test_several_values_change_together() -> None:
    """Whatever their order in the file and their lengths."""
    edits = [Edit(LOC, "a-much-longer-name.msu"), Edit(("inputs", "ssu", "update"), "s.msu")]

    made = apply_edits(TEXT % "old.msu", "r.yaml", edits)

    assert isinstance(made, str)
    assert "  ssu:   {update: s.msu}   # first" in made
    assert "  lcu:   {update: a-much-longer-name.msu, kind" in made


@pytest.mark.parametrize(
    ("written", "new", "reason"),
    [
        ('"{{ vars.lcu }}.msu"', "new.msu", "the value is a template"),
        (">-\n      old.msu", "new.msu", "the value is not written in one piece"),
        ('"old\\x2emsu"', "new.msu", "the value is not written in one piece"),
        ("old.msu", "a: b.msu", "`a: b.msu` would need other quotes"),
        ("old.msu", " b.msu", "would need other quotes"),
        ("{a: b}", "new.msu", "`update` is not written here as text"),
        ("17", "new.msu", "`update` is not written here as text"),
    ],
)
def test_what_needs_a_person_is_refused(written: str, new: str, reason: str) -> None:
    """A value that is made elsewhere, or that could change its meaning, is left alone."""
    text = TEXT % written if "\n" not in written else f"inputs:\n  lcu:\n    update: {written}\n"
    made = apply_edits(text, "r.yaml", [Edit(LOC, new)])

    assert isinstance(made, Problem)
    assert reason in made.reason


def test_an_alias_is_not_changed_behind_its_back() -> None:
    """A value two places share can't be changed for one of them."""
    text = "inputs:\n  ssu: &one {update: old.msu}\n  lcu: *one\n"

    made = apply_edits(text, "r.yaml", [Edit(LOC, "new.msu")])

    assert isinstance(made, Problem)
    assert "would change others" in made.reason


def test_a_file_that_is_no_yaml_any_more_is_refused() -> None:
    """Somebody saved half a file meanwhile."""
    assert isinstance(apply_edits("inputs: {", "r.yaml", [Edit(LOC, "new.msu")]), Problem)


@given(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\.(msu|cab)\Z"), st.sampled_from(["", "'", '"']))
def test_any_file_name_takes_the_place_of_any_other(name: str, quote: str) -> None:
    """What comes out reads back as asked, and the way back gives the text before."""
    text = TEXT % f"{quote}old.msu{quote}"

    made = apply_edits(text, "r.yaml", [Edit(LOC, name)])

    assert isinstance(made, str)
    assert name == value_at(made, "r.yaml", LOC)
    assert text == apply_edits(made, "r.yaml", [Edit(LOC, "old.msu")])
