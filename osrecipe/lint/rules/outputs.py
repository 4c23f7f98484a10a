"""Rules about what comes out."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from osrecipe.lint.rule import Hit, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.recipe import LoadedRecipe

_LOC = ("output", "iso")


@rule(
    "output-in-input",
    Severity.ERROR,
    says="the ISO is written into a folder that is an input",
    why="The next run would copy the ISO of the last one into the image, and would never find anything in its store: the "
    "folder's content changes with each run.",
    source="this tool's design: keys come from inputs",
)
def output_in_input(subject: Subject) -> Iterator[Hit]:
    """Outputs that become inputs."""
    iso = subject.recipe.output.iso
    for name, stated in subject.recipe.inputs.items():
        if stated.is_folder and _inside(iso, stated.path):
            yield Hit(
                _LOC, f"the ISO is written into the input `{name}`: {iso}", "give it a folder of its own"
            )


def _inside(path: str, folder: str) -> bool:
    return (
        posixpath.normpath(folder) == "."
        or posixpath.dirname(path) == folder
        or path.startswith(f"{folder}/")
    )


@rule(
    "output-beside-recipe",
    Severity.NOTE,
    says="the ISO is written into the recipe's own folder",
    why="The folder is kept in git, and an ISO of some gigabytes, its report and the store lie between the recipes. A folder "
    "such as `out/` can be ignored as a whole.",
    source="this tool's design: the store and the report lie beside the output",
)
def output_beside_recipe(subject: Subject) -> Iterator[Hit]:
    """Outputs among what is kept in git."""
    iso = subject.recipe.output.iso
    if not posixpath.dirname(iso):
        yield Hit(
            _LOC,
            f"the ISO is written beside the recipe: {iso}",
            f"write `out/{iso}`, and let git ignore `out/`",
        )


@rule(
    "same-output",
    Severity.ERROR,
    says="two recipes write the same ISO",
    why="The later run replaces what the earlier one made. Seen only when both recipes are given to one `lint`.",
    source="this tool's design: an output appears by rename, over what was there",
)
def same_output(subject: Subject) -> Iterator[Hit]:
    """Outputs of two recipes at one place."""
    mine = _place(subject.loaded)
    for other in subject.before:
        if _place(other) == mine and other.files[-1].resolve() != subject.loaded.files[-1].resolve():
            reason = f"`{other.origins.main}` writes the same ISO: {subject.recipe.output.iso}"
            yield Hit(_LOC, reason, "give each recipe an output of its own, by its name")
            return


def _place(loaded: LoadedRecipe) -> str:
    """The output on this machine, in the one case that tells all file systems' places apart."""
    return os.path.realpath(loaded.folder / loaded.recipe.output.iso).casefold()
