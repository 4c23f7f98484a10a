"""`osrecipe schema`: the JSON schema of the recipe language, for editors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """What a file is."""

    RECIPE = "recipe"
    FRAGMENT = "fragment"


def schema(
    *,
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="The schema of whole recipes, or of what they extend.")
    ] = Kind.RECIPE,
) -> None:
    """Print the JSON schema of the recipe language.

    Editors that speak the YAML language server's modeline complete and check recipes with it.
    """
    from osrecipe.recipe.schema import dump

    print(dump("fragment" if kind is Kind.FRAGMENT else "recipe"), end="")
