"""The lanes: for each image its sessions, with winre's lane first because the install images wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.names import LaneId
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import ExportImages, ExportPart, ImageRef, TakeWinre
from osrecipe.plan import steps
from osrecipe.plan.customizing import customizing_steps
from osrecipe.plan.order import Ordered, between_sessions, order, problem_of
from osrecipe.plan.selection import Selected, holds
from osrecipe.plan.units import artifact, job, saved_image, session
from osrecipe.windows.ordering import (
    CLASSIC,
    CUSTOMIZE,
    IMAGES_FIRST,
    NETFX3_SOURCE,
    SAVED_BEFORE_EXPORT,
    SERVICE_BEFORE_CUSTOMIZE,
    WINRE_INTO_INSTALL,
    WINRE_TAKEN_FIRST,
    StepKind,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.names import TweakId
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Move
    from osrecipe.plan.order import Step
    from osrecipe.plan.steps import Compiling
    from osrecipe.plan.units import Draft
    from osrecipe.windows.ordering import Precedes, Rule

NETFX3_CAB = "netfx3.cab"


@dataclass(frozen=True)
class Winre:
    """A recovery image that some install images share: its lane's export, or None when nothing is done to it."""

    sessions: tuple[Session, ...]
    export: Job | None


def run_lane(
    work: Compiling,
    draft: Draft,
    selected: Selected,
    base: ImageRef,
    service: Sequence[Step],
    customize: Sequence[Step],
) -> tuple[Session, ...]:
    """Make a lane's sessions: one that services, one that customizes; a session with nothing to do is left out."""
    inputs = {str(name): work.ref(name) for name in work.recipe.inputs}
    servicing, customizing = _moves(work, selected, service, customize)
    made: list[Session] = []
    for part, ordered in (
        ("service", _ordered(work, service, CLASSIC, servicing)),
        ("customize", _ordered(work, customize, CUSTOMIZE, customizing)),
    ):
        if ordered.steps:
            start = saved_image(made[-1]) if made else base
            made.append(session(draft, selected, part, start, ordered, inputs))
    if len(made) > 1:
        draft.join(made[0], made[1], SERVICE_BEFORE_CUSTOMIZE)
    return tuple(made)


def _moves(
    work: Compiling, selected: Selected, service: Sequence[Step], customize: Sequence[Step]
) -> tuple[list[tuple[Move, Place]], list[tuple[Move, Place]]]:
    """The recipe's moves in this kind of image, by the session they are made in.

    One from one session to the other, and one where nothing is done, is a problem.
    """
    serviced, customized = ({step.name for step in steps} for steps in (service, customize))
    servicing: list[tuple[Move, Place]] = []
    customizing: list[tuple[Move, Place]] = []
    for number, move in enumerate(work.recipe.updates.ordering.move):
        if move.target != selected.target:
            continue
        place = work.origins.at("updates", "ordering", "move", number)
        both = {move.step, move.before}
        if both <= customized:
            customizing.append((move, place))
        elif both & customized - serviced and both & serviced:
            work.problems.append(between_sessions(move, place))
        elif service or customize:
            (servicing if service else customizing).append((move, place))
        else:
            work.problems.append(problem_of(move, place))
    return servicing, customizing


def _ordered(
    work: Compiling, steps: Sequence[Step], table: Sequence[Precedes], moves: Sequence[tuple[Move, Place]]
) -> Ordered:
    """Steps in order; a move that can't be done is a problem, and compiling goes on without moves to find others."""
    try:
        return order(steps, table, moves)
    except OsrecipeError as cause:
        work.problems.extend(cause.problems)
        return order(steps, table)


def winre_lanes(work: Compiling, draft: Draft, images: Job, install: Sequence[Selected]) -> dict[int, Winre]:
    """Lanes for the distinct recovery images of the selected install images; by index of the install image.

    Equal images share a lane unless a tweak's condition holds for one of the install images around them only.
    """
    lanes: dict[tuple[str, tuple[TweakId, ...]], list[Selected]] = {}
    for selected in install:
        if selected.image.winre is not None:
            tweaks = work.recipe.targets.winre.tweaks.items()
            held = tuple(name for name, tweak in tweaks if holds(tweak.when, selected.image))
            lanes.setdefault((selected.image.winre.sha1, held), []).append(selected)
    found: dict[int, Winre] = {}
    for sharing in lanes.values():
        suffix = sharing[0].lane.removeprefix("install") if len(lanes) > 1 else ""
        winre = _winre_lane(work, draft, images, sharing[0], suffix)
        found.update((selected.image.index, winre) for selected in sharing)
    return found


def _winre_lane(work: Compiling, draft: Draft, images: Job, first: Selected, suffix: str) -> Winre:
    settings = work.recipe.targets.winre
    image = first.image.model_copy(update={"name": "winre", "winre": None, "features": {}})
    selected = Selected(LaneId(f"winre{suffix}"), "winre", image)
    service = _pe_service(work, selected)
    customize = (*customizing_steps(work, selected), *steps.tweak_steps(work, selected))
    if not service and not customize:
        _moves(work, selected, service, customize)
        return Winre((), None)
    place = work.origins.at("targets", "winre")
    take = TakeWinre(image=ImageRef(wim=artifact(images, "install.wim"), index=first.image.index))
    source = job(
        draft,
        f"source/winre{suffix}",
        take,
        f"take winre out of {first.image.name}",
        place,
        inputs=(take.image.wim,),
        produces=("winre.wim",),
    )
    draft.join(images, source, IMAGES_FIRST)
    base = ImageRef(wim=artifact(source, "winre.wim"), index=1)
    sessions = run_lane(work, draft, selected, base, service, customize)
    draft.join(source, sessions[0], WINRE_TAKEN_FIRST)
    part = ExportPart(image=saved_image(sessions[-1]), refresh=True)
    # A recovery image is started from a RAM disk, for which the boot manager looks at the WIM's boot index.
    op = ExportImages(wim="winre.wim", parts=(part,), compress=settings.export.compress, boot_index=1)
    export = job(
        draft,
        f"{selected.lane}/export",
        op,
        "export winre to a smaller WIM",
        place,
        inputs=(part.image.wim,),
        produces=("winre.wim",),
    )
    draft.join(sessions[-1], export, SAVED_BEFORE_EXPORT)
    return Winre(sessions, export)


def _pe_service(work: Compiling, selected: Selected) -> tuple[Step, ...]:
    settings = getattr(work.recipe.targets, selected.target)
    updates = steps.update_steps(work, selected.target, selected.image)
    return (*updates, *steps.cleanup_step(work, selected, settings.cleanup, has_updates=bool(updates)))


@dataclass(frozen=True)
class Sources:
    """The jobs that take out of the ISO what install lanes need; `netfx3` is None when it is not wanted."""

    images: Job
    netfx3: Job | None


def install_lane(
    work: Compiling,
    draft: Draft,
    sources: Sources,
    selected: Selected,
    winre: Winre | None,
    *,
    sync: str | None,
) -> tuple[Session, ...]:
    """The sessions of one install image; `sync` says by what the media's files are compared, None for not here."""
    settings = work.recipe.targets.install
    image = selected.image
    updates = steps.update_steps(work, "install", image)
    cab = artifact(sources.netfx3, NETFX3_CAB) if sources.netfx3 else None
    service = [
        *updates,
        *steps.cleanup_step(work, selected, settings.cleanup, has_updates=bool(updates)),
        *steps.netfx3_step(work, cab),
        *steps.feature_steps(work, image),
        *steps.capability_steps(work, image),
    ]
    if sync is not None and any(step.kind is not StepKind.DOTNET for step in updates):
        service.append(steps.harvest_sources_step(work, sync))
    customize = [*customizing_steps(work, selected), *steps.tweak_steps(work, selected)]
    if winre is not None and winre.export is not None:
        customize.insert(0, steps.winre_step(work, artifact(winre.export, "winre.wim")))
    base = ImageRef(wim=artifact(sources.images, "install.wim"), index=image.index)
    sessions = run_lane(work, draft, selected, base, service, customize)
    if sessions:
        draft.join(sources.images, sessions[0], IMAGES_FIRST)
    for made in sessions:
        for task in made.tasks:
            if task.op.op == "enable-netfx3" and sources.netfx3 is not None:
                _feed(draft, sources.netfx3, made, task, NETFX3_SOURCE)
            if task.op.op == "inject-winre" and winre is not None and winre.export is not None:
                _feed(draft, winre.export, made, task, WINRE_INTO_INSTALL)
    return sessions


def _feed(draft: Draft, source: Job, made: Session, task: Task, rule: Rule) -> None:
    """What a task uses is there before its session opens: a session never waits inside."""
    draft.link(source.tasks[-1].id, task.id, rule)
    draft.join(source, made, rule)


def boot_lane(work: Compiling, draft: Draft, images: Job, selected: Selected) -> tuple[Session, ...]:
    """The sessions of one image of boot.wim; the setup image also gives the media its setup.exe."""
    service = list(_pe_service(work, selected))
    customize = [*customizing_steps(work, selected), *steps.tweak_steps(work, selected)]
    if selected.target == "setup" and (service or customize):
        (customize or service).append(steps.harvest_setup_step(work))
    base = ImageRef(wim=artifact(images, "boot.wim"), index=selected.image.index)
    sessions = run_lane(work, draft, selected, base, service, customize)
    if sessions:
        draft.join(images, sessions[0], IMAGES_FIRST)
    return sessions


def boot_images(images: Sequence[ImageFacts], boot_index: int) -> tuple[Selected, ...]:
    """Which image of boot.wim is Setup: the bootable one, or the last; the others are Windows PE."""
    setup = boot_index or (images[-1].index if images else 0)
    others = [image for image in images if image.index != setup]
    lanes = ["winpe"] if len(others) == 1 else [f"winpe-{image.index}" for image in others]
    by_index = {image.index: LaneId(lane) for image, lane in zip(others, lanes, strict=True)}
    return tuple(
        Selected(LaneId("setup"), "setup", image)
        if image.index == setup
        else Selected(by_index[image.index], "winpe", image)
        for image in images
    )
