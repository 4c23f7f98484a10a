"""The rules, one module for each part of a recipe they look at. Every rule is in `RULES`, which is all they share."""

from __future__ import annotations

from typing import Final

from osrecipe.lint.rule import Rule
from osrecipe.lint.rules import (
    drivers,
    expectations,
    images,
    inputs,
    outputs,
    registry,
    secrets,
    text,
    tweaks,
    updates,
)

RULES: Final[tuple[Rule, ...]] = tuple(
    value
    for module in (inputs, updates, images, drivers, tweaks, registry, secrets, text, outputs, expectations)
    for value in vars(module).values()
    if isinstance(value, Rule)
)
"""In the order of the reference page; those about waivers are `lint.run`'s own."""
