"""`osrecipe lock --bump`: newer updates from a folder into recipe and lock, with all else left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.inputs.bump import Bump
    from osrecipe.inputs.lock import Lock
    from osrecipe.model.names import InputId
    from osrecipe.model.origins import Loc
    from osrecipe.model.recipe import ExpectImage
    from osrecipe.recipe import LoadedRecipe
    from osrecipe.recipe.edit import Edit


def bump_updates(loaded: LoadedRecipe, path: Path, folder: Path, *, dry_run: bool) -> None:
    """Take newer updates from a folder, and say what was done.

    Args:
        loaded: the recipe.
        path: its lock, which must be there and cover the recipe.
        folder: where newer updates are looked for.
        dry_run: write nothing.

    Raises:
        OsrecipeError: the lock is missing, damaged or stale, or a value can't be changed in the recipe's text; nothing
            is written then.
    """
    from osrecipe.inputs.bump import bumped, find_bumps
    from osrecipe.inputs.lock import load_lock
    from osrecipe.inputs.read import locked_facts
    from osrecipe.inputs.relock import write_lock
    from osrecipe.render import locking

    lock = load_lock(path)
    locked_facts(loaded.recipe, loaded.origins, lock)
    built_on = _checkpoints(loaded)
    found = find_bumps(lock, folder, {other for each in built_on.values() for other in each})
    edits = {bump.name: _edits(loaded, bump) for bump in found.bumps}
    texts = _edited([edit for each in edits.values() for edit in each])
    places = {
        str(name): [f"{file}:{line}: {edit.new}" for file, line, edit in each] for name, each in edits.items()
    }
    print(locking.bumps(found.bumps, found.skipped, places), end="")
    _note_expectations(loaded, lock, found.bumps)
    for bump in found.bumps:
        if others := built_on.get(bump.name):
            named = ", ".join(f"`{other}`" for other in others)
            print(
                f"note: `{bump.name}` builds on {named}, left as written: look which checkpoints the newer one needs"
            )
    if not found.bumps:
        return
    if dry_run:
        print("nothing was written")
        return
    for file, text in texts.items():
        _replace(Path(file), text)
    write_lock(path, bumped(lock, found.bumps))
    print("wrote " + ", ".join(f"`{name}`" for name in (*texts, path.as_posix())))


def _checkpoints(loaded: LoadedRecipe) -> dict[InputId, tuple[InputId, ...]]:
    """By update, the checkpoints it builds on; a newer update of their kind is no newer checkpoint."""
    from osrecipe.model.recipe import UpdateInput

    stated = loaded.recipe.inputs.items()
    return {name: each.checkpoints for name, each in stated if isinstance(each, UpdateInput)}


_Edit = tuple[str, int, "Edit"]


def _edits(loaded: LoadedRecipe, bump: Bump) -> list[_Edit]:
    """The values that name an update, with the file and line of each: its path, and its hash where one is stated."""
    from osrecipe.model.facts import UpdateFacts
    from osrecipe.recipe.edit import Edit

    origins = loaded.origins
    loc: Loc = ("inputs", bump.name, "update")
    place = origins.at(*loc)
    written = _stated(place.file, loc)
    folder = written.rpartition("/")[0]
    name = bump.file.name
    edits = [(place.file, place.line, Edit(loc, f"{folder}/{name}" if folder else name))]
    hashed: Loc = ("inputs", bump.name, "sha256")
    if hashed in origins.values and isinstance(bump.after.facts, UpdateFacts):
        at = origins.at(*hashed)
        edits.append((at.file, at.line, Edit(hashed, bump.after.facts.sha256)))
    return edits


def _stated(file: str, loc: Loc) -> str:
    """A value as its own file has it, where paths are relative to that file."""
    from osrecipe.recipe.edit import value_at

    return value_at(Path(file).read_bytes().decode("utf-8"), file, loc) or ""


def _edited(edits: Sequence[_Edit]) -> dict[str, str]:
    """The new text of every file that changes.

    Raises:
        OsrecipeError: a value can't be changed.
    """
    from osrecipe.model.problems import OsrecipeError, Problem
    from osrecipe.recipe.edit import apply_edits

    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for file in dict.fromkeys(file for file, _, _ in edits):
        text = Path(file).read_bytes().decode("utf-8")
        changed = apply_edits(text, file, [edit for of, _, edit in edits if of == file])
        if isinstance(changed, Problem):
            problems.append(changed)
        else:
            texts[file] = changed
    if problems:
        raise OsrecipeError(*problems)
    return texts


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(text.encode("utf-8"))
    partial.replace(path)


def _note_expectations(loaded: LoadedRecipe, lock: Lock, bumps: Sequence[Bump]) -> None:
    """Say where the recipe still expects the build of an update that is replaced."""
    from osrecipe.model.facts import UpdateFacts

    old: set[str] = set()
    for bump in bumps:
        facts = lock.inputs[bump.name].facts
        if isinstance(facts, UpdateFacts):
            old.add(f"{facts.package.version.major}.{facts.package.version.minor}")
    expect: Mapping[str, ExpectImage | None] = dict(loaded.recipe.expect)
    for target, image in expect.items():
        if image is not None and image.build is not None and image.build.split(".", 2)[2] in old:
            place = loaded.origins.at("expect", target, "build")
            print(f"note: {place} still expects `{image.build}` of {target}")
