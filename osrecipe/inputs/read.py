"""Read every input a recipe names: hash it, look into it, and note all that is wrong with any of them at once.

With a lock at hand, what is there is held against it, and what is not there can be taken from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.inputs.answer_files import answer_file_facts
from osrecipe.inputs.base_manifest import NO_BASE, BaseManifest
from osrecipe.inputs.capabilities import capabilities_in
from osrecipe.inputs.covering import (
    capabilities_from,
    check_kind,
    drift,
    reg_file_places,
    removed_capabilities,
    uncovered,
)
from osrecipe.inputs.drivers import drivers_facts
from osrecipe.inputs.hashing import sha256_of, tree_digest
from osrecipe.inputs.locate import Search, find
from osrecipe.inputs.media import Wanted, media_facts
from osrecipe.inputs.packages import COMPRESSED_MANIFEST
from osrecipe.inputs.reg_files import reg_file_facts
from osrecipe.inputs.updates import update_facts
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.facts import Facts, FolderFacts, MediaFacts, UpdateFacts
from osrecipe.model.problems import OsrecipeError, Problem, Problems
from osrecipe.model.recipe import AnswerFileInput, DriversInput, FolderInput, IsoInput, UpdateInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from osrecipe.inputs.lock import Lock
    from osrecipe.model.facts import InputFacts, RegFileFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.origins import Origins
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Input, Recipe

_DIFFERENCES = frozenset({Slug.INPUT_DRIFT, Slug.LOCK_STALE})


@dataclass(frozen=True)
class Gathered:
    """What was read, and where it lies on this host.

    Attributes:
        paths: of the inputs that are here.
        filled: ids of inputs and paths of `.reg` files whose facts are the lock's, because they are not here.
    """

    facts: Facts
    paths: Mapping[InputId, Path] = field(repr=False)
    filled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Locked:
    """How a lock is used while reading.

    Attributes:
        lock: its content.
        fill: what is not here is taken from the lock.
        hold: the lock must cover the recipe, and what is here must be what was locked.
    """

    lock: Lock
    fill: bool
    hold: bool


def read_facts(
    recipe: Recipe,
    origins: Origins,
    search: Search,
    progress: Callable[[str, int, int], None] | None = None,
    locked: Locked | None = None,
) -> Gathered:
    """Read the facts of every input and `.reg` file of a recipe.

    Raises:
        OsrecipeError: with all problems of all inputs, each at the recipe line that names the input; exit code 7
            when nothing is wrong but that inputs differ from the lock.
    """
    reading = _Reading(recipe, origins, search, progress, locked)
    if locked is not None and locked.hold:
        for problem in uncovered(locked.lock, recipe, origins):
            reading.note(problem)
        reading.stop()
    for name, stated in recipe.inputs.items():
        reading.read(name, stated)
    reg_files = reading.reg_files()
    reading.stop()
    return Gathered(Facts(inputs=reading.inputs, reg_files=reg_files), reading.paths, tuple(reading.filled))


def locked_facts(recipe: Recipe, origins: Origins, lock: Lock) -> Gathered:
    """The facts of a recipe's inputs from its lock alone.

    Raises:
        OsrecipeError: the lock does not cover the recipe (`lock/stale`, exit code 7), or the recipe states a hash or
            a kind that is not the locked one's.
    """
    problems = list(uncovered(lock, recipe, origins))
    if problems:
        raise failure(problems, origins)
    reg_files = {path: lock.reg_files[path].facts for path in reg_file_places(recipe, origins)}
    facts = Facts(inputs={name: lock.inputs[name].facts for name in recipe.inputs}, reg_files=reg_files)
    return Gathered(facts, {}, (*recipe.inputs, *reg_files))


def failure(problems: list[Problem], origins: Origins) -> OsrecipeError:
    """The error for problems of inputs, with their recipe lines; a mere difference has an exit code of its own."""
    lined = [
        Problem(p.slug, p.reason, p.place, p.hint, p.source or _line(origins, p.place), p.width)
        for p in problems
    ]
    different = all(p.slug in _DIFFERENCES for p in problems)
    code = ExitCode.DIFFERENT if different else ExitCode.INVALID
    return OsrecipeError(*Problems.sorted(lined).items, exit_code=code)


def _line(origins: Origins, place: Place | None) -> str:
    return origins.line(place) if place else ""


class _Reading:
    """The work of one call: results and problems so far."""

    def __init__(
        self,
        recipe: Recipe,
        origins: Origins,
        search: Search,
        progress: Callable[[str, int, int], None] | None,
        locked: Locked | None,
    ) -> None:
        self.recipe = recipe
        self.origins = origins
        self.search = search
        self.progress = progress
        self.locked = locked
        self.inputs: dict[InputId, InputFacts] = {}
        self.paths: dict[InputId, Path] = {}
        self.filled: list[str] = []
        self.problems: list[Problem] = []

    def read(self, name: InputId, stated: Input) -> None:
        """Read one input, or note what is wrong with it."""
        place = self.origins.at("inputs", name)
        found = find(self.search, stated.path, place, folder=stated.is_folder)
        if isinstance(found, Problem):
            self._absent(name, stated, found)
            return
        self.paths[name] = found
        try:
            self.inputs[name] = self._facts(name, stated, found)
        except OsrecipeError as error:
            for problem in error.problems:
                at = self.origins.at("inputs", name, "kind") if problem.slug == Slug.INPUT_KIND else place
                self.note(Problem(problem.slug, f"`{found.name}`: {problem.reason}", at, problem.hint))
        except FormatError as error:
            self.note(Problem(error.slug, f"`{found.name}`: {error.reason}", place, error.hint))
        except OSError as error:
            reason = f"`{found.name}` can't be read: {error.strerror or error}"
            self.note(Problem(Slug.INPUT_UNREADABLE, reason, place))
        else:
            self._hold(name, self.inputs[name], place)

    def _absent(self, name: InputId, stated: Input, problem: Problem) -> None:
        line = self.locked.lock.inputs.get(name) if self.locked and self.locked.fill else None
        if line is None or line.path != stated.path:
            self.note(problem)
            return
        self.inputs[name] = line.facts
        self.filled.append(name)

    def _hold(self, name: InputId, facts: InputFacts, place: Place) -> None:
        line = self.locked.lock.inputs.get(name) if self.locked and self.locked.hold else None
        if line is not None and line.facts != facts:
            self.note(drift(name, line.path, line.facts, facts, place))

    def _facts(self, name: InputId, stated: Input, path: Path) -> InputFacts:
        match stated:
            case FolderInput():
                tree = tree_digest(path)
                found = capabilities_in(path, self._capabilities(name))
                return FolderFacts(tree=tree.digest, files=tree.files, size=tree.size, capabilities=found)
            case IsoInput():
                return media_facts(path, self._hash(name, stated, path), self._wanted(name))
            case DriversInput():
                return drivers_facts(path)
            case AnswerFileInput():
                return answer_file_facts(path, self._hash(name, stated, path))
            case UpdateInput():
                facts = update_facts(path, self._hash(name, stated, path), self.base)
                check_kind(name, stated, facts)
                return self._as_locked(name, facts)

    def _as_locked(self, name: InputId, facts: UpdateFacts) -> UpdateFacts:
        """Without the media, compressed manifests can't be read: the lock says what the same file asks for."""
        line = self.locked.lock.inputs.get(name) if self.locked else None
        known = line.facts if line is not None else None
        if not isinstance(known, UpdateFacts) or known.sha256 != facts.sha256:
            return facts
        return known if COMPRESSED_MANIFEST in facts.package.elements else facts

    @cached_property
    def base(self) -> BaseManifest:
        """The base manifest of the source media, which may lie anywhere among the inputs."""
        name = self.recipe.source
        stated = self.recipe.inputs.get(name)
        if not isinstance(stated, IsoInput):
            return NO_BASE
        found = find(self.search, stated.path, self.origins.at("inputs", name))
        return NO_BASE if isinstance(found, Problem) else BaseManifest(found)

    def _wanted(self, name: InputId) -> Wanted:
        """What of the images is looked at: what the recipe has to do with, and what the lock has."""
        line = self.locked.lock.inputs.get(name) if self.locked and self.locked.hold else None
        known = line.facts if line is not None and isinstance(line.facts, MediaFacts) else None
        install = self.recipe.targets.install
        return Wanted(
            features=bool(install.features) or (known is not None and known.features_read),
            apps=bool(install.appx) or (known is not None and known.apps_read),
            capabilities=bool(removed_capabilities(self.recipe))
            or (known is not None and known.capabilities_read),
        )

    def _capabilities(self, name: InputId) -> tuple[str, ...]:
        """Capabilities to look for in a folder: those that come from it, and those that the lock knows of."""
        line = self.locked.lock.inputs.get(name) if self.locked and self.locked.hold else None
        known = line.facts.capabilities if line is not None and isinstance(line.facts, FolderFacts) else {}
        return (*capabilities_from(self.recipe, name), *known)

    def _hash(self, name: InputId, stated: IsoInput | UpdateInput | AnswerFileInput, path: Path) -> str:
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
        for stated, place in reg_file_places(self.recipe, self.origins).items():
            line = self.locked.lock.reg_files.get(stated) if self.locked else None
            found = find(self.search, stated, place)
            if isinstance(found, Problem):
                if line is None or self.locked is None or not self.locked.fill:
                    self.note(found)
                    continue
                facts[stated] = line.facts
                self.filled.append(stated)
                continue
            try:
                facts[stated] = reg_file_facts(found, stated)
            except OsrecipeError as error:
                for problem in error.problems:
                    self.note(problem)
            except OSError as error:
                reason = f"`{stated}` can't be read: {error.strerror or error}"
                self.note(Problem(Slug.INPUT_UNREADABLE, reason, place))
            else:
                if line is not None and self.locked and self.locked.hold and line.facts != facts[stated]:
                    self.note(drift(stated, stated, line.facts, facts[stated], place))
        return facts

    def note(self, problem: Problem) -> None:
        """Remember a problem; reading goes on to find others."""
        self.problems.append(problem)

    def stop(self) -> None:
        """Raise what was found so far, if anything was."""
        if self.problems:
            raise failure(self.problems, self.origins)
