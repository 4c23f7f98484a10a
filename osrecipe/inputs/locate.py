"""Find the file or folder a recipe names: beside the recipe, or under a folder given with `--inputs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.problems import Place


@dataclass(frozen=True)
class Search:
    """Where inputs are looked for, in order: the recipe's folder, then each `--inputs` folder."""

    recipe_folder: Path
    folders: tuple[Path, ...] = ()

    def candidates(self, stated: str) -> tuple[Path, ...]:
        """Every path `stated` could mean: below each folder, then by its bare name in the `--inputs` folders."""
        name = stated.rsplit("/", 1)[-1]
        below = [folder / stated for folder in (self.recipe_folder, *self.folders)]
        bare = [folder / name for folder in self.folders]
        return tuple(dict.fromkeys([*below, *bare]))


def find(search: Search, stated: str, place: Place, *, folder: bool = False) -> Path | Problem:
    """The host path of an input, or the problem that it is not there.

    Args:
        search: where to look.
        stated: the path as the recipe gives it, forward slashes, relative.
        place: where the recipe says so.
        folder: whether a folder is wanted rather than a file.
    """
    wanted = "folder" if folder else "file"
    tried = search.candidates(stated)
    for path in tried:
        if path.is_dir() if folder else path.is_file():
            return path
    if any(path.exists() for path in tried):
        other = "file" if folder else "folder"
        above = stated.rpartition("/")[0]
        hint = "name the folder it lies in" + (f": `{above}`" if above else "")
        reason = f"`{stated}` is a {other}, a {wanted} is needed"
        return Problem(Slug.INPUT_KIND, reason, place, hint if folder else "name the file in it")
    where = ", ".join(f"`{path.parent}`" for path in tried)
    hint = f"looked in {where}; put the {wanted} there or name its folder with `--inputs`"
    return Problem(Slug.INPUT_MISSING, f"there is no {wanted} `{stated}`", place, hint)
