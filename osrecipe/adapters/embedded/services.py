"""Servicing operations by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.embedded.cleanup import clean_up
from osrecipe.adapters.embedded.packages import add_stack, add_update
from osrecipe.adapters.embedded.switching import enable_netfx3, set_feature
from osrecipe.adapters.embedded.work import Work
from osrecipe.model.adapter import TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.frozen import Digest
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyUnattend,
    ChangeSettings,
    CleanupImage,
    EnableNetfx3,
    InputRef,
    RemoveApp,
    SetCapability,
    SetFeature,
)

if TYPE_CHECKING:
    from osrecipe.adapters.embedded.staged import StagedImage
    from osrecipe.model.adapter import Context, Outcome
    from osrecipe.model.tasks import Servicing


def service(image: StagedImage, op: Servicing, ctx: Context, now: int) -> Outcome:
    """Carry an operation out; `now` is a FILETIME.

    Raises:
        TaskError: it can't be done.
        FormatError: the image or the package is damaged.
    """
    work = Work(image, ctx, now, _package(op))
    outcome = _do(work, op)
    work.finish()
    return outcome


def _package(op: Servicing) -> str:
    """The digest of the package an operation adds."""
    match op:
        case AddPackage():
            return op.content
        case EnableNetfx3():
            return f"{op.source.digest}-{op.source.name}"
        case _:
            return ""


def _do(work: Work, op: Servicing) -> Outcome:
    match op:
        case AddPackage():
            path = work.ctx.resolve(InputRef(input=op.input, digest=Digest(op.content)))
            name = f"KB{op.kb}" if op.kb else op.package
            if op.stack_only:
                return add_stack(work, path, op.kb).outcome(f"the servicing stack of {name}")
            return add_update(work, path, op.kb).outcome(name)
        case EnableNetfx3():
            return enable_netfx3(work, work.ctx.resolve(op.source), op.package)
        case SetFeature():
            return set_feature(work, op.feature, op.state)
        case CleanupImage():
            return clean_up(work, op.level)
        case SetCapability() | RemoveApp() | AddDrivers() | ChangeSettings() | ApplyUnattend():
            raise TaskError(
                Slug.PLAN_REFUSED, f"not carried out here: {op.op}", remedy="the dism adapter on Windows can"
            )
