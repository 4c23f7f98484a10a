"""What a reader of a plan should know beside its tasks: inputs in a few words, and what is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.facts import AnswerFileFacts, DriversFacts, FolderFacts, MediaFacts, UpdateFacts
from osrecipe.model.plan import Note, PlannedInput
from osrecipe.model.recipe import TARGETS, UpdateInput
from osrecipe.model.tasks import ApplyTweak, HarvestSources, PlaceUnattend
from osrecipe.model.words import count
from osrecipe.plan.digests import input_digest
from osrecipe.plan.drivers import driver_notes
from osrecipe.plan.international import notes_of_settings
from osrecipe.plan.steps import Compiling, label_of, targets_of
from osrecipe.plan.units import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.recipe import PeTarget, Recipe
    from osrecipe.plan.exports import Serviced
    from osrecipe.plan.selection import Selected
    from osrecipe.plan.units import Draft


def notes(
    work: Compiling,
    draft: Draft,
    selected: Sequence[Selected],
    install: Sequence[Serviced],
    boot: Sequence[Selected],
) -> tuple[Note, ...]:
    """What a reader should know though nothing is wrong."""
    return (
        *_inputs(work),
        *driver_notes(work, selected, boot),
        *notes_of_settings(work, selected),
        *_first_pass(work, draft),
        *_capabilities(work),
        *_tweaks(work, draft),
        *_sync(work, draft),
        *_captured(selected),
        *_winre(selected),
        *_others(work, selected, install),
    )


def _inputs(work: Compiling) -> Iterator[Note]:
    used = used_inputs(work.recipe)
    for name in work.recipe.inputs:
        if name not in used:
            yield Note(text=f"input `{name}` is not used", origin=origin_of(work.origins.key("inputs", name)))
        elif name in work.recipe.updates.apply and not targets_of(work, name):
            place = work.origins.at("updates", "apply", name)
            yield Note(text=f"update `{name}` goes to no image", origin=origin_of(place))


def _capabilities(work: Compiling) -> Iterator[Note]:
    for name, wanted in work.recipe.targets.install.capabilities.items():
        facts = work.facts.inputs[wanted.from_] if wanted != "removed" else None
        known = facts.capabilities if isinstance(facts, FolderFacts) else {}
        if wanted != "removed" and known.get(name.lower(), True) is None:
            place = work.origins.key("targets", "install", "capabilities", name)
            text = f"whether `{wanted.from_}` has the capability `{name}` can't be told from its files"
            yield Note(text=text, origin=origin_of(place))


def _first_pass(work: Compiling, draft: Draft) -> Iterator[Note]:
    """A part of a placed answer file that never takes effect there."""
    wanted = work.recipe.targets.install.unattend
    facts = work.facts.inputs[wanted.from_] if wanted is not None else None
    placed = any(isinstance(task.op, PlaceUnattend) for unit in draft.units for task in unit.tasks)
    if wanted is not None and placed and isinstance(facts, AnswerFileFacts) and "windowsPE" in facts.passes:
        text = (
            f"what `{wanted.from_}` has for `windowsPE` takes no effect: Setup does not read it from Panther"
        )
        yield Note(text=text, origin=origin_of(work.origins.at("targets", "install", "unattend")))


def used_inputs(recipe: Recipe) -> set[InputId]:
    """Ids of the inputs that something in a recipe names."""
    targets = recipe.targets
    tweaks = [
        t
        for target in (targets.install, targets.winre, targets.winpe, targets.setup)
        for t in target.tweaks.values()
    ]
    folders = {name for tweak in tweaks for name in tweak.files.values() if name is not None}
    capabilities = {each.from_ for each in targets.install.capabilities.values() if each != "removed"}
    answers = {targets.install.unattend.from_} if targets.install.unattend is not None else set()
    applied = recipe.updates.apply
    checkpoints = {
        other
        for name in applied
        if isinstance(stated := recipe.inputs[name], UpdateInput)
        for other in stated.checkpoints
    }
    return {*applied, recipe.source, *folders, *capabilities, *answers, *checkpoints, *recipe.drivers}


def _tweaks(work: Compiling, draft: Draft) -> Iterator[Note]:
    done = {
        (unit.target, task.op.tweak)
        for unit in draft.units
        if unit.kind == "session"
        for task in unit.tasks
        if isinstance(task.op, ApplyTweak)
    }
    for target in TARGETS:
        settings: PeTarget = getattr(work.recipe.targets, target)
        for name in settings.tweaks:
            if (target, name) not in done:
                place = work.origins.key("targets", target, "tweaks", name)
                yield Note(text=f"tweak `{name}` holds for no {target} image", origin=origin_of(place))


def _sync(work: Compiling, draft: Draft) -> Iterator[Note]:
    taken = any(isinstance(task.op, HarvestSources) for unit in draft.units for task in unit.tasks)
    if (
        ("media", "sync-sources") in work.origins.values
        and work.recipe.media.sync_sources != "none"
        and not taken
    ):
        place = work.origins.at("media", "sync-sources")
        yield Note(text="`sync-sources` finds nothing: no update goes to that image", origin=origin_of(place))


def _captured(selected: Sequence[Selected]) -> Iterator[Note]:
    for each in selected:
        if each.image.capture == "captured":
            what = "; ".join(trace.what for trace in each.image.traces)
            yield Note(text=f"`{each.image.name}` is captured, so it can't be used for an upgrade: {what}")


def _winre(selected: Sequence[Selected]) -> Iterator[Note]:
    for each in selected:
        if each.image.winre is None:
            yield Note(text=f"`{each.image.name}` has no winre")
    distinct = {s.image.winre.sha1 for s in selected if s.image.winre}
    if len(distinct) > 1:
        yield Note(
            text=f"the selected images have {len(distinct)} different winre images: each has its own lane"
        )


def _others(work: Compiling, selected: Sequence[Selected], install: Sequence[Serviced]) -> Iterator[Note]:
    chosen = {s.image.index for s in selected}
    kept = {s.selected.image.index for s in install}
    for image in work.media.install.images:
        if image.index not in kept:
            yield Note(text=f"`{image.name}` is dropped from the media")
        elif image.index not in chosen:
            yield Note(text=f"`{image.name}` is kept as it is")


def planned_input(name: InputId, path: str, facts: InputFacts) -> PlannedInput:
    """An input in the plan: where it is found, its content's digest, and what a reviewer recognises it by."""
    return PlannedInput(
        id=name, kind=facts.kind, path=path, digest=input_digest(facts), summary=summary_of(facts)
    )


def summary_of(facts: InputFacts) -> str:
    """What people recognise an input by, in a few words; equal summaries do not mean equal inputs."""
    match facts:
        case MediaFacts():
            images = facts.install.images
            return f"media {facts.label}: {len(images)} install image{'s' if len(images) > 1 else ''}, {images[0].version}"
        case UpdateFacts():
            return f"{label_of(facts)} {facts.package.architecture}"
        case FolderFacts():
            return f"folder of {count(facts.files, 'file')}"
        case DriversFacts():
            return f"drivers: {count(len(facts.drivers), 'package')} in {count(facts.files, 'file')}"
        case AnswerFileFacts():
            return f"answer file for {', '.join(facts.passes) or 'no pass'}"
