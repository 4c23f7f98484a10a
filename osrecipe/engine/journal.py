"""The journal: one JSON line for each step of a run, on the disk before the step is taken. Durable truth.

One process writes a journal; its threads take turns. Readers tolerate a torn last line, the mark of a crash.
It must not hold anything that is only for display.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import ValidationError

from osrecipe.engine.records import LINE, PATH_KINDS, Acquired, Cleaned, Line, Released, RunFinished

if TYPE_CHECKING:
    from osrecipe.engine.clock import Clock
    from osrecipe.engine.records import Record

_MAX = 256 << 20
"""Bytes of a journal that are read: a thousand times what a large run writes."""


class Journal:
    """Appends records, each synced before `write` returns. Safe to use from several threads."""

    def __init__(self, path: Path, clock: Clock) -> None:
        known = read(path)
        self._clock = clock
        self._lock = Lock()
        self._number = known.lines[-1].n if known.lines else 0
        self._file = path.open("ab")
        self._file.truncate(known.intact)

    def write(self, what: Record) -> None:
        """Append one record.

        Raises:
            OSError: it could not be made durable; the step it announces must not be taken.
        """
        with self._lock:
            line = Line(n=self._number + 1, at=self._clock.wall(), what=what)
            self._append(LINE.dump_json(line) + b"\n")
            self._number += 1

    def _append(self, data: bytes) -> None:
        start = self._file.tell()
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            self._repair(start)
            raise

    def _repair(self, size: int) -> None:
        """Cut off what was half written, so that what follows is not joined to it; the buffer goes with its file."""
        path = Path(self._file.name)
        with contextlib.suppress(OSError):
            self._file.close()
        self._file = path.open("ab")
        self._file.truncate(size)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


@dataclass(frozen=True)
class History:
    """What a journal says.

    Attributes:
        lines: the records that could be read, in order.
        intact: bytes up to the end of the last whole line.
        damaged: lines before the end that could not be read.
    """

    lines: tuple[Line, ...]
    intact: int = 0
    damaged: int = 0

    @property
    def finished(self) -> bool:
        """Whether the run ended in an orderly way, or was cleaned up after."""
        return any(isinstance(line.what, RunFinished | Cleaned) for line in self.lines)

    def outstanding(self) -> tuple[Acquired, ...]:
        """What was acquired and not released, the youngest first."""
        held: dict[tuple[str, str], Acquired] = {}
        for line in self.lines:
            match line.what:
                case Acquired() as what:
                    held.pop((what.kind, what.name), None)
                    held[what.kind, what.name] = what
                case Released() as what:
                    held.pop((what.kind, what.name), None)
        return tuple(reversed(held.values()))


def read(path: Path) -> History:
    """Read a journal. Never raises for its content: what can't be read is counted, a torn last line is not even that."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX)
    except FileNotFoundError:
        return History(())
    whole, _, _torn = data.rpartition(b"\n")
    lines: list[Line] = []
    damaged = 0
    for text in whole.split(b"\n") if whole else ():
        try:
            lines.append(LINE.validate_json(text))
        except ValidationError:
            damaged += 1
    return History(tuple(lines), len(whole) + 1 if whole else 0, damaged)


def is_path(what: Acquired) -> bool:
    """Whether a resource is a path; all other kinds need an undoer."""
    return what.kind in PATH_KINDS
