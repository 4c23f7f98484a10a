"""A monitor that can't hurt the run: when the display fails (a closed pipe, a bug), it is switched off.

The monitor is lossy by contract; a run of hours does not end because nobody could watch it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult


class QuietMonitor(Monitor):
    """Passes calls on until one fails.

    Attributes:
        trouble: what the display failed with, or None.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self.trouble: Exception | None = None

    def run_started(self, plan: Plan, assessment: Assessment, run: str) -> None:
        """As `Monitor.run_started`."""
        self._try(lambda: self._monitor.run_started(plan, assessment, run))

    def event(self, event: Event) -> None:
        """As `Monitor.event`."""
        self._try(lambda: self._monitor.event(event))

    def tick(self) -> None:
        """As `Monitor.tick`."""
        self._try(self._monitor.tick)

    def run_finished(self, result: RunResult) -> None:
        """As `Monitor.run_finished`."""
        self._try(lambda: self._monitor.run_finished(result))

    def _try(self, call: Callable[[], None]) -> None:
        if self.trouble is not None:
            return
        try:
            call()
        except Exception as cause:  # noqa: BLE001 - a display of any kind may fail in any way
            self.trouble = cause
