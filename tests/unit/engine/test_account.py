"""`osrecipe.engine.account`: every task has exactly one end, or the unit is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.account import Ledger, from_evidence, skipped
from osrecipe.model.checks import CheckResult, NothingPending
from osrecipe.model.events import Event, TaskChecked, TaskFailed, TaskFinished, TaskStarted, Warned
from osrecipe.model.names import TaskId, UnitId
from osrecipe.model.plan import Session

if TYPE_CHECKING:
    from pathlib import Path

_PASSED = CheckResult(check=NothingPending(), passed=True, found="absent")


@pytest.fixture
def unit(tmp_path: Path) -> Session:
    """A session of two tasks, `a/1` with a check and `a/2`."""
    made = sample_plan(write_inputs(tmp_path / "in"), checks=(NothingPending(),)).units[1]
    assert isinstance(made, Session)
    first = made.tasks[0].model_copy(update={"id": TaskId("a/1")})
    second = first.model_copy(update={"id": TaskId("a/2"), "checks": ()})
    return made.model_copy(update={"id": UnitId("a"), "tasks": (first, second)})


def _started(task: str) -> Event:
    return TaskStarted(unit=UnitId("a"), task=TaskId(task), title="t")


def _finished(task: str, status: str = "done", detail: str = "") -> Event:
    return TaskFinished(unit=UnitId("a"), task=TaskId(task), status=status, detail=detail, milliseconds=7)


def _failed(task: str) -> Event:
    return TaskFailed(
        unit=UnitId("a"), task=TaskId(task), slug="run/x", reason="broken", code="0x1", remedy="mend"
    )


def _checked(task: str) -> Event:
    return TaskChecked(unit=UnitId("a"), task=TaskId(task), checks=(_PASSED,))


_GOOD = [_started("a/1"), _finished("a/1"), _started("a/2"), _finished("a/2"), _checked("a/1")]


def _heard(unit: Session, events: list[Event]) -> Ledger:
    ledger = Ledger(unit, lambda name: f"logs/{name}", lambda: 3)
    for event in events:
        ledger.hear(event)
    return ledger


def test_all_accounted_for(unit: Session) -> None:
    """A unit whose tasks were each started, ended and checked leaves nothing open."""
    ledger = _heard(unit, [*_GOOD, Warned(unit=None, text="about nothing")])

    assert "" == ledger.complaint()
    results = ledger.results(saved=True)
    assert ["done", "done"] == [r.status for r in results]
    assert ((_PASSED,), 7, 3, "logs/a/1") == (
        results[0].checks,
        results[0].milliseconds,
        results[0].started,
        results[0].log,
    )


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (_GOOD[:2] + _GOOD[4:], "never reported as done: `a/2`"),
        ([], "never reported as done: `a/1`"),
        ([*_GOOD, _finished("a/2")], "done twice: `a/2`"),
        ([*_GOOD[:1], *_GOOD], "started twice: `a/1`"),
        ([*_GOOD, _started("b/9")], "not in the unit: `b/9`"),
        ([*_GOOD[2:4], *_GOOD[:2], _GOOD[4]], "out of its turn: `a/2`"),
        ([_GOOD[0], *_GOOD[1:2], *_GOOD[3:]], "never started: `a/2`"),
        (_GOOD[:4], "check of a task was not made, or did not hold: `a/1`"),
        ([*_GOOD, _failed("a/1")], "one of its tasks failed"),
    ],
)
def test_complaints(unit: Session, events: list[Event], words: str) -> None:
    """Tasks that are missing, doubled, strange, out of order or unchecked make a unit that says it is done a liar."""
    assert words in _heard(unit, events).complaint()


def test_failed_check_is_no_check(unit: Session) -> None:
    """A check that was made and did not hold counts as not made."""
    bad = TaskChecked(
        unit=UnitId("a"), task=TaskId("a/1"), checks=(_PASSED.model_copy(update={"passed": False}),)
    )
    assert "did not hold" in _heard(unit, [*_GOOD[:4], bad]).complaint()


def test_failure_names_task_and_recipe_line(unit: Session) -> None:
    """The failed task's own words, code, remedy and origin are reported; what was done before it is discarded."""
    ledger = _heard(unit, [*_GOOD[:3], _failed("a/2")])
    failure = ledger.failure("the unit failed")

    assert ("a/2", "run/x", "broken", "0x1", "mend") == (
        failure.task,
        failure.slug,
        failure.reason,
        failure.code,
        failure.remedy,
    )
    assert unit.tasks[1].origin == failure.origin
    assert ["discarded", "failed"] == [r.status for r in ledger.results(saved=False)]


def test_worker_that_died_is_blamed_on_what_ran(unit: Session) -> None:
    """When a unit ends without a word, the task that was running has failed."""
    ledger = _heard(unit, _GOOD[:3])
    failure = ledger.failure("the worker died", "run/worker-died")

    assert ("a/2", "run/worker-died") == (failure.task, failure.slug)
    assert ["discarded", "failed"] == [r.status for r in ledger.results(saved=False)]


def test_nothing_ran(unit: Session) -> None:
    """A unit that failed before its first task has a failure of its own, and tasks that did not run."""
    ledger = _heard(unit, [])
    failure = ledger.failure("no space is left", "run/space")

    assert (None, "run/space", "logs/a") == (failure.task, failure.slug, failure.log)
    assert ["not-run", "not-run"] == [r.status for r in ledger.results(saved=False)]
    assert skipped(unit) == tuple(r.model_copy(update={"log": ""}) for r in ledger.results(saved=False))


def test_odd_status_is_told(unit: Session) -> None:
    """An outcome that is not plainly done says so in its detail."""
    results = _heard(unit, [_started("a/1"), _finished("a/1", "nothing-to-do", "was so")]).results(saved=True)

    assert "nothing-to-do: was so" == results[0].detail


def test_cached_results_have_the_names_of_today(unit: Session) -> None:
    """Evidence is found by digest, so ids may have changed since; results come under the plan's ids."""
    old = _heard(unit, _GOOD).results(saved=True)
    renamed = unit.model_copy(
        update={
            "id": UnitId("b"),
            "tasks": tuple(t.model_copy(update={"id": TaskId(t.id.replace("a/", "b/"))}) for t in unit.tasks),
        }
    )
    new = from_evidence(renamed, old)

    assert [("b/1", "b", "cached"), ("b/2", "b", "cached")] == [(r.task, r.unit, r.status) for r in new]
    assert ((_PASSED,), "") == (new[0].checks, new[0].log)
