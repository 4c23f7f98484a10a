"""The resolved recipe: one text that reads back as the same recipe, and says where each value came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.recipe import load
from osrecipe.recipe.nodes import Map, Scalar, Span
from osrecipe.recipe.parse import parse
from osrecipe.recipe.resolved import Line, _quoted, resolved_lines
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.source import from_text
from osrecipe.render import resolved

if TYPE_CHECKING:
    from osrecipe.recipe import LoadedRecipe

ROOT = Path(__file__).parents[3]
RECIPES = sorted([*(ROOT / "recipes").glob("*.yaml"), *(ROOT / "tests/golden/recipe-good").glob("*.yaml")])


def shown(loaded: LoadedRecipe, *, origin: bool) -> str:
    """The text of a loaded recipe."""
    return resolved.text(list(resolved_lines(loaded)), origin=origin)


@pytest.mark.parametrize("origin", [True, False])
@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_the_text_reads_back_as_the_same_recipe(path: Path, *, origin: bool, tmp_path: Path) -> None:
    """Without its fragments and templates, in another folder: paths are the recipe's own, so nothing differs."""
    loaded = load(path)
    again = tmp_path / path.name
    again.write_text(shown(loaded, origin=origin), encoding="utf-8")

    assert loaded.recipe.model_copy(update={"extends": ()}) == load(again).recipe


def test_values_say_where_they_were_written() -> None:
    """A value of a fragment names the fragment's line, one of the recipe the recipe's."""
    lines = shown(load(ROOT / "recipes" / "corporate.yaml", shown_as="c.yaml"), origin=True).split("\n")

    folder = next(line for line in lines if "folder: files/oem" in line)
    name = next(line for line in lines if line.startswith("name:"))
    assert "# fragments/corporate.yaml:" in folder
    assert "# c.yaml:" in name


def test_every_value_has_its_place() -> None:
    """No line with a value is left without one."""
    for line in resolved_lines(load(ROOT / "recipes" / "corporate.yaml")):
        assert line.text.endswith(":") != (line.place is not None) or line.text.lstrip().startswith("-")


@given(
    st.text(max_size=12)
    | st.sampled_from(["", "~", "null", "1", "0x1", "a: b", "- a", "yes", "a #b", "{", "1.5"])
)
def test_any_text_is_quoted_so_that_it_stays_text(text: str) -> None:
    """Whatever a value holds, YAML gives it back."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return
    sink = Sink()
    root = parse(from_text(f"k: {_quoted(text)}\n", "t"), sink)

    assert not sink
    assert isinstance(root, Map)
    value = root.entries["k"].value
    assert isinstance(value, Scalar)
    assert text == value.value


def test_long_lines_do_not_push_all_comments_away() -> None:
    """Comments stand below each other where lines are short, and right behind long ones."""
    place = Span(load(ROOT / "recipes" / "quickstart.yaml").origins.at("name")).place
    text = resolved.text([Line("a: 1", place), Line("b: " + "x" * 90, place), Line("c:", None)], origin=True)

    rows = text.split("\n")
    assert rows[0].startswith("a: 1  # ")
    assert rows[1].startswith("b: " + "x" * 90 + "  # ")
    assert "c:" == rows[2]
