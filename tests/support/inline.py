"""The stand-in for DISM in this very process: what makes a case for each of a hundred codes quick, with all 32 bits of a code.

It stands where programs are started (`calls.run`); everything else of the adapter is as it is.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from standin.main import exit_code

from osrecipe.adapters.dism import calls
from osrecipe.adapters.lines import LineSplitter
from osrecipe.adapters.process import Finished
from osrecipe.model.adapter import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest


def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the adapter call the stand-in instead of starting it."""
    monkeypatch.setattr(calls, "run", _run)


def _run(
    argv: Sequence[str],
    line: Callable[[str], None],
    *,
    encoding: str = "utf-8",
    timeout: float | None = None,  # noqa: ARG001 - the program's interface; a call here can't be ended
    cancelled: Callable[[], bool] = lambda: False,
) -> Finished:
    """As `process.run`, for a program that never hangs."""
    stream = io.BytesIO()
    code = exit_code(argv[1:], os.environ, stream)
    splitter = LineSplitter(encoding)
    for text in (*splitter.feed(stream.getvalue()), *splitter.finish()):
        line(text)
    if cancelled():
        raise CancelledError
    return Finished(code & 0xFFFF_FFFF)
