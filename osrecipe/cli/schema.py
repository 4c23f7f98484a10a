"""`osrecipe schema`: the JSON schemas of the files osrecipe reads, for editors and other programs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """The kinds of file."""

    RECIPE = "recipe"
    FRAGMENT = "fragment"
    PLAN = "plan"


def schema(
    kind: Annotated[Kind, typer.Option("--of", help="Of which kind of file.")] = Kind.RECIPE,
) -> None:
    """Print the JSON schema of the recipe language, or of saved plans.

    Editors that speak the YAML language server's modeline complete and check recipes with it.
    """
    match kind:
        case Kind.RECIPE | Kind.FRAGMENT:
            from osrecipe.recipe.schema import dump

            print(dump("recipe" if kind is Kind.RECIPE else "fragment"), end="")
        case Kind.PLAN:
            from osrecipe.render.plan_json import dump_schema

            print(dump_schema(), end="")
