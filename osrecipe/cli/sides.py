"""The sides of a comparison: files and folders of the working tree, or of a revision of git, and the plans they give.

A side that comes from git is a folder too: what its recipes may need is copied out of the revision first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import OsrecipeError, Problem, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osrecipe.adapters.git import Repository, TreeFile
    from osrecipe.inputs.lock import Lock
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Plan
    from osrecipe.recipe import LoadedRecipe

PREFIX = "git:"
_YAML = (".yaml", ".yml")
_NEEDED = (*_YAML, ".reg", ".lock")
_MAX_TEXT = 1 << 20
_SCHEMA = re.compile(r"^schema:\s*[\"']?osrecipe/", re.MULTILINE)
_WORD = re.compile(r"[^\s\"'\[\]{},/]+")
_MOST_RECIPES = 2000
_MOST_DEPTH = 12
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "out"})


@dataclass(frozen=True)
class Side:
    """One side, on this machine's disk.

    Attributes:
        label: what it is, for people: `main (1a2b3c4d)`, `the working tree`.
        root: the folder that recipe paths are relative to.
        path: the file or folder that is compared, relative to `root`; `.` for all of it.
        inputs: folders to look for input files in, where there is no lock.
        is_revision: whether it comes from git, and so has no input files of its own.
    """

    label: str
    root: Path
    path: str
    inputs: tuple[Path, ...] = ()
    is_revision: bool = False

    @property
    def target(self) -> Path:
        """What is compared."""
        return self.root / self.path

    def recipes(self) -> list[str]:
        """The recipes to compare, relative to what is compared; a single file is ``."""
        if self.target.is_file():
            return [""]
        found = sorted(_recipes_below(self.target, 0)) if self.target.is_dir() else []
        if len(found) > _MOST_RECIPES:
            reason = f"a comparison takes at most {_MOST_RECIPES:,} recipes: {len(found):,}"
            raise error(Slug.USAGE_ARGUMENT, reason, exit_code=ExitCode.USAGE)
        return [path.relative_to(self.target).as_posix() for path in found]

    def file(self, name: str) -> Path:
        """The file of a recipe by the name `recipes` has for it."""
        return self.target / name if name else self.target

    def shown(self, name: str) -> str:
        """A recipe's path for people, relative to `root`."""
        return "/".join(part for part in (self.path, name) if part not in {"", "."})

    def plan(self, name: str) -> Plan:
        """The compiled plan of a recipe, or what a plan file holds.

        Raises:
            OsrecipeError: with all that is wrong.
        """
        path = self.file(name)
        if path.suffix == ".json":
            from osrecipe.cli.prepare import load_plan

            return load_plan(path)
        from osrecipe.plan import compile_plan
        from osrecipe.recipe import load

        loaded = load(path, shown_as=self.shown(name))
        return compile_plan(loaded.recipe, self._facts(loaded, name), loaded.origins)

    def _facts(self, loaded: LoadedRecipe, name: str) -> Facts:
        """From the lock where there is one, else from the inputs themselves."""
        from osrecipe.inputs.lock import load_lock, lock_path

        lock = lock_path(self.file(name))
        if lock.is_file() and not self.inputs:
            shown = lock_path(Path(self.shown(name))).as_posix()
            return locked_facts(loaded, load_lock(lock, shown_as=shown))
        if self.is_revision and not self.inputs:
            reason = f"there is no lock beside `{self.shown(name)}` at {self.label}"
            hint = "commit what `osrecipe lock RECIPE` writes, or name the inputs' folder with `--inputs`"
            raise error(Slug.LOCK_MISSING, reason, place=loaded.origins.at(), hint=hint)
        from osrecipe.inputs.locate import Search
        from osrecipe.inputs.read import read_facts

        return read_facts(loaded.recipe, loaded.origins, Search(loaded.folder, self.inputs)).facts


def _recipes_below(folder: Path, depth: int) -> Iterable[Path]:
    """Files that begin to be a recipe: YAML that states its schema. Fragments leave it out."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith("."):
            continue
        if path.is_dir() and path.name not in _SKIPPED and depth < _MOST_DEPTH:
            yield from _recipes_below(path, depth + 1)
        elif path.suffix in _YAML and path.is_file() and _states_schema(path):
            yield path


def _states_schema(path: Path) -> bool:
    with path.open("rb") as stream:
        return _SCHEMA.search(stream.read(_MAX_TEXT).decode("utf-8", "replace")) is not None


# --- facts from a lock -----------------------------------------------------------------------------------------------


def locked_facts(loaded: LoadedRecipe, lock: Lock) -> Facts:
    """The facts a lock has for a recipe; `.reg` files are part of what is compared, so they are read themselves.

    Raises:
        OsrecipeError: the lock is not about this recipe (`lock/stale`), or a `.reg` file is not there.
    """
    from osrecipe.inputs.covering import reg_file_places, uncovered
    from osrecipe.inputs.reg_files import reg_file_facts
    from osrecipe.model.facts import Facts

    places = reg_file_places(loaded.recipe, loaded.origins)
    gone = [path for path in places if not (loaded.folder / path).is_file()]
    problems = [
        Problem(
            Slug.INPUT_MISSING, f"there is no file `{path}`", places[path]
        )  # a lock may know it, `apply` needs it
        for path in gone
    ]
    at_reg_files = set(places.values())  # one that is new is read, locked or not
    stale = uncovered(lock, loaded.recipe, loaded.origins)
    problems += [p for p in stale if p.place not in at_reg_files]
    if problems:
        line = loaded.origins.line
        raise OsrecipeError(
            *(Problem(p.slug, p.reason, p.place, p.hint, line(p.place) if p.place else "") for p in problems)
        )
    reg_files = {path: reg_file_facts(loaded.folder / path, path) for path in places}
    return Facts(inputs=lock.facts.inputs, reg_files=reg_files)


# --- a revision of git -----------------------------------------------------------------------------------------------


@dataclass
class Snapshots:
    """Folders with what recipes may need of revisions, each made once."""

    folder: Path
    made: dict[str, Path] = field(default_factory=dict)

    def of(self, repository: Repository, commit: str) -> Path:
        """The folder of a commit.

        Raises:
            OsrecipeError: git can't be asked, or a file can't be taken out.
        """
        if commit not in self.made:
            to = self.folder / commit
            to.mkdir()
            files = repository.files(commit)
            first = [f for path, f in files.items() if path.endswith(_NEEDED) and f.size <= _limit(path)]
            repository.take(commit, first, to)
            repository.take(commit, _mentioned(first, files, to), to)
            self.made[commit] = to
        return self.made[commit]


def _limit(path: str) -> int:
    return _MAX_TEXT if path.endswith(_YAML) else 64 * _MAX_TEXT


def _mentioned(taken: Sequence[TreeFile], files: dict[str, TreeFile], folder: Path) -> list[TreeFile]:
    """Small files with other endings whose names stand in a recipe or fragment, which may extend or merge them."""
    known = {f.path for f in taken}
    words: set[str] = set()
    for path in known:
        if path.endswith(_YAML):
            words.update(_WORD.findall((folder / path).read_bytes().decode("utf-8", "replace")))
    return [
        f
        for path, f in files.items()
        if path not in known and path.rpartition("/")[2] in words and f.size <= _MAX_TEXT
    ]
