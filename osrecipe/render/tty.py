"""A monitor for people at a terminal: finished tasks scroll by, below them one line for all and one for what runs.

The one module that uses rich, and only once a run begins. Whatever happens, the terminal is given back as it was.
"""

from __future__ import annotations

import atexit
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from osrecipe.model.events import (
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskStarted,
    UnitFinished,
    UnitProgress,
    UnitStarted,
)
from osrecipe.model.monitor import Monitor
from osrecipe.render import words
from osrecipe.render.narration import Narrator
from osrecipe.render.outlet import Muffled, Outlet
from osrecipe.render.style import clean, cut, encodable, pad, wants_color

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from osrecipe.model.assessment import Assessment
    from osrecipe.model.events import Event
    from osrecipe.model.names import TaskId, UnitId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

ROWS = 16
"""Units shown at once: each costs time at every turn, and more than this nobody reads."""
INTERVAL = 0.25
"""Seconds between two pictures."""
_BAR = 24
_NAME = 36
_FULL = 1000


@dataclass
class _Running:
    """What is known of a unit that runs."""

    since: float
    task: TaskId | None = None
    text: str = ""
    permille: int = 0


class TtyMonitor(Monitor):
    """A live picture.

    Args:
        stream: the terminal, best stderr.
        environ: `NO_COLOR` is honoured, and what rich reads of the terminal.
        seconds: a clock that only goes forward.
        width: columns, for tests; None asks the terminal.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        environ: Mapping[str, str] | None = None,
        seconds: Callable[[], float] = time.monotonic,
        width: int | None = None,
    ) -> None:
        self._stream = stream
        self._muffled = Muffled(stream)
        self._environ = dict(os.environ if environ is None else environ)
        self._color = wants_color(stream, self._environ)
        self._narrator = Narrator(color=self._color)
        self._seconds = seconds
        self._width = width
        self._start = self._drawn = seconds()
        self._running: dict[UnitId, _Running] = {}
        self._console: Console | None = None
        self._live: Live | None = None

    def run_started(self, plan: Plan, assessment: Assessment, run: str) -> None:
        """Take the terminal."""
        self._start = self._seconds()
        self._guarded(self._open)
        self._scroll(self._narrator.started(plan, assessment, run))

    def event(self, event: Event) -> None:
        """Remember what runs; what ended scrolls by."""
        self._note(event)
        self._scroll(self._narrator.event(event, starts=False))

    def tick(self) -> None:
        """Draw again, four times a second at most."""
        now = self._seconds()
        if self._live is not None and now - self._drawn >= INTERVAL:
            self._drawn = now
            self._guarded(self._draw)

    def run_finished(self, result: RunResult) -> None:
        """Give the terminal back, then say how it ended."""
        self._running.clear()
        lines = self._narrator.finished(result)
        self.close()
        self._scroll(lines)

    def close(self) -> None:
        """Give the terminal back; safe to call twice. Also done when the program exits."""
        live, self._live = self._live, None
        atexit.unregister(self.close)
        if live is not None:
            live.stop()

    # -- the terminal --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(
            file=cast("TextIO", self._muffled),  # rich ends the program when a pipe breaks
            width=self._width,
            no_color=not self._color,
            markup=False,
            emoji=False,
            highlight=False,
            force_terminal=True,
            _environ=self._environ,
        )
        self._live = Live(
            console=self._console,
            auto_refresh=False,  # no thread of its own: a monitor is called from one thread
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        atexit.register(self.close)
        self._live.start()

    def _draw(self) -> None:
        if self._live is not None and self._console is not None:
            self._live.update(self._picture(self._console), refresh=True)

    def _scroll(self, lines: Iterable[str]) -> None:
        self._guarded(lambda: self._print(lines))

    def _print(self, lines: Iterable[str]) -> None:
        if self._console is None:  # a run can end before it was announced
            for line in lines:
                Outlet(self._stream).line(line)
            return
        from rich.text import Text

        shown = encodable("\n".join(lines), getattr(self._stream, "encoding", None))
        if shown:
            # our own colours only: whatever came from outside was cleaned of escape sequences
            self._console.print(Text.from_ansi(shown), soft_wrap=True)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something with the terminal; if it fails in any way, give the terminal back first."""
        try:
            action()
        except BaseException:
            self.close()
            raise

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _note(self, event: Event) -> None:
        match event:
            case UnitStarted():
                self._running[event.unit] = _Running(self._seconds())
            case TaskStarted():
                self._set(event.unit, event.task, clean(event.title), 0)
            case TaskProgress():
                self._set(event.unit, event.task, clean(event.text), event.permille)
            case UnitProgress():
                self._set(event.unit, None, clean(event.text), event.permille)
            case TaskFinished() | TaskFailed():
                self._set(event.unit, None, "", 0)
            case UnitFinished():
                self._running.pop(event.unit, None)
            case _:
                pass

    def _set(self, unit: UnitId, task: TaskId | None, text: str, permille: int) -> None:
        known = self._running.setdefault(unit, _Running(self._seconds()))
        same = known.task == task
        known.task = task
        known.text = text or (known.text if same else "")
        known.permille = min(max(permille, 0), _FULL)

    def _picture(self, console: Console) -> Text:
        from rich.text import Text

        room = max(min(ROWS, console.height - 3), 1)
        shown = list(self._running.items())[:room]
        width = max(console.width - 1, 20)
        lines = [self._total(), *(self._row(unit, known) for unit, known in shown)]
        if len(self._running) > len(shown):
            lines.append(f"  and {len(self._running) - len(shown)} more")
        encoding = getattr(self._stream, "encoding", None)
        return Text("\n".join(cut(encodable(line, encoding), width) for line in lines), no_wrap=True)

    def _total(self) -> str:
        done, total = self._narrator.done, max(self._narrator.total, 1)
        filled = min(_BAR * done // total, _BAR)
        bar = "█" * filled + "─" * (_BAR - filled)
        elapsed = words.clock(int((self._seconds() - self._start) * 1000))
        return f"{bar} {done:,} of {words.count(self._narrator.total, 'task')}, {elapsed}"

    def _row(self, unit: UnitId, known: _Running) -> str:
        elapsed = words.clock(int((self._seconds() - known.since) * 1000))
        percent = f"{known.permille // 10:>3} %" if known.permille else "     "
        name = pad(cut(clean(known.task or unit), _NAME), _NAME)
        return f"  {name} {percent} {elapsed}  {known.text}".rstrip()
