"""The embedded adapter: `Adapter` put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.embedded import exporting, refusals
from osrecipe.adapters.embedded.image import EmbeddedImage, EmbeddedReadImage
from osrecipe.formats.cab import mspack
from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim import libwim
from osrecipe.model.adapter import AdapterVersion

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.adapter import Action, Context, Exported, Refusal
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.tasks import ExportImages

NAME: Final = "embedded"
VERSION: Final = "2"
"""Raised when what this adapter makes of the same input changes."""


class EmbeddedAdapter:
    """Services images on hosts without Windows."""

    @property
    def version(self) -> AdapterVersion:
        """Name, version, and the native libraries that are there."""
        return AdapterVersion(name=NAME, version=VERSION, tools=_tools())

    def refuse(self, task: Task, unit: Session | Job, facts: Facts) -> Refusal | None:  # noqa: ARG002 - the protocol's
        """As `Adapter.refuse`."""
        return refusals.refuse(task, facts)

    def describe(self, task: Task, unit: Session | Job) -> tuple[Action, ...]:
        """As `Adapter.describe`."""
        return refusals.describe(task, unit)

    def open(self, session: Session, ctx: Context) -> EmbeddedImage:
        """As `Adapter.open`: a private one-image WIM, blobs copied as they are stored.

        Raises:
            TaskError: the base is damaged.
        """
        private = ctx.work / "image.wim"
        exporting.copy_of(ctx.resolve(session.base.wim), session.base.index, private, ctx)
        return EmbeddedImage(private, ctx)

    def open_read(self, wim: BinaryIO, index: int) -> EmbeddedReadImage:
        """As `Adapter.open_read`.

        Raises:
            FormatError: the WIM is damaged or has no such image.
        """
        return EmbeddedReadImage(wim, index)

    def export(self, op: ExportImages, to: Path, ctx: Context) -> Exported:
        """As `Adapter.export`."""
        return exporting.export(op, to, ctx)


def _tools() -> tuple[tuple[str, str], ...]:
    """The native libraries that are there; what needs one that is not says so when it is needed."""
    try:
        found = [("libwim", ".".join(map(str, libwim.version())))]
    except FormatError:
        found = []
    # libmspack has no way to ask for its version.
    return (*found, ("libmspack", "present")) if mspack.available() else tuple(found)
