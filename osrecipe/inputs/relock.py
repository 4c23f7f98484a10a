"""Writing locks: facts read anew, what changed against the lock before, and whether a lock is still right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from osrecipe.inputs.covering import AGAIN, content_of, differing
from osrecipe.inputs.lock import Lock, LockedInput, LockedRegFile, dump
from osrecipe.inputs.read import Locked, failure, read_facts
from osrecipe.model.codes import Slug
from osrecipe.model.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.inputs.locate import Search
    from osrecipe.model.facts import InputFacts, RegFileFacts
    from osrecipe.model.origins import Origins
    from osrecipe.model.recipe import Recipe


@dataclass(frozen=True)
class Made:
    """A lock made anew; `kept` are the lines taken over from the one before, because their files are not here."""

    lock: Lock
    kept: tuple[str, ...]


def make_lock(
    recipe: Recipe,
    origins: Origins,
    search: Search,
    before: Lock | None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Made:
    """Read a recipe's inputs into a lock; what is not here keeps its line if there is one for the same path.

    Raises:
        OsrecipeError: an input is neither here nor locked, or is wrong.
    """
    locked = Locked(before, fill=True, hold=False) if before is not None else None
    gathered = read_facts(recipe, origins, search, progress, locked)
    inputs = {
        name: LockedInput(input=name, path=recipe.inputs[name].path, facts=facts)
        for name, facts in gathered.facts.inputs.items()
    }
    reg_files = {
        path: LockedRegFile.model_validate({"reg-file": path, "facts": facts})
        for path, facts in gathered.facts.reg_files.items()
    }
    return Made(Lock(recipe.name, inputs, reg_files), gathered.filled)


def write_lock(path: Path, lock: Lock) -> None:
    """Put a lock in its place in one step.

    Raises:
        OSError: it can't be written; the one before is as it was.
    """
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(dump(lock), encoding="utf-8", newline="\n")
    partial.replace(path)


@dataclass(frozen=True)
class Change:
    """What became of one line.

    Attributes:
        name: the input's id, or the `.reg` file's path.
        what: `added`, `removed`, `changed`, `kept` (its file is not here) or `same`.
        before: what the line held; None for one that is new.
        after: what it holds; None for one that is gone.
        paths: an input's path before and after, where it is another one; else empty.
    """

    name: str
    what: Literal["added", "removed", "changed", "kept", "same"]
    before: InputFacts | RegFileFacts | None
    after: InputFacts | RegFileFacts | None
    paths: tuple[str, str] | tuple[()] = ()


def changes(before: Lock | None, made: Made) -> tuple[Change, ...]:
    """What became of every line, in the order of the new lock, those that are gone last."""
    old = _lines(before) if before is not None else {}
    new = _lines(made.lock)
    found = [_change(name, old.get(name), line, kept=name in made.kept) for name, line in new.items()]
    gone = [Change(name, "removed", line.facts, None) for name, line in old.items() if name not in new]
    return (*found, *gone)


def _lines(lock: Lock) -> dict[str, LockedInput | LockedRegFile]:
    return {**{str(name): line for name, line in lock.inputs.items()}, **lock.reg_files}


def _change(
    name: str, old: LockedInput | LockedRegFile | None, new: LockedInput | LockedRegFile, *, kept: bool
) -> Change:
    if old is None:
        return Change(name, "added", None, new.facts)
    if old == new:
        return Change(name, "kept" if kept else "same", old.facts, new.facts)
    return Change(name, "changed", old.facts, new.facts, _paths(old, new))


def _paths(old: LockedInput | LockedRegFile, new: LockedInput | LockedRegFile) -> tuple[str, str] | tuple[()]:
    if isinstance(old, LockedInput) and isinstance(new, LockedInput) and old.path != new.path:
        return old.path, new.path
    return ()


def check_lock(
    recipe: Recipe,
    origins: Origins,
    search: Search,
    lock: Lock,
    text: str,
    shown: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[str, ...]:
    """Hold a lock against its recipe and the files that are here.

    Args:
        recipe: what the lock should cover.
        origins: where the recipe says what.
        search: where files are looked for.
        lock: the lock.
        text: its text as it is in the file.
        shown: the file's name in messages.
        progress: gets bytes hashed.

    Returns:
        What is not here, so that the lock's word was taken for it.

    Raises:
        OsrecipeError: with all differences (`lock/stale`, `input/drift`; exit code 7), or what is wrong with an input.
    """
    gathered = read_facts(recipe, origins, search, progress, Locked(lock, fill=True, hold=True))
    wanted = {*map(str, gathered.facts.inputs), *gathered.facts.reg_files}
    head = Place(shown, 1, 1)
    problems = [
        Problem(Slug.LOCK_STALE, f"the recipe has no `{name}` any more", lock.places.get(name, head), AGAIN)
        for name in _lines(lock)
        if name not in wanted
    ]
    if lock.recipe != recipe.name:
        reason = f"the lock is of the recipe `{lock.recipe}`, this one is `{recipe.name}`"
        problems.append(Problem(Slug.LOCK_STALE, reason, head, AGAIN))
    if not problems and sorted(_rows(text)) != sorted(_rows(dump(lock))):
        reason = "the lock is not written as `osrecipe lock` writes it"
        problems.append(Problem(Slug.LOCK_STALE, reason, head, AGAIN))
    if problems:
        raise failure(problems, origins)
    return gathered.filled


def _rows(text: str) -> list[str]:
    """Lines, whatever git made of their breaks; their order says nothing."""
    return text.replace("\r\n", "\n").split("\n")


def told_apart(change: Change) -> str:
    """What differs in a change that no summary shows: the content's digest, or else the fields that are read of it."""
    if change.before is None or change.after is None:
        before, after = (
            content_of(side) if side is not None else "nothing" for side in (change.before, change.after)
        )
        return f"{before} → {after}"
    before, after = content_of(change.before), content_of(change.after)
    if before != after:
        return f"{before} → {after}"
    fields = differing(change.before, change.after)
    return f"{before}; read otherwise: {', '.join(fields)}" if fields else before
