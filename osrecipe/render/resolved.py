"""A resolved recipe as text, with or without where each value comes from. Returns text, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.style import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.recipe.resolved import Line

_WIDEST = 60
"""Columns up to which comments stand below each other; behind longer lines they follow at once."""


def text(lines: Sequence[Line], *, origin: bool) -> str:
    """YAML; with `origin`, a comment behind each value names its file and line."""
    if not origin:
        return "".join(f"{line.text}\n" for line in lines)
    widths = [cells(line.text) for line in lines if line.place is not None]
    wide = max((width for width in widths if width <= _WIDEST), default=0)
    return "".join(f"{_with_origin(line, wide)}\n" for line in lines)


def _with_origin(line: Line, wide: int) -> str:
    if line.place is None or not line.place.line:
        return line.text
    gap = " " * max(2, wide - cells(line.text) + 2)
    return f"{line.text}{gap}# {line.place.file}:{line.place.line}"
