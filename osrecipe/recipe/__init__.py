"""YAML text to a `Recipe` that knows where each value was written: fragments, templates, checks, schema, starter.

Reads recipe files and nothing else; says what is wrong in the user's terms, never how it is shown.
"""

from __future__ import annotations

from osrecipe.recipe.loading import LoadedRecipe, load

__all__ = ["LoadedRecipe", "load"]
