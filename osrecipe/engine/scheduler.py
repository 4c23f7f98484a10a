"""The scheduler: which unit may start now, and the loop that keeps workers busy.

The main thread only waits, a tenth of a second at a time, so that signals are served and displays tick. Work happens
in threads, which may block. After the first failure, or a request to stop, nothing new starts; what runs is awaited.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from osrecipe.model.names import UnitId

T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)
_TICK = 0.1
"""Seconds between ticks while nothing happens."""


def default_parallel() -> int:
    """How many units run at once unless told: one for each core, and at least two."""
    return max(2, os.cpu_count() or 2)


class Queue:
    """Units that wait, run or have ended; pure bookkeeping.

    Args:
        order: all units, in the order in which they are preferred.
        needs: the units each waits for.
    """

    def __init__(self, order: Sequence[UnitId], needs: Mapping[UnitId, frozenset[UnitId]]) -> None:
        self._waiting = list(order)
        self._needs = needs
        self._done: set[UnitId] = set()
        self.running: set[UnitId] = set()
        self.stopped = False

    def start(self, room: int) -> tuple[UnitId, ...]:
        """Take up to `room` units whose needs are done; they run from now on."""
        if self.stopped:
            return ()
        ready = [u for u in self._waiting if self._needs[u] <= self._done][: max(0, room)]
        self._waiting = [u for u in self._waiting if u not in ready]
        self.running.update(ready)
        return tuple(ready)

    def end(self, unit: UnitId, *, good: bool) -> None:
        """A unit ended; a bad end lets nothing start any more."""
        self.running.remove(unit)
        if good:
            self._done.add(unit)
        else:
            self.stopped = True

    def stop(self) -> None:
        """Let nothing start any more."""
        self.stopped = True

    @property
    def never_started(self) -> tuple[UnitId, ...]:
        """What still waits; after the run, what was skipped."""
        return tuple(self._waiting)


class Ended(Generic[T]):
    """A unit's work ended with a result."""

    def __init__(self, unit: UnitId, result: T) -> None:
        self.unit = unit
        self.result = result


class Broke:
    """A unit's work raised, which it must not: a bug."""

    def __init__(self, unit: UnitId, cause: BaseException) -> None:
        self.unit = unit
        self.cause = cause


class Calls(Protocol[R_contra]):
    """What the loop tells its owner, always in the thread that called `drive`."""

    def started(self, unit: UnitId) -> None:
        """A unit is about to start."""

    def ended(self, unit: UnitId, result: R_contra) -> bool:
        """A unit's work ended; says whether it ended well."""

    def heard(self, message: object) -> None:
        """Something was said with `say`."""

    def tick(self) -> None:
        """A few times a second."""

    def stop(self) -> bool:
        """Whether to start nothing more; asked at every turn."""


class Workers(Generic[T]):
    """Threads that do units' work, and the queue on which everything they say arrives in order.

    Attributes:
        cancelled: set when running work should give up: after a failure, a request to stop, or a bug.
    """

    def __init__(self, parallel: int, work: Callable[[UnitId], T]) -> None:
        self.cancelled = Event()
        self._parallel = parallel
        self._work = work
        self._said: SimpleQueue[object] = SimpleQueue()
        self._ticked = time.monotonic()
        self._broken: BaseException | None = None

    def say(self, message: object) -> None:
        """Hand something to the main thread; from any thread."""
        self._said.put(message)

    def drive(self, queue: Queue, calls: Calls[T]) -> None:
        """Run units until none can start and none runs."""
        pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="unit")
        try:
            self._loop(pool, queue, calls)
        except BaseException:
            self.cancelled.set()
            raise
        finally:
            pool.shutdown(wait=True)
        if self._broken is not None:
            raise self._broken

    def _loop(self, pool: ThreadPoolExecutor, queue: Queue, calls: Calls[T]) -> None:
        while True:
            if calls.stop():
                queue.stop()
            if queue.stopped:
                self.cancelled.set()
            for unit in queue.start(self._parallel - len(queue.running)):
                calls.started(unit)
                pool.submit(self._do, unit)
            if not queue.running:
                return
            self._turn(queue, calls)

    def _turn(self, queue: Queue, calls: Calls[T]) -> None:
        try:
            message = self._said.get(timeout=_TICK)
        except Empty:
            message = None
        if isinstance(message, Ended):
            queue.end(message.unit, good=calls.ended(message.unit, message.result))
        elif isinstance(message, Broke):
            queue.end(message.unit, good=False)
            self._broken = self._broken or message.cause
        elif message is not None:
            calls.heard(message)
        if time.monotonic() - self._ticked >= _TICK:
            self._ticked = time.monotonic()
            calls.tick()

    def _do(self, unit: UnitId) -> None:
        try:
            self.say(Ended(unit, self._work(unit)))
        except BaseException as cause:  # noqa: BLE001 - whatever it is, the loop must learn that the unit is over
            self.say(Broke(unit, cause))
