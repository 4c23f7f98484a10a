"""Collects problems so that a user sees all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError, Problem, Problems

if TYPE_CHECKING:
    from osrecipe.recipe.nodes import Span

MAX_PROBLEMS = 200
"""A file with more is not a recipe with mistakes; the rest is not looked for."""


class Sink:
    """Problems found so far, and the lines their carets need.

    Attributes:
        lines: source lines by the file's shown name.
    """

    def __init__(self) -> None:
        self.lines: dict[str, tuple[str, ...]] = {}
        self._problems: list[Problem] = []
        self._seen: set[Problem] = set()

    def add(self, slug: Slug, reason: str, span: Span, hint: str = "") -> None:
        """Record one problem; the same one twice counts once."""
        lines = self.lines.get(span.place.file, ())
        source = lines[span.place.line - 1] if 0 < span.place.line <= len(lines) else ""
        problem = Problem(str(slug), reason, span.place, hint, source, span.width)
        if problem not in self._seen and not self.full:
            self._seen.add(problem)
            self._problems.append(problem)

    def take(self, error: OsrecipeError) -> None:
        """Record the problems of an error raised elsewhere."""
        self._problems += error.problems

    @property
    def full(self) -> bool:
        """Whether looking for more makes no sense."""
        return len(self._problems) >= MAX_PROBLEMS

    def __bool__(self) -> bool:
        return bool(self._problems)

    def error(self) -> OsrecipeError:
        """All that was found, in reading order; there must be something."""
        more = []
        if self.full:
            more.append(
                Problem(
                    str(Slug.RECIPE_TOO_LARGE),
                    f"only the first problems are shown: {MAX_PROBLEMS}",
                )
            )
        return OsrecipeError(*Problems.sorted(self._problems).items, *more)

    def raise_any(self) -> None:
        """Stop here if anything was found.

        Raises:
            OsrecipeError: with every problem.
        """
        if self:
            raise self.error()
