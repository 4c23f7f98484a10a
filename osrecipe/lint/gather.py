"""Brings together what is known of a recipe: its text, a lock beside it, its inputs where they may be read.

Reads files; judges nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from osrecipe.inputs.locate import Search, find
from osrecipe.inputs.lock import load_lock, lock_path
from osrecipe.inputs.read import read_facts
from osrecipe.lint.subject import Subject
from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError, Place, Problem
from osrecipe.model.recipe import FolderInput
from osrecipe.plan import compile_plan
from osrecipe.recipe import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.inputs.lock import Lock
    from osrecipe.model.facts import Facts
    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan
    from osrecipe.model.recipe import Tweak
    from osrecipe.recipe import LoadedRecipe

MAX_LISTED = 50_000
"""Files of a folder input that are looked at; more are not what people copy into an image."""


@dataclass(frozen=True)
class Outcome:
    """What came of looking for facts.

    Attributes:
        subject: what the rules look at.
        problems: why there is no plan, though there were facts or inputs to make one of.
        blind: why there are no facts, in a few words; empty when there are.
    """

    subject: Subject
    problems: tuple[Problem, ...] = ()
    blind: str = ""


def gather(
    path: Path,
    inputs: Sequence[Path] | None,
    before: Sequence[LoadedRecipe] = (),
    *,
    shown_as: str | None = None,
) -> Outcome:
    """Load a recipe and find out what can be known of it.

    Args:
        path: the recipe.
        inputs: folders whose files are read; None means that only a lock may say what the inputs hold.
        before: recipes looked at before.
        shown_as: its name in messages.

    Raises:
        OsrecipeError: the recipe itself is not valid.
    """
    loaded = load(path, shown_as=shown_as)
    lock, problems = _lock(path, loaded)
    facts, blind = None, ""
    if inputs is not None:
        try:
            facts = read_facts(loaded.recipe, loaded.origins, Search(loaded.folder, tuple(inputs))).facts
        except OsrecipeError as cause:
            problems += cause.problems
            blind = "the inputs can't be read"
    elif lock is not None:
        blind = _uncovered(loaded, lock)
        facts = lock.facts if not blind else None
    else:
        blind = "there is no lock" if not problems else "the lock can't be read"
    plan = None
    if facts is not None:
        plan, refused = _plan(loaded, facts)
        problems += refused
    subject = Subject(
        loaded,
        facts,
        plan,
        frozenset(lock.inputs) if lock else frozenset(),
        lock is not None,
        _listings(loaded, tuple(inputs or ())),
        tuple(before),
    )
    return Outcome(subject, _once(subject, problems), blind)


def _once(subject: Subject, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems without those that a rule tells of, too: what a rule says can be waived."""
    from osrecipe.lint.rules.expectations import expected_build  # rules read what is gathered here

    if subject.facts is None:
        return problems
    told = {subject.loaded.origins.at(*hit.loc) for hit in expected_build.check(subject)}
    return tuple(p for p in problems if p.slug != Slug.PLAN_EXPECTATION or p.place not in told)


def _lock(path: Path, loaded: LoadedRecipe) -> tuple[Lock | None, tuple[Problem, ...]]:
    where = lock_path(path)
    if not where.exists():
        return None, ()
    shown = loaded.origins.main.rpartition("/")[0]
    try:
        return load_lock(where, shown_as=f"{shown}/{where.name}" if shown else where.name), ()
    except OsrecipeError as cause:
        return None, cause.problems


def _uncovered(loaded: LoadedRecipe, lock: Lock) -> str:
    """Why a lock does not speak of this recipe; empty when it does."""
    for name, stated in loaded.recipe.inputs.items():
        line = lock.inputs.get(name)
        if line is None or line.path != stated.path:
            return f"the lock does not cover the input `{name}`"
    reg_files = {t.reg_file for t in _tweaks(loaded) if t.reg_file is not None}
    missing = sorted(reg_files - set(lock.reg_files))
    return f"the lock does not cover `{missing[0]}`" if missing else ""


def _tweaks(loaded: LoadedRecipe) -> list[Tweak]:
    return [at.tweak for at in Subject(loaded).tweaks()]


def _plan(loaded: LoadedRecipe, facts: Facts) -> tuple[Plan | None, tuple[Problem, ...]]:
    try:
        return compile_plan(loaded.recipe, facts, loaded.origins), ()
    except OsrecipeError as cause:
        return None, cause.problems


def _listings(loaded: LoadedRecipe, folders: tuple[Path, ...]) -> dict[InputId, tuple[str, ...]]:
    found: dict[InputId, tuple[str, ...]] = {}
    search = Search(loaded.folder, folders)
    for name, stated in loaded.recipe.inputs.items():
        if isinstance(stated, FolderInput):
            where = find(search, stated.folder, Place(""), folder=True)
            if not isinstance(where, Problem):
                found[name] = _files(where)
    return found


def _files(folder: Path) -> tuple[str, ...]:
    """Relative paths of a folder's files, sorted; links are not followed, what can't be listed is left out."""
    found: list[str] = []
    for base, folders, names in os.walk(folder):
        folders.sort()
        below = Path(base).relative_to(folder)
        found += [(below / name).as_posix() for name in names]
        if len(found) > MAX_LISTED:
            break
    return tuple(sorted(found[:MAX_LISTED]))
