"""Names of package states as listings print them (dism fact sheet §4.2)."""

from __future__ import annotations

from standin.records import STATES


def state_name(state: int) -> str:
    """A CBS state's name; those on the way that have none are `Staged`."""
    return STATES.get(state, "Staged")
