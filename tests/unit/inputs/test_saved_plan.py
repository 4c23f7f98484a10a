"""Saved plans read back: the same plan, or what is wrong with the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.plans import compiled, facts, recipe

from osrecipe.inputs.saved_plan import is_plan, parse_plan
from osrecipe.model.problems import OsrecipeError
from osrecipe.plan.saved import check_digests, differing_parts, same_work
from osrecipe.render import plan_json

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan

ROOT = Path(__file__).parents[3]
PLAN = compiled(recipe(secrets={"title": {"env": "T"}}), facts())
TEXT = plan_json.dump(PLAN)


def changed(**keys: object) -> bytes:
    """The plan's file with top-level keys changed."""
    return json.dumps(json.loads(TEXT) | keys).encode()


def slug_of(data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(OsrecipeError) as caught:
        check_digests(parse_plan(data, "p.json"), "p.json")
    return caught.value.problems[0].slug


def test_a_plan_that_is_saved_and_read_is_the_same() -> None:
    """With every digest as it was."""
    again = parse_plan(TEXT.encode(), "p.json")

    check_digests(again, "p.json")
    assert PLAN == again
    assert TEXT == plan_json.dump(again)


def test_what_a_later_minor_version_added_is_ignored() -> None:
    """Anywhere in the file: at the top, in units, in operations."""
    data = json.loads(TEXT)
    data["format"] = "osrecipe-plan/1.12"
    data["later"] = {"a": 1}
    data["inputs"][0]["signed"] = True
    for unit in data["units"]:
        unit["estimate"] = 1
        for task in unit["tasks"]:
            task["op"]["note"] = []
            task["weight"] = 2

    assert PLAN == parse_plan(json.dumps(data).encode(), "p.json")


def test_what_this_version_does_not_know_is_refused_in_its_own_format() -> None:
    """In a file that says it is of this version a key too many is a mistake."""
    assert "plan/file" == slug_of(changed(later=1))


def test_a_later_operation_is_not_ignored() -> None:
    """A task nobody here can do is no addition that could be left out."""
    data = json.loads(TEXT)
    data["format"] = "osrecipe-plan/1.1"
    data["units"][0]["tasks"][0]["op"] = {"op": "teleport"}

    assert "plan/file" == slug_of(json.dumps(data).encode())


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"{", "plan/file"),
        (b"[]", "plan/file"),
        (b"{}", "plan/file"),
        (b"\xff\xfe", "plan/file"),
        (b'{"format": "osrecipe-plan/1", "x": ' + b"[" * 100_000, "plan/file"),
        (b'{"format": "osrecipe-plan/1", "x": ' + b"9" * 10_000 + b"}", "plan/file"),
        (changed(format="osrecipe-plan/2"), "plan/format"),
        (changed(format="osrecipe-plan/0.9"), "plan/format"),
        (changed(format="osrecipe-plan/one"), "plan/file"),
        (changed(format=None), "plan/file"),
        (changed(output="/etc/x.iso"), "input/unsafe"),
        (changed(output="out\\x.iso"), "input/unsafe"),
        (changed(output="passwd"), "input/unsafe"),
        (changed(home="//server/share"), "input/unsafe"),
        (changed(recipe="../x"), "input/unsafe"),
        (changed(digest="sha256:00"), "plan/damaged"),
        (changed(units=[]), "plan/damaged"),
    ],
)
def test_bad_files_are_refused(data: bytes, slug: str) -> None:
    """Each in its own words, never with a crash."""
    assert slug == slug_of(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_task_can_be_changed_unnoticed(data: st.DataObject) -> None:
    """Whatever is done to an operation, or left out, or put elsewhere, the digests tell."""
    made = json.loads(TEXT)
    unit = data.draw(st.sampled_from(made["units"]))
    tasks = unit["tasks"]
    how = data.draw(st.sampled_from(["drop", "twice", "text"]))
    if how == "drop":
        tasks.pop(data.draw(st.integers(0, len(tasks) - 1)))
    elif how == "twice":
        tasks.append(tasks[-1])
    else:
        op = data.draw(st.sampled_from(tasks))["op"]
        outside = {"op", "input", "tweak", "because", "output"}
        texts = [key for key, value in op.items() if isinstance(value, str) and key not in outside]
        if not texts:
            return
        key = data.draw(st.sampled_from(texts))
        op[key] = f"{op[key]}x"

    assert slug_of(json.dumps(made).encode()) in {"plan/damaged", "plan/file"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, True),
        ("\ufeff\n" + TEXT, True),
        ('{ "x": 1, "format" : "osrecipe-plan/9"', True),
        ("schema: osrecipe/1\n", False),
        ('{"schema": "osrecipe/1"}', False),
        ('# "format": "osrecipe-plan/1"\n', False),
        ("", False),
    ],
)
def test_a_plan_is_told_by_its_content(text: str, *, expected: bool) -> None:
    """A recipe in JSON, or one that talks of plans, is a recipe."""
    assert expected is is_plan(text.encode())


def test_words_and_places_make_no_difference() -> None:
    """A plan with other notes, titles and places does the same; one with other secrets does not."""
    other: Plan = PLAN.model_copy(update={"notes": (), "home": "elsewhere", "rules": {}})
    secret: Plan = PLAN.model_copy(update={"secrets": {"title": "U"}})

    assert same_work(PLAN, other)
    assert ("secrets",) == differing_parts(PLAN, secret)


def test_the_committed_schema_is_current_and_takes_plans() -> None:
    """`schemas/plan.schema.json` is what `osrecipe schema --of plan` prints, and saved plans are valid by it."""
    committed = (ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8")
    assert committed == plan_json.dump_schema()
    schema = json.loads(committed)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(TEXT))
    assert not Draft202012Validator(schema).is_valid(json.loads(changed(units=[{}])))
