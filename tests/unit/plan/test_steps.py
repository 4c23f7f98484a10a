"""The steps of one image, seen in compiled plans: what the recipe asks for, as operations with titles and checks."""

from __future__ import annotations

import pytest
from support.plans import (
    FEATURES,
    applying,
    compiled,
    facts,
    image,
    media,
    names,
    origins,
    problems,
    recipe,
    tasks,
    update,
)

from osrecipe.model.checks import FeatureIs, NothingPending, PackagePresent, RegistryValueIs
from osrecipe.model.facts import UpdateKind, WimFacts
from osrecipe.model.problems import Place
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import AddPackage, ApplyTweak, CleanupImage, SetFeature

ONE = media([("Pro", "re")])
PLAIN: dict[str, object] = {"install": {}}


def _value(number: int, name: str = "v") -> SetValue:
    key = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies")
    return SetValue(key=key, name=name, data=RegistryData(kind="dword", number=number))


def test_an_update_goes_where_its_kind_goes() -> None:
    """`auto`: stack and cumulative update to all four kinds of image, a .NET update to the install image."""
    net = update(UpdateKind.DOTNET, "5")
    plan = compiled(recipe(**applying("ssu", "lcu", "net"), targets=PLAIN), facts(media=ONE, net=net))
    assert ["ssu", "lcu", "cleanup", "harvest", "net"] == names(plan, "install-pro.service")
    for lane in ("winre", "winpe"):
        assert ["ssu", "lcu", "cleanup"] == names(plan, f"{lane}.service")
    assert ["ssu", "lcu", "cleanup", "harvest"] == names(plan, "setup.service")


def test_an_update_goes_where_the_recipe_says() -> None:
    """A list of targets replaces the kind's own."""
    plan = compiled(recipe(**applying(lcu=["winpe"]), targets=PLAIN), facts(media=ONE))
    services = [u.id for u in plan.units if u.kind == "session"]
    assert ["winpe.service"] == services


def test_an_update_s_task_says_what_it_is() -> None:
    """The title names kind, KB and revision; the operation carries identity and content; the check, the package."""
    task = tasks(compiled(recipe(), facts(media=ONE)))["install-pro/lcu"]
    lcu = update(UpdateKind.CUMULATIVE, "4343909")
    assert "add cumulative KB4343909 17134.228" == task.title
    assert isinstance(task.op, AddPackage)
    assert (lcu.package.identity, f"sha256:{lcu.sha256}") == (task.op.package, task.op.content)
    assert PackagePresent(identity=lcu.package.identity) in task.checks


@pytest.mark.parametrize(
    "name", ["cleanup", "netfx3", "Harvest", "winre", "update-x", "feature-smb1protocol", "tweak-a"]
)
def test_an_update_never_takes_another_step_s_name(name: str) -> None:
    """An id that another step has, or could have, is `update-ID`."""
    other = update(UpdateKind.OPTIONAL, "9")
    targets = {"install": {"netfx3": {"enable": True}, "features": {"SMB1Protocol": "disabled"}}}
    plan = compiled(recipe(**applying("lcu", name), targets=targets), facts(media=ONE, **{name: other}))
    found = names(plan, "install-pro.service")
    assert f"update-{name}" in found
    assert len(found) == len({n.lower() for n in found})


def test_two_cumulative_updates_are_refused() -> None:
    """On one target; the hint says which to keep."""
    more = update(UpdateKind.CUMULATIVE, "99", "17134.300.1.0")
    found = problems(recipe(**applying("lcu", "more"), targets=PLAIN), facts(media=ONE, more=more))
    assert {"plan/two-cumulatives"} == {p.slug for p in found}
    assert "`lcu` and `more`" in found[0].reason


def test_two_cumulative_updates_on_different_targets_are_fine() -> None:
    """Each image has one."""
    more = update(UpdateKind.CUMULATIVE, "99", "17134.300.1.0")
    made = recipe(**applying(lcu=["install"], more=["setup"]), targets=PLAIN)
    assert ["more", "cleanup", "harvest"] == names(
        compiled(made, facts(media=ONE, more=more)), "setup.service"
    )


def test_an_update_for_another_architecture_is_refused() -> None:
    """Once, though it goes to several images."""
    arm = update(UpdateKind.OPTIONAL, "9", architecture="arm64")
    found = problems(recipe(**applying("arm"), targets=PLAIN), facts(arm=arm))
    assert ["plan/architecture"] * 2 == [p.slug for p in found]
    assert "`arm` is for arm64" in found[0].reason


@pytest.mark.parametrize(
    ("level", "lines", "expected"),
    [
        ("none", (), False),
        ("superseded", (), False),
        ("superseded", ("targets__install__cleanup",), True),
        ("none", ("targets__install__cleanup",), False),
    ],
)
def test_cleanup_without_updates_only_when_it_is_written(
    level: str, lines: tuple[str, ...], *, expected: bool
) -> None:
    """With nothing to clean up after, only a recipe that says so gets it."""
    places = origins(**dict.fromkeys(lines, Place("r.yaml", 3)))
    made = recipe(
        updates={}, targets={"install": {"cleanup": level, "tweaks": {"t": {"registry": [_value(1)]}}}}
    )
    assert expected == ("install-pro/cleanup" in tasks(compiled(made, facts(media=ONE), places)))


def test_cleanup_levels_by_default() -> None:
    """Superseded in the install image, with the base reset in the others; it promises that nothing is pending."""
    found = tasks(compiled(recipe(targets=PLAIN), facts(media=ONE)))
    levels = {i: t.op.level for i, t in found.items() if isinstance(t.op, CleanupImage)}
    assert {
        "install-pro/cleanup": "superseded",
        "winre/cleanup": "reset-base",
        "winpe/cleanup": "reset-base",
        "setup/cleanup": "reset-base",
    } == levels
    assert (NothingPending(),) == found["winre/cleanup"].checks


def test_netfx3_comes_from_the_media_by_a_job_of_its_own() -> None:
    """The package is taken out beside the images, so that wanting it rebuilds no other lane."""
    with_it = compiled(recipe(), facts(media=ONE))
    without = compiled(recipe(targets=PLAIN), facts(media=ONE))
    assert FeatureIs(name="NetFx3", state="enabled") in tasks(with_it)["install-pro/netfx3"].checks
    assert tasks(with_it)["winpe/cleanup"].digest == tasks(without)["winpe/cleanup"].digest
    assert "source/netfx3" not in tasks(without)


def test_netfx3_that_the_media_does_not_have_is_refused() -> None:
    """Newer media carry it no longer as a feature."""
    found = problems(recipe(), facts(media=media([("Pro", "re")], netfx3=False)))
    assert ["plan/no-source"] == [p.slug for p in found]


def test_netfx3_that_is_not_to_be_enabled_is_left_alone() -> None:
    """`enable: false` is not a wish to disable it."""
    made = recipe(targets={"install": {"netfx3": {"enable": False}}})
    assert "install-pro/netfx3" not in tasks(compiled(made, facts(media=ONE)))


def test_features_are_named_as_the_image_spells_them() -> None:
    """The recipe may ignore case; the operation and the check may not."""
    made = recipe(targets={"install": {"features": {"smb1protocol": "disabled"}}})
    task = tasks(compiled(made, facts(media=ONE)))["install-pro/feature-smb1protocol"]
    assert SetFeature(feature="SMB1Protocol", state="disabled", package="Foundation") == task.op
    assert (FeatureIs(name="SMB1Protocol", state="disabled"),) == task.checks


@pytest.mark.parametrize(
    ("feature", "state", "repeated"),
    [
        ("TelnetClient", "enabled", True),
        ("TelnetClient", "disabled", False),
        ("SMB1Protocol", "enabled", False),
        ("SMB1Protocol", "disabled", False),
    ],
)
def test_only_a_feature_that_is_switched_on_repeats_the_cumulative_update(
    feature: str, state: str, *, repeated: bool
) -> None:
    """Telnet is off in the source image and SMB1 is on."""
    made = recipe(targets={"install": {"features": {feature: state}}})
    found = tasks(compiled(made, facts(media=ONE)))
    assert repeated == ("install-pro/lcu-after-feature" in found)


def test_a_feature_the_image_does_not_have_is_refused() -> None:
    """With those it has."""
    made = recipe(targets={"install": {"features": {"Smb2": "enabled"}}})
    (problem,) = problems(made, facts(media=ONE))
    assert "plan/no-feature" == problem.slug
    assert "its features are: `SMB1Protocol`, `TelnetClient`" == problem.hint


def test_a_feature_that_is_written_in_two_ways_is_refused() -> None:
    """Windows ignores case in their names, so one of the two would be lost."""
    made = recipe(targets={"install": {"features": {"TelnetClient": "enabled", "telnetclient": "disabled"}}})
    assert ["recipe/duplicate-key"] == [p.slug for p in problems(made, facts(media=ONE))]


def test_features_with_like_names_keep_ids_of_their_own() -> None:
    """Characters that a file's name can't hold never make two features one."""
    odd = dict.fromkeys(("A B", "A/B", "x" * 100), FEATURES["TelnetClient"])
    own = image(1, "Windows 10 Pro", "Pro", features=odd)
    iso = ONE.model_copy(update={"install": WimFacts(images=(own,), compression="lzx", size=1)})
    made = recipe(targets={"install": {"features": dict.fromkeys(odd, "enabled")}})
    found = [t for t in tasks(compiled(made, facts(media=iso))) if "/feature-" in t]
    assert 3 == len(set(found))
    assert all(len(name) < 100 for name in found)


def test_a_reg_file_comes_before_the_registry_map() -> None:
    """What is written in the recipe wins over the file it merges; the check knows."""
    tweak = {"reg-file": "a.reg", "registry": [_value(2)]}
    made = recipe(updates={}, targets={"install": {"tweaks": {"t": tweak}}})
    task = tasks(compiled(made, facts({"a.reg": (_value(1), _value(7, "w"))}, media=ONE)))[
        "install-pro/tweak-t"
    ]
    assert isinstance(task.op, ApplyTweak)
    assert (_value(1), _value(7, "w"), _value(2)) == task.op.registry
    assert {"v": 2, "w": 7} == {
        c.name: c.data.number for c in task.checks if isinstance(c, RegistryValueIs) and c.data is not None
    }


def test_a_tweak_s_files_are_deleted_or_copied() -> None:
    """`null` deletes, an input's id copies its content; the folder is one of the session's inputs."""
    tweak = {"files": {"Windows\\Old": None, "Windows\\OEM": "oem"}, "because": "policy 1"}
    plan = compiled(recipe(updates={}, targets={"install": {"tweaks": {"t": tweak}}}), facts(media=ONE))
    task = tasks(plan)["install-pro/tweak-t"]
    assert isinstance(task.op, ApplyTweak)
    assert "policy 1" == task.op.because
    assert ["Windows\\Old"] == [str(p) for p in task.op.delete]
    assert ["Windows\\OEM"] == [str(c.to) for c in task.op.copy_folders]


def test_a_tweak_is_left_out_where_its_condition_does_not_hold() -> None:
    """Of two editions only one gets it."""
    tweak = {"registry": [_value(1)], "when": {"edition": ["Enterprise"]}}
    found = tasks(compiled(recipe(updates={}, targets={"install": {"tweaks": {"t": tweak}}}), facts()))
    assert ["install-enterprise/tweak-t"] == [t for t in found if "tweak" in t]
