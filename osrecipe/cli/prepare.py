"""What `plan`, `explain` and `apply` do first: load the recipe, read its inputs, compile, ask the adapter."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from osrecipe.inputs.read import Gathered
    from osrecipe.model.adapter import Adapter
    from osrecipe.model.plan import Plan
    from osrecipe.recipe import LoadedRecipe

_MANY_BYTES = 64 << 20


@dataclass(frozen=True)
class Prepared:
    """A compiled recipe and all that was read on the way."""

    loaded: LoadedRecipe
    gathered: Gathered
    plan: Plan
    adapter: Adapter


def prepare(recipe: Path, inputs: Sequence[Path] | None) -> Prepared:
    """Load, read, compile and ask.

    Raises:
        OsrecipeError: the recipe, an input or the plan is wrong, or the adapter refuses a task; exit code 3.
    """
    from osrecipe.adapters.embedded import EmbeddedAdapter
    from osrecipe.inputs.locate import Search
    from osrecipe.inputs.read import read_facts
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.plan import compile_plan, refusals
    from osrecipe.recipe import load

    loaded = load(recipe)
    search = Search(loaded.folder, tuple(inputs or ()))
    gathered = read_facts(loaded.recipe, loaded.origins, search, _hash_progress())
    plan = compile_plan(loaded.recipe, gathered.facts, loaded.origins)
    adapter = EmbeddedAdapter()
    refused = refusals(plan, gathered.facts, adapter, loaded.origins)
    if refused:
        raise OsrecipeError(*refused)
    return Prepared(loaded, gathered, plan, adapter)


def _hash_progress() -> Callable[[str, int, int], None] | None:
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
