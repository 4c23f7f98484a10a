"""Units in child processes: a crash of a native library or a stuck tool can't take the engine down.

Starts the worker command for each unit and speaks `wire` with it. It must not know what a unit does, and puts no
secret into arguments or the environment.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import wire
from osrecipe.adapters.process import Finished, Program
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.events import LogLine, TaskFailed, TaskFinished, TaskStarted
from osrecipe.model.execution import UnitOutcome
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from osrecipe.adapters.process import OutputLine
    from osrecipe.model.adapter import AdapterVersion
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitRequest
    from osrecipe.model.names import TaskId

_TICK: Final = 0.05
_LAST_LINES: Final = 8
_CLOSING: Final = 10.0
"""Seconds a worker may take to end after its final word."""


class IsolatedExecutor:
    """Does each unit's work in a worker process of its own.

    Args:
        command: starts a worker that speaks `wire` on its standard streams.
        adapter: whose versions go into store keys; the worker builds the same adapter by its name.
        grace: seconds a worker has to discard its image after a cancellation before it is killed.
    """

    def __init__(self, command: Sequence[str], adapter: AdapterVersion, *, grace: float = 30.0) -> None:
        self._command = tuple(command)
        self._adapter = adapter
        self._grace = grace

    @property
    def adapter(self) -> AdapterVersion:
        """Whose versions go into store keys."""
        return self._adapter

    def execute(
        self,
        request: UnitRequest,
        secrets: Mapping[str, str],
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> UnitOutcome:
        """Do a unit's work; see `Executor.execute`.

        Raises:
            OsrecipeError: the worker can't be started (`run/tool-missing`) or died (`run/worker-died`).
        """
        with Program(self._command, env=_environment(secrets)) as program:
            program.send(wire.encode_request(request, secrets))
            return _Talk(program, request, secrets, emit).run(cancelled, self._grace)


class _Talk:
    """The conversation with one worker."""

    def __init__(
        self,
        program: Program,
        request: UnitRequest,
        secrets: Mapping[str, str],
        emit: Callable[[Event], None],
    ) -> None:
        self._program = program
        self._secrets = tuple(value for value in secrets.values() if value)
        self._unit = request.unit.id
        self._emit = emit
        self._task: TaskId | None = None
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._outcome: UnitOutcome | None = None

    def run(self, cancelled: Callable[[], bool], grace: float) -> UnitOutcome:
        """Listen to the end."""
        give_up: float | None = None
        stopping = False
        while not self._program.is_over and (give_up is None or time.monotonic() < give_up):
            if (line := self._program.next_line(_TICK)) is not None:
                self._hear(line)
            if not stopping and cancelled():
                stopping = True
                give_up = time.monotonic() + grace
                self._program.send(wire.encode_cancel(), last=True)
            if self._outcome is not None and give_up is None:
                give_up = time.monotonic() + _CLOSING
                self._program.send(b"", last=True)
        self._program.end(0)
        for line in self._program.rest():
            self._hear(line)
        return self._end(self._program.finish(), stopping=stopping)

    def _end(self, finished: Finished, *, stopping: bool) -> UnitOutcome:
        if self._outcome is not None:
            return self._outcome
        if stopping:
            return UnitOutcome(status="cancelled", detail=f"the worker was ended: {finished}")
        said = "; ".join(self._said)
        raise error(
            Slug.RUN_WORKER_DIED,
            f"the worker of `{self._unit}` died without a word: {finished}"
            + (f"; last: {said}" if said else ""),
            hint="the unit's log has all it said; nothing of the unit was kept",
            exit_code=ExitCode.TASK,
        )

    def _hear(self, line: OutputLine) -> None:
        message = wire.decode(line.text) if line.source == "out" else None
        if isinstance(message, UnitOutcome):
            self._outcome = message
        elif message is not None:
            self._follow(message)
            self._emit(message)
        elif line.text:
            text = self._masked(line.text)
            self._said.append(text)
            self._emit(LogLine(unit=self._unit, task=self._task, text=text))

    def _masked(self, text: str) -> str:
        """Free text without secrets, should a tool print one."""
        for secret in self._secrets:
            text = text.replace(secret, "(secret)")
        return text

    def _follow(self, event: Event) -> None:
        """Keep track of the task that free text belongs to."""
        if isinstance(event, TaskStarted):
            self._task = event.task
        elif isinstance(event, TaskFinished | TaskFailed):
            self._task = None


def _environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """Our environment without what holds a secret: the recipe's secrets come from it, and tools print it."""
    hidden = {value for value in secrets.values() if value}
    return {name: value for name, value in os.environ.items() if value not in hidden}
