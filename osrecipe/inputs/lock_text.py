"""A lock's text as lines of JSON objects that know where they stand, and the words for what is wrong with one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError, Place, Problem, error

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONFLICTS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_SHOWN = 100
"""Characters of a line that a message shows; a line can have millions."""


@dataclass(frozen=True)
class LockLine:
    """One line: its number from 1, its text, and the object it is."""

    file: str
    number: int
    text: str
    data: dict[str, object]

    def problem(
        self, reason: str, keys: Sequence[str] = (), *, slug: Slug = Slug.LOCK_SYNTAX, hint: str = ""
    ) -> Problem:
        """What is wrong in this line, at the last of `keys` that stands in it, each looked for after the one before."""
        return _problem(self.file, self.number, self.text, _column(self.text, keys), reason, slug, hint)


def _problem(file: str, number: int, text: str, column: int, reason: str, slug: Slug, hint: str) -> Problem:
    source = text if len(text) <= _SHOWN else ""
    return Problem(str(slug), reason, Place(file, number, column), hint, source)


def _column(text: str, keys: Sequence[str]) -> int:
    at = 0
    for key in keys:
        found = text.find(json.dumps(key, ensure_ascii=False) + ":", at)
        at = found if found >= 0 else at
    return at + 1


def position(loc: Sequence[int | str]) -> tuple[str, ...]:
    """The keys on the way to a value; numbers of list items and names of union members are not found in the text."""
    return tuple(part for part in loc if isinstance(part, str))


class _TwiceError(ValueError):
    """An object has a key twice."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in names if names.count(key) > 1))
    return made


def split(data: bytes, shown: str) -> list[LockLine]:
    """The lines of a lock; there is at least one.

    Raises:
        OsrecipeError: it is empty, not UTF-8, or a line is no JSON object; with every such line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        number = data[: cause.start].count(b"\n") + 1
        raise error(Slug.LOCK_SYNTAX, "the lock is not UTF-8", place=Place(shown, number, 1)) from None
    # Only these breaks: a JSON string may hold others.
    rows = text.replace("\r\n", "\n").split("\n")
    found: list[LockLine] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            continue
        try:
            found.append(_line(shown, number, row))
        except OsrecipeError as cause:
            problems += cause.problems
    if problems:
        raise OsrecipeError(*problems)
    if not found:
        hint = "write it with `osrecipe lock RECIPE`"
        raise error(Slug.LOCK_SYNTAX, "the lock is empty", place=Place(shown), hint=hint)
    return found


def _line(shown: str, number: int, row: str) -> LockLine:
    if row.startswith(_CONFLICTS):
        hint = "write the lock anew with `osrecipe lock RECIPE`"
        raise OsrecipeError(
            _problem(shown, number, row, 1, "a merge conflict is left here", Slug.LOCK_SYNTAX, hint)
        )
    reason, column = "a line is one JSON object", 1
    try:
        made = json.loads(row, object_pairs_hook=_once)
        if isinstance(made, dict):
            return LockLine(shown, number, row, made)
    except _TwiceError as cause:
        key = str(cause)
        first = _column(row, [key])
        reason, column = f"`{key}` is there twice in one object", _column(row[first:], [key]) + first
    except json.JSONDecodeError as cause:
        reason, column = f"this is no JSON: {cause.msg[:1].lower()}{cause.msg[1:]}", cause.colno
    except RecursionError:
        reason = "the line is nested too deeply"
    except ValueError:  # a number with more digits than Python converts
        reason = "a number is too long"
    raise OsrecipeError(_problem(shown, number, row, column, reason, Slug.LOCK_SYNTAX, ""))
