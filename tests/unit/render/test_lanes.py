"""A plan by lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import facts, media, origins, recipe

from osrecipe.model.names import RuleId
from osrecipe.plan import compile_plan
from osrecipe.render.lanes import lanes, needs, reason, stages, waits

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The usual plan: two install images that share their winre."""
    return compile_plan(recipe(), facts(), origins())


def test_lanes_hold_every_unit_once(plan: Plan) -> None:
    """Grouping loses no unit and keeps each lane's order."""
    grouped = [unit.id for lane in lanes(plan) for unit in lane.units]

    assert sorted(unit.id for unit in plan.units) == sorted(grouped)
    assert all(
        [u.id for u in plan.units if u.lane == lane.id] == [u.id for u in lane.units] for lane in lanes(plan)
    )


def test_images_lanes_stand_side_by_side(plan: Plan) -> None:
    """The lanes of images are one group, between what they start from and what takes them."""
    groups = [{str(lane.id) for lane in group} for group in stages(plan)]

    assert {"winre", "install-pro", "install-enterprise", "winpe", "setup"} in groups
    assert {"source"} == groups[0]
    assert groups.index({"install", "boot", "media"}) == len(groups) - 1


def test_no_lane_of_a_group_waits_for_another_to_begin(plan: Plan) -> None:
    """The first unit of a lane needs no unit of its group's other lanes, near or far."""
    direct = needs(plan)
    far = {unit.id: set(direct[unit.id]) for unit in plan.units}
    for unit in plan.units:
        for other in direct[unit.id]:
            far[unit.id] |= far[other]

    for group in stages(plan):
        for lane in group:
            others = {unit.id for other in group if other is not lane for unit in other.units}
            assert not far[lane.units[0].id] & others


def test_different_winres_still_group(plan: Plan) -> None:
    """Two recovery images make two lanes side by side."""
    other = compile_plan(recipe(), facts(media=media((("Pro", "a"), ("Enterprise", "b")))), origins())
    groups = [[lane.id for lane in group if lane.id.startswith("winre")] for group in stages(other)]

    assert [0, 2, 0] == [len(group) for group in groups]
    assert len(lanes(plan)) + 1 == len(lanes(other))


def test_waits_name_tasks_of_other_lanes_only(plan: Plan) -> None:
    """A session that puts winre in waits for its export, not for its own lane."""
    assert ("winre/export",) == waits(plan)[next(u.id for u in plan.units if u.id == "install-pro.customize")]


def test_reason_of_an_unknown_rule_is_its_name(plan: Plan) -> None:
    """A plan from elsewhere may name a rule nobody knows."""
    assert "no-such-rule" == reason(plan, RuleId("no-such-rule"))
    assert "at its first level" in reason(plan, RuleId("lcu-after-netfx3"))
