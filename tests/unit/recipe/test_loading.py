"""From a path to a recipe: what is read, and where values came from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.recipes import MINIMAL, write_and_load

from osrecipe.model.codes import ExitCode
from osrecipe.model.problems import OsrecipeError, Place
from osrecipe.recipe import load
from osrecipe.recipe.source import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path


def slugs(error: OsrecipeError) -> set[str]:
    """The kinds of an error's problems."""
    return {p.slug for p in error.problems}


def test_minimal(tmp_path: Path) -> None:
    """The smallest recipe loads, with the defaults of the model."""
    loaded = write_and_load(tmp_path, MINIMAL)
    assert loaded.recipe.name == "t"
    assert loaded.recipe.targets.winre.cleanup == "reset-base"
    assert loaded.folder == tmp_path
    assert loaded.files == (tmp_path / "recipe.yaml",)


def test_origins_name_file_line_and_column(tmp_path: Path) -> None:
    """Values and keys know where they were written, in the fragment or the recipe."""
    text = MINIMAL.replace("{install: {}}", "{winre: {cleanup: none}}") + "extends: [f.yaml]\n"
    loaded = write_and_load(tmp_path, text, f="# note\ntargets:\n  install: {others: drop}\n")
    origins = loaded.origins
    assert origins.at("targets", "install", "others") == Place("f.yaml", 3, 21)
    assert origins.key("targets", "install", "others") == Place("f.yaml", 3, 13)
    assert origins.at("targets", "winre", "cleanup") == Place("recipe.yaml", 8, 28)
    assert origins.line(origins.at("targets", "install", "others")) == "  install: {others: drop}"


def test_origins_of_short_forms_point_at_what_was_written(tmp_path: Path) -> None:
    """A value that is written shorter than the model has it is found under its own place."""
    loaded = write_and_load(tmp_path, MINIMAL + "updates: {ordering: classic}\n")
    assert loaded.recipe.updates.ordering.use == "classic"
    assert loaded.origins.at("updates", "ordering", "use") == Place("recipe.yaml", 10, 21)


def test_the_name_shown_is_the_path_with_forward_slashes(tmp_path: Path) -> None:
    """Without `shown_as`, places carry the path as given."""
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert load(path).origins.main == path.as_posix()


def test_fragments_are_shown_beside_the_recipe(tmp_path: Path) -> None:
    """A fragment's shown name is made from the recipe's, not from this machine's folders."""
    (tmp_path / "recipe.yaml").write_text(MINIMAL + "extends: [../f.yaml]\n", encoding="utf-8")
    with pytest.raises(OsrecipeError) as caught:
        load(tmp_path / "recipe.yaml", shown_as="recipes/recipe.yaml")
    assert [p.reason for p in caught.value.problems] == ["`f.yaml` does not exist"]


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends change nothing but the bytes."""
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    loaded = load(path, shown_as="recipe.yaml")
    assert loaded.origins.at("source") == Place("recipe.yaml", 7, 9)
    assert loaded.origins.line(loaded.origins.at("source")) == "source: media"


def test_columns_count_characters(tmp_path: Path) -> None:
    """Characters outside the basic plane and line separators inside text don't shift places."""
    text = 'description: "\U0001f600\u2028 x"\n' + MINIMAL.replace("source: media", "source: 😀")
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, text)
    assert [p.place for p in caught.value.problems] == [Place("recipe.yaml", 8, 9)]


def test_all_problems_are_reported_in_reading_order(tmp_path: Path) -> None:
    """Structural, registry, path and reference problems of one file come together, sorted by place."""
    text = (
        MINIMAL.replace("w.iso", "/w.iso")
        .replace("source: media", "source: none")
        .replace("{install: {}}", r"{install: {tweaks: {a: {registry: {HKLM\HARDWARE: {}}}}, celanup: none}}")
    )
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, text)
    found = [p.slug for p in caught.value.problems]
    assert found == ["recipe/bad-path", "recipe/unknown-input", "recipe/bad-hive", "recipe/unknown-key"]


def test_the_number_of_problems_is_bounded(tmp_path: Path) -> None:
    """A file with thousands of mistakes is answered with the first ones and a note."""
    text = MINIMAL + "".join(f"key{i}: 1\n" for i in range(1000))
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, text)
    assert len(caught.value.problems) == 201
    assert caught.value.problems[-1].slug == "recipe/too-large"


def test_too_large(tmp_path: Path) -> None:
    """A file of more than 1 MiB is not read further."""
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, "#" * (MAX_BYTES + 1))
    assert slugs(caught.value) == {"recipe/too-large"}
    assert caught.value.exit_code is ExitCode.INVALID


@pytest.mark.parametrize("name", [".", "recipe.yaml/x", "x\0y"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    """A folder, a path through a file and a name no system takes are missing files."""
    (tmp_path / "recipe.yaml").write_text(MINIMAL, encoding="utf-8")
    with pytest.raises(OsrecipeError) as caught:
        load(tmp_path / name)
    assert slugs(caught.value) == {"recipe/missing"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe, which would block for ever, is refused."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OsrecipeError) as caught:
        load(tmp_path / "pipe")
    assert slugs(caught.value) == {"recipe/missing"}


def test_output_over_an_input_of_a_fragment(tmp_path: Path) -> None:
    """The output may not be an input, however both are spelled."""
    text = MINIMAL.replace("out/t.iso", "sub/../w.ISO")
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, text)
    assert slugs(caught.value) == {"recipe/bad-path"}
