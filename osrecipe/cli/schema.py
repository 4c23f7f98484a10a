"""`osrecipe schema`: the JSON schema of the recipe language, for editors."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON schema of the recipe language.

    Editors that speak the YAML language server's modeline complete and check recipes with it.
    """
    from osrecipe.recipe.schema import dump

    print(dump(), end="")
