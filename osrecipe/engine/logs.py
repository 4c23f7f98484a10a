"""Logs: what tools printed, one file for each task, and beside it what they wrote themselves. Secrets are masked here."""

from __future__ import annotations

import contextlib
import json
from os import SEEK_END
from threading import Lock
from typing import TYPE_CHECKING, Final

from osrecipe.model.events import (
    LogLine,
    TaskChecked,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    UnitProgress,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import BinaryIO

    from osrecipe.engine.workspace import RunFolder
    from osrecipe.model.checks import CheckResult
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId, UnitId

MASK = "•••"
MOST_KEPT: Final = 16 << 20
"""Bytes of a tool's own log that are kept: the last ones, where the failure is."""


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
    forms = _forms(secrets)
    if not forms:
        return event
    update: dict[str, object] = {}
    match event:
        case LogLine() | Warned() | TaskProgress() | UnitProgress():
            update = {"text": _masked(event.text, forms)}
        case TaskFinished():
            update = {"detail": _masked(event.detail, forms), "checks": _checks(event.checks, forms)}
        case TaskFailed():
            update = {
                "reason": _masked(event.reason, forms),
                "remedy": _masked(event.remedy, forms),
                "checks": _checks(event.checks, forms),
            }
        case TaskChecked():
            update = {"checks": _checks(event.checks, forms)}
    return event.model_copy(update=update)


def without(text: str, secrets: Collection[str]) -> str:
    """A text without the values of secrets."""
    return _masked(text, _forms(secrets))


def keep_log(source: BinaryIO, to: Path, secrets: Collection[str]) -> None:
    """Copy the end of a log that a tool wrote, without the values of secrets.

    Raises:
        OSError: it can't be read, or the copy can't be written.
    """
    size = source.seek(0, SEEK_END)
    source.seek(max(0, size - MOST_KEPT))
    content = source.read(MOST_KEPT)
    for form in _forms(secrets):
        for encoding in ("utf-8", "utf-16-le"):
            content = content.replace(form.encode(encoding), MASK.encode(encoding))
    to.write_bytes(content)


def _forms(secrets: Collection[str]) -> tuple[str, ...]:
    """Secrets as they are and as quoting writes them, the longest first."""
    found = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])}
    return tuple(sorted(found - {""}, key=lambda form: (-len(form), form)))


def _masked(text: str, forms: Collection[str]) -> str:
    for form in forms:
        text = text.replace(form, MASK)
    return text


def _checks(results: tuple[CheckResult, ...], forms: Collection[str]) -> tuple[CheckResult, ...]:
    """What reading back showed may be a secret, too: another check than its own may look where it is."""
    return tuple(r.model_copy(update={"found": _masked(r.found, forms)}) for r in results)
