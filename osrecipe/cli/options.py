"""Arguments and options that several commands share, each with its one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.")]
InputFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--inputs",
        "-i",
        metavar="DIR",
        help="Look for the recipe's inputs here too, beside the recipe's own folder. Can be given more than once.",
    ),
]
