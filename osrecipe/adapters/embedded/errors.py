"""Damage of a file, and a request to stop, as a task's errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.model.adapter import CancelledError, TaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osrecipe.formats.wim.progress import Progress
    from osrecipe.model.adapter import Context


@contextmanager
def task_errors() -> Iterator[None]:
    """Turns a format's error into `TaskError`, and an aborted WIM operation into `CancelledError`."""
    try:
        yield
    except FormatError as error:
        raise TaskError(error.slug, error.reason, remedy=error.hint) from error
    except Aborted as error:
        raise CancelledError from error


def following(ctx: Context, text: str) -> Callable[[Progress], bool]:
    """A WIM operation's progress as the task's; `Context.progress` raises when the run is to stop."""

    def tell(progress: Progress) -> bool:
        share = min(progress.done / progress.total, 1.0) if progress.total else 0.0
        ctx.progress(share, text)
        return True

    return tell
