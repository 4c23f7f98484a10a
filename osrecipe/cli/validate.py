"""`osrecipe validate`: is the recipe right as far as its own text can tell?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE", help="One or more recipes.")],
) -> None:
    """Check recipes without looking at their inputs: keys, types, paths, references, fragments, templates.

    Exit code 0 when all are valid, 3 when one is not.
    """
    from osrecipe.cli.guard import show
    from osrecipe.model.codes import ExitCode
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.recipe import load

    failed = False
    for path in recipes:
        try:
            loaded = load(path)
        except OsrecipeError as error:
            show(error)
            failed = True
        else:
            print(f"{path}: valid: {loaded.recipe.name}")
    if failed:
        raise typer.Exit(ExitCode.INVALID)
