"""Moments as recipes write them: a date, or a date and a time in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$"
_FIRST = 1980
_LAST = 2107
"""The years every format a medium has can hold: DOS times in boot images and cabinets end there."""


def unix_seconds(text: str) -> int:
    """A moment as Unix seconds; a date alone is its midnight.

    Raises:
        ValueError: there is no such day or time, or its year is outside 1980 to 2107.
    """
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"there is no such day or time: {text}") from None
    if not _FIRST <= moment.year <= _LAST:
        raise ValueError(f"its year is not one of {_FIRST} to {_LAST}: {text}")
    return int(moment.timestamp())


def require_moment(text: str) -> str:
    """The text itself, once it names a moment.

    Raises:
        ValueError: as `unix_seconds`.
    """
    unix_seconds(text)
    return text
