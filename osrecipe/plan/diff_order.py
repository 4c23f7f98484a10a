"""Which things of a sequence moved: the fewest that explain the new order."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def moved(positions: Sequence[int], preference: Callable[[int], tuple[object, ...]]) -> frozenset[int]:
    """The fewest items to lift out so that all others are in the same order on both sides.

    What stays is a longest common subsequence; of several, the one whose items come first by `preference`, so that
    either direction of a comparison names the same items.

    Args:
        positions: for each item in the one order, its distinct position in the other.
        preference: of an item, by its number in the one order; equal in both directions.

    Returns:
        Numbers of items in the one order. Takes n log n steps.
    """
    levels = _levels(positions)
    longest = max(levels, default=0)
    by_level: dict[int, list[int]] = {}
    for item, level in enumerate(levels):
        by_level.setdefault(level, []).append(item)
    stay: set[int] = set()
    last, reached = -1, -1
    for level in range(longest, 0, -1):
        able = [i for i in by_level[level] if i > last and positions[i] > reached]
        last = min(able, key=preference)
        reached = positions[last]
        stay.add(last)
    return frozenset(range(len(positions))) - stay


def _levels(positions: Sequence[int]) -> list[int]:
    """For each item, the length of the longest rising run that starts with it."""
    levels = [0] * len(positions)
    heads: list[int] = []  # negated, so that they rise: the largest head of a run of each length
    for item in range(len(positions) - 1, -1, -1):
        place = bisect_left(heads, -positions[item])
        heads[place : place + 1] = [-positions[item]]
        levels[item] = place + 1
    return levels
