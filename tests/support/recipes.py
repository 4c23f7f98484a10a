"""Helpers for tests that write recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.recipe import LoadedRecipe, load

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """schema: osrecipe/1
name: t
inputs:
  media: {iso: w.iso}
  lcu: {update: kb1.msu}
  oem: {folder: files/oem}
source: media
targets: {install: {}}
output: {iso: out/t.iso}
"""
"""The smallest recipe, with an input of each kind."""


def write_and_load(folder: Path, text: str, **fragments: str) -> LoadedRecipe:
    """Write `recipe.yaml`, and each fragment as `NAME.yaml` beside it, and load the recipe."""
    for name, content in fragments.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, shown_as="recipe.yaml")
