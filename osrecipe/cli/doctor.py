"""`osrecipe doctor`: whether this host can do the work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from osrecipe.cli.adapters import DismOption


def doctor(
    *,
    folder: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="The folder where the output would go.")
    ] = Path(),
    dism: DismOption = "",
) -> None:
    """Look at this host: what the embedded adapter needs, and what the dism adapter needs. Changes nothing.

    It also says whether `oscdimg` is there, for recipes that ask for it. Exit code 4 when neither adapter can work here.
    """
    from osrecipe.adapters.dism.host import probe
    from osrecipe.adapters.dism.preflight import Level, examine, libraries
    from osrecipe.cli.guard import wants_color
    from osrecipe.cli.writer import look
    from osrecipe.model.codes import ExitCode
    from osrecipe.render import host as shown_host

    host = probe(folder, dism)
    color = wants_color(sys.stdout)
    sections = (
        ("the embedded adapter, and reading images at all", libraries(host)),
        ("the dism adapter", examine(host)),
    )
    for title, found in sections:
        print(shown_host.text(title, found, color=color), end="")
    print(shown_host.text("recipes with `output.writer: oscdimg`", (look(),), color=color), end="")
    ready = [not any(one.level is Level.FAIL for one in found) for _, found in sections]
    can = [name for name, good in zip(("embedded", "dism"), (ready[0], all(ready)), strict=True) if good]
    print(f"adapters that can work here: {', '.join(can) or 'none'}")
    if not can:
        raise typer.Exit(ExitCode.TASK)
