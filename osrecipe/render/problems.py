"""How problems look: for people, with the source line and a caret; for programs, as JSON.

Returns text, prints nothing. What comes from files is shown without control characters.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import JsonValue

    from osrecipe.model.problems import Problem

_LINE_CELLS = 100
_BEFORE_CARET = 60
_TAB = 4

_BOLD = "\x1b[1m"
_RED = "\x1b[1;31m"
_BLUE = "\x1b[1;34m"
_CYAN = "\x1b[36m"
_YELLOW = "\x1b[33m"
_OFF = "\x1b[0m"
_LEVELS = {"warning": _YELLOW, "note": _CYAN}


def text(problems: Sequence[Problem], *, color: bool = False) -> str:
    """One block for each problem and a last line with their number; ends with a line break."""
    blocks = ["\n".join(block(p, color=color)) for p in problems]
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    return "\n".join([*blocks, count]) + "\n"


def as_json(problems: Sequence[Problem]) -> str:
    """A JSON array with one object for each problem: slug, reason, hint, file, line, column, width."""
    return json.dumps([as_data(p) for p in problems], ensure_ascii=False)


def as_data(problem: Problem) -> dict[str, JsonValue]:
    """One problem as JSON data."""
    place = problem.place
    return {
        "slug": problem.slug,
        "reason": problem.reason,
        "hint": problem.hint or None,
        "file": place.file if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "width": problem.width,
    }


def block(problem: Problem, *, level: str = "error", color: bool = False) -> list[str]:
    """The lines of one problem: place, level and reason, the source line with its caret, the hint."""
    place = f"{_clean(str(problem.place))}: " if problem.place else ""
    slug = _paint(f"{level}[{problem.slug}]", _LEVELS.get(level, _RED), color=color)
    lines = [f"{_paint(place, _BOLD, color=color)}{slug}: {_clean(problem.reason)}"]
    if problem.source and problem.place and problem.place.column:
        lines += _excerpt(problem, problem.place.line, problem.place.column, color=color)
    if problem.hint:
        lines.append(f"  {_paint('hint:', _CYAN, color=color)} {_clean(problem.hint)}")
    return lines


def _excerpt(problem: Problem, line: int, column: int, *, color: bool) -> list[str]:
    """The source line, cut to a window around the caret, and the caret's line."""
    start = min(column - 1, len(problem.source))
    before, marked, after = _window(problem.source, start, problem.width)
    bar = _paint("|", _BLUE, color=color)
    number = _paint(f"{line:>5}", _BLUE, color=color)
    caret = _paint("^" * max(_cells(marked), 1), _RED, color=color)
    shown = f"{before}{marked}{after}".rstrip()
    return [f"{number} {bar} {shown}", f"{'':>5} {bar} {' ' * _cells(before)}{caret}"]


def _window(source: str, start: int, width: int) -> tuple[str, str, str]:
    """What stands before, under and after the caret, within the cells there are."""
    before = _show(source[max(start - 4 * _LINE_CELLS, 0) : start])
    if _cells(before) > _BEFORE_CARET:
        before = "…" + _last(before, _BEFORE_CARET - 1)
    room = _LINE_CELLS - _cells(before)
    under = _show(source[start : start + min(width, room)])
    marked = _first(under, room)
    rest = _show(source[start + width : start + width + room + 1])
    after = _first(rest, room - _cells(marked))
    if marked != under or after != rest or width > room:
        after = _first(after, max(room - _cells(marked) - 1, 0)) + "…"
    return before, marked, after


def _first(shown: str, cells: int) -> str:
    """As many characters from the start as fit."""
    used = 0
    for i, char in enumerate(shown):
        used += _cell(char)
        if used > cells:
            return shown[:i]
    return shown


def _last(shown: str, cells: int) -> str:
    return _first(shown[::-1], cells)[::-1]


def _show(source: str) -> str:
    return _clean(source.replace("\t", " " * _TAB))


def _clean(shown: str) -> str:
    """Without characters that could move the cursor or turn the text around."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)


def _cells(shown: str) -> int:
    return sum(_cell(c) for c in shown)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _paint(shown: str, style: str, *, color: bool) -> str:
    return f"{style}{shown}{_OFF}" if color and shown else shown
