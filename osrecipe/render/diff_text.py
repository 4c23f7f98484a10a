"""A comparison as text for a terminal: recipe by recipe, what a reviewer should look at first. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import diff_words, words
from osrecipe.render.style import Ink, cells, clean, hang, pad, paint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.diff import Comparison, PlanDiff, RecipeDiff
    from osrecipe.render.diff_words import Row

_INKS = {"+": Ink.GREEN, "-": Ink.RED, "~": Ink.YELLOW, ">": Ink.CYAN}
_WIDEST = 36
_MOST_DETAILS = 40
_MOST_UNITS = 12


def text(comparison: Comparison, *, color: bool = False, width: int = 100) -> str:
    """The whole comparison; recipes that stay as they are get no lines of their own.

    Returns:
        Lines, each ended; equal arguments give equal text.
    """
    page = _Page(color=color, width=width)
    parts = ["\n".join(page.recipe(recipe)) for recipe in comparison.recipes if _says_something(recipe)]
    head = f"{clean(comparison.before)} {diff_words.ARROW} {clean(comparison.after)}"
    total = page.bold(diff_words.headline(comparison.recipes))
    return "\n\n".join([head, *parts, total]) + "\n"


def _says_something(recipe: RecipeDiff) -> bool:
    return recipe.state != "same" or (recipe.diff is not None and bool(diff_words.quiet(recipe.diff)))


class _Page:
    """One rendering."""

    def __init__(self, *, color: bool, width: int) -> None:
        self._color = color
        self._width = width

    def recipe(self, recipe: RecipeDiff) -> Iterator[str]:
        """One recipe's lines."""
        was = f" (was {clean(recipe.was)})" if recipe.was else ""
        yield self.bold(f"{clean(recipe.path)}{was}: {clean(diff_words.about(recipe))}")
        for problem in recipe.problems:
            place = f"{problem.origin}: " if problem.origin else ""
            yield from hang("  ", clean(f"{place}error[{problem.slug}]: {problem.reason}"), self._width)
            if problem.hint:
                yield from hang("    hint: ", clean(problem.hint), self._width)
        if recipe.diff is not None:
            yield from self._diff(recipe.diff, is_whole=recipe.state in {"changed", "same", "mended"})

    def _diff(self, diff: PlanDiff, *, is_whole: bool) -> Iterator[str]:
        for each in diff.risks:
            kind, where, said = map(clean, diff_words.risk(each))
            sign = paint(f"! {kind}", Ink.RED, color=self._color)
            yield from hang(f"  {sign} ", f"{said} ({where})", self._width)
        for title, rows in (
            ("inputs", diff_words.inputs(diff)),
            ("images", diff_words.images(diff)),
            ("tasks", diff_words.tasks(diff)),
            ("order", diff_words.order(diff)),
        ):
            if rows:
                yield f"  {title}"
                yield from self._rows(rows)
        for setting in diff.settings:
            yield f"  {clean(diff_words.detail(setting))}"
        if is_whole and not diff.is_empty:
            yield from self._units(diff)
        for said in diff_words.quiet(diff):
            yield from hang("  ", clean(said), self._width)

    def _rows(self, rows: list[Row]) -> Iterator[str]:
        wide = min(max(cells(clean(row.name)) for row in rows), _WIDEST)
        for row in rows:
            sign = paint(row.sign, _INKS.get(row.sign), color=self._color)
            said = clean(row.what)
            if row.where:
                said += f" (in {clean(words.listed(row.where, _MOST_UNITS))})"
            yield from hang(f"    {sign} {pad(clean(row.name), wide)}  ", said, self._width)
            for detail in row.details[:_MOST_DETAILS]:
                yield from hang("        ", clean(detail), self._width)
            if len(row.details) > _MOST_DETAILS:
                yield f"        and {len(row.details) - _MOST_DETAILS:,} more"

    def _units(self, diff: PlanDiff) -> Iterator[str]:
        names = words.listed([clean(u) for u in diff.rebuilt], _MOST_UNITS)
        said = f"rebuilds {diff_words.rebuilds(diff)}" + (f": {names}" if names else "")
        yield from hang("  ", said, self._width)
        if diff.kept:
            kept = words.listed([clean(u) for u in diff.kept], _MOST_UNITS)
            yield from hang("  ", f"stays: {kept}", self._width)

    def bold(self, shown: str) -> str:
        """Emphasised where there is colour."""
        return paint(shown, Ink.BOLD, color=self._color)
