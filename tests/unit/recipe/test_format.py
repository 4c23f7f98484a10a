"""Laying recipes out: nothing changes but the layout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.scruffy import scruffy_recipe

from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import load, starter
from osrecipe.recipe.comments import comments
from osrecipe.recipe.format import WIDTH, format_text

ROOT = Path(__file__).parents[3]
GOOD = sorted((ROOT / "tests" / "golden" / "recipe-good").glob("*.yaml"))
SHIPPED = sorted((ROOT / "recipes").rglob("*.yaml"))
MINIMAL = "schema: osrecipe/1\nname: x\ninputs: {media: {iso: w.iso}}\nsource: media\ntargets: {install: {}}\noutput: {iso: o.iso}\n"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_recipes_are_laid_out(path: Path) -> None:
    """The recipes and fragments we ship are as `fmt` would write them."""
    text = path.read_text(encoding="utf-8")
    assert text == format_text(text, path.name)


def test_the_starter_is_laid_out() -> None:
    """So is what `init` writes."""
    text = starter.text("my-recipe")
    assert text == format_text(text, "my-recipe.yaml")


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_good_recipes_stay_the_same(path: Path) -> None:
    """Each good recipe loads as the same model before and after, with the same comments."""
    text = path.read_text(encoding="utf-8")
    made = format_text(text, path.name)
    beside = path.with_name(f".{path.stem}.laid-out.yaml")
    try:
        beside.write_text(made, encoding="utf-8")
        assert load(path).recipe == load(beside).recipe
    finally:
        beside.unlink()
    assert Counter(c.text for c in comments(text)) == Counter(c.text for c in comments(made))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_scruffy_recipes_stay_the_same(tmp_path: Path, seed: int) -> None:
    """However a recipe is written, it loads as the same model, keeps every comment, and a second time changes nothing."""
    text = scruffy_recipe(seed)
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    before = load(path).recipe
    made = format_text(text, "recipe.yaml")
    path.write_text(made, encoding="utf-8")
    assert before == load(path).recipe
    assert list(before.targets.install.tweaks) == list(load(path).recipe.targets.install.tweaks)
    assert Counter(c.text for c in comments(text)) == Counter(c.text for c in comments(made))
    assert made == format_text(made, "recipe.yaml")
    assert not any(line.endswith(" ") for line in made.split("\n"))
    assert made.endswith("\n")
    assert not made.endswith("\n\n") or "|+" in made


def test_line_breaks_stay() -> None:
    """A file with CRLF stays one, so that a checkout on Windows is no difference; a mixed one becomes what it begins with."""
    unix = MINIMAL.replace("{install: {}}", "\n    install: {}")
    dos = unix.replace("\n", "\r\n")
    made = format_text(unix, "x")
    assert "targets:\n  install: {}\n" in made
    assert made.replace("\n", "\r\n") == format_text(dos, "x")
    assert made.replace("\n", "\r\n") == format_text(dos.replace("x\r\n", "x\n"), "x")


def test_a_byte_order_mark_goes() -> None:
    """UTF-8 needs none."""
    assert MINIMAL == format_text("\ufeff" + MINIMAL, "x")


def test_final_line_break_comes() -> None:
    """A file ends with one line break."""
    assert MINIMAL == format_text(MINIMAL.rstrip() + "\n\n\n", "x")
    assert MINIMAL == format_text(MINIMAL.rstrip(), "x")


def test_flow_maps_up_to_the_edge() -> None:
    """A flow map that just fits stays; one column more, and it becomes a block."""
    fits = "description: x\nvars: {a: " + "b" * (WIDTH - 11) + "}\n"
    assert WIDTH == len(fits.splitlines()[1])
    assert fits == format_text(fits, "x")
    assert "vars:\n  a: bbb" in format_text(fits.replace("bb", "bbb", 1), "x")


def test_unknown_keys_come_last() -> None:
    """Laying out needs no valid recipe: what the language does not know stays behind what it knows."""
    assert "schema: osrecipe/1\nname: x\nzzz: 1\naaa: 2\n" == format_text(
        "zzz: 1\nname: x\naaa: 2\nschema: osrecipe/1\n", "x"
    )


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("a: [1", "recipe/syntax"),
        ("", "recipe/empty"),
        ("- a\n", "recipe/wrong-type"),
        ("a: 1\na: 2\n", "recipe/duplicate-key"),
        ("a: !!python/object x\n", "recipe/tag"),
        ("a: |+\n  x", "recipe/syntax"),
        ('"a\n b": 1\n', "recipe/syntax"),
    ],
)
def test_refused(text: str, slug: str) -> None:
    """What is no recipe, or can't be laid out without a change, is refused with a reason."""
    with pytest.raises(OsrecipeError) as caught:
        format_text(text, "x")
    assert slug in [p.slug for p in caught.value.problems]
