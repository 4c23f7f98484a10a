"""Origins: where in the recipe's files each value was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.problems import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

Loc = tuple[str | int, ...]
"""The way to a value through the recipe as written: `("targets", "install", "cleanup")`."""


@dataclass(frozen=True)
class Origins:
    """Places of values and of keys, by location.

    Attributes:
        main: the recipe's own file, used when nothing nearer is known.
        values: place of each value.
        keys: place of each map key.
        lines: source lines by file, for the caret under an error.
    """

    main: str
    values: Mapping[Loc, Place] = field(default_factory=dict)
    keys: Mapping[Loc, Place] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def at(self, *loc: str | int) -> Place:
        """The place of a value, or of the nearest enclosing value that has one."""
        return self._nearest(self.values, loc)

    def key(self, *loc: str | int) -> Place:
        """The place of a map key, or of the nearest enclosing one."""
        return self._nearest(self.keys, loc)

    def line(self, place: Place) -> str:
        """The source line at a place, or an empty string."""
        lines = self.lines.get(place.file, ())
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""

    def _nearest(self, table: Mapping[Loc, Place], loc: Loc) -> Place:
        for end in range(len(loc), -1, -1):
            if (place := table.get(loc[:end])) is not None:
                return place
        return Place(self.main)
