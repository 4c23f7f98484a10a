"""Units in child processes: a crash of a native library or a stuck tool can't take the engine down.

Starts the worker command and speaks `wire` with it; a worker that did its unit well waits for another, because a new
one takes a second to load. Close the executor, or use `with`, so that none is left waiting. It must not know what a unit does, and puts no
secret into arguments or the environment.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from osrecipe.adapters import wire
from osrecipe.adapters.process import Finished, Program
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.events import LogLine, ResourceAcquired, TaskFailed, TaskFinished, TaskStarted
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
    """Does units' work in worker processes, one unit at a time in each.

    Args:
        command: starts a worker that speaks `wire` on its standard streams.
        adapter: whose versions go into store keys; the worker builds the same adapter by its name.
        grace: seconds a worker has to discard its image after a cancellation before it is killed.
    """

    def __init__(self, command: Sequence[str], adapter: AdapterVersion, *, grace: float = 30.0) -> None:
        self._command = tuple(command)
        self._adapter = adapter
        self._grace = grace
        self._idle: deque[Program] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers that wait for another unit."""
        while self._idle:
            with self._idle.popleft() as program:
                program.send(b"", last=True)

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
        program = self._take(secrets)
        talk = _Talk(program, request, secrets, emit)
        try:
            program.send(wire.encode_request(request, secrets))
            outcome = talk.run(cancelled, self._grace)
        except BaseException:
            program.__exit__()
            raise
        if outcome.status == "done" and not secrets and not program.has_exited():
            self._idle.append(program)
        else:
            with program:
                talk.end()
        return outcome

    def _take(self, secrets: Mapping[str, str]) -> Program:
        """A worker that did its last unit well, or a new one; a secret is never given to one that others will use."""
        with contextlib.suppress(IndexError):
            while not secrets:
                program = self._idle.popleft()
                if not program.has_exited():
                    return program
                program.__exit__()
        return Program(self._command, env=_environment(secrets))


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
        """Listen until the final word, or the end."""
        give_up: float | None = None
        while self._outcome is None and not self._program.is_over:
            if give_up is not None and time.monotonic() >= give_up:
                break
            if (line := self._program.next_line(_TICK)) is not None:
                self._hear(line)
            if give_up is None and cancelled():
                give_up = time.monotonic() + grace
                self._program.send(wire.encode_cancel(), last=True)
        if self._outcome is None:
            self._program.end(0)
            for line in self._program.rest():
                self._hear(line)
            return self._end(self._program.finish(), stopping=give_up is not None)
        while (line := self._program.next_line(0)) is not None:
            self._hear(line)  # what it printed before its final word, on its other stream
        return self._outcome

    def end(self) -> None:
        """Let the worker end, and hear it out."""
        self._program.send(b"", last=True)
        until = time.monotonic() + _CLOSING
        while not self._program.is_over and time.monotonic() < until:
            if (line := self._program.next_line(_TICK)) is not None:
                self._hear(line)

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
            if isinstance(message, ResourceAcquired):
                self._program.send(wire.encode_noted(message.name))  # only now may it come into being
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
