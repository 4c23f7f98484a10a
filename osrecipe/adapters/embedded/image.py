"""An image that is open for change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.adapters.embedded.errors import following, task_errors
from osrecipe.adapters.embedded.payload import SharedPayload
from osrecipe.adapters.embedded.records import Records
from osrecipe.adapters.embedded.services import service
from osrecipe.adapters.embedded.staged import StagedImage
from osrecipe.model.changes import DeletePath, LinkFile, MakeFolder, PutFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.model.adapter import Context, Outcome, StateKind
    from osrecipe.model.changes import Change, ChangeSet, FileInfo
    from osrecipe.model.tasks import Servicing
    from osrecipe.model.winpath import WinPath

_EPOCH = 116_444_736_000_000_000
"""1970 as a FILETIME."""


def filetime(unix: int) -> int:
    """Unix seconds as 100 ns since 1601."""
    return _EPOCH + unix * 10_000_000


class EmbeddedImage:
    """`OpenImage` over a private one-image WIM.

    Args:
        wim: the file; nobody else's.
        ctx: of the session that opened it.
    """

    def __init__(self, wim: Path, ctx: Context) -> None:
        self._wim = wim
        self._ctx = ctx
        spool = wim.with_suffix(".content")
        spool.mkdir()
        self._spool = spool
        self._served = 0
        with task_errors():
            self._staged = StagedImage(wim, spool, filetime(ctx.now))

    def read(self, path: WinPath) -> BinaryIO:
        """As `OpenImage.read`."""
        with task_errors():
            return self._staged.read(path)

    def info(self, path: WinPath) -> FileInfo | None:
        """As `OpenImage.info`."""
        with task_errors():
            return self._staged.info(path)

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """As `OpenImage.walk`."""
        with task_errors():
            yield from self._staged.walk(folder)

    def apply(self, changes: ChangeSet) -> None:
        """As `OpenImage.apply`."""
        with task_errors():
            for change in changes:
                self._apply(change)

    def _apply(self, change: Change) -> None:
        match change:
            case PutFile(path, content, written):
                if written is None and not isinstance(content, bytes):
                    written = _EPOCH + content.stat().st_mtime_ns // 100
                self._staged.put(path, content, written=written)
            case LinkFile(path, target):
                self._staged.link(path, target)
            case MakeFolder(path):
                self._staged.make_folder(path)
            case DeletePath(path):
                self._staged.delete(path)

    def service(self, op: Servicing, ctx: Context) -> Outcome:
        """As `OpenImage.service`.

        A task's own folder goes when the task ends, but payload is read when the image is saved: it waits here.
        """
        self._served += 1
        kept = self._spool / f"operation-{self._served}"
        kept.mkdir()
        with task_errors():
            return service(self._staged, op, replace(ctx, work=kept), filetime(ctx.now))

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`."""
        with task_errors():
            return Records(self._staged).state(kind, name)

    def commit(self, to: Path) -> None:
        """As `OpenImage.commit`: one commit of all changes, then the file takes its name."""
        with task_errors():
            report = self._staged.commit(following(self._ctx, "save the image"), self._shared())
        if report is not None:
            self._ctx.log(
                f"saved: {report.added} blobs compressed, {report.from_cache} taken compressed, "
                f"{report.reused} already there, {report.appended} bytes appended"
            )
        shutil.move(self._wim, to)
        self.discard()

    def _shared(self) -> SharedPayload | None:
        return None if self._ctx.shared is None else SharedPayload(self._ctx.shared, filetime(self._ctx.now))

    def discard(self) -> None:
        """As `OpenImage.discard`."""
        self._staged.close()
        self._wim.unlink(missing_ok=True)
        shutil.rmtree(self._spool, ignore_errors=True)


class EmbeddedReadImage:
    """`ReadImage` over an image of a WIM."""

    def __init__(self, wim: BinaryIO, index: int) -> None:
        from osrecipe.adapters.embedded.reading import WimView

        self._view = WimView(wim, index)

    def read(self, path: WinPath) -> BinaryIO:
        """As `ReadImage.read`."""
        return self._view.read(path)

    def info(self, path: WinPath) -> FileInfo | None:
        """As `ReadImage.info`."""
        return self._view.info(path)

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `ReadImage.state`."""
        return Records(self._view).state(kind, name)

    def close(self) -> None:
        """As `ReadImage.close`."""
        self._view.close()
