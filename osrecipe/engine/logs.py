"""Logs: what tools printed, one file for each task. Secrets are masked here, whoever printed them."""

from __future__ import annotations

import contextlib
from threading import Lock
from typing import TYPE_CHECKING

from osrecipe.model.events import LogLine, TaskFailed, TaskFinished, TaskProgress, UnitProgress, Warned

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import BinaryIO

    from osrecipe.engine.workspace import RunFolder
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId, UnitId

MASK = "•••"


class Logs:
    """The open logs of a run."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._lock = Lock()
        self._open: dict[str, tuple[UnitId, BinaryIO]] = {}

    def write(self, line: LogLine) -> None:
        """Append a line to its task's log, or to its unit's."""
        name = line.task or line.unit
        with self._lock:
            if name not in self._open:
                self._open[name] = (line.unit, self._run.log(name).open("ab"))
            file = self._open[name][1]
            file.write(line.text.encode("utf-8", "replace") + b"\n")
            file.flush()

    def close(self, unit: UnitId) -> None:
        """Close a unit's logs."""
        with self._lock:
            for name in [n for n, (owner, _) in self._open.items() if owner == unit]:
                # On a full disk, closing fails for what writing could not flush: that was an error before.
                with contextlib.suppress(OSError):
                    self._open.pop(name)[1].close()

    def close_all(self) -> None:
        """Close every log."""
        for unit in {owner for owner, _ in self._open.values()}:
            self.close(unit)

    def path(self, name: TaskId | UnitId) -> str:
        """A log's path below the run's folder, with forward slashes; an empty string when nothing was logged."""
        log = self._run.log(name)
        return log.relative_to(self._run.path).as_posix() if log.exists() else ""


def mask(event: Event, secrets: Collection[str]) -> Event:
    """Take the values of secrets out of every text of an event."""
    if not secrets:
        return event
    match event:
        case LogLine() | Warned() | TaskProgress() | UnitProgress():
            return event.model_copy(update={"text": _masked(event.text, secrets)})
        case TaskFinished():
            return event.model_copy(update={"detail": _masked(event.detail, secrets)})
        case TaskFailed():
            update = {"reason": _masked(event.reason, secrets), "remedy": _masked(event.remedy, secrets)}
            return event.model_copy(update=update)
    return event


def _masked(text: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK) if secret else text
    return text
