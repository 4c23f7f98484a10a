"""The monitor: where events go to be seen. Lossy by contract; losing every one changes no result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult


class Monitor:
    """Does nothing on every call; front-ends override what they show. Called from one thread only."""

    def run_started(self, plan: Plan, assessment: Assessment, run: str) -> None:
        """Once, before any unit: the plan, what of it is cached, the run's id."""

    def event(self, event: Event) -> None:
        """Each event in the order the engine saw it."""

    def tick(self) -> None:
        """A few times a second while units run, for clocks and spinners."""

    def run_finished(self, result: RunResult) -> None:
        """Once, however the run ended."""
