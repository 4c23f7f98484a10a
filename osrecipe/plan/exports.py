"""Images in and images out: the job that takes WIMs out of the ISO, and those that write them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.tasks import ExportImages, ExportPart, ImageRef, TakeImages
from osrecipe.model.winpath import WinPath
from osrecipe.plan.lanes import NETFX3_CAB
from osrecipe.plan.units import Draft, artifact, job, saved_image
from osrecipe.windows.ordering import IMAGES_FIRST, SAVED_BEFORE_EXPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.plan import Job, Session
    from osrecipe.plan.selection import Selected
    from osrecipe.plan.steps import Compiling

INSTALL_WIM = WinPath("sources\\install.wim")
BOOT_WIM = WinPath("sources\\boot.wim")
NETFX3_PATH = WinPath("sources\\sxs\\microsoft-windows-netfx3-ondemand-package.cab")


@dataclass(frozen=True)
class Serviced:
    """An image and the sessions of its lane; none when nothing is done to it.

    Attributes:
        chosen: whether the recipe means it; False when it is only kept.
    """

    selected: Selected
    sessions: tuple[Session, ...]
    chosen: bool = True


def take_images(work: Compiling, draft: Draft, *, boot: bool) -> Job:
    """Take the WIMs out of the ISO; what is taken depends on the media alone, so that no setting rebuilds all lanes."""
    paths = (INSTALL_WIM, BOOT_WIM) if boot else (INSTALL_WIM,)
    return job(
        draft,
        "source/images",
        TakeImages(media=work.media_ref, paths=paths),
        "take the images out of the source ISO",
        work.origins.at("source"),
        inputs=(work.media_ref,),
        produces=tuple(path.name for path in paths),
    )


def take_netfx3(work: Compiling, draft: Draft) -> Job | None:
    """Take the .NET 3.5 package out of the ISO; None when it is not wanted or not there."""
    netfx3 = work.recipe.targets.install.netfx3
    if netfx3 is None or not netfx3.enable:
        return None
    place = work.origins.at("targets", "install", "netfx3")
    if work.media.netfx3 is None:
        reason = "the media has no .NET Framework 3.5 package in `sources\\sxs`"
        hint = "newer builds no longer carry it as a feature: take media that does, or drop `netfx3`"
        work.problem(Slug.PLAN_NO_SOURCE, reason, place, hint)
        return None
    op = TakeImages(media=work.media_ref, paths=(NETFX3_PATH,))
    title = "take the .NET Framework 3.5 package out of the source ISO"
    return job(draft, "source/netfx3", op, title, place, inputs=(work.media_ref,), produces=(NETFX3_CAB,))


def export_install(work: Compiling, draft: Draft, images: Job, serviced: Sequence[Serviced]) -> Job | None:
    """Write install.wim anew; None when nothing in it changes."""
    compress = work.recipe.targets.install.export.compress
    unchanged = len(serviced) == len(work.media.install.images) and not any(s.sessions for s in serviced)
    if unchanged and ("targets", "install", "export") not in work.origins.values:
        return None
    op = ExportImages(
        wim=INSTALL_WIM.name, parts=_parts(images, INSTALL_WIM.name, serviced), compress=compress
    )
    return _export(work, draft, "install/export", op, images, serviced)


def export_boot(work: Compiling, draft: Draft, images: Job, serviced: Sequence[Serviced]) -> Job | None:
    """Write boot.wim anew with its boot flag; None when nothing in it changes."""
    if not any(s.sessions for s in serviced) or work.media.boot is None:
        return None
    op = ExportImages(
        wim=BOOT_WIM.name,
        parts=_parts(images, BOOT_WIM.name, serviced),
        compress="keep",
        boot_index=work.media.boot.boot_index,
    )
    return _export(work, draft, "boot/export", op, images, serviced)


def carried_over(
    images: Sequence[ImageFacts], taken: Sequence[Selected], others: str
) -> tuple[ImageFacts, ...]:
    """The install images of the finished media, in the source's order."""
    indexes = {s.image.index for s in taken}
    return tuple(image for image in images if image.index in indexes or others == "keep")


def _parts(images: Job, wim: str, serviced: Sequence[Serviced]) -> tuple[ExportPart, ...]:
    return tuple(
        ExportPart(image=saved_image(s.sessions[-1]), refresh=True)
        if s.sessions
        else ExportPart(
            image=ImageRef(wim=artifact(images, wim), index=s.selected.image.index), refresh=False
        )
        for s in serviced
    )


def _export(
    work: Compiling, draft: Draft, name: str, op: ExportImages, images: Job, serviced: Sequence[Serviced]
) -> Job:
    count = len(op.parts)
    place = (
        work.origins.at("targets", "install", "export")
        if op.wim == INSTALL_WIM.name
        else work.origins.at("targets")
    )
    made = job(
        draft,
        name,
        op,
        f"export {op.wim}: {count} image{'s' if count > 1 else ''}, in the source's order",
        place,
        inputs=tuple(dict.fromkeys(part.image.wim for part in op.parts)),
        produces=(op.wim,),
    )
    for each in serviced:
        if each.sessions:
            draft.join(each.sessions[-1], made, SAVED_BEFORE_EXPORT)
        else:
            draft.join(images, made, IMAGES_FIRST)
    return made
