"""`osrecipe inspect`: look into an ISO, WIM, update, cabinet, hive, drivers or an answer file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How it is shown."""

    TABLE = "table"
    JSON = "json"


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="An .iso, .wim, .msu, .cab, .inf, a registry hive, an answer file or a folder of drivers.",
        ),
    ],
    *,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> None:
    """Say what is in a file, told by its content, not its name: images, editions, builds, packages, keys, drivers."""
    from osrecipe.inputs.inspection import inspect_file
    from osrecipe.render import inspection

    seen = inspect_file(file)
    print(inspection.as_json(seen) if output is Format.JSON else inspection.text(seen), end="")
