"""Requests to stop: ctrl-C and termination set a flag that the run looks at; a second one changes nothing.

The flag is all: nothing is interrupted in the middle, so that cleaning up is never skipped.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""SIGHUP: the terminal went away; SIGBREAK: ctrl-Break on Windows."""


class Stop:
    """Whether somebody asked to stop.

    Not a `threading.Event`, whose lock a second signal would wait for in the middle of the first.
    """

    def __init__(self) -> None:
        self._asked = False

    def set(self) -> None:
        """Ask to stop; from any thread or signal handler."""
        self._asked = True

    def is_set(self) -> bool:
        """Whether that was asked."""
        return self._asked


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Set `stop` on a signal, while in the block; a no-op outside the main thread, which alone gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    known = [
        number for number in known if signal.getsignal(number) is not signal.SIG_IGN
    ]  # nohup, or a shell's `&`
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
