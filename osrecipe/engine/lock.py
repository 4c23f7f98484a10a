"""Run locks: an operating system lock proves that a run is alive; it ends with the process, however that ends.

A text beside the lock names its holder for people. It proves nothing and is never used to decide.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from osrecipe.engine.files import write_durably
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class RunLock:
    """A lock on a file that is held for a whole run. Use as a context manager.

    Args:
        path: the lock file; its folder is made.
        what: what is locked, for people (`out/win10.iso`).
        holder: who holds it, for people (`run 20240131T…`).
    """

    def __init__(self, path: Path, what: str, holder: str) -> None:
        self._path = path
        self._what = what
        self._holder = f"{holder}, process {os.getpid()} on {socket.gethostname()}"
        self._lock = FileLock(path, timeout=0, thread_local=False)

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            OsrecipeError: `run/locked`, naming the other holder.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise error(
                Slug.RUN_LOCKED,
                f"another run is using `{self._what}`: {self._other()}",
                hint="wait until it has ended, or stop it",
                exit_code=ExitCode.TASK,
            ) from None
        write_durably(self._note, self._holder.encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go; the lock file stays, as removing it would let two runs hold two files of one name."""
        self._note.unlink(missing_ok=True)
        self._lock.release()

    @property
    def _note(self) -> Path:
        return self._path.with_name(f"{self._path.name}.holder")

    def _other(self) -> str:
        try:
            return self._note.read_text(encoding="utf-8")
        except OSError:
            return "it is just starting or ending"


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock at `path`; a file that is not there is free."""
    if not path.exists():
        return True
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return False
    lock.release()
    return True
