"""From a recipe's path to a `Recipe`: read, lay fragments over each other, render templates, check, convert.

All problems are reported together; only a text that is no YAML, or a file that can't be read, stops early.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.origins import Origins
from osrecipe.model.recipe import SCHEMA, Recipe
from osrecipe.recipe import checks, shape
from osrecipe.recipe.convert import Converter, recipe
from osrecipe.recipe.fragments import Layer, gather
from osrecipe.recipe.merge import lay_over
from osrecipe.recipe.nodes import Map, Seq, find, text_of, walk
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.templates import render
from osrecipe.recipe.words import clip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osrecipe.model.origins import Loc
    from osrecipe.model.problems import Place


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe and where it was written.

    Attributes:
        recipe: the model; host paths in it are relative to `folder`, with forward slashes.
        origins: file and line of every value and key, fragments included.
        folder: the recipe's folder.
        files: all files read, in the order laid over each other; the recipe itself is the last.
        written: the one tree of all files, rendered.
        folders: by file as origins name it, its folder as seen from the recipe's.
    """

    recipe: Recipe
    origins: Origins
    folder: Path
    files: tuple[Path, ...]
    written: Map = field(repr=False)
    folders: Mapping[str, str] = field(repr=False)


def load(path: Path, *, shown_as: str | None = None) -> LoadedRecipe:
    """Read a recipe with its fragments.

    Args:
        path: the recipe's file.
        shown_as: the file's name in messages and origins; as given, with forward slashes, when left out.

    Raises:
        OsrecipeError: with every problem found.
    """
    shown = shown_as if shown_as is not None else path.as_posix()
    sink = Sink()
    layers = gather(path, shown, sink)
    written = _written(layers, sink)
    origins = _origins(written, shown, sink)
    folders = {layer.shown: layer.folder for layer in layers}
    data = Converter.of(written, folders, sink).value(written)
    checks.check(written, sink)
    sink.raise_any()
    made = recipe(data, origins, sink)
    if made is None:
        raise sink.error()
    checks.check_output(made, origins, sink)
    sink.raise_any()
    files = tuple(layer.path for layer in layers)
    return LoadedRecipe(made, origins, path.parent, files, written, folders)


def _written(layers: tuple[Layer, ...], sink: Sink) -> Map:
    """The one tree of all files, rendered and of the right structure as far as `sink` has nothing to say."""
    merged = Map()
    for layer in layers:
        merged = lay_over(merged, _own_part(layer, last=layer is layers[-1]), sink)
    _check_version(merged, sink)
    rendered = render(merged, sink)
    shape.check(rendered, sink)
    return rendered


def _own_part(layer: Layer, *, last: bool) -> Map:
    """What a file contributes; `extends` has done its work in all but the recipe itself."""
    entries = dict(layer.root.entries)
    stated = find(layer.root, "extends")
    well_formed = isinstance(stated, Seq) and all(text_of(i) is not None for i in stated.items)
    if not (last and well_formed):  # reported by `fragments` when it is not
        entries.pop("extends", None)
    return Map(entries, layer.root.span)


def _check_version(root: Map, sink: Sink) -> None:
    """A recipe of another language version is told so, not judged by this one's rules.

    Raises:
        OsrecipeError: `schema` names something else than this version reads.
    """
    node = find(root, "schema")
    version = text_of(node)
    if node is not None and version is not None and version.startswith("osrecipe/") and version != SCHEMA:
        hint = f"this version of osrecipe reads `{SCHEMA}`"
        sink.add(Slug.RECIPE_SCHEMA, f"`schema` is of another version: {clip(version)}", node.span, hint)
        raise sink.error()


def _origins(root: Map, main: str, sink: Sink) -> Origins:
    values: dict[Loc, Place] = {}
    keys: dict[Loc, Place] = {}
    for loc, entry, node in walk(root):
        values[loc] = node.span.place
        if entry is not None:
            keys[loc] = entry.span.place
    return Origins(main, values, keys, dict(sink.lines))
