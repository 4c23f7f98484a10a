"""Undoing mounts that a dead run left: exactly the folder the journal names, by DISM's own list of mounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.calls import DELAYS, Dism, Watch
from osrecipe.adapters.dism.codes import Kind
from osrecipe.adapters.dism.holders import held_by
from osrecipe.adapters.dism.mounting import let_go
from osrecipe.adapters.process import shown
from osrecipe.model.adapter import TaskError
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.adapters.dism.tool import Tool


class MountUndoer:
    """Undoes mounts.

    Args:
        find: finds the DISM to use; asked for only when there is something to undo.
        delays: seconds between tries.
    """

    def __init__(self, find: Callable[[], Tool], delays: tuple[float, ...] = DELAYS) -> None:
        self._find = find
        self._delays = delays

    def undo(self, name: str) -> None:
        """As `Undoer.undo`.

        Raises:
            OsrecipeError: it is still mounted, or there is no DISM to ask.
        """
        dism = Dism(self._find(), self._delays)
        watch = Watch(retry=frozenset({Kind.TRANSIENT, Kind.BUSY}))
        try:
            gone = let_go(dism, Path(name), watch)
        except TaskError as cause:
            raise error(cause.slug, cause.reason, hint=cause.remedy, exit_code=ExitCode.CLEANUP) from cause
        if not gone:
            raise error(
                Slug.RUN_CLEANUP,
                f"DISM still lists it as mounted: `{name}`{held_by(Path(name))}",
                hint="close what has files of the folder open",
                exit_code=ExitCode.CLEANUP,
            )

    def command(self, name: str) -> str:
        """As `Undoer.command`."""
        return shown(command.line("dism.exe", command.unmount(name, commit=False)), windows=True)
