"""An image mounted in a folder, open for change; and one that is only read, from its WIM."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.dism import command, records
from osrecipe.adapters.dism.calls import watching
from osrecipe.adapters.dism.exporting import append
from osrecipe.adapters.dism.folder import ImageFolder
from osrecipe.adapters.dism.mounting import Mounted
from osrecipe.adapters.dism.servicing import Witness, service
from osrecipe.adapters.dism.workplace import Workplace
from osrecipe.engine.files import remove
from osrecipe.formats.wim.reader import WimReader
from osrecipe.windows.image_files import WimFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.adapters.dism.calls import Dism
    from osrecipe.model.adapter import Context, Outcome, StateKind
    from osrecipe.model.changes import ChangeSet, FileInfo
    from osrecipe.model.plan import Session
    from osrecipe.model.tasks import Servicing
    from osrecipe.model.winpath import WinPath

_EXPORTED: Final = 0.4
"""The share of opening an image that is spent on its private copy."""


class DismImage:
    """`OpenImage` over a mounted folder.

    Args:
        dism: who services it.
        session: whose base image it is.
        ctx: of the session.
    """

    def __init__(self, dism: Dism, session: Session, ctx: Context) -> None:
        self._dism = dism
        self._ctx = ctx
        self._wim = ctx.work / "image.wim"
        folder = ctx.work / "mount"
        self._mounted = Mounted(dism, self._wim, folder, ctx)
        self._open(session, folder)
        self._files = ImageFolder(folder, ctx.now)
        self._place = Workplace(dism, str(folder), self._files)
        self._witness = Witness(self._place, ctx)

    def _open(self, session: Session, folder: Path) -> None:
        """A private one-image WIM, mounted: what is in the store is never written to."""
        source = str(self._ctx.resolve(session.base.wim))
        verb = command.export(source, session.base.index, str(self._wim), compress="max")
        append(self._dism, verb, self._wim, 1, watching(self._ctx, 0, _EXPORTED))
        folder.mkdir()
        self._mounted.mount(1, _EXPORTED, 1)

    def read(self, path: WinPath) -> BinaryIO:
        """As `OpenImage.read`."""
        return self._files.read(path)

    def info(self, path: WinPath) -> FileInfo | None:
        """As `OpenImage.info`."""
        return self._files.info(path)

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """As `OpenImage.walk`."""
        return self._files.walk(folder)

    def apply(self, changes: ChangeSet) -> None:
        """As `OpenImage.apply`."""
        for change in changes:
            self._files.apply(change)

    def service(self, op: Servicing, ctx: Context) -> Outcome:
        """As `OpenImage.service`."""
        self._witness.forget()
        return service(self._place, op, ctx)

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`."""
        return self._witness.state(kind, name)

    def commit(self, to: Path) -> None:
        """As `OpenImage.commit`."""
        self._mounted.commit()
        shutil.move(self._wim, to)
        self.discard()

    def discard(self) -> None:
        """As `OpenImage.discard`; the session's folder goes with its unit when something is still mounted in it."""
        self._mounted.discard()
        if not self._mounted.is_held:
            remove(self._mounted.folder)
            self._wim.unlink(missing_ok=True)


class DismReadImage:
    """`ReadImage` over an image of a WIM that may lie inside an ISO; nothing is mounted."""

    def __init__(self, wim: BinaryIO, index: int) -> None:
        from osrecipe.adapters.embedded.reading import WimView

        self._view = WimView(wim, index)
        self._wim = WimReader(wim)
        self._files = WimFiles(self._wim, index)

    def read(self, path: WinPath) -> BinaryIO:
        """As `ReadImage.read`."""
        return self._view.read(path)

    def info(self, path: WinPath) -> FileInfo | None:
        """As `ReadImage.info`."""
        return self._view.info(path)

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `ReadImage.state`."""
        return records.state(self._files, kind, name)

    def close(self) -> None:
        """As `ReadImage.close`."""
        self._view.close()
        self._wim.close()
