"""A monitor for programs: every event as one JSON line, the run's start and end too. Texts are cut, never lines broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osrecipe.model.monitor import Monitor
from osrecipe.render.outlet import Outlet

if TYPE_CHECKING:
    from typing import TextIO

    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

LONGEST = 30_000
"""Characters of one text that are passed on, its end kept: readers of lines have limits, and the log has it whole."""


class JsonMonitor(Monitor):
    """One JSON object on each line, with `event` saying which; `run-started` is first, `run-finished` last.

    Args:
        stream: where they go, best stdout.
    """

    def __init__(self, stream: TextIO) -> None:
        self._out = Outlet(stream)

    def run_started(self, plan: Plan, assessment: Assessment, run: str) -> None:
        """The run's id, what it carries out, and what of it is cached."""
        self._write(
            {
                "event": "run-started",
                "run": run,
                "recipe": plan.recipe,
                "plan": plan.digest,
                "units": {
                    unit.id: {
                        "tasks": [task.id for task in unit.tasks],
                        **(assessment.units[unit.id].model_dump() if unit.id in assessment.units else {}),
                    }
                    for unit in plan.units
                },
            }
        )

    def event(self, event: Event) -> None:
        """The event as it is."""
        self._write(event.model_dump(mode="json"))

    def run_finished(self, result: RunResult) -> None:
        """The whole result, as in the report."""
        self._write({"event": "run-finished", "result": result.model_dump(mode="json")})

    def _write(self, record: dict[str, object]) -> None:
        shown = {
            key: "…" + value[-LONGEST:] if isinstance(value, str) and len(value) > LONGEST else value
            for key, value in record.items()
        }
        # ASCII, so that no encoding of a pipe can break or change it
        self._out.line(json.dumps(shown, separators=(",", ":")))
