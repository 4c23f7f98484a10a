"""Time for the engine, so that tests can set it. Nothing that is digested may come from here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where times come from."""

    def wall(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""

    def ticks(self) -> int:
        """Milliseconds that only go forward, for durations."""


class SystemClock:
    """The host's clocks."""

    def wall(self) -> int:
        """The host's time of day."""
        return time.time_ns() // 1_000_000

    def ticks(self) -> int:
        """The host's monotonic clock."""
        return time.monotonic_ns() // 1_000_000


def stamp(wall: int) -> str:
    """A sortable name for a time: `20240131T235959.123Z`, UTC."""
    moment = datetime.fromtimestamp(wall // 1000, UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{wall % 1000:03d}Z"


def unstamp(name: str) -> int | None:
    """The time at the start of a name made by `stamp`; None when there is none."""
    try:
        moment = datetime.strptime(name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return int(moment.timestamp()) * 1000 + int(name[16:19])
    except ValueError:
        return None


_EPOCH_DIFFERENCE = 11_644_473_600
"""Seconds from 1601-01-01 to 1970-01-01 (MS-DTYP 2.3.3, FILETIME)."""


def filetime(seconds: int) -> int:
    """Unix seconds as a FILETIME: 100 ns since 1601."""
    return (seconds + _EPOCH_DIFFERENCE) * 10_000_000


def unix_ns(written: int) -> int:
    """A FILETIME as nanoseconds since 1970."""
    return written * 100 - _EPOCH_DIFFERENCE * 1_000_000_000
