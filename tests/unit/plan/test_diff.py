"""The difference of two compiled plans, kind by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import plans
from support.plans import applying, compiled, facts, folder, recipe, update

from osrecipe.model.facts import UpdateKind
from osrecipe.model.registry import (
    DeleteValue,
    RegistryChange,
    RegistryData,
    RegistryKey,
    RegistryRoot,
    SetValue,
)
from osrecipe.plan.diff import diff_plans, empty_plan

if TYPE_CHECKING:
    from osrecipe.model.diff import PlanDiff
    from osrecipe.model.facts import Facts
    from osrecipe.model.recipe import Recipe

KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Contoso")


def value(name: str, number: int) -> SetValue:
    """A dword."""
    return SetValue(key=KEY, name=name, data=RegistryData(kind="dword", number=number))


def tweaked(*changes: RegistryChange, name: str = "t", because: str = "x") -> Recipe:
    """The usual recipe with one tweak."""
    return install(tweaks={name: {"registry": changes, "because": because}})


def install(**settings: object) -> Recipe:
    """The usual recipe with other settings of install."""
    return recipe(targets={"install": settings})


def difference(
    before: Recipe, after: Recipe, known: Facts | None = None, then: Facts | None = None
) -> PlanDiff:
    """The difference of two recipes on the usual facts, or other ones."""
    known = known or facts()
    return diff_plans(compiled(before, known), compiled(after, then or known))


def kinds(diff: PlanDiff) -> list[str]:
    """The kinds of its risks."""
    return [risk.kind.value for risk in diff.risks]


def changes(diff: PlanDiff) -> list[tuple[str, str]]:
    """Each changed task of the images as kind of change and id."""
    sides = [(t.change, t.after or t.before) for t in diff.tasks]
    return [(change, str(side.id)) for change, side in sides if side is not None]


def test_equal_plans_differ_in_nothing() -> None:
    """A plan compared with itself has no difference, no note, and nothing to rebuild."""
    plan = compiled(recipe(), facts())
    diff = diff_plans(plan, plan)

    assert diff.is_empty
    assert () == diff.rebuilt
    assert () == (*diff.risks, *diff.renames, *diff.because, *diff.notes)


def test_a_bumped_update_names_both_and_changes_every_image() -> None:
    """An update of the same kind under the same id is one bumped input and a changed task in each image."""
    newer = facts(lcu=update(UpdateKind.CUMULATIVE, "5000001", "17134.345.1.0"))
    diff = difference(recipe(), recipe(), then=newer)

    [bumped] = diff.inputs
    assert "bumped" == bumped.change
    assert bumped.before is not None
    assert bumped.after is not None
    assert ("4343909", "17134.228.1.0") == (bumped.before.kb, bumped.before.version)
    assert ("5000001", "17134.345.1.0") == (bumped.after.kb, bumped.after.version)
    details = {(d.what, d.before, d.after) for task in diff.tasks for d in task.details}
    assert {
        ("kb", "4343909", "5000001"),
        ("version", "17134.228.1.0", "17134.345.1.0"),
        ("label", "OSR_17134_228_X64", "OSR_17134_345_X64"),
    } == details
    assert ("changed", "install-pro/lcu-after-netfx3") in changes(diff)
    assert [] == kinds(diff)
    assert {"source.images", "source.netfx3", "source.winre"} == set(diff.kept)


def test_a_renamed_and_bumped_update_is_bumped() -> None:
    """An id that carries the month's number is still the same update to a reviewer."""
    known = facts(
        lcu=update(UpdateKind.CUMULATIVE, "1"), november=update(UpdateKind.CUMULATIVE, "2", "17134.345.1.0")
    )
    before, after = recipe(**applying("ssu", "lcu")), recipe(**applying("ssu", "november"))
    diff = difference(before, after, known)

    assert ["bumped"] == [i.change for i in diff.inputs]
    assert {"changed"} == {t.change for t in diff.tasks}
    assert ("input", "lcu", "november") in [(r.what, r.before, r.after) for r in diff.renames]


def test_names_alone_are_no_difference() -> None:
    """Inputs, tweaks and recipes that are only called otherwise change no image."""
    known = facts(second=facts().inputs[next(n for n in facts().inputs if n == "lcu")])
    before = recipe(
        **applying("ssu", "lcu"), targets={"install": {"tweaks": {"a": {"registry": (value("x", 1),)}}}}
    )
    after = recipe(
        **applying("ssu", "second"),
        targets={"install": {"tweaks": {"b": {"registry": (value("x", 1),)}}}},
        name="other",
    )
    diff = difference(before, after, known)

    assert diff.is_empty
    assert {"recipe", "input", "tweak", "task"} == {r.what for r in diff.renames}


def test_other_bytes_under_the_same_name_are_a_risk() -> None:
    """The same KB and version with another hash is told apart from a bump."""
    lcu = update(UpdateKind.CUMULATIVE, "4343909")
    other = facts(lcu=lcu.model_copy(update={"sha256": plans.sha("other")}))
    diff = difference(recipe(), recipe(), then=other)

    assert ["content"] == [i.change for i in diff.inputs]
    assert ["same-name-other-content"] == kinds(diff)
    assert {"content"} == {d.what for task in diff.tasks for d in task.details}


def test_a_changed_folder_is_no_risk() -> None:
    """Files of one's own change all the time."""
    diff = difference(recipe(), recipe(), then=facts(oem=folder("new")))

    assert ["content"] == [i.change for i in diff.inputs]
    assert [] == kinds(diff)
    assert [("changed", f"install-{e}/tweak-oem-files") for e in ("pro", "enterprise")] == changes(diff)
    assert "install-pro.service" in diff.kept


def test_a_changed_value_is_one_detail() -> None:
    """A tweak that writes another number says which value, from what, to what."""
    diff = difference(tweaked(value("a", 1), value("b", 1)), tweaked(value("a", 1), value("b", 2)))

    task = diff.tasks[0]
    assert [("`HKLM\\SOFTWARE\\Contoso` `b`", "dword 1", "dword 2")] == [
        (d.what, d.before, d.after) for d in task.details
    ]
    assert "install-pro.service" in diff.kept
    assert "install-pro.customize" in diff.rebuilt


def test_only_the_order_inside_a_tweak() -> None:
    """The same values in another order are told, because a later one wins."""
    diff = difference(tweaked(value("a", 1), value("b", 1)), tweaked(value("b", 1), value("a", 1)))

    assert {"order of its changes"} == {d.what for task in diff.tasks for d in task.details}


def test_only_the_reason() -> None:
    """Another `because` is told, but is no difference."""
    diff = difference(tweaked(value("a", 1), because="x"), tweaked(value("a", 1), because="y"))

    assert diff.is_empty
    assert [("x", "y"), ("x", "y")] == [(b.before, b.after) for b in diff.because]


def test_tweaks_that_change_places() -> None:
    """Reordered tweaks are moved, neither added, removed nor changed; the fewest are named."""
    three = {name: {"registry": (value(name, 1),)} for name in "abc"}
    diff = difference(install(tweaks=three), install(tweaks={n: three[n] for n in "cab"}))

    assert () == diff.tasks
    assert [("install-pro/tweak-c", "install-pro/tweak-b", "install-pro/winre")] == [
        (m.task, m.was_after, m.is_after) for m in diff.moved if m.lane == "install-pro"
    ]


def test_a_move_against_a_rule_says_the_rule() -> None:
    """A step the recipe places against a published order is a risk with that order's reason."""
    moved = recipe(
        **applying(
            "ssu", "lcu", move=[{"step": "netfx3", "target": "install", "before": "cleanup"}], use="classic"
        )
    )
    diff = difference(recipe(**applying("ssu", "lcu")), moved)

    assert {"install-pro/netfx3", "install-enterprise/netfx3"} <= {str(m.task) for m in diff.moved}
    [risk] = [r for r in diff.risks if r.kind == "against-rule"]
    assert "0x800f0806" in risk.text
    assert ("install-pro/netfx3", "install-enterprise/netfx3") == risk.where


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (recipe(**applying("ssu", "lcu")), recipe(**applying("ssu")), "cumulative-removed"),
        (recipe(**applying("ssu", "lcu")), recipe(**applying("lcu")), "package-removed"),
        (install(netfx3={"enable": True}), install(netfx3={"enable": False}), "netfx3-removed"),
        (install(cleanup="superseded"), install(cleanup="reset-base"), "reset-base"),
        (install(), install(select=({"index": 1},), others="drop"), "edition-dropped"),
        (install(), install(select=({"index": 1},), others="keep"), "no-longer-serviced"),
        (install(tweaks={}), tweaked(DeleteValue(key=KEY, name="x")), "deletes"),
        (
            install(tweaks={}),
            tweaked(SetValue(key=KEY, name="x", data=RegistryData(kind="secret", text="join"))),
            "secret",
        ),
        (
            recipe(expect={"install": {"files": {"Windows\\x": "present"}}}),
            recipe(),
            "expectation-removed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_risk(before: Recipe, after: Recipe, kind: str) -> None:
    """What deserves a second look is named one way, and not the other way."""
    known = facts()

    assert kind in kinds(difference(before, after, known))
    assert kind not in kinds(difference(after, before, known))


def test_an_older_cumulative_update_is_a_risk() -> None:
    """A bump backwards is named once, with all its places."""
    older = facts(lcu=update(UpdateKind.CUMULATIVE, "1", "17134.1.1.0"))
    diff = difference(recipe(), recipe(), then=older)

    assert ["downgraded"] == kinds(diff)
    assert "install-enterprise/lcu-after-netfx3" in diff.risks[0].where
    assert [] == kinds(difference(recipe(), recipe(), known=older, then=facts()))


def test_an_image_that_was_carried_over() -> None:
    """An edition that is serviced now was on the media before: it is neither added nor dropped."""
    one = install(select=({"index": 1},), others="keep")
    diff = difference(one, install())

    assert [("serviced", "install-enterprise")] == [(i.change, i.lane) for i in diff.images]
    assert [("carried", "install-enterprise")] == [
        (i.change, i.lane) for i in difference(install(), one).images
    ]


def test_an_image_that_was_dropped_before() -> None:
    """A new edition comes with all that is done to it, and its tasks are not told a second time."""
    one = install(select=({"index": 1},), others="drop")
    diff = difference(one, install())

    [image] = diff.images
    assert ("added", "Windows 10 Enterprise") == (image.change, image.name)
    assert "install-enterprise/lcu" in [t.id for t in image.tasks]
    assert [] == [i for _, i in changes(diff) if i.startswith("install-enterprise")]


def test_a_wim_that_is_not_written_keeps_its_images() -> None:
    """When nothing is done to install.wim any more, its images stay: that is no dropped edition."""
    quiet = {"updates": {"apply": {}}, "media": {"sync-sources": "none"}}
    before = recipe(**quiet, targets={"install": {"tweaks": {"t": {"registry": (value("a", 1),)}}}})
    diff = difference(before, recipe(**quiet, targets={"install": {}}))

    assert {"carried"} == {i.change for i in diff.images}
    assert {"no-longer-serviced"} == set(kinds(diff))


def test_expectations_and_output() -> None:
    """What is expected, the label and the output are values of the media's tasks."""
    before = recipe(expect={"install": {"files": {"Windows\\x": "present"}}})
    after = recipe(
        expect={"install": {"files": {"Windows\\x": "absent"}}},
        media={"label": "NEW"},
        output={"iso": "out/new.iso"},
    )
    diff = difference(before, after)
    details = {(d.what, d.before, d.after) for t in diff.tasks for d in t.details}

    assert {
        ("expected of install: `Windows\\x`", "present", "absent"),
        ("label", "OSR_17134_228_X64", "NEW"),
        ("output", "out/usual.iso", "out/new.iso"),
    } == details


@pytest.mark.parametrize(
    ("output", "detail"),
    [
        ({"iso": "out/new.iso"}, ("output", "out/usual.iso", "out/new.iso")),
        ({"iso": "out/usual.iso", "writer": "oscdimg"}, ("writer", "osrecipe", "oscdimg")),
    ],
)
def test_another_output_rebuilds_nothing(output: dict[str, str], detail: tuple[str, str, str]) -> None:
    """Where the ISO goes and who writes it are differences, but no image is made anew for them."""
    diff = difference(recipe(), recipe(output=output))

    assert [detail] == [(d.what, d.before, d.after) for t in diff.tasks for d in t.details]
    assert () == diff.rebuilt


def test_a_new_recipe_is_all_added() -> None:
    """Against an empty plan every image is added, and what a recipe does from the start is no risk."""
    plan = compiled(recipe(), facts())
    diff = diff_plans(empty_plan(plan), plan)

    assert {"added"} == {i.change for i in diff.images}
    assert {"added"} == {i.change for i in diff.inputs}
    assert [] == kinds(diff)
    assert {"removed"} == {i.change for i in diff_plans(plan, empty_plan(plan)).images}
