"""Lint: what is valid in a recipe and still probably not meant, as named rules with reasons, sources and waivers.

Rules read the recipe and, where a lock or the inputs are there, facts and the plan. They change nothing, open no image
and never say what `validate` or `plan` already refuse.
"""

from __future__ import annotations

from osrecipe.lint.gather import Outcome, gather
from osrecipe.lint.run import lint

__all__ = ["Outcome", "gather", "lint"]
