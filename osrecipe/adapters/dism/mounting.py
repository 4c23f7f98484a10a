"""Mounting an image in a folder and letting it go again, so that nothing stays mounted whatever happens.

A mount is announced to the run's journal before it is made and reported gone only when DISM lists it no more.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import command, output
from osrecipe.adapters.dism.calls import Watch, failed, surely, watching
from osrecipe.adapters.dism.codes import Kind
from osrecipe.adapters.dism.holders import held_by
from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from osrecipe.adapters.dism.calls import Dism, DismError
    from osrecipe.adapters.dism.output import Mount
    from osrecipe.model.adapter import Context

MOUNT: Final = "mount"
"""The kind of resource a mount is in the journal; its name is the folder."""
_HALF: Final = 0xC142_011D
_RETRY: Final = frozenset({Kind.TRANSIENT, Kind.BUSY})


def listed(dism: Dism, watch: Watch) -> tuple[Mount, ...]:
    """Everything that is mounted on this host.

    Raises:
        DismError: DISM can't say.
    """
    return output.mounts(dism.run(command.mounted(), watch).said.text)


def same_folder(one: str | Path, other: str | Path) -> bool:
    """Whether two texts name one folder: on Windows in any case and with either separator."""
    return _folder_key(one) == _folder_key(other)


def _folder_key(folder: str | Path) -> str:
    text = os.path.normcase(os.path.normpath(str(folder)))
    return text.removeprefix("\\\\?\\") if sys.platform == "win32" else text


class Mounted:
    """One image mounted for change.

    Args:
        dism: who mounts.
        wim: a private WIM.
        folder: an empty folder.
        ctx: of the session.
    """

    def __init__(self, dism: Dism, wim: Path, folder: Path, ctx: Context) -> None:
        self.folder = folder
        self._dism = dism
        self._wim = wim
        self._ctx = ctx
        self.is_held = False

    def mount(self, index: int, low: float, high: float) -> None:
        """Mount it; nothing is left when that fails.

        Raises:
            TaskError: DISM can't, or it says that it did and has no such mount.
            CancelledError: the run is to stop.
        """
        self._ctx.acquired(MOUNT, str(self.folder))
        self.is_held = True
        try:
            verb = command.mount(str(self._wim), index, str(self.folder))
            surely(self._dism, verb, watching(self._ctx, low, high), self._is_mounted)
            self._require_mounted(watching(self._ctx, high, high))
        except BaseException:
            self.discard()
            raise

    def _require_mounted(self, watch: Watch) -> None:
        row = self._row(watch)
        if row is None or not row.is_ok:
            state = row.status if row else "not listed"
            raise failed(
                Slug.RUN_CHECK_FAILED, f"DISM says that the image is mounted, but it is not: {state}"
            )

    def commit(self) -> None:
        """Save and unmount.

        Raises:
            TaskError: it was not saved, or is still mounted.
        """
        before = _stamp(self._wim)
        watch = replace(watching(self._ctx), retry=_RETRY, held_by=lambda: held_by(self.folder))
        try:
            verb = command.unmount(str(self.folder), commit=True)
            surely(self._dism, verb, watch, lambda: self._is_saved(before))
        except TaskError as cause:
            self._finish_commit(cause, before)
        if self._row(watch) is not None:
            raise failed(Slug.RUN_TASK_FAILED, f"the image is still mounted: `{self.folder}`")
        self._release()

    def _is_saved(self, before: tuple[int, int]) -> bool | None:
        """Whether a save was done, or not begun: by the list of mounts and the WIM."""
        mount, is_written = self._row(watching(self._ctx)), _stamp(self._wim) != before
        if mount is None and is_written and _is_whole(self._wim):
            return True
        return False if mount is not None and mount.is_ok and not is_written else None

    def _is_mounted(self) -> bool | None:
        """Whether a mount was made, or not begun: by the list of mounts and the folder."""
        mount = self._row(watching(self._ctx))
        if mount is not None:
            return True if mount.is_ok else None
        return None if _has_leftovers(self.folder) else False

    def _finish_commit(self, cause: TaskError, before: tuple[int, int]) -> None:
        """A save whose folder could not be let go went well when the WIM was written; only the rest is given up."""
        row = getattr(cause, "row", None)
        if row is None or (row.kind is not Kind.BUSY and row.number != _HALF):
            raise cause
        # A second try after open files ends with another code, whose failure names nobody yet.
        note = "" if row.kind is Kind.BUSY else held_by(self.folder)
        if _stamp(self._wim) == before or not _is_whole(self._wim):
            raise failed(row.slug, f"{cause.reason}{note}", cause.remedy) from cause
        self._ctx.log(f"saved, but the folder could not be let go: {cause.reason}{note}")
        self.discard()
        if self.is_held:
            raise failed(row.slug, f"{cause.reason}{note}", cause.remedy) from cause

    def discard(self) -> None:
        """Unmount without saving; safe to call twice. What can't be done here stays in the journal, for the janitor.

        It never raises for what DISM can't do: the reason why the image is given up must not be lost.
        """
        if not self.is_held:
            return
        watch = Watch(log=self._ctx.log, retry=_RETRY)
        try:
            if let_go(self._dism, self.folder, watch):
                self._release()
                return
            why = held_by(self.folder)
        except (TaskError, OsrecipeError) as cause:
            why = f": {cause}"
        self._ctx.log(f"still mounted, for `osrecipe clean` to give up: `{self.folder}`{why}")

    def _row(self, watch: Watch) -> Mount | None:
        rows = listed(self._dism, watch)
        return next((row for row in rows if same_folder(row.folder, self.folder)), None)

    def _release(self) -> None:
        self.is_held = False
        self._ctx.released(MOUNT, str(self.folder))


def let_go(dism: Dism, folder: Path, watch: Watch) -> bool:
    """Give up whatever is mounted in a folder of ours; whether nothing is any more.

    A mount that has to be mounted again first is. Damaged records are removed with `/Cleanup-Mountpoints` only when
    nothing else is mounted on this host, for it looks at all mounts.

    Raises:
        TaskError: someone else mounted another image there, which is left alone; or DISM can't list what is mounted.
    """
    watch = replace(watch, held_by=lambda: held_by(folder))
    row = _find(dism, folder, watch)
    if row is not None and not _is_own(row, folder):
        raise failed(
            Slug.RUN_CLEANUP,
            f"someone else's image is mounted in the folder: `{row.file}`",
            "find out whose it is; osrecipe touches no mount but its own",
        )
    if row is not None and row.needs_remount:
        _try(dism, command.remount(str(folder)), watch)
    if row is not None:
        cause = _try(dism, command.unmount(str(folder), commit=False), watch)
        row = _find(dism, folder, watch)
        if row is not None and row.is_ok and cause is not None and cause.row.kind is not Kind.BUSY:
            # still good: DISM may have died before it began. Once more, for the last step leaves good mounts alone
            _try(dism, command.unmount(str(folder), commit=False), watch)
            row = _find(dism, folder, watch)
    if row is None and not _has_leftovers(folder):
        return True
    others = [one for one in listed(dism, watch) if not same_folder(one.folder, folder)]
    if others:
        watch.log(f"not cleaned up with /Cleanup-Mountpoints: {len(others)} other mounts are on this host")
        return row is None
    _try(dism, command.cleanup_mountpoints(), watch)
    return _find(dism, folder, watch) is None


def _find(dism: Dism, folder: Path, watch: Watch) -> Mount | None:
    return next((row for row in listed(dism, watch) if same_folder(row.folder, folder)), None)


def _is_own(row: Mount, folder: Path) -> bool:
    """Whether a mount is of an image beside its folder, as ours are; a damaged record may name no image any more."""
    return not row.file or same_folder(Path(row.file).parent, folder.parent)


def _try(dism: Dism, verb: command.Verb, watch: Watch) -> DismError | None:
    """Carry out what may fail; what is listed afterwards decides."""
    from osrecipe.adapters.dism.calls import DismError

    try:
        dism.run(verb, watch)
    except DismError as cause:
        watch.log(f"{cause.reason}")
        return cause
    return None


def _has_leftovers(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _is_whole(wim: Path) -> bool:
    """Whether a WIM can be read as one with its images."""
    try:
        with WimReader.open(wim) as reader:
            reader.tree(1)
    except (OSError, FormatError):
        return False
    return True
