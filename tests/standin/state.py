"""The mount registry: a JSON file that outlives the program, as the real one's in the host's registry does.

Reads and writes records under a lock; what a mount's state means is `mounts`' business.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator


class Phase(StrEnum):
    """Where a mount is in its life; what a killed process leaves behind shows in it."""

    MOUNTING = "mounting"
    MOUNTED = "mounted"
    SAVING = "saving"
    UNMOUNTING = "unmounting"
    PARTIAL = "partially unmounted"


@dataclass(frozen=True)
class Mount:
    """A record of the registry.

    Attributes:
        folder, wim: as host paths; `shown_folder` and `shown_wim` as the caller wrote them.
        stamp: size and time of the WIM as this mount last knew it.
        pid: the process that works on it, in every phase but `mounted`.
        boot: the start of the machine it belongs to.
    """

    id: str
    folder: str
    wim: str
    shown_folder: str
    shown_wim: str
    index: int
    read_only: bool
    stamp: tuple[int, int]
    boot: str
    phase: Phase = Phase.MOUNTING
    pid: int = 0

    @property
    def is_abandoned(self) -> bool:
        """Whether the process that worked on it is gone."""
        return self.phase not in {Phase.MOUNTED, Phase.PARTIAL} and not _alive(self.pid)


class MountRegistry:
    """Every mount of this machine."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._file = state / "mounts.json"

    def all(self) -> list[Mount]:
        """The mounts, the oldest first."""
        return [_mount(row) for row in read_json(self._file) or []]

    def at(self, folder: Path) -> Mount | None:
        """The mount in a folder."""
        return next((mount for mount in self.all() if Path(mount.folder) == folder), None)

    def around(self, path: Path) -> Mount | None:
        """The mount a path lies in."""
        return next((mount for mount in self.all() if path.is_relative_to(mount.folder)), None)

    def claim(self, mount: Mount) -> bool:
        """Enter a new mount, unless it would be its WIM's second writer; two that ask at once can't both be the first."""
        with locked(self.state):
            rows = read_json(self._file) or []
            taken = any(row["wim"] == mount.wim and not row["read_only"] for row in rows)
            if taken and not mount.read_only:
                return False
            write_json(self._file, [*rows, asdict(mount)])
        return True

    def put(self, mount: Mount) -> Mount:
        """Write a record, in place of the one of the same id."""
        with locked(self.state):
            rows = [row for row in read_json(self._file) or [] if row["id"] != mount.id]
            write_json(self._file, [*rows, asdict(mount)])
        return mount

    def move(self, mount: Mount, phase: Phase) -> Mount:
        """Put a mount into another phase, worked on by this process."""
        return self.put(replace(mount, phase=phase, pid=os.getpid()))

    def remove(self, mount: Mount) -> None:
        """Forget a mount."""
        with locked(self.state):
            rows = [row for row in read_json(self._file) or [] if row["id"] != mount.id]
            write_json(self._file, rows)
        self.snapshot_file(mount).unlink(missing_ok=True)

    def snapshot_file(self, mount: Mount) -> Path:
        """Where it is noted what the folder held when it was last in step with the image."""
        return self.state / f"snapshot-{mount.id}.json"


@contextlib.contextmanager
def servicing(state: Path, root: Path) -> Iterator[bool]:
    """Service an image alone; gives False when another process is at it."""
    state.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    lock = FileLock(state / f"servicing-{name}", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Keep other processes out of the state folder, which is made where it is missing."""
    state.mkdir(parents=True, exist_ok=True)
    with FileLock(state / "lock"):
        yield


def read_json(file: Path) -> Any:
    """A JSON file, or None when it is not there."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def write_json(file: Path, data: object) -> None:
    """Write a JSON file whole or not at all."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps(data, indent=1), encoding="utf-8")
    fresh.replace(file)


def _mount(row: dict[str, Any]) -> Mount:
    size, time = row["stamp"]
    return Mount(**{**row, "stamp": (size, time), "phase": Phase(row["phase"])})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
