"""Lanes: sessions, the recovery images, what a session waits for, and the units tasks become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import (
    applying,
    compiled,
    edges,
    facts,
    media,
    names,
    problems,
    recipe,
    tasks,
    unit_of,
    update,
)

from osrecipe.model.facts import UpdateKind
from osrecipe.model.plan import Session
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import ArtifactRef, ExportImages, InjectWinre, InputRef, TakeWinre

if TYPE_CHECKING:
    from osrecipe.model.recipe import Recipe

KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies")
TWEAK = {"registry": [SetValue(key=KEY, name="v", data=RegistryData(kind="dword", number=1))]}
SECRET = {"registry": [SetValue(key=KEY, name="v", data=RegistryData(kind="secret", text="join"))]}


def _session(plan: object, name: str) -> Session:
    found = unit_of(plan, name)  # type: ignore[arg-type]  # a plan
    assert isinstance(found, Session)
    return found


def test_a_lane_services_first_and_customizes_what_was_saved() -> None:
    """Two sessions, the second from the first's image, so that a changed tweak services nothing again."""
    plan = compiled(recipe(), facts())
    first, second = _session(plan, "install-pro.service"), _session(plan, "install-pro.customize")
    assert ("source.images", 1) == (first.base.wim.unit, first.base.index)
    assert (first.id, "image.wim", first.digest) == (
        second.base.wim.unit,
        second.base.wim.name,
        second.base.wim.digest,
    )
    assert ("install", "Windows 10 Pro") == (second.target, second.name)


def test_a_session_with_nothing_to_do_is_left_out() -> None:
    """Tweaks alone need no servicing; updates alone no customizing."""
    only_tweak = compiled(recipe(updates={}, targets={"install": {"tweaks": {"t": TWEAK}}}), facts())
    sessions = [u.id for u in only_tweak.units if u.kind == "session"]
    assert ["install-pro.customize", "install-enterprise.customize"] == sessions
    assert "source.images" == _session(only_tweak, "install-pro.customize").base.wim.unit


def test_equal_recovery_images_are_serviced_once() -> None:
    """Both editions get the one that was serviced."""
    plan = compiled(recipe(), facts())
    assert ["winre"] == [u.lane for u in plan.units if u.kind == "session" and u.target == "winre"]
    ops = [t.op for t in tasks(plan).values() if isinstance(t.op, InjectWinre)]
    assert [("winre.export", "winre.wim")] * 2 == [(op.winre.unit, op.winre.name) for op in ops]


def test_different_recovery_images_have_lanes_of_their_own() -> None:
    """Each named after the first image that has it; an image without one gets none."""
    iso = media([("Home", "a"), ("Pro", "b"), ("Edu", "a"), ("Core", None)])
    plan = compiled(recipe(), facts(media=iso))
    taken = {str(u.id): t.op.image.index for u in plan.units for t in u.tasks if isinstance(t.op, TakeWinre)}
    assert {"source.winre-home": 1, "source.winre-pro": 2} == taken
    given = {
        t.partition("/")[0]: task.op.winre.unit
        for t, task in tasks(plan).items()
        if isinstance(task.op, InjectWinre)
    }
    assert {
        "install-home": "winre-home.export",
        "install-pro": "winre-pro.export",
        "install-edu": "winre-home.export",
    } == given


def test_a_condition_on_the_edition_parts_equal_recovery_images() -> None:
    """A winre tweak that is only for one edition must not reach the other through a shared image."""
    tweak = {**TWEAK, "when": {"edition": ["Pro"]}}
    made = recipe(updates={}, targets={"install": {}, "winre": {"tweaks": {"t": tweak}}})
    plan = compiled(made, facts(media=media([("Home", "a"), ("Pro", "a"), ("Edu", "a")])))
    given = [t for t, task in tasks(plan).items() if isinstance(task.op, InjectWinre)]
    assert ["install-pro/winre"] == given
    assert "winre-pro.customize" in [u.id for u in plan.units]


def test_an_untouched_recovery_image_is_not_put_back() -> None:
    """With nothing done to it there is nothing to inject."""
    plan = compiled(recipe(**applying(lcu=["install"])), facts())
    assert not [t for t in tasks(plan).values() if isinstance(t.op, InjectWinre | TakeWinre)]


def test_the_recovery_image_is_exported_with_its_own_compression() -> None:
    """Exporting makes it smaller; the recipe says how."""
    made = recipe(targets={"install": {}, "winre": {"export": {"compress": "fast"}}})
    op = tasks(compiled(made, facts()))["winre/export"].op
    assert isinstance(op, ExportImages)
    assert ("winre.wim", "fast", 1) == (op.wim, op.compress, len(op.parts))


def test_the_setup_image_gives_the_media_its_setup_files_last() -> None:
    """After the last change: in the servicing session, or after the tweaks when there are some."""
    plain = compiled(recipe(), facts())
    assert ["ssu", "lcu", "cleanup", "harvest"] == names(plain, "setup.service")
    tweaked = compiled(recipe(targets={"install": {}, "setup": {"tweaks": {"t": TWEAK}}}), facts())
    assert ["tweak-t", "harvest"] == names(tweaked, "setup.customize")
    assert ("setup",) == tuple(n for n in unit_of(tweaked, "setup.customize").produces if n != "image.wim")


@pytest.mark.parametrize(
    ("count", "index", "lanes"),
    [
        (2, 2, ["winpe", "setup"]),
        (2, 0, ["winpe", "setup"]),
        (2, 1, ["setup", "winpe"]),
        (1, 1, ["setup"]),
        (4, 3, ["winpe-1", "winpe-2", "setup", "winpe-4"]),
        (0, 0, []),
        (None, 0, []),
    ],
)
def test_the_bootable_image_of_boot_wim_is_setup(count: int | None, index: int, lanes: list[str]) -> None:
    """Or the last one when none is marked; all others are Windows PE."""
    iso = media([("Pro", None)], boot=count, boot_index=index)
    plan = compiled(recipe(), facts(media=iso))
    found = [u for u in plan.units if u.kind == "session" and u.target != "install"]
    assert sorted(lanes) == sorted(u.lane for u in found)
    assert [n for n, lane in enumerate(lanes, 1) if lane == "setup"] == [
        u.base.index for u in found if u.target == "setup"
    ]


def test_what_a_session_reads_is_among_its_inputs() -> None:
    """Updates, the media it is compared with, the recovery image, folders; each once."""
    plan = compiled(recipe(), facts())
    service = _session(plan, "install-pro.service")
    inputs = [r.input if isinstance(r, InputRef) else f"{r.unit}:{r.name}" for r in service.inputs]
    assert ["ssu", "lcu", "media", "source.netfx3:netfx3.cab"] == inputs
    customize = _session(plan, "install-pro.customize")
    assert ["winre.export", "oem"] == [
        r.unit if isinstance(r, ArtifactRef) else r.input for r in customize.inputs
    ]


def test_artifacts_carry_their_maker_s_digest() -> None:
    """So that whatever is made from them changes with them."""
    plan = compiled(recipe(), facts())
    made = {u.id: u for u in plan.units}
    refs = [r for u in plan.units for r in u.inputs if isinstance(r, ArtifactRef)]
    refs += [u.base.wim for u in plan.units if u.kind == "session"]
    assert refs
    assert all(made[r.unit].digest == r.digest and r.name in made[r.unit].produces for r in refs)


def test_a_session_leaves_its_image_and_what_it_harvests() -> None:
    """Only the image whose files the media gets has the artifact `sources`."""
    plan = compiled(
        recipe(media={"sync-sources": {"from": "windows 10 ENTERPRISE", "by": "version"}}), facts()
    )
    assert ("image.wim",) == unit_of(plan, "install-pro.service").produces
    assert ("image.wim", "sources") == unit_of(plan, "install-enterprise.service").produces


def test_a_session_with_a_secret_is_never_stored() -> None:
    """Nor is it marked so without one."""
    made = recipe(
        updates={},
        secrets={"join": {"env": "JOIN"}},
        targets={"install": {"tweaks": {"t": {**SECRET, "when": {"edition": ["Pro"]}}, "u": TWEAK}}},
    )
    plan = compiled(made, facts())
    assert not unit_of(plan, "install-pro.customize").cacheable
    assert unit_of(plan, "install-enterprise.customize").cacheable


def test_jobs_that_change_the_tree_are_not_stored() -> None:
    """They leave no artifact; what is taken out or exported does."""
    plan = compiled(recipe(), facts())
    stored = [u.id for u in plan.units if u.kind == "job" and u.cacheable]
    assert [
        "source.images",
        "source.netfx3",
        "source.winre",
        "winre.export",
        "install.export",
        "boot.export",
    ] == stored


def test_edges_between_sessions_join_all_their_ends() -> None:
    """Two features side by side are both done before the tweaks begin."""
    targets = {
        "install": {
            "netfx3": {"enable": True},
            "features": {"SMB1Protocol": "disabled"},
            "tweaks": {"t": TWEAK},
        }
    }
    plan = compiled(recipe(updates={}, targets=targets), facts(media=media([("Pro", "re")])))
    found = edges(plan)
    for last in ("feature-smb1protocol", "netfx3"):
        assert (f"install-pro/{last}", "install-pro/tweak-t", "service-before-customize") in found


def test_what_a_step_uses_is_there_when_its_session_opens() -> None:
    """The .NET package comes before the first step, not only before the one that takes it."""
    found = edges(compiled(recipe(), facts()))
    for step in ("ssu", "netfx3"):
        assert ("source/netfx3", f"install-pro/{step}", "netfx3-from-media") in found


def test_an_unknown_step_of_a_move_is_reported_with_all_other_problems() -> None:
    """One mistake does not hide the next; a move for a target is tried in each of its lanes, and said once."""
    arm = update(UpdateKind.OPTIONAL, "9", architecture="arm64")
    moves = [{"step": "netfx", "target": "install", "before": "lcu"}]
    found = problems(recipe(**applying("lcu", "arm", move=moves)), facts(arm=arm))
    assert ["plan/architecture", "plan/architecture", "plan/unknown-step"] == sorted(p.slug for p in found)


@pytest.mark.parametrize("target", ["install", "winre", "winpe", "setup"])
def test_a_move_where_nothing_is_serviced_is_refused(target: str) -> None:
    """A recipe that says more than is done is the worst kind."""
    moves = [{"step": "lcu", "target": target, "before": "ssu"}]
    made = recipe(
        **applying("none", move=moves, none=["install"] if target != "install" else ["winpe"]),
        targets={"install": {}},
    )
    found = problems(made, facts(none=update(UpdateKind.OPTIONAL, "1")))
    assert ["plan/unknown-step"] == [p.slug for p in found]
    assert f"`{target}` has nothing to do" in found[0].reason


def test_a_move_reaches_every_image_of_its_target() -> None:
    """And none of another."""
    moves = [{"step": "cleanup", "target": "winpe", "before": "ssu"}]
    plan = compiled(recipe(**applying("ssu", "lcu", move=moves)), facts(media=media(boot=3)))
    lanes = {u.lane: names(plan, u.id)[0] for u in plan.units if u.kind == "session" and ".service" in u.id}
    assert {"cleanup"} == {first for lane, first in lanes.items() if lane.startswith("winpe")}
    assert {"ssu"} == {first for lane, first in lanes.items() if not lane.startswith("winpe")}


def moving(*moves: tuple[str, str]) -> Recipe:
    """A recipe with updates, settings and two tweaks in install images, and these moves."""
    stated = [{"step": step, "target": "install", "before": before} for step, before in moves]
    tweaks = dict.fromkeys(("one", "two"), TWEAK)
    targets = {"install": {"settings": {"time-zone": "UTC"}, "tweaks": tweaks}}
    return recipe(**applying("ssu", "lcu", move=stated), targets=targets)


def test_a_customizing_step_can_be_moved_among_its_own() -> None:
    """As `plan` names it; what is serviced is as it was."""
    usual, moved = (
        compiled(moving(*moves), facts()) for moves in ((), (("tweak-two", "settings"), ("cleanup", "lcu")))
    )
    assert ["settings", "tweak-one", "tweak-two"] == names(usual, "install-pro.customize")[1:]
    assert ["winre", "tweak-two", "settings", "tweak-one"] == names(moved, "install-pro.customize")
    assert ["ssu", "cleanup", "lcu"] == names(moved, "install-pro.service")[:3]


@pytest.mark.parametrize(("step", "before"), [("tweak-one", "lcu"), ("lcu", "settings")])
def test_no_step_moves_from_one_session_to_the_other(step: str, before: str) -> None:
    """It is said why, once, though the recipe has more than one install image."""
    found = problems(moving((step, before)), facts())
    assert ["plan/order-cycle"] == [p.slug for p in found]
    assert "one services the image, the other customizes it afterwards" in found[0].reason


def test_a_move_of_what_is_not_there_lists_what_is() -> None:
    """In an image that is only customized those are its customizing steps."""
    moves = [{"step": "settings", "target": "install", "before": "tweak-x", "because": "a test"}]
    made = recipe(
        updates={"ordering": {"move": moves}}, targets={"install": {"settings": {"time-zone": "UTC"}}}
    )
    found = problems(made, facts())
    assert ["`install` has no step `tweak-x`"] == [p.reason for p in found]
    assert "`settings`" in found[0].hint
