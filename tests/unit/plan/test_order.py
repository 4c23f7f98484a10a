"""Steps in order: the table's rows, repetitions, the recipe's moves, and the checks that are dropped."""

from __future__ import annotations

import pytest

from osrecipe.model.checks import NothingPending
from osrecipe.model.facts import UpdateKind
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.problems import OsrecipeError, Place
from osrecipe.model.recipe import Move
from osrecipe.model.tasks import AddPackage, SetFeature
from osrecipe.plan.order import Ordered, Step, order
from osrecipe.windows.ordering import CLASSIC, CUSTOMIZE, StepKind

K = StepKind
PLACE = Place("recipe.yaml", 7, 3)
SSU, LCU, CLEANUP = ("ssu", K.SERVICING_STACK), ("lcu", K.CUMULATIVE), ("cleanup", K.CLEANUP)
FLASH, HARVEST, NETFX3 = ("flash", K.UPDATE), ("harvest", K.HARVEST_SOURCES), ("netfx3", K.NETFX3)
DOTNET, SMB, TELNET = ("dotnet", K.DOTNET), ("feature-smb", K.FEATURE), ("feature-telnet", K.FEATURE)
EVERYTHING = (DOTNET, NETFX3, TELNET, SMB, HARVEST, CLEANUP, FLASH, LCU, SSU)


def _step(name: str, kind: StepKind, *, adds: bool = True) -> Step:
    op: AddPackage | SetFeature = AddPackage(
        input=InputId(name), package=name, update_kind=UpdateKind.OPTIONAL, content=Digest("sha256:0")
    )
    if kind is K.FEATURE:
        op = SetFeature(feature=name, state="enabled", package="Foundation")
    checks = (NothingPending(),) if kind is K.CLEANUP else ()
    return Step(name, kind, op, f"do {name}", PLACE, checks, adds=adds)


def _ordered(*steps: tuple[str, StepKind], moves: tuple[tuple[str, str], ...] = ()) -> Ordered:
    asked = [
        (Move(step=step, target="install", before=before, because="a test"), PLACE) for step, before in moves
    ]
    return order([_step(*s) for s in steps], CLASSIC, asked)


def _names(*steps: tuple[str, StepKind], moves: tuple[tuple[str, str], ...] = ()) -> list[str]:
    return [s.name for s in _ordered(*steps, moves=moves).steps]


def test_the_classic_order() -> None:
    """However steps are given, they come out in the field's order; steps of a kind stay as they were given."""
    assert [
        "ssu",
        "lcu",
        "flash",
        "cleanup",
        "harvest",
        "feature-telnet",
        "feature-smb",
        "netfx3",
        "dotnet",
        "lcu-after-netfx3",
    ] == _names(*EVERYTHING)


def test_every_edge_joins_two_steps_and_names_a_rule() -> None:
    """No edge speaks of a step that is not there."""
    made = _ordered(*EVERYTHING)
    names = {s.name for s in made.steps}
    assert made.edges
    assert all({e.before, e.after} <= names and e.rule for e in made.edges)


def test_without_anything_added_the_cumulative_update_is_not_repeated() -> None:
    """Only payload that comes later makes a repetition needful."""
    assert ["ssu", "lcu", "cleanup", "dotnet"] == _names(SSU, LCU, CLEANUP, DOTNET)


def test_a_feature_is_reason_enough_to_repeat() -> None:
    """The repetition is named after what it follows, and says that it is one."""
    made = _ordered(SSU, LCU, SMB)
    assert ["ssu", "lcu", "feature-smb", "lcu-after-feature"] == [s.name for s in made.steps]
    assert ("lcu-after-feature", "do lcu again") == (made.steps[-1].again, made.steps[-1].title)
    assert made.steps[-1].op == made.steps[1].op


def test_a_feature_that_adds_nothing_makes_no_repetition() -> None:
    """A feature that is switched off, or is on already, leaves the level as it is."""
    made = order([_step(*LCU), _step(*SMB, adds=False)], CLASSIC)
    assert ["lcu", "feature-smb"] == [s.name for s in made.steps]


def test_without_a_cumulative_update_nothing_is_repeated() -> None:
    """There is nothing to bring the payload up to date with."""
    assert ["ssu", "netfx3"] == _names(NETFX3, SSU)


def test_a_repetition_never_takes_another_step_s_name() -> None:
    """An update whose id looks like the repetition's keeps it."""
    taken = ("LCU-after-netfx3", K.UPDATE)
    assert "lcu-after-netfx3-again" in _names(LCU, taken, NETFX3)


def test_customizing_puts_winre_first_and_keeps_tweaks_as_written() -> None:
    """The recovery image is placed, then tweaks in the recipe's order, then setup.exe is taken."""
    steps = [
        _step("harvest", K.HARVEST_SETUP),
        _step("b", K.TWEAK),
        _step("a", K.TWEAK),
        _step("winre", K.WINRE),
    ]
    made = order(steps, CUSTOMIZE)
    assert ["winre", "b", "a", "harvest"] == [s.name for s in made.steps]
    assert ("b", "a", "as-written") in [(e.before, e.after, e.rule) for e in made.edges]


def test_a_move_puts_a_step_before_another_and_says_so() -> None:
    """The rules that say otherwise give way; the new edge names the move."""
    made = _ordered(SSU, LCU, CLEANUP, NETFX3, moves=(("netfx3", "cleanup"),))
    assert ["ssu", "lcu", "netfx3", "cleanup", "lcu-after-netfx3"] == [s.name for s in made.steps]
    between = [e.rule for e in made.edges if {e.before, e.after} == {"netfx3", "cleanup"}]
    assert ["recipe-move"] == between


def test_a_move_can_make_the_repetition_needless() -> None:
    """What is added before the cumulative update needs no second pass."""
    names = _names(SSU, LCU, CLEANUP, NETFX3, SMB, moves=(("netfx3", "lcu"), ("feature-smb", "lcu")))
    assert sorted(names[1:3]) == ["feature-smb", "netfx3"]
    assert ["ssu", "lcu", "cleanup"] == [names[0], *names[3:]]


def test_one_of_two_additions_moved_still_needs_the_repetition() -> None:
    """The feature that stays behind the cumulative update is what it is repeated for."""
    assert ["ssu", "netfx3", "lcu", "feature-smb", "lcu-after-feature"] == _names(
        SSU, LCU, NETFX3, SMB, moves=(("netfx3", "lcu"),)
    )


def test_a_moved_step_stays_behind_what_it_still_follows() -> None:
    """Only rules that contradict a move give way: the stack still comes first."""
    assert ["ssu", "cleanup", "lcu"] == _names(SSU, LCU, CLEANUP, moves=(("cleanup", "lcu"),))


@pytest.mark.parametrize("reverse", [False, True])
def test_moves_add_up(*, reverse: bool) -> None:
    """What one move put before a step goes along when another moves that step, whichever is written first."""
    moves = (("netfx3", "cleanup"), ("cleanup", "ssu"))
    assert ["netfx3", "cleanup", "ssu"] == _names(
        SSU, CLEANUP, NETFX3, moves=moves[::-1] if reverse else moves
    )


def test_a_rule_that_gave_way_holds_again_when_another_move_agrees_with_it() -> None:
    """Both are moved before the stack; between the two the table still says what comes first, and why."""
    made = _ordered(SSU, LCU, CLEANUP, SMB, moves=(("feature-smb", "ssu"), ("cleanup", "ssu")))
    assert ["cleanup", "feature-smb", "ssu", "lcu"] == [s.name for s in made.steps]
    assert ("cleanup", "feature-smb", "cleanup-before-feature") in [
        (e.before, e.after, e.rule) for e in made.edges
    ]


def test_the_last_of_three_alike_can_come_first() -> None:
    """Steps of one kind follow the recipe's order unless it says otherwise."""
    three = [(name, K.UPDATE) for name in ("a", "b", "c")]
    assert ["c", "a", "b"] == _names(*three, moves=(("c", "a"),))


@pytest.mark.parametrize(
    ("moves", "slug", "hint"),
    [
        ((("netfx", "cleanup"),), "plan/unknown-step", "`netfx3`"),
        ((("netfx3", "clean"),), "plan/unknown-step", "`cleanup`"),
        ((("netfx3", "lcu-after-netfx3"),), "plan/unknown-step", "`lcu`"),
        ((("lcu", "lcu"),), "plan/order-cycle", "drop one"),
        ((("netfx3", "lcu"), ("lcu", "netfx3")), "plan/order-cycle", "drop one"),
        ((("netfx3", "lcu"), ("lcu", "ssu"), ("ssu", "netfx3")), "plan/order-cycle", "drop one"),
    ],
)
def test_moves_that_can_not_be_done_are_refused(
    moves: tuple[tuple[str, str], ...], slug: str, hint: str
) -> None:
    """A step that is not there, or moves that contradict each other: named at the move's place."""
    with pytest.raises(OsrecipeError) as caught:
        _ordered(SSU, LCU, CLEANUP, NETFX3, moves=moves)
    (problem,) = caught.value.problems
    assert (slug, PLACE) == (problem.slug, problem.place)
    assert hint in problem.hint


def _promises(*steps: tuple[str, StepKind], moves: tuple[tuple[str, str], ...] = ()) -> dict[str, int]:
    return {s.name: len(s.checks) for s in _ordered(*steps, moves=moves).steps}


def test_cleanup_promises_that_nothing_is_pending_when_it_is_last() -> None:
    """Checks are read back at the session's end; taking files for the media changes nothing."""
    assert 1 == _promises(SSU, LCU, CLEANUP, HARVEST)["cleanup"]


@pytest.mark.parametrize("later", [NETFX3, SMB, DOTNET])
def test_cleanup_promises_nothing_when_a_later_step_may_leave_actions_pending(
    later: tuple[str, StepKind],
) -> None:
    """What comes after may be installed only at the first start, and offline that is success."""
    assert 0 == _promises(SSU, CLEANUP, later)["cleanup"]


def test_a_moved_update_ends_the_promise_too() -> None:
    """It is the order as it is that counts, not the table."""
    assert 0 == _promises(LCU, CLEANUP, moves=(("cleanup", "lcu"),))["cleanup"]
