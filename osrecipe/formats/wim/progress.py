"""How long work on a WIM tells what it does, and how it is stopped.

Only the types and one helper; nothing here draws or logs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from osrecipe.formats.wim.libwim import Aborted


class Stage(StrEnum):
    """What is being done."""

    SCAN = "scan"
    HASH = "hash"
    COMPRESS = "compress"
    COPY = "copy"
    EXTRACT = "extract"
    VERIFY = "verify"
    INTEGRITY = "integrity"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of long work; `done` and `total` are bytes, `total` is 0 where it is not known."""

    stage: Stage
    done: int
    total: int


ProgressFunction = Callable[[Progress], bool]  # False asks to stop
CancelFunction = Callable[[], bool]  # True asks to stop


class Watch:
    """Both ways to follow and stop work, as one object that is cheap to call often."""

    def __init__(
        self, progress: ProgressFunction | None = None, cancel: CancelFunction | None = None
    ) -> None:
        self._progress = progress
        self._cancel = cancel

    def __call__(self, stage: Stage, done: int, total: int = 0) -> None:
        """Tells one step.

        Raises:
            Aborted: the caller asked to stop.
        """
        if not self.wanted(stage, done, total):
            raise Aborted(str(stage))

    def wanted(self, stage: Stage, done: int, total: int) -> bool:
        """Tells one step and answers whether to go on."""
        if self._cancel is not None and self._cancel():
            return False
        return self._progress is None or self._progress(Progress(stage, done, total))
