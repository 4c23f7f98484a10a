"""What is in a file, as aligned text or as JSON, for `osrecipe inspect`. Decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.style import Ink, cells, clean, hang, pad, paint

if TYPE_CHECKING:
    from osrecipe.model.inspection import Cell, InspectedTable, Inspection

_SIZE = "size"


def text(inspection: Inspection, *, color: bool = False, width: int = 100) -> str:
    """Facts, then each table with aligned columns; cells are never cut."""
    parts = [_head(inspection, color=color, width=width)]
    parts += [_table(table, color=color) for table in inspection.tables]
    if inspection.notes:
        parts.append([line for note in inspection.notes for line in hang("note: ", clean(note), width)])
    return "\n".join("\n".join(part) + "\n" for part in parts)


def as_json(inspection: Inspection) -> str:
    """The inspection as it is: facts as one object, table rows as objects by header."""
    data = {
        "format": inspection.format,
        "kind": inspection.kind,
        "title": inspection.title,
        "facts": {fact.key: fact.value for fact in inspection.facts},
        "tables": {
            table.title: [dict(zip(table.headers, row, strict=True)) for row in table.rows]
            for table in inspection.tables
        },
        "notes": list(inspection.notes),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _head(inspection: Inspection, *, color: bool, width: int) -> list[str]:
    lines = [f"{paint(clean(inspection.title), Ink.BOLD, color=color)}: {clean(inspection.kind)}"]
    wide = max((cells(clean(fact.key)) for fact in inspection.facts), default=0)
    for fact in inspection.facts:
        lines += hang(f"  {pad(clean(fact.key), wide)}  ", _cell(fact.key, fact.value), width)
    return lines


def _table(table: InspectedTable, *, color: bool) -> list[str]:
    title = f"{paint(clean(table.title), Ink.BOLD, color=color)} ({len(table.rows):,})"
    if not table.rows:
        return [title]
    headers = [clean(header) for header in table.headers]
    shown = [[_cell(h, c) for h, c in zip(table.headers, row, strict=True)] for row in table.rows]
    wide = [max(cells(row[n]) for row in [headers, *shown]) for n in range(len(headers))]
    right = [_is_number(table, n) for n in range(len(headers))]
    lines = [title, _row(headers, wide, right), "  " + "  ".join("-" * w for w in wide)]
    return [*lines, *(_row(row, wide, right) for row in shown)]


def _row(row: list[str], wide: list[int], right: list[bool]) -> str:
    parts = (
        " " * (width - cells(cell)) + cell if to_right else pad(cell, width)
        for cell, width, to_right in zip(row, wide, right, strict=True)
    )
    return "  " + "  ".join(parts).rstrip()


def _is_number(table: InspectedTable, column: int) -> bool:
    return all(isinstance(row[column], int) and not isinstance(row[column], bool) for row in table.rows)


def _cell(header: str, value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words.size(value) if header == _SIZE else f"{value}"
    return clean(value) or "-"
