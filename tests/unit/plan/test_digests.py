"""Digests: what changes them and what must not. The known answers guard every stored artifact of every user."""

from __future__ import annotations

import json
import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args, get_origin

import pytest
from support.plans import (
    answers,
    applying,
    compiled,
    declared,
    drivers,
    facts,
    folder,
    media,
    recipe,
    tasks,
    unit_of,
    update,
)

from osrecipe.model.checks import Check
from osrecipe.model.facts import UpdateKind
from osrecipe.model.frozen import Digest, Frozen, canonical, digest_of, normal_form
from osrecipe.model.names import InputId
from osrecipe.model.origins import Origins
from osrecipe.model.problems import Place
from osrecipe.model.registry import (
    CreateKey,
    DeleteKey,
    DeleteValue,
    RegistryChange,
    RegistryData,
    RegistryKey,
    RegistryRoot,
    SetValue,
)
from osrecipe.model.tasks import AddPackage, ApplyTweak, Op, Ref
from osrecipe.plan.digests import input_digest, task_digest, unit_digest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.plan import Plan

KNOWN = Path(__file__).parents[2] / "golden" / "keys" / "plan-digests.json"
KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies")
TWEAK = {"registry": [SetValue(key=KEY, name="v", data=RegistryData(kind="dword", number=1))]}


def _targets(**tweak: object) -> dict[str, object]:
    return {"install": {"netfx3": {"enable": True}, "tweaks": {"t": {**TWEAK, **tweak}}}}


def _digests(plan: Plan) -> list[str]:
    return [plan.digest, *(u.digest for u in plan.units), *(t.digest for u in plan.units for t in u.tasks)]


USUAL = compiled(recipe(targets=_targets()), facts())


def test_renaming_an_input_changes_no_digest() -> None:
    """An id is what a thing is called, not what it is."""
    again = {"stack": "auto", "monthly": "auto"}
    made = recipe(
        inputs={
            "iso": {"iso": "other.iso"},
            "stack": {"update": "s.msu"},
            "monthly": {"update": "m.msu"},
            "oem": {"folder": "oem"},
        },
        source="iso",
        updates={"apply": again},
        targets=_targets(),
    )
    usual = facts().inputs
    renamed = facts(iso=usual[InputId("media")], stack=usual[InputId("ssu")], monthly=usual[InputId("lcu")])
    plan = compiled(made, renamed)
    assert _digests(USUAL) == _digests(plan)
    assert "install-pro/monthly" in tasks(plan)


def _extras(content: str = "storage", said: str = "a", *, rename: bool = False) -> Plan:
    """A plan with drivers, a capability, an answer file and a checkpoint, perhaps with other names for its inputs."""
    drv, fod, xml, base = (
        ("drv9", "fod9", "answers9", "base9") if rename else ("drv", "fod", "answers", "base")
    )
    made = recipe(
        inputs={**declared("media", drv, fod, xml, base), "lcu": {"update": "l.msu", "checkpoints": [base]}},
        updates={"apply": {"lcu": "auto"}},
        drivers={drv: {"targets": ("install", "setup")}},
        targets={
            "install": {
                "capabilities": {"OpenSSH.Client~~~~0.0.1.0": {"from": fod}},
                "unattend": {"from": xml},
                "appx": {"*Weather": "removed"},
                "tweaks": {"t": TWEAK},
            }
        },
    )
    known: dict[str, InputFacts] = {
        drv: drivers(content),
        fod: folder("fod"),
        xml: answers("oobeSystem", said),
        base: update(UpdateKind.CHECKPOINT, "1", "17134.100.1.0"),
    }
    return compiled(made, facts(media=media([("Pro", "re")]), **known))


def test_renaming_drivers_answer_files_and_checkpoints_changes_no_digest() -> None:
    """None of these inputs is known by its name."""
    renamed = _extras(rename=True)
    assert _digests(_extras()) == _digests(renamed)
    assert "install-pro/drivers-drv9" in tasks(renamed)


@pytest.mark.parametrize(
    ("content", "said", "first"), [("other", "a", "drivers-drv"), ("storage", "b", "unattend-file")]
)
def test_another_byte_rebuilds_from_the_task_on_that_takes_it(content: str, said: str, first: str) -> None:
    """In a folder of drivers or an answer file: what was done before is used again."""
    before, after = _extras(), _extras(content, said)
    was, now = (
        [(t.id, t.digest) for t in unit_of(p, "install-pro.customize").tasks] for p in (before, after)
    )
    changed = [name.partition("/")[2] for (name, old), (_, new) in zip(was, now, strict=True) if old != new]
    order = [name.partition("/")[2] for name, _ in was]

    assert order[order.index(first) :] == changed
    assert changed != order
    service = "install-pro.service", "winre.service", "winpe.service", "setup.service"
    assert [unit_of(before, u).digest for u in service] == [unit_of(after, u).digest for u in service]
    moved = unit_of(before, "setup.customize").digest != unit_of(after, "setup.customize").digest
    assert (content != "storage") == moved


@pytest.mark.parametrize(
    "changed",
    [
        {"targets": {"install": {"netfx3": {"enable": True}, "tweaks": {"renamed": TWEAK}}}},
        {"targets": _targets(because="policy 12.3")},
        {"targets": _targets(when={"build": ">=10240"})},
        {"name": "renamed"},
        {"description": "what it is for"},
        {"output": {"iso": "elsewhere.iso"}},
        {"updates": {"ordering": {"use": "classic"}, "apply": {"lcu": "auto", "ssu": "auto"}}},
        {"vars": {"unused": 1}},
    ],
    ids=[
        "a tweak's name",
        "because",
        "a condition",
        "name",
        "description",
        "output",
        "order written",
        "vars",
    ],
)
def test_names_reasons_and_places_change_no_digest(changed: dict[str, object]) -> None:
    """None of these says what is done to which bytes."""
    plan = compiled(recipe(**{"targets": _targets(), **changed}), facts())
    assert _digests(USUAL) == _digests(plan)


def test_lines_change_no_digest() -> None:
    """The same recipe further down in another file."""
    loc = ("targets", "install", "tweaks", "t")
    moved = Origins("other.yaml", values={loc: Place("x.yaml", 99, 1)}, keys={loc: Place("x.yaml", 98, 1)})
    plan = compiled(recipe(targets=_targets()), facts(), moved)
    assert _digests(USUAL) == _digests(plan)
    origin = tasks(plan)["install-pro/tweak-t"].origin
    assert origin is not None
    assert ("x.yaml", 98) == (origin.file, origin.line)


def test_a_changed_tweak_leaves_servicing_as_it_is() -> None:
    """Only the customizing session and what is made from it differ."""
    other = {"registry": [SetValue(key=KEY, name="v", data=RegistryData(kind="dword", number=2))]}
    plan = compiled(recipe(targets=_targets(**other)), facts())
    differ = [u.id for u in plan.units if u.digest != unit_of(USUAL, u.id).digest]
    assert [
        "install-pro.customize",
        "install-enterprise.customize",
        "install.export",
        "media.install-wim",
        "media.boot-wim",
        "media.sync-sources",
        "media.setup-files",
        "media.iso",
        "media.verify",
    ] == differ


def test_another_update_changes_all_that_follows_it() -> None:
    """A task's digest holds those before it, not those after."""
    newer = update(UpdateKind.CUMULATIVE, "99", "17134.300.1.0")
    plan = compiled(recipe(targets=_targets()), facts(lcu=newer))
    lane = [t for t in tasks(plan) if t.startswith("winre/")]
    same = [t for t in lane if tasks(plan)[t].digest == tasks(USUAL)[t].digest]
    assert ["winre/ssu"] == same


def test_the_order_of_updates_of_one_kind_counts() -> None:
    """They are done in the recipe's order, so it is part of what is done."""
    extra = {"a": update(UpdateKind.OPTIONAL, "1"), "b": update(UpdateKind.OPTIONAL, "2")}
    one = compiled(recipe(**applying("a", "b")), facts(**extra))
    two = compiled(recipe(**applying("b", "a")), facts(**extra))
    assert one.digest != two.digest


def test_the_image_s_number_counts() -> None:
    """Two images of one WIM start from different bytes."""
    found = tasks(USUAL)
    assert found["install-pro/ssu"].op == found["install-enterprise/ssu"].op
    assert found["install-pro/ssu"].digest != found["install-enterprise/ssu"].digest


def test_inputs_are_known_by_content() -> None:
    """A file by its SHA-256, a folder by its tree."""
    assert f"sha256:{media().sha256}" == input_digest(media())
    assert folder("x").tree == input_digest(folder("x"))


def test_what_kind_of_change_it_is_counts() -> None:
    """Making and deleting a key have equal fields but for the tag, which has a default and still counts."""
    changes: list[RegistryChange] = [
        CreateKey(key=KEY),
        DeleteKey(key=KEY),
        DeleteValue(key=KEY, name="v"),
        SetValue(key=KEY, name="v", data=RegistryData(kind="sz", text="")),
        SetValue(key=KEY, name="v", data=RegistryData(kind="dword", number=0)),
        SetValue(key=KEY, name="v", data=RegistryData(kind="qword", number=0)),
        SetValue(key=KEY, name="", data=RegistryData(kind="sz", text="")),
        SetValue(key=KEY, name="v", data=RegistryData(kind="secret", text="")),
        SetValue(key=KEY, name="v", data=RegistryData(kind="none", hex="")),
    ]
    digests = [task_digest(ApplyTweak(tweak="t", registry=(c,)), None) for c in changes]
    assert len(changes) == len(set(digests))


def _members(union: object) -> list[type[BaseModel]]:
    while get_origin(union) is Annotated:
        union = get_args(union)[0]
    return list(get_args(union))


TAGGED = [
    (tag, model)
    for tag, union in (("op", Op), ("do", RegistryChange), ("check", Check), ("ref", Ref))
    for model in _members(union)
]


def _bare(model: type[BaseModel]) -> BaseModel:
    required = {name: None for name, field in model.model_fields.items() if field.is_required()}
    return model.model_construct(**required)


@pytest.mark.parametrize(("tag", "model"), TAGGED, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_the_tag_of_every_union_stays_in_the_normal_form(tag: str, model: type[BaseModel]) -> None:
    """It is what tells two members with equal fields apart, though it equals its default."""
    form = normal_form(_bare(model))
    assert isinstance(form, dict)
    assert model.model_fields[tag].default == form[tag]


def test_no_two_operations_share_a_tag() -> None:
    """A tag that two members had would make their digests meet."""
    for tag in ("op", "do", "check", "ref"):
        tags = [model.model_fields[tag].default for t, model in TAGGED if t == tag]
        assert all(a != b for a, b in combinations(tags, 2))


def test_every_step_version_counts() -> None:
    """Raising it is how a changed meaning keeps old artifacts from being used."""

    class Raised(AddPackage):
        STEP_VERSION = 2

    fields = {
        "input": InputId("lcu"),
        "package": "p",
        "update_kind": UpdateKind.CUMULATIVE,
        "content": Digest("sha256:0"),
    }
    assert task_digest(AddPackage.model_validate(fields), None) != task_digest(
        Raised.model_validate(fields), None
    )


def test_a_field_added_with_a_default_changes_nothing() -> None:
    """A later version of osrecipe finds the artifacts of an earlier one."""

    class Later(AddPackage):
        prevent_pending: bool = False
        sources: tuple[str, ...] = ()
        nested: RegistryData | None = None

    fields = {
        "input": InputId("lcu"),
        "package": "p",
        "update_kind": UpdateKind.CUMULATIVE,
        "content": Digest("sha256:0"),
    }
    before = task_digest(AddPackage.model_validate(fields), None)
    assert before == task_digest(Later.model_validate(fields), None)
    assert before != task_digest(Later.model_validate({**fields, "prevent_pending": True}), None)


def test_text_is_normalised_and_floats_are_refused() -> None:
    """One text has one normal form; a float has several spellings and none is in a digest."""
    assert digest_of({"caf\u00e9": "\u00e9"}) == digest_of({"cafe\u0301": "e\u0301"})
    assert b'{"a":[1,null,true],"b":"\xc3\xa9"}' == canonical({"b": "e\u0301", "a": (1, None, True)})
    with pytest.raises(TypeError, match="a float has no place in a digest"):
        digest_of({"a": [1.0]})


def test_no_operation_or_reference_holds_a_float() -> None:
    """What can't be put into a digest can't be part of an operation either."""
    for _tag, model in TAGGED:
        assert not any("float" in str(f.annotation) for f in model.model_fields.values())


def test_what_stands_outside_a_digest_is_named_correctly() -> None:
    """A misspelt name would silently put the field back into every digest."""
    for _tag, model in TAGGED:
        assert issubclass(model, Frozen)
        assert model.outside_digest <= set(model.model_fields)


def test_the_known_answers() -> None:
    """Digests are what stored artifacts are found by: a change here rebuilds everything everywhere.

    `OSRECIPE_REGOLD=1` writes them anew; raise `EPOCH` or a `STEP_VERSION` when that is meant.
    """
    said = {
        "plan": USUAL.digest,
        "units": {u.id: u.digest for u in USUAL.units},
        "tasks": {t: task.digest for t, task in tasks(USUAL).items()},
        "an update alone": task_digest(AddPackage.model_validate(_PACKAGE), None),
        "unit of two": unit_digest([Digest("sha256:1"), Digest("sha256:2")], ["b", "a"]),
    }
    if os.environ.get("OSRECIPE_REGOLD"):
        KNOWN.parent.mkdir(exist_ok=True)
        KNOWN.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8", newline="\n")
    assert json.loads(KNOWN.read_text(encoding="utf-8")) == said


_PACKAGE = {
    "input": "lcu",
    "package": "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0",
    "update_kind": UpdateKind.CUMULATIVE,
    "kb": "4343909",
    "content": "sha256:" + "ab" * 32,
}


def test_a_tag_is_a_literal_with_a_default() -> None:
    """The normal form finds tags by that; any other way of writing one would drop it."""
    for tag, model in TAGGED:
        field = model.model_fields[tag]
        assert get_origin(field.annotation) is Literal
        assert not field.is_required()
