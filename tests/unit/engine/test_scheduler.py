"""`osrecipe.engine.scheduler`: order, room, failure and requests to stop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.engine.scheduler import Queue, Workers, default_parallel
from osrecipe.model.names import UnitId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Calls:
    """Remembers what the loop says; a result of False is a bad end."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.order: list[str] = []
        self.ends: dict[str, bool] = {}
        self.heard_: list[object] = []
        self.threads: set[str] = set()
        self.ticks = 0
        self._stop_after = stop_after

    def started(self, unit: UnitId) -> None:
        self._here()
        self.order.append(f"+{unit}")

    def ended(self, unit: UnitId, result: bool) -> bool:
        self._here()
        self.order.append(f"-{unit}")
        assert unit not in self.ends
        self.ends[unit] = result
        return result

    def heard(self, message: object) -> None:
        self._here()
        self.heard_.append(message)

    def tick(self) -> None:
        self._here()
        self.ticks += 1

    def stop(self) -> bool:
        return self._stop_after is not None and len(self.ends) >= self._stop_after

    def _here(self) -> None:
        self.threads.add(threading.current_thread().name)


def _drive(
    needs: Mapping[UnitId, frozenset[UnitId]],
    work: Callable[[UnitId], bool],
    calls: _Calls,
    parallel: int = 3,
) -> tuple[Queue, Workers[bool]]:
    queue = Queue(list(needs), needs)
    workers: Workers[bool] = Workers(parallel, work)
    workers.drive(queue, calls)
    return queue, workers


@st.composite
def dags(draw: st.DrawFn) -> dict[UnitId, frozenset[UnitId]]:
    """A random graph: each unit needs some of those before it, listed in random order."""
    count = draw(st.integers(1, 12))
    names = [UnitId(f"u{n}") for n in range(count)]
    needs = {
        name: frozenset(draw(st.sets(st.sampled_from(names[:n]), max_size=3)) if n else ())
        for n, name in enumerate(names)
    }
    return {name: needs[name] for name in draw(st.permutations(names))}


@settings(deadline=None, max_examples=60)
@given(dags(), st.integers(1, 4), st.sets(st.integers(0, 11), max_size=2), st.none() | st.integers(0, 6))
def test_random_graphs(
    needs: dict[UnitId, frozenset[UnitId]], parallel: int, bad: set[int], stop_after: int | None
) -> None:
    """Every unit ends exactly once or never starts; none starts before its needs are done; never too many at once."""
    lock = threading.Lock()
    active = most = 0
    done: set[UnitId] = set()
    early: list[UnitId] = []

    def work(unit: UnitId) -> bool:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
            if not needs[unit] <= done:
                early.append(unit)
        good = int(unit[1:]) not in bad
        with lock:
            active -= 1
            if good:
                done.add(unit)
        return good

    calls = _Calls(stop_after)
    queue, workers = _drive(needs, work, calls, parallel)

    assert [] == early
    assert most <= parallel
    assert set(needs) == set(calls.ends) | set(queue.never_started)
    assert not set(calls.ends) & set(queue.never_started)
    assert set() == queue.running
    asked = stop_after is not None and len(calls.ends) >= stop_after
    quiet = all(calls.ends.values()) and not asked
    assert quiet == (not queue.never_started and not workers.cancelled.is_set())


def test_independent_units_run_at_once() -> None:
    """Units that need nothing of each other meet; the thread that drives is not theirs."""
    meeting = threading.Barrier(2, timeout=10)
    names = set()

    def work(_unit: UnitId) -> bool:
        names.add(threading.current_thread().name)
        meeting.wait()
        return True

    calls = _Calls()
    _drive({UnitId("a"): frozenset(), UnitId("b"): frozenset()}, work, calls, parallel=2)

    assert {"a": True, "b": True} == calls.ends
    assert {threading.current_thread().name} == calls.threads
    assert not names & calls.threads


def test_failure_cancels_what_runs_and_starts_nothing() -> None:
    """After the first failure a running unit is asked to give up, and what waits never starts."""
    workers: Workers[bool]

    def work(unit: UnitId) -> bool:
        return workers.cancelled.wait(10) if unit == "slow" else False

    needs = {
        UnitId("slow"): frozenset(),
        UnitId("bad"): frozenset(),
        UnitId("late"): frozenset({UnitId("slow")}),
    }
    queue = Queue(list(needs), needs)
    workers = Workers(2, work)
    calls = _Calls()
    workers.drive(queue, calls)

    assert {"bad": False, "slow": True} == calls.ends
    assert ("late",) == queue.never_started


def test_messages_come_before_the_end() -> None:
    """What a unit says arrives in order, before its end."""
    workers: Workers[bool]

    def work(unit: UnitId) -> bool:
        for number in range(100):
            workers.say(number)
        return unit == "a"

    workers = Workers(1, work)
    calls = _Calls()
    workers.drive(Queue([UnitId("a")], {UnitId("a"): frozenset()}), calls)

    assert list(range(100)) == calls.heard_


def test_ticks_while_flooded() -> None:
    """The display moves also while units talk without a pause."""
    workers: Workers[bool]

    def work(_unit: UnitId) -> bool:
        until = time.monotonic() + 0.35
        while time.monotonic() < until:
            workers.say("x")
            time.sleep(0.001)
        return True

    workers = Workers(1, work)
    calls = _Calls()
    workers.drive(Queue([UnitId("a")], {UnitId("a"): frozenset()}), calls)

    assert calls.ticks >= 2


def test_bug_in_a_unit_ends_the_loop() -> None:
    """Work that raises, which it must not, stops the run and is raised once all others have ended."""

    def work(unit: UnitId) -> bool:
        if unit == "a":
            raise ZeroDivisionError
        return True

    calls = _Calls()
    needs = {UnitId("a"): frozenset(), UnitId("b"): frozenset({UnitId("a")})}
    with pytest.raises(ZeroDivisionError):
        _drive(needs, work, calls)
    assert {} == calls.ends


def test_bug_in_a_call_cancels_what_runs() -> None:
    """When the owner of the loop fails, running units are asked to give up and awaited."""
    workers: Workers[bool]
    ended = threading.Event()

    def work(_unit: UnitId) -> bool:
        workers.cancelled.wait(10)
        ended.set()
        return True

    class _Bad(_Calls):
        def tick(self) -> None:
            raise ZeroDivisionError

    workers = Workers(1, work)
    with pytest.raises(ZeroDivisionError):
        workers.drive(Queue([UnitId("a")], {UnitId("a"): frozenset()}), _Bad())
    assert ended.is_set()


def test_default_room() -> None:
    """At least two units run at once."""
    assert default_parallel() >= 2
