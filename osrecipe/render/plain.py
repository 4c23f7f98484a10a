"""A monitor for logs and dumb terminals: one line for each change of state, with the time since the start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from osrecipe.model.monitor import Monitor
from osrecipe.render import words
from osrecipe.render.narration import Narrator
from osrecipe.render.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult


class PlainMonitor(Monitor):
    """Lines without progress.

    Args:
        stream: where they go, best stderr.
        color: whether to use terminal colours.
        seconds: a clock that only goes forward.
    """

    def __init__(
        self, stream: TextIO, *, color: bool = False, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = Outlet(stream)
        self._narrator = Narrator(color=color)
        self._seconds = seconds
        self._start = seconds()

    def run_started(self, plan: Plan, assessment: Assessment, run: str) -> None:
        """What begins; time counts from here."""
        self._start = self._seconds()
        self._say(self._narrator.started(plan, assessment, run))

    def event(self, event: Event) -> None:
        """A line where something began or ended."""
        self._say(self._narrator.event(event, starts=True))

    def run_finished(self, result: RunResult) -> None:
        """How it ended."""
        self._say(self._narrator.finished(result))

    def _say(self, lines: Iterable[str]) -> None:
        elapsed = words.clock(int((self._seconds() - self._start) * 1000))
        for line in lines:
            self._out.line(f"{elapsed}  {line}")
