"""Lists and tables (`/Format:List`, `/Format:Table`; dism fact sheet §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.grammar import conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standin.job import Job

Row = tuple[str, ...]


def show_rows(job: Job, labels: Sequence[str], rows: Sequence[Row]) -> None:
    """Rows as blocks of labelled lines, or as a table when `/Format:Table` is there."""
    form = (job.get("format") or "list").lower()
    if form not in {"list", "table"}:
        raise conflict("The format is Table or List.")
    if form == "table":
        _table(job, labels, rows)
        return
    for row in rows:
        for label, value in zip(labels, row, strict=True):
            job.console.field(label, value)
        job.console.line("")


def _table(job: Job, labels: Sequence[str], rows: Sequence[Row]) -> None:
    """Columns split by ` | ` under a line of dashes."""
    heads = tuple(job.console.word(label) for label in labels)
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str], sign: str) -> str:
        return sign.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    dashes = tuple("-" * width for width in widths)
    job.console.line("", line(dashes, " | "), line(heads, " | "), line(dashes, " | "))
    job.console.line(*(line(row, " | ") for row in rows), "")
