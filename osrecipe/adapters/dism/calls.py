"""One DISM command carried out: started, watched, judged, tried again where that can help.

Exit code 0 alone is never success: the banner must be there too, and the sentence that all went well or whatever the
caller reads back. Which codes are tolerated is the caller's to say.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.dism import codes, command
from osrecipe.adapters.dism.codes import Kind
from osrecipe.adapters.dism.output import Transcript, encoding
from osrecipe.adapters.process import run, shown
from osrecipe.model.adapter import CancelledError, Outcome, TaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from pathlib import Path

    from osrecipe.adapters.dism.codes import Code
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.adapters.process import Finished
    from osrecipe.model.adapter import Context
    from osrecipe.model.codes import Slug

DELAYS: Final = (1.0, 3.0, 10.0, 30.0)
"""Seconds between tries where trying again can help."""
_LOG: Final = "dism.log"
_TAIL: Final = 1 << 20
_MOST_LOG_LINES: Final = 60


class DismError(TaskError):
    """A command that failed, with its row of the table."""

    def __init__(self, row: Code, reason: str) -> None:
        super().__init__(
            row.slug, reason, code=row.text if row.number else "", remedy=row.remedy or "see the task's log"
        )
        self.row = row


@dataclass(frozen=True)
class Watch:
    """Who follows a command.

    Attributes:
        folder: where DISM's own log and scratch folder are made; None for DISM's defaults.
        progress: 0.0 to 1.0 and a text; raises `CancelledError` when the run is to stop.
        keep: keeps DISM's own log of a command that failed for good.
        retry: kinds of codes after which the command is tried again.
        held_by: the end of a sentence that says who has files open; asked when DISM says that somebody has.
    """

    folder: Path | None = None
    progress: Callable[[float, str], None] = lambda _share, _text: None
    log: Callable[[str], None] = lambda _line: None
    keep: Callable[[str, BinaryIO], None] = lambda _name, _file: None
    retry: frozenset[Kind] = frozenset({Kind.TRANSIENT})
    held_by: Callable[[], str] = lambda: ""
    low: float = 0.0
    high: float = 1.0

    def share(self, done: float) -> float:
        """A command's share as its task's."""
        return self.low + (self.high - self.low) * done


def watching(ctx: Context, low: float = 0.0, high: float = 1.0) -> Watch:
    """What a task's context offers, for a command that is a part of it."""
    return Watch(ctx.work, ctx.progress, ctx.log, ctx.keep, low=low, high=high)


@dataclass(frozen=True)
class Done:
    """A command that went well, or failed in a way that is tolerated; `row` says which."""

    said: Transcript
    row: Code

    @property
    def is_pending(self) -> bool:
        """Whether something is left for the first start, by the exit code."""
        return self.row.kind is Kind.PENDING

    @property
    def is_tolerated(self) -> bool:
        """Whether it failed, and that is tolerated."""
        return self.row.kind not in {Kind.SUCCESS, Kind.PENDING}


@dataclass
class Dism:
    """A DISM that carries commands out.

    Attributes:
        delays: seconds between tries.
        sleep: waits; tests wait less.
        left: the codes of commands that went well and left something for the first start (3010), in order.
    """

    tool: Tool
    delays: tuple[float, ...] = DELAYS
    sleep: Callable[[float], None] = field(default=time.sleep)
    left: list[Code] = field(default_factory=list)

    def run(self, verb: Verb, watch: Watch, *, tolerated: Container[int] = ()) -> Done:
        """Carry a command out.

        Args:
            verb: what to do.
            watch: who follows it.
            tolerated: canonical numbers of codes that end the command but not the task.

        Raises:
            DismError: it failed.
            CancelledError: the run is to stop; the process tree is gone, the image's state unknown.
            OsrecipeError: DISM can't be started.
        """
        delays = iter(self.delays)
        is_first = True
        while True:
            said, finished = self._once(verb, watch)
            row = judge(said, finished)
            if row.kind in {Kind.SUCCESS, Kind.PENDING} or row.number in tolerated:
                if row.kind is not Kind.SUCCESS:
                    watch.log(f"{row.text}: {row.meaning}")
                if row.kind is Kind.PENDING:
                    self.left.append(row)
                return Done(said, row)
            delay = next(delays, None) if row.kind in watch.retry else None
            # Asking takes a while on Windows: once for the log, and once for the failure.
            who = watch.held_by() if row.kind is Kind.BUSY and (is_first or delay is None) else ""
            if delay is None:
                self._keep_log(watch)
                remedy = dict(verb.remedies).get(row.number, row.remedy)
                raise DismError(replace(row, remedy=remedy), reason(verb, row, said, finished) + who)
            watch.log(f"{row.text}: {row.meaning}{who}; tried again in {delay:g} seconds")
            is_first = False
            self._wait(delay, verb, watch)

    def _once(self, verb: Verb, watch: Watch) -> tuple[Transcript, Finished]:
        argv = self._line(verb, watch)
        watch.log(shown(argv))
        watch.progress(watch.low, verb.doing)
        share = [watch.low]

        def follow(done: float) -> None:
            share[0] = watch.share(done)

        said = Transcript(follow)

        def take(text: str) -> None:
            if (rest := said.add(text)).strip():
                watch.log(rest)

        finished = run(
            argv,
            take,
            encoding=encoding(),
            timeout=verb.seconds,
            cancelled=lambda: _is_cancelled(watch, share[0], verb.doing),
        )
        if finished.code != 0:
            self._quote_log(watch)
        return said, finished

    def _line(self, verb: Verb, watch: Watch) -> tuple[str, ...]:
        if watch.folder is None:
            return command.line(self.tool.path, verb)
        scratch = watch.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        log = watch.folder / _LOG
        log.unlink(missing_ok=True)
        return command.line(self.tool.path, verb, log=str(log), scratch=str(scratch))

    def _keep_log(self, watch: Watch) -> None:
        """DISM's own log would go with the work folder."""
        if watch.folder is not None and (log := watch.folder / _LOG).is_file():
            with log.open("rb") as file:
                watch.keep(_LOG, file)

    def _quote_log(self, watch: Watch) -> None:
        """The errors of DISM's own log go to the task's."""
        if watch.folder is None or not (log := watch.folder / _LOG).is_file():
            return
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read(_TAIL).decode("utf-8", "replace").splitlines()
        errors = [line for line in lines if ", Error " in line]
        for line in errors[-_MOST_LOG_LINES:]:
            watch.log(f"{_LOG}: {line}")

    def _wait(self, seconds: float, verb: Verb, watch: Watch) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            watch.progress(watch.low, f"wait to {verb.doing}")
            self.sleep(min(left, 0.5))


def _is_cancelled(watch: Watch, share: float, doing: str) -> bool:
    try:
        watch.progress(share, doing)
    except CancelledError:
        return True
    return False


def judge(said: Transcript, finished: Finished) -> Code:
    """What a command's end means. An `Error:` line counts whatever the exit code; the exit code counts without one.

    3010 may come as an error line too: that line is the sentence then, but the banner must be there as for any success.
    """
    if finished.timed_out or finished.signal is not None:
        return _UNKNOWN
    stated = said.error or 0
    row = codes.lookup(stated or finished.code)
    if row.kind not in {Kind.SUCCESS, Kind.PENDING}:
        return row
    is_said = said.says_done or bool(stated)
    return row if said.tool is not None and is_said else _UNKNOWN


_UNKNOWN: Final = codes.Code(
    0, "no proof", "it did not say that all went well", Kind.FAILURE, "see the task's log", "this adapter"
)


def reason(verb: Verb, row: Code, said: Transcript, finished: Finished) -> str:
    """Why a command failed, in one sentence."""
    what = f"DISM could not {verb.doing}"
    if finished.timed_out:
        return f"{what}: {finished}"
    if finished.signal is not None:
        return f"{what}: it was {finished}"
    if row is _UNKNOWN:
        missing = "the sentence that says so" if said.tool else "its banner: is this DISM at all?"
        return f"{what}: it ended with {finished}, without {missing}"
    words = said.words.rstrip(".")
    return f"{what}: {row.meaning} ({row.text}" + (f": {words})" if words else ")")


MARK: Final = "pending"
"""The figure of an outcome that says: something is left for the first start."""


def marked(outcome: Outcome, left: Sequence[Code]) -> Outcome:
    """An outcome that says so where commands of it left something for the first start (3010).

    The figure goes with the outcome into events, the store's evidence and the report, the words to people.

    Args:
        outcome: how the task ended.
        left: of `Dism.left`, what came with this task.
    """
    if not left:
        return outcome
    said = f"something is left for the first start ({left[0].text})"
    return Outcome(
        status=outcome.status,
        detail=f"{outcome.detail}; {said}" if outcome.detail else said,
        figures=(*outcome.figures, (MARK, len(left))),
    )


def surely(dism: Dism, verb: Verb, watch: Watch, ask: Callable[[], bool | None]) -> None:
    """Carry a command out; where DISM's host process died, what is there decides.

    Args:
        dism: who does it.
        verb: what to do.
        watch: who follows it.
        ask: True where it was done, False where nothing was, so that it is done once more, None where neither is sure.

    Raises:
        DismError: it failed.
    """
    try:
        dism.run(verb, watch)
    except DismError as cause:
        if cause.row.kind is not Kind.PROBE:
            raise
        was_done = ask()
        watch.log(f"{cause.reason}; asked, it was {_ASKED[was_done]}")
        if was_done is None:
            raise
        if not was_done:
            dism.run(verb, watch)


_ASKED: Final = {True: "done", False: "not begun", None: "left half done"}


def failed(slug: Slug, reason: str, remedy: str = "") -> TaskError:
    """An error that no code stands for."""
    return TaskError(slug, reason, remedy=remedy)
