"""A lock against a recipe, and files against a lock: what does not fit, at the recipe line that names the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.facts import (
    AnswerFileFacts,
    DriversFacts,
    FolderFacts,
    MediaFacts,
    RegFileFacts,
    UpdateFacts,
)
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.recipe import (
    TARGETS,
    AnswerFileInput,
    DriversInput,
    FolderInput,
    IsoInput,
    UpdateInput,
)
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.inputs.lock import Lock
    from osrecipe.model.facts import InputFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.origins import Origins
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Input, PeTarget, Recipe

AGAIN = "bring the lock up to date with `osrecipe lock RECIPE`"
_SHORT = 12
"""Digits of a hash that are enough to tell two apart."""
_WORDS = {
    IsoInput: "an ISO",
    UpdateInput: "an update",
    FolderInput: "a folder",
    DriversInput: "a folder of drivers",
    AnswerFileInput: "an answer file",
}


def reg_file_places(recipe: Recipe, origins: Origins) -> dict[str, Place]:
    """The `.reg` files that tweaks name, and where the recipe first does."""
    found: dict[str, Place] = {}
    for target in TARGETS:
        settings: PeTarget = getattr(recipe.targets, target)
        for name, tweak in settings.tweaks.items():
            if tweak.reg_file is not None:
                place = origins.at("targets", target, "tweaks", name, "reg-file")
                found.setdefault(tweak.reg_file, place)
    return found


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


def uncovered(lock: Lock, recipe: Recipe, origins: Origins) -> Iterator[Problem]:
    """Where a lock is not about this recipe: inputs it does not have, has under another path, or that are stated otherwise."""
    for name, stated in recipe.inputs.items():
        line = lock.inputs.get(name)
        place = origins.at("inputs", name)
        if line is None:
            yield Problem(Slug.LOCK_STALE, f"the lock has no input `{name}`", place, AGAIN)
        elif line.path != stated.path:
            reason = f"the lock has another file for `{name}`: `{line.path}`"
            yield Problem(Slug.LOCK_STALE, reason, place, AGAIN)
        elif not _fits(stated, line.facts):
            yield Problem(
                Slug.LOCK_STALE, f"in the lock `{name}` is not {_WORDS[type(stated)]}", place, AGAIN
            )
        else:
            yield from _stated_otherwise(name, stated, line.facts, origins)
            if _lacks_features(recipe, name, line.facts):
                reason = f"the lock knows no features of `{name}`, because the recipe switched none then"
                yield Problem(Slug.LOCK_STALE, reason, origins.at("targets", "install", "features"), AGAIN)
            if _lacks_apps(recipe, name, line.facts):
                reason = f"the lock knows no apps of `{name}`, because the recipe removed none then"
                yield Problem(Slug.LOCK_STALE, reason, origins.at("targets", "install", "appx"), AGAIN)
            yield from _lacks_capabilities(recipe, name, line.facts, origins)
    for path, place in reg_file_places(recipe, origins).items():
        if path not in lock.reg_files:
            yield Problem(Slug.LOCK_STALE, f"the lock has no `{path}`", place, AGAIN)


def _fits(stated: Input, facts: InputFacts) -> bool:
    match stated:
        case IsoInput():
            return isinstance(facts, MediaFacts)
        case UpdateInput():
            return isinstance(facts, UpdateFacts)
        case FolderInput():
            return isinstance(facts, FolderFacts)
        case DriversInput():
            return isinstance(facts, DriversFacts)
        case AnswerFileInput():
            return isinstance(facts, AnswerFileFacts)


def _lacks_features(recipe: Recipe, name: InputId, facts: InputFacts) -> bool:
    wanted = name == recipe.source and bool(recipe.targets.install.features)
    return wanted and isinstance(facts, MediaFacts) and not facts.features_read


def _lacks_apps(recipe: Recipe, name: InputId, facts: InputFacts) -> bool:
    wanted = name == recipe.source and bool(recipe.targets.install.appx)
    return wanted and isinstance(facts, MediaFacts) and not facts.apps_read


def capabilities_from(recipe: Recipe, name: InputId) -> tuple[str, ...]:
    """Capabilities that a recipe adds from a folder, in lower case."""
    stated = recipe.targets.install.capabilities
    return tuple(each.lower() for each, how in stated.items() if how != "removed" and how.from_ == name)


def removed_capabilities(recipe: Recipe) -> tuple[str, ...]:
    """Capabilities that a recipe removes, as written."""
    return tuple(each for each, how in recipe.targets.install.capabilities.items() if how == "removed")


def _lacks_capabilities(
    recipe: Recipe, name: InputId, facts: InputFacts, origins: Origins
) -> Iterator[Problem]:
    place = origins.at("targets", "install", "capabilities")
    if name == recipe.source and isinstance(facts, MediaFacts):
        if removed_capabilities(recipe) and not facts.capabilities_read:
            reason = f"the lock knows no capabilities of `{name}`, because the recipe removed none then"
            yield Problem(Slug.LOCK_STALE, reason, place, AGAIN)
    elif isinstance(facts, FolderFacts) and set(capabilities_from(recipe, name)) - facts.capabilities.keys():
        reason = f"the lock does not know whether `{name}` has the capabilities that come from it"
        yield Problem(Slug.LOCK_STALE, reason, place, AGAIN)


def _stated_otherwise(name: InputId, stated: Input, facts: InputFacts, origins: Origins) -> Iterator[Problem]:
    """What the recipe itself states of an input and the lock contradicts."""
    sha256 = None if isinstance(stated, FolderInput | DriversInput) else stated.sha256
    if sha256 is not None and not isinstance(facts, FolderFacts | DriversFacts) and sha256 != facts.sha256:
        reason = f"the SHA-256 stated for `{name}` is not the locked one's: {facts.sha256}"
        hint = "one of the two is older; " + AGAIN
        yield Problem(Slug.INPUT_HASH, reason, origins.at("inputs", name, "sha256"), hint)
    if isinstance(stated, UpdateInput) and isinstance(facts, UpdateFacts):
        try:
            check_kind(name, stated, facts)
        except OsrecipeError as error:
            for problem in error.problems:
                reason = f"`{stated.update}`: {problem.reason}"
                yield Problem(problem.slug, reason, origins.at("inputs", name, "kind"), problem.hint)


def drift(
    name: str, path: str, locked: InputFacts | RegFileFacts, found: InputFacts | RegFileFacts, place: Place
) -> Problem:
    """What is here is not what was locked: other content, or the same content read otherwise."""
    before, after = content_of(locked), content_of(found)
    if before == after:
        fields = ", ".join(differing(locked, found))
        reason = f"the lock says something else of `{name}` than is read from it now: {fields}"
        return Problem(Slug.LOCK_STALE, reason, place, AGAIN)
    reason = f"`{path}` is not what was locked as `{name}`: {after}, locked was {before}"
    return Problem(Slug.INPUT_DRIFT, reason, place, "take the locked one again, or accept this one: " + AGAIN)


def differing(before: InputFacts | RegFileFacts, after: InputFacts | RegFileFacts) -> list[str]:
    """Names of the facts that are not what they were."""
    return sorted(
        key for key in type(after).model_fields if getattr(after, key) != getattr(before, key, None)
    )


def content_of(facts: InputFacts | RegFileFacts) -> str:
    """What content is told by, in a few words: the beginning of its digest, and its size where that is known."""
    match facts:
        case FolderFacts() | DriversFacts():
            short = facts.tree.removeprefix("sha256:")[:_SHORT]
            return f"{short} ({count(facts.files, 'file')}, {facts.size} bytes)"
        case RegFileFacts():
            return facts.sha256[:_SHORT]
        case MediaFacts() | UpdateFacts() | AnswerFileFacts():
            return f"{facts.sha256[:_SHORT]} ({facts.size} bytes)"
