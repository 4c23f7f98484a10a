"""The dism adapter: `Adapter` put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.dism import describe, exporting, refusals
from osrecipe.adapters.dism.calls import DELAYS, Dism
from osrecipe.adapters.dism.image import DismImage, DismReadImage
from osrecipe.model.adapter import AdapterVersion, TaskError
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.model.adapter import Action, Context, Exported, Refusal
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.tasks import ExportImages

NAME: Final = "dism"
VERSION: Final = "1"
"""Raised when what this adapter makes of the same input changes."""


class DismAdapter:
    """Services images with dism.exe.

    Args:
        tool: the DISM to use; None where there is none, which is enough to plan and to explain.
        delays: seconds between tries of a command where trying again can help.
    """

    def __init__(self, tool: Tool | None = None, delays: tuple[float, ...] = DELAYS) -> None:
        self._tool = tool
        self._delays = delays

    @property
    def version(self) -> AdapterVersion:
        """Name, version, and the version of DISM."""
        known = () if self._tool is None else (("dism", str(self._tool.version)),)
        return AdapterVersion(name=NAME, version=VERSION, tools=known)

    def refuse(self, task: Task, unit: Session | Job, facts: Facts) -> Refusal | None:
        """As `Adapter.refuse`."""
        return refusals.refuse(task, unit, facts, self._tool.version if self._tool else None)

    def describe(self, task: Task, unit: Session | Job) -> tuple[Action, ...]:
        """As `Adapter.describe`."""
        return describe.describe(task, unit)

    def open(self, session: Session, ctx: Context) -> DismImage:
        """As `Adapter.open`: a private one-image WIM, mounted."""
        return DismImage(self._dism(), session, ctx)

    def open_read(self, wim: BinaryIO, index: int) -> DismReadImage:
        """As `Adapter.open_read`."""
        return DismReadImage(wim, index)

    def export(self, op: ExportImages, to: Path, ctx: Context) -> Exported:
        """As `Adapter.export`."""
        return exporting.export(self._dism(), op, to, ctx)

    def _dism(self) -> Dism:
        if self._tool is None:
            raise TaskError(
                Slug.RUN_TOOL_MISSING, "there is no DISM on this host", remedy="name one with `--dism PATH`"
            )
        return Dism(self._tool, self._delays)
