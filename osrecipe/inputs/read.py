"""Read every input a recipe names: hash it, look into it, and note all that is wrong with any of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.inputs.hashing import sha256_of, tree_digest
from osrecipe.inputs.locate import Search, find
from osrecipe.inputs.media import media_facts
from osrecipe.inputs.reg_files import reg_file_facts
from osrecipe.inputs.updates import update_facts
from osrecipe.model.codes import Slug
from osrecipe.model.facts import Facts, FolderFacts
from osrecipe.model.problems import OsrecipeError, Problem, Problems
from osrecipe.model.recipe import FolderInput, IsoInput, UpdateInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from osrecipe.model.facts import InputFacts, RegFileFacts, UpdateFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.origins import Origins
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Input, Recipe


@dataclass(frozen=True)
class Gathered:
    """What was read, and where it lies on this host."""

    facts: Facts
    paths: Mapping[InputId, Path] = field(repr=False)


def read_facts(
    recipe: Recipe, origins: Origins, search: Search, progress: Callable[[str, int, int], None] | None = None
) -> Gathered:
    """Read the facts of every input and `.reg` file of a recipe.

    Raises:
        OsrecipeError: with all problems of all inputs, each at the recipe line that names the input.
    """
    reading = _Reading(recipe, origins, search, progress)
    for name, stated in recipe.inputs.items():
        reading.read(name, stated)
    reg_files = reading.reg_files()
    if reading.problems:
        raise OsrecipeError(*Problems.sorted(reading.problems).items)
    return Gathered(Facts(inputs=reading.inputs, reg_files=reg_files), reading.paths)


def check_kind(name: InputId, stated: UpdateInput, facts: UpdateFacts) -> None:
    """Hold an update against the kind its recipe states.

    Raises:
        OsrecipeError: it is of another kind (`input/kind`).
    """
    found = facts.update_kind.value
    if stated.kind is not None and stated.kind != found:
        reason = f"it is a {found} update, but the recipe states `{stated.kind}`"
        hint = f"name the right file for `{name}`, or state `kind: {found}`"
        raise OsrecipeError(Problem(Slug.INPUT_KIND, reason, hint=hint))


class _Reading:
    """The work of one call: results and problems so far."""

    def __init__(
        self,
        recipe: Recipe,
        origins: Origins,
        search: Search,
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self.recipe = recipe
        self.origins = origins
        self.search = search
        self.progress = progress
        self.inputs: dict[InputId, InputFacts] = {}
        self.paths: dict[InputId, Path] = {}
        self.problems: list[Problem] = []

    def read(self, name: InputId, stated: Input) -> None:
        """Read one input, or note what is wrong with it."""
        place = self.origins.at("inputs", name)
        found = find(self.search, _path_of(stated), place, folder=isinstance(stated, FolderInput))
        if isinstance(found, Problem):
            self._note(found)
            return
        self.paths[name] = found
        try:
            self.inputs[name] = self._facts(name, stated, found)
        except OsrecipeError as error:
            for problem in error.problems:
                at = self.origins.at("inputs", name, "kind") if problem.slug == Slug.INPUT_KIND else place
                self._note(Problem(problem.slug, f"`{found.name}`: {problem.reason}", at, problem.hint))
        except FormatError as error:
            self._note(Problem(error.slug, f"`{found.name}`: {error.reason}", place, error.hint))
        except OSError as error:
            reason = f"`{found.name}` can't be read: {error.strerror or error}"
            self._note(Problem(Slug.INPUT_UNREADABLE, reason, place))

    def _facts(self, name: InputId, stated: Input, path: Path) -> InputFacts:
        match stated:
            case FolderInput():
                tree = tree_digest(path)
                return FolderFacts(tree=tree.digest, files=tree.files, size=tree.size)
            case IsoInput():
                wants_features = bool(self.recipe.targets.install.features)
                return media_facts(path, self._hash(name, stated, path), features=wants_features)
            case UpdateInput():
                facts = update_facts(path, self._hash(name, stated, path))
                check_kind(name, stated, facts)
                return facts

    def _hash(self, name: InputId, stated: IsoInput | UpdateInput, path: Path) -> str:
        """Hash a file and hold it against the hash the recipe states, before it is looked into."""
        total, done = path.stat().st_size, 0

        def step(count: int) -> None:
            nonlocal done
            done += count
            if self.progress is not None:
                self.progress(name, done, total)

        found = sha256_of(path, step)
        if stated.sha256 is not None and stated.sha256 != found:
            hint = f"take the file again, or write its own hash: `sha256: {found}`"
            raise OsrecipeError(
                Problem(Slug.INPUT_HASH, f"its SHA-256 is not the one stated: {found}", hint=hint)
            )
        return found

    def reg_files(self) -> dict[str, RegFileFacts]:
        """Read the `.reg` files that tweaks name."""
        facts: dict[str, RegFileFacts] = {}
        for stated, place in self._reg_file_places().items():
            found = find(self.search, stated, place)
            if isinstance(found, Problem):
                self._note(found)
                continue
            try:
                facts[stated] = reg_file_facts(found, stated)
            except OsrecipeError as error:
                for problem in error.problems:
                    self._note(problem)
            except OSError as error:
                reason = f"`{stated}` can't be read: {error.strerror or error}"
                self._note(Problem(Slug.INPUT_UNREADABLE, reason, place))
        return facts

    def _reg_file_places(self) -> dict[str, Place]:
        targets = self.recipe.targets
        tweaks = {
            "install": targets.install.tweaks,
            "winre": targets.winre.tweaks,
            "winpe": targets.winpe.tweaks,
            "setup": targets.setup.tweaks,
        }
        return {
            tweak.reg_file: self.origins.at("targets", target, "tweaks", name, "reg-file")
            for target, named in tweaks.items()
            for name, tweak in named.items()
            if tweak.reg_file is not None
        }

    def _note(self, problem: Problem) -> None:
        line = problem.source or (self.origins.line(problem.place) if problem.place else "")
        self.problems.append(
            Problem(problem.slug, problem.reason, problem.place, problem.hint, line, problem.width)
        )


def _path_of(stated: Input) -> str:
    match stated:
        case IsoInput():
            return stated.iso
        case UpdateInput():
            return stated.update
        case FolderInput():
            return stated.folder
