"""The table of rules: a rule nothing uses, or an edge without a rule, fails here."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.plans import LUA, answers, applying, compiled, drivers, facts, folder, media, recipe, update

from osrecipe.model.facts import UpdateKind
from osrecipe.model.plan import Session
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ChangeSettings,
    CleanupImage,
    EnableNetfx3,
    HarvestSetup,
    HarvestSources,
    InjectWinre,
    PlaceUnattend,
    RemoveApp,
    SetCapability,
    SetFeature,
)
from osrecipe.plan.order import _RANK
from osrecipe.windows import ordering
from osrecipe.windows.ordering import CLASSIC, CUSTOMIZE, PENDS, REPEATS, RULES, Precedes, Rule, StepKind
from osrecipe.windows.targets import DEFAULT_TARGETS, STEP_OF_KIND

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan, Task

_KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies")
_TWEAK = {"registry": [SetValue(key=_KEY, name="v", data=RegistryData(kind="dword", number=1))]}
_TWEAKS = {"cleanup": "superseded", "tweaks": {"a": _TWEAK, "b": _TWEAK}}
_KNOWN = facts(
    media=media([("Pro", "re"), ("Enterprise", "re")]),
    net=update(UpdateKind.DOTNET, "5"),
    flash=update(UpdateKind.FLASH, "6"),
    both=update(UpdateKind.CUMULATIVE, "7", stack="17134.227.1.0"),
    fod=folder("fod"),
    drv=drivers(),
    answers=answers("offlineServicing", "oobeSystem", offline=(LUA,)),
)
_CAPABILITY = "OpenSSH.Client~~~~0.0.1.0"
_CUSTOMIZED = {
    "capabilities": {_CAPABILITY: {"from": "fod"}},
    "appx": {"Microsoft.Xbox*": "removed"},
    "settings": {"all": "de-DE", "time-zone": "UTC"},
    "unattend": {"from": "answers"},
}
_EVERYWHERE = ("install", "winre", "winpe", "setup")
_MOVE = [{"step": "flash", "target": "install", "before": "lcu"}]
_LATE = [{"step": "both", "target": "install", "before": "capability-openssh.client"}]
PLANS = (
    compiled(
        recipe(
            **applying("ssu", "lcu", net=["install", "setup"], flash=_EVERYWHERE),
            targets={
                "install": {"netfx3": {"enable": True}, "features": {"TelnetClient": "enabled"}, **_TWEAKS},
                "setup": _TWEAKS,
            },
        ),
        _KNOWN,
    ),
    compiled(
        recipe(
            **applying("ssu", "lcu", move=_MOVE, net=["install", "setup"], flash=_EVERYWHERE),
            targets={"install": {"features": {"TelnetClient": "enabled"}}},
        ),
        _KNOWN,
    ),
    compiled(
        recipe(
            **applying("ssu", "both", also=("fod", "drv", "answers"), flash=["install", "setup"]),
            drivers={"drv": {"targets": _EVERYWHERE}},
            targets={
                "install": {"features": {"TelnetClient": "enabled"}, **_TWEAKS, **_CUSTOMIZED},
                "setup": {**_TWEAKS, "settings": {"time-zone": "UTC"}},
            },
        ),
        _KNOWN,
    ),
    compiled(
        recipe(
            **applying("ssu", "both", also=("fod",), move=_LATE),
            targets={"install": {"capabilities": {_CAPABILITY: {"from": "fod"}}}},
        ),
        _KNOWN,
    ),
)
"""Plans that between them do everything a recipe can ask for."""

_KINDS: dict[type, StepKind] = {
    CleanupImage: StepKind.CLEANUP,
    EnableNetfx3: StepKind.NETFX3,
    SetFeature: StepKind.FEATURE,
    HarvestSources: StepKind.HARVEST_SOURCES,
    HarvestSetup: StepKind.HARVEST_SETUP,
    SetCapability: StepKind.CAPABILITY,
    RemoveApp: StepKind.APP,
    AddDrivers: StepKind.DRIVER,
    ChangeSettings: StepKind.SETTING,
    ApplyUnattend: StepKind.UNATTEND,
    PlaceUnattend: StepKind.UNATTEND,
    InjectWinre: StepKind.WINRE,
    ApplyTweak: StepKind.TWEAK,
}


def _kind(task: Task) -> StepKind:
    if isinstance(task.op, AddPackage) and task.op.stack_only:
        return StepKind.STACK_ALONE
    if isinstance(task.op, AddPackage):
        return StepKind.CUMULATIVE_AGAIN if task.again else STEP_OF_KIND[task.op.update_kind]
    return _KINDS[type(task.op)]


def _used_rows(plan: Plan) -> set[tuple[StepKind, StepKind, str]]:
    kinds = {t.id: _kind(t) for u in plan.units if isinstance(u, Session) for t in u.tasks}
    return {
        (kinds[e.before], kinds[e.after], e.rule)
        for e in plan.edges
        if e.before in kinds and e.after in kinds
    }


@pytest.mark.parametrize("row", [*CLASSIC, *CUSTOMIZE], ids=lambda r: f"{r.before}-{r.after}")
def test_every_row_of_the_order_is_used(row: Precedes) -> None:
    """A row that orders nothing in any plan is not knowledge."""
    assert (row.before, row.after, row.rule.id) in set().union(*map(_used_rows, PLANS))


def test_every_row_of_repetition_is_used() -> None:
    """Each is the reason of a repeated task."""
    again = {t.again for plan in PLANS for u in plan.units for t in u.tasks} - {None}
    assert {row.rule.id for row in REPEATS} == again


def test_every_rule_is_used() -> None:
    """By an edge, or as the reason of a repetition."""
    used = {e.rule for plan in PLANS for e in plan.edges}
    used |= {t.again for plan in PLANS for u in plan.units for t in u.tasks if t.again}
    assert set(RULES) == used


def test_no_row_is_written_twice() -> None:
    """Two rows for one pair of kinds would be two reasons for one edge."""
    for table in (CLASSIC, CUSTOMIZE):
        pairs = [(row.before, row.after) for row in table]
        assert len(pairs) == len(set(pairs))


def test_no_two_rules_share_an_id() -> None:
    """An id is what a plan knows a rule by."""
    rules = [value for value in vars(ordering).values() if isinstance(value, Rule)]
    assert len(rules) == len({r.id for r in rules}) == len(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda r: r.id)
def test_every_rule_has_a_reason_and_a_source(rule: Rule) -> None:
    """The reason is one sentence for people, without a full stop; the source says who knows it."""
    assert rule.reason.strip() == rule.reason != ""
    assert not rule.reason.endswith(".")
    assert rule.source.strip() == rule.source != ""
    assert rule.id == rule.id.lower()
    assert " " not in rule.id


def test_the_order_shown_to_people_is_the_table_s() -> None:
    """No row contradicts the order in which kinds are declared."""
    assert all(_RANK[row.before] < _RANK[row.after] for row in (*CLASSIC, *CUSTOMIZE))


def test_every_kind_of_step_is_in_a_plan() -> None:
    """A kind nothing makes would be dead."""
    kinds = {_kind(t) for plan in PLANS for u in plan.units if isinstance(u, Session) for t in u.tasks}
    assert set(StepKind) == kinds


def test_kinds_that_can_be_applied_have_targets() -> None:
    """Whatever has a place in the order goes somewhere by default."""
    assert set(STEP_OF_KIND) == set(DEFAULT_TARGETS)
    assert set(STEP_OF_KIND.values()) <= PENDS
    assert all(targets for targets in DEFAULT_TARGETS.values())


def test_tasks_of_a_session_follow_the_rules_between_them() -> None:
    """The sequence in a plan is the declared one for each pair of neighbours that no move turned."""
    for unit in (u for u in PLANS[0].units if isinstance(u, Session)):
        ranks = [_RANK[_kind(task)] for task in unit.tasks]
        assert all(a <= b for a, b in pairwise(ranks))
