"""Which monitor a run gets. Progress goes to stderr, data to stdout."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from osrecipe.render.jsonl import JsonMonitor
from osrecipe.render.plain import PlainMonitor
from osrecipe.render.style import is_terminal, wants_color

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from osrecipe.model.monitor import Monitor

_NO = frozenset({"", "0", "false", "no"})


class Progress(StrEnum):
    """How progress is shown: `auto` is `tty` where a person looks on, else `plain`."""

    AUTO = "auto"
    TTY = "tty"
    PLAIN = "plain"
    JSON = "json"


def monitor_for(mode: Progress | str, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> Monitor:
    """The monitor for a run.

    Args:
        mode: one of `Progress`.
        stdout: takes JSON lines, and nothing else.
        stderr: takes everything for people.
        environ: `NO_COLOR`, `TERM`, `CI` are honoured.

    Raises:
        ValueError: there is no such mode.
    """
    chosen = Progress(mode)
    if chosen is Progress.AUTO:
        chosen = Progress.TTY if _is_watched(stderr, environ) else Progress.PLAIN
    match chosen:
        case Progress.JSON:
            return JsonMonitor(stdout)
        case Progress.TTY:
            from osrecipe.render.tty import TtyMonitor

            return TtyMonitor(stderr, environ=environ)
        case _:
            return PlainMonitor(stderr, color=wants_color(stderr, environ))


def _is_watched(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """A terminal that can move its cursor, with nobody's continuous integration around it."""
    in_ci = environ.get("CI", "").lower() not in _NO
    return is_terminal(stream) and environ.get("TERM", "").lower() != "dumb" and not in_ci
