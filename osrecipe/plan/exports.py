"""Images in and images out: the job that takes WIMs out of the ISO, and those that write them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.tasks import ExportImages, ExportPart, ImageRef, TakeImages
from osrecipe.model.winpath import WinPath
from osrecipe.plan.lanes import NETFX3_CAB
from osrecipe.plan.units import Draft, artifact, job, saved_image
from osrecipe.windows.ordering import SAVED_BEFORE_EXPORT

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
    """An image and the sessions of its lane; no session when it is carried over as it is."""

    selected: Selected
    sessions: tuple[Session, ...]


def take_images(work: Compiling, draft: Draft, *, boot: bool) -> Job:
    """Take the WIMs (and the .NET 3.5 cab when it is wanted) out of the ISO."""
    netfx3 = work.recipe.targets.install.netfx3
    wanted = netfx3 is not None and netfx3.enable
    if wanted and work.media.netfx3 is None:
        reason = "the media has no .NET Framework 3.5 package in `sources\\sxs`"
        hint = "newer builds no longer carry it as a feature: take media that does, or drop `netfx3`"
        work.problem(Slug.PLAN_NO_SOURCE, reason, work.origins.at("targets", "install", "netfx3"), hint)
    paths = [INSTALL_WIM, *([BOOT_WIM] if boot else []), *([NETFX3_PATH] if wanted else [])]
    return job(
        draft,
        "source/images",
        TakeImages(media=work.media_ref, paths=tuple(paths)),
        "take the images out of the source ISO",
        work.origins.at("source"),
        inputs=(work.media_ref,),
        produces=tuple(NETFX3_CAB if path == NETFX3_PATH else path.name for path in paths),
    )


def export_install(work: Compiling, draft: Draft, images: Job, serviced: Sequence[Serviced]) -> Job | None:
    """Write install.wim anew; None when nothing in it changes."""
    compress = work.recipe.targets.install.export.compress
    unchanged = len(serviced) == len(work.media.install.images) and not any(s.sessions for s in serviced)
    if unchanged and ("targets", "install", "export") not in work.origins.values:
        return None
    op = ExportImages(
        wim=INSTALL_WIM.name, parts=_parts(images, INSTALL_WIM.name, serviced), compress=compress
    )
    return _export(work, draft, "install/export", op, serviced)


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
    return _export(work, draft, "boot/export", op, serviced)


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


def _export(work: Compiling, draft: Draft, name: str, op: ExportImages, serviced: Sequence[Serviced]) -> Job:
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
    return made
