"""Which function carries each job out: the media room's own, or the adapter's export."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.engine.worker import carry_out_job
from osrecipe.media.iso import write_media
from osrecipe.media.source import take_images, take_winre
from osrecipe.media.tree import copy_media, place_file, place_setup, sync_sources
from osrecipe.media.verify import verify_media
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.tasks import (
    CopyMedia,
    ExportImages,
    PlaceFile,
    PlaceSetup,
    SyncSources,
    TakeImages,
    TakeWinre,
    VerifyMedia,
    WriteIso,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.engine.worker import Verified
    from osrecipe.model.adapter import Adapter, Context
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome, UnitRequest
    from osrecipe.model.plan import Task


def carry_out(
    request: UnitRequest,
    adapter: Adapter,
    *,
    secrets: Mapping[str, str],
    emit: Callable[[Event], None],
    cancelled: Callable[[], bool],
) -> UnitOutcome:
    """Carry a job out; on success its artifacts are in `request.artifacts`. Never raises for a task."""

    def do(task: Task, request: UnitRequest, ctx: Context) -> Outcome | Verified:
        return _do(task, request, ctx, adapter)

    return carry_out_job(request, do, secrets=secrets, emit=emit, cancelled=cancelled)


def _do(task: Task, request: UnitRequest, ctx: Context, adapter: Adapter) -> Outcome | Verified:  # noqa: PLR0911 - one row a job
    match task.op:
        case TakeImages() as op:
            return take_images(op, request.artifacts, ctx)
        case TakeWinre() as op:
            return take_winre(op, request.artifacts, ctx)
        case ExportImages() as op:
            return _export(op, request, ctx, adapter)
        case CopyMedia() as op:
            return copy_media(op, request.tree, ctx)
        case PlaceFile() as op:
            return place_file(op, request.tree, ctx)
        case SyncSources() as op:
            return sync_sources(op, request.tree, ctx)
        case PlaceSetup() as op:
            return place_setup(op, request.tree, ctx)
        case WriteIso() as op:
            return write_media(op, request.tree, request.artifacts, ctx)
        case VerifyMedia() as op:
            return verify_media(op, adapter, ctx)
    raise TaskError(Slug.INTERNAL, f"this is nothing to do outside an image: `{task.op.op}`")


def _export(op: ExportImages, request: UnitRequest, ctx: Context, adapter: Adapter) -> Outcome:
    """Export through the adapter; the file gets the plan's time, so that what is made of it is repeatable."""
    target = request.artifacts / op.wim
    exported = adapter.export(op, target, ctx)
    os.utime(target, (ctx.now, ctx.now))
    versions = ", ".join(str(version) for version in exported.versions)
    figures = (("images", len(op.parts)), ("bytes", exported.size))
    return Outcome(detail=versions, figures=figures)
