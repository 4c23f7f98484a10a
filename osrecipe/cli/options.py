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
LockedOnly = Annotated[
    bool,
    typer.Option("--locked", help="Take everything from the lock beside the recipe; look at no input."),
]
NoLock = Annotated[
    bool, typer.Option("--no-lock", help="Leave a lock beside the recipe out of account; read the inputs.")
]
