"""`osrecipe show`: the recipe as osrecipe understands it, and where each value was written."""

from __future__ import annotations

from typing import Annotated

import typer

from osrecipe.cli.options import RecipePath


def show(
    recipe: RecipePath,
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Behind each value, the file and line it comes from.")
    ] = False,
) -> None:
    """Print the resolved recipe: fragments laid in, templates rendered, paths as seen from the recipe's folder.

    Inputs are not looked at. Secrets are shown as what they are called, never by their value.
    """
    from osrecipe.recipe import load
    from osrecipe.recipe.resolved import resolved_lines
    from osrecipe.render import resolved

    print(resolved.text(list(resolved_lines(load(recipe))), origin=origin), end="")
