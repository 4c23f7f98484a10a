"""Inspections: what a file is, in a shape that fits every kind of file, for `osrecipe inspect`.

A number under the key or header `size` is bytes; display may write it in MiB, JSON keeps the number.
"""

from __future__ import annotations

from typing import Literal

from osrecipe.model.frozen import Frozen

Cell = str | int | bool | None
"""One thing that was read; None where the file says nothing."""


class InspectedFact(Frozen):
    """One property of the file as a whole."""

    key: str
    value: Cell


class InspectedTable(Frozen):
    """Things of one kind that the file holds; every row has a cell for each header."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()


class Inspection(Frozen):
    """What was found in one file.

    Attributes:
        kind: `iso`, `wim`, `msu`, `cab`, `hive`, `drivers`, `inf`, `answer-file`.
        title: the file as the user named it.
        notes: what a reader should know, such as what was left off.
    """

    format: Literal["osrecipe-inspection/1"] = "osrecipe-inspection/1"
    kind: str
    title: str
    facts: tuple[InspectedFact, ...] = ()
    tables: tuple[InspectedTable, ...] = ()
    notes: tuple[str, ...] = ()
