"""What `plan`, `explain` and `apply` do first: load the recipe, read its inputs, compile, ask the adapter."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from osrecipe.inputs.read import Gathered
    from osrecipe.model.adapter import Adapter
    from osrecipe.model.origins import Origins
    from osrecipe.model.plan import Plan
    from osrecipe.recipe import LoadedRecipe

_MANY_BYTES = 64 << 20


class Use(StrEnum):
    """How a lock beside the recipe is used.

    AUTO: it must cover the recipe; what is here must be what was locked, what is not here is taken from it.
    HERE: as AUTO, but everything must be here.
    ONLY: everything is taken from it, no input is looked at, and there must be one.
    NONE: it is left out of account.
    """

    AUTO = "auto"
    HERE = "here"
    ONLY = "only"
    NONE = "none"


def use_of(*, locked: bool, no_lock: bool) -> Use:
    """What the options `--locked` and `--no-lock` ask for.

    Raises:
        OsrecipeError: both are given; exit code 2.
    """
    if locked and no_lock:
        from osrecipe.model.codes import ExitCode, Slug
        from osrecipe.model.problems import error

        reason = "`--locked` and `--no-lock` exclude each other"
        raise error(Slug.USAGE_ARGUMENT, reason, exit_code=ExitCode.USAGE)
    return Use.ONLY if locked else Use.NONE if no_lock else Use.AUTO


@dataclass(frozen=True)
class Prepared:
    """A compiled recipe and all that was read on the way."""

    loaded: LoadedRecipe
    gathered: Gathered
    plan: Plan
    adapter: Adapter

    @property
    def ready(self) -> Ready:
        """What a run needs of it."""
        output = self.loaded.folder / self.plan.output
        return Ready(self.plan, self.gathered, self.adapter, self.loaded.origins, output)


@dataclass(frozen=True)
class Ready:
    """A plan that can be carried out, from a recipe or from a file.

    Attributes:
        gathered: its inputs' facts, and where they lie.
        origins: where what was written; of a saved plan only the file is known.
        output: where the ISO goes.
    """

    plan: Plan
    gathered: Gathered
    adapter: Adapter
    origins: Origins
    output: Path


def is_saved_plan(path: Path) -> bool:
    """Whether a file is a saved plan, by its content; one that can't be read is not."""
    from osrecipe.inputs.saved_plan import MAX_BYTES, is_plan

    try:
        with path.open("rb") as stream:
            return path.is_file() and is_plan(stream.read(MAX_BYTES + 1))
    except (OSError, ValueError):
        return False


def load_plan(path: Path) -> Plan:
    """Read a saved plan.

    Raises:
        OsrecipeError: it is not there or is wrong.
    """
    from osrecipe.inputs.saved_plan import MAX_BYTES, parse_plan
    from osrecipe.model.codes import Slug
    from osrecipe.model.problems import Place, error
    from osrecipe.plan.saved import check_digests

    shown = path.as_posix()
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as cause:
        reason = f"the plan can't be read: {cause.strerror or cause}"
        raise error(Slug.PLAN_FILE, reason, place=Place(shown)) from cause
    plan = parse_plan(data, shown)
    check_digests(plan, shown)
    return plan


def prepare_saved(path: Path, inputs: Sequence[Path] | None, adapter: Adapter) -> Ready:
    """Read a saved plan, find its inputs, ask the adapter. Neither recipe nor lock are looked at.

    Raises:
        OsrecipeError: the plan or an input is wrong, or the adapter refuses a task (exit code 3); an input is not what
            was planned (exit code 7).
    """
    from osrecipe.inputs.locate import Search
    from osrecipe.inputs.planned import read_planned
    from osrecipe.model.origins import Origins
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.plan import refusals

    shown = path.as_posix()
    plan = load_plan(path)
    folder = path.parent / plan.home
    gathered = read_planned(plan, Search(folder, tuple(inputs or ())), shown, hash_progress())
    origins = Origins(shown)
    refused = refusals(plan, gathered.facts, adapter, origins)
    if refused:
        raise OsrecipeError(*refused)
    return Ready(plan, gathered, adapter, origins, folder / plan.output)


def prepare(
    recipe: Path, inputs: Sequence[Path] | None, use: Use = Use.AUTO, adapter: Adapter | None = None
) -> Prepared:
    """Load, read, compile and ask the adapter, which is the embedded one unless another is given.

    Raises:
        OsrecipeError: the recipe, an input or the plan is wrong, or the adapter refuses a task (exit code 3); the lock
            does not cover the recipe, or an input is not what was locked (exit code 7).
    """
    from osrecipe.adapters.embedded import EmbeddedAdapter
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.plan import compile_plan, refusals
    from osrecipe.recipe import load

    loaded = load(recipe)
    gathered = gather(loaded, recipe, inputs, use)
    plan = compile_plan(loaded.recipe, gathered.facts, loaded.origins)
    adapter = adapter or EmbeddedAdapter()
    refused = refusals(plan, gathered.facts, adapter, loaded.origins)
    if refused:
        raise OsrecipeError(*refused)
    return Prepared(loaded, gathered, plan, adapter)


def gather(loaded: LoadedRecipe, recipe: Path, inputs: Sequence[Path] | None, use: Use) -> Gathered:
    """The facts of a loaded recipe's inputs, from the files, the lock, or both; says on standard error what is the lock's.

    Raises:
        OsrecipeError: as `prepare`.
    """
    from osrecipe.inputs.locate import Search
    from osrecipe.inputs.lock import load_lock, lock_path
    from osrecipe.inputs.read import Locked, locked_facts, read_facts

    path = lock_path(recipe)
    if use is Use.ONLY:
        found = locked_facts(loaded.recipe, loaded.origins, load_lock(path))
        print(f"note: all from `{path.name}`; no input was looked at", file=sys.stderr)
        return found
    locked = None
    if use is not Use.NONE and path.is_file():
        locked = Locked(load_lock(path), fill=use is Use.AUTO, hold=True)
    search = Search(loaded.folder, tuple(inputs or ()))
    found = read_facts(loaded.recipe, loaded.origins, search, hash_progress(), locked)
    if found.filled:
        names = ", ".join(f"`{name}`" for name in found.filled)
        print(f"note: not here, so from `{path.name}`: {names}", file=sys.stderr)
    return found


def hash_progress() -> Callable[[str, int, int], None] | None:
    """Say how far hashing a large input is, on a terminal only."""
    if not sys.stderr.isatty():
        return None
    last = [-1]

    def show(name: str, done: int, total: int) -> None:
        percent = done * 100 // total if total else 100
        if total >= _MANY_BYTES and percent != last[0]:
            last[0] = percent
            end = "\r\x1b[K" if done >= total else f"\rhashing {name}: {percent} %"
            print(end, end="", file=sys.stderr, flush=True)

    return show
