"""Problems: what is wrong, where, why, and what to do about it.

Every room raises `OsrecipeError` for what a user can mend; only `render` decides how it looks.
Kept free of pydantic so that `--help` starts quickly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from osrecipe.model.codes import ExitCode, Slug


@dataclass(frozen=True, order=True)
class Place:
    """A position in a text the user wrote.

    Attributes:
        file: the path as the user would type it, forward slashes.
        line: counted from 1; 0 means the file as a whole.
        column: counted from 1 in characters; 0 means the line as a whole.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file] + [str(n) for n in (self.line, self.column) if n]
        return ":".join(parts)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        slug: its stable kind; a format's own slug (`hive/dirty`) where a file is damaged.
        reason: one sentence, no full stop; values after a colon, names in backticks.
        place: where, or None when there is no text to point at.
        hint: what to do, or an empty string.
        source: the source line at `place`, for the caret; empty when unknown.
        width: characters the caret underlines.
    """

    slug: str
    reason: str
    place: Place | None = None
    hint: str = ""
    source: str = ""
    width: int = 1


@dataclass(frozen=True)
class Problems:
    """Several problems in the order they should be read: by place, then slug."""

    items: tuple[Problem, ...] = field(default=())

    @classmethod
    def sorted(cls, items: list[Problem]) -> Problems:
        """Order by file, line and column; those without a place come first."""
        return cls(tuple(sorted(items, key=lambda p: (p.place or Place(""), p.slug, p.reason))))


class OsrecipeError(Exception):
    """The work can't go on, for reasons a user can read and mend.

    Attributes:
        problems: at least one.
        exit_code: the class of the failure.
    """

    def __init__(self, *problems: Problem, exit_code: ExitCode = ExitCode.INVALID) -> None:
        if not problems:
            msg = "an OsrecipeError needs a problem"
            raise ValueError(msg)
        super().__init__("; ".join(f"{p.slug}: {p.reason}" for p in problems))
        self.problems = problems
        self.exit_code = exit_code


def error(
    slug: Slug | str,
    reason: str,
    *,
    place: Place | None = None,
    hint: str = "",
    exit_code: ExitCode = ExitCode.INVALID,
) -> OsrecipeError:
    """Build the error for one problem."""
    return OsrecipeError(Problem(str(slug), reason, place, hint), exit_code=exit_code)
