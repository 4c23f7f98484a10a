"""The lanes: for each image its sessions, with winre's lane first because the install images wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.names import LaneId
from osrecipe.model.tasks import ExportImages, ExportPart, ImageRef, TakeWinre
from osrecipe.plan import steps
from osrecipe.plan.order import Ordered, order, problem_of
from osrecipe.plan.selection import Selected
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
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.plan import Job, Session
    from osrecipe.plan.order import Step
    from osrecipe.plan.steps import Compiling
    from osrecipe.plan.units import Draft

NETFX3_CAB = "netfx3.cab"


@dataclass(frozen=True)
class Winre:
    """A recovery image that some install images share: its lane's export, or None when nothing is done to it."""

    sha1: str
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
    moves = [
        (move, work.origins.at("updates", "ordering", "move", number))
        for number, move in enumerate(work.recipe.updates.ordering.move)
        if move.target == selected.target
    ]
    work.problems.extend(problem_of(move, place) for move, place in moves if not service)
    made: list[Session] = []
    for part, wanted, ordered in (
        ("service", service, order(service, CLASSIC, moves) if service else Ordered((), ())),
        ("customize", customize, order(customize, CUSTOMIZE)),
    ):
        if wanted:
            start = saved_image(made[-1]) if made else base
            made.append(session(draft, selected, part, start, ordered, inputs))
    if len(made) > 1:
        draft.join(made[0], made[1], SERVICE_BEFORE_CUSTOMIZE)
    return tuple(made)


def winre_lanes(work: Compiling, draft: Draft, images: Job, install: Sequence[Selected]) -> dict[str, Winre]:
    """Lanes for the distinct recovery images of the selected install images, by SHA-1."""
    distinct: dict[str, Selected] = {}
    for selected in install:
        if selected.image.winre is not None:
            distinct.setdefault(selected.image.winre.sha1, selected)
    return {
        sha1: _winre_lane(work, draft, images, sha1, first, f"-{number}" if len(distinct) > 1 else "")
        for number, (sha1, first) in enumerate(distinct.items(), start=1)
    }


def _winre_lane(work: Compiling, draft: Draft, images: Job, sha1: str, first: Selected, suffix: str) -> Winre:
    settings = work.recipe.targets.winre
    image = first.image.model_copy(update={"name": "winre", "winre": None, "features": {}})
    selected = Selected(LaneId(f"winre{suffix}"), "winre", image)
    service = _pe_service(work, selected)
    customize = steps.tweak_steps(work, selected)
    if not service and not customize:
        return Winre(sha1, (), None)
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
    op = ExportImages(wim="winre.wim", parts=(part,), compress=settings.export.compress)
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
    return Winre(sha1, sessions, export)


def _pe_service(work: Compiling, selected: Selected) -> tuple[Step, ...]:
    settings = getattr(work.recipe.targets, selected.target)
    updates = steps.update_steps(work, selected.target, selected.image)
    return (*updates, *steps.cleanup_step(work, selected, settings.cleanup, has_updates=bool(updates)))


def install_lane(
    work: Compiling, draft: Draft, images: Job, selected: Selected, winre: Winre | None, *, sync: str | None
) -> tuple[Session, ...]:
    """The sessions of one install image; `sync` says by what the media's files are compared, None for not here."""
    settings = work.recipe.targets.install
    image = selected.image
    updates = steps.update_steps(work, "install", image)
    cab = artifact(images, NETFX3_CAB) if NETFX3_CAB in images.produces else None
    service = [
        *updates,
        *steps.cleanup_step(work, selected, settings.cleanup, has_updates=bool(updates)),
        *steps.netfx3_step(work, cab),
        *steps.feature_steps(work, image),
    ]
    if sync is not None and updates:
        service.append(steps.harvest_sources_step(work, sync))
    customize = list(steps.tweak_steps(work, selected))
    if winre is not None and winre.export is not None:
        customize.insert(0, steps.winre_step(work, artifact(winre.export, "winre.wim")))
    base = ImageRef(wim=artifact(images, "install.wim"), index=image.index)
    sessions = run_lane(work, draft, selected, base, service, customize)
    if sessions:
        draft.join(images, sessions[0], IMAGES_FIRST)
        _link_sources(draft, images, sessions, winre)
    return sessions


def _link_sources(draft: Draft, images: Job, sessions: tuple[Session, ...], winre: Winre | None) -> None:
    for task in (t for s in sessions for t in s.tasks):
        if task.op.op == "enable-netfx3":
            draft.link(images.tasks[-1].id, task.id, NETFX3_SOURCE)
        if task.op.op == "inject-winre" and winre is not None and winre.export is not None:
            draft.link(winre.export.tasks[-1].id, task.id, WINRE_INTO_INSTALL)


def boot_lane(work: Compiling, draft: Draft, images: Job, selected: Selected) -> tuple[Session, ...]:
    """The sessions of one image of boot.wim; the setup image also gives the media its setup.exe."""
    service = list(_pe_service(work, selected))
    customize = list(steps.tweak_steps(work, selected))
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
