"""The readable report of a run: one HTML file beside the ISO, or in the run's folder when nothing was published."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.engine.workspace import Workspace
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult


def try_report(workspace: Workspace, plan: Plan, result: RunResult) -> Path | None:
    """Write the report; None, and a word about it, when it can't be: what the run came to stays what it is."""
    try:
        return write_report(workspace, plan, result)
    except OSError as cause:
        print(f"the readable report was not written: {cause.strerror}", file=sys.stderr)
        return None


def write_report(workspace: Workspace, plan: Plan, result: RunResult) -> Path:
    """Write the report; whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    from osrecipe.engine.files import write_durably
    from osrecipe.render.report_html import html

    output = workspace.output
    path = (
        output.with_name(f"{output.stem}.report.html")
        if result.written
        else workspace.runs_folder / result.run / "report.html"
    )
    write_durably(path, html(result, plan).encode())
    return path
