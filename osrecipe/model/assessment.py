"""An assessment: what of a plan would run here and now, and why. An overlay, never part of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from osrecipe.model.frozen import Frozen
from osrecipe.model.names import UnitId


class Cost(Frozen):
    """What running a unit takes, as far as earlier runs and the inputs tell; None is not known.

    Attributes:
        reads: bytes of inputs and artifacts it reads.
        writes: bytes of what it leaves.
        milliseconds: how long it took the last time.
    """

    reads: int | None = None
    writes: int | None = None
    milliseconds: int | None = None


class UnitStatus(Frozen):
    """What would happen to a unit.

    Attributes:
        cost: of a unit that would run; None when nobody asked.
        status: `run` (nothing stored), `cached`, `changed` (it ran before with something else).
        because: for `changed`, the input, task or unit that differs; else an empty string or why it can't be cached.
    """

    status: Literal["run", "cached", "changed"]
    because: str = ""
    cost: Cost | None = None


class Assessment(Frozen):
    """The status of every unit of a plan."""

    units: Mapping[UnitId, UnitStatus]
