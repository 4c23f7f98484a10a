"""The store: artifacts by content key, kept within a budget, shared by runs.

    v1/KEY/ATTEMPT/{evidence.json, artifacts/}    an entry; without `artifacts` it was evicted and still reports
    v1/.staging/RUN/UNIT/                         what a live run is making; renamed to an entry when complete
    v1/.leases/RUN.{lock,keys}                    what a live run uses; the lock ends with its process
    v1/.trash/                                    renamed away, being removed
    v1/.lock                                      taken for moments, by whoever changes which entries there are

Presence and sizes are checked at every look-up. Content is checked once in a run and only for what a unit that really
runs will read: SHA-256 goes at about 2 GB/s, so an install.wim costs some seconds against the half hour it saves.
Nothing here decides whether a unit should run.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock
from pydantic import ValidationError

from osrecipe.engine.evidence import Evidence, is_intact, is_whole
from osrecipe.engine.files import remove, replace, sync_folder, write_durably
from osrecipe.engine.keys import key_folder
from osrecipe.engine.lock import is_free

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.engine.clock import Clock
    from osrecipe.model.frozen import Digest
    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Session

DEFAULT_BUDGET = 100 << 30
"""Bytes of artifacts that are kept: some ten install images with their intermediate states."""
MAX_EVIDENCE = 2000
"""Entries without artifacts that are kept; a few KiB each."""
_STAGING_DEPTH = 4
"""Folders above a staged unit: its run, `.staging`, `v1`, and the store's root."""
_LOCK_WAIT = 120
"""Seconds to wait for the store's lock; it is held for renames only, never while bytes are copied or hashed."""


@dataclass(frozen=True)
class Entry:
    """A unit's artifacts and their evidence; `whole` is False when the artifacts were evicted."""

    folder: Path
    evidence: Evidence
    whole: bool

    @property
    def artifacts(self) -> Path:
        """The folder of the artifacts."""
        return self.folder / "artifacts"


@dataclass(frozen=True)
class Evicted:
    """An artifact that left the store to keep the budget."""

    unit: UnitId
    key: Digest
    size: int


class Store:
    """The entries below a folder; nothing is made before the first lease."""

    def __init__(self, root: Path, budget: int = DEFAULT_BUDGET) -> None:
        self.root = root
        self.budget = budget
        self._base = root / "v1"

    def find(self, key: Digest, unit: Session | Job) -> Entry | None:
        """The newest entry that answers for `unit`, one with artifacts before one without."""
        best: Entry | None = None
        for entry in self._attempts(self._base / key_folder(key)):
            if entry.evidence.key == key and entry.evidence.covers(unit) and (best is None or entry.whole):
                best = entry
        return best

    def evidence(self) -> tuple[Evidence, ...]:
        """What is known of every artifact that is or was stored, in no order that means anything."""
        return tuple(entry.evidence for entry in self._all())

    @contextmanager
    def lease(self, run: str, clock: Clock) -> Iterator[Lease]:
        """Use the store for a run; what is found or published is not evicted meanwhile."""
        (self._base / ".leases").mkdir(parents=True, exist_ok=True)
        path = self._base / ".leases" / f"{run}.lock"
        alive = FileLock(path, timeout=0, thread_local=False)
        with self._locked():
            alive.acquire()
        try:
            yield Lease(self, run, clock)
        finally:
            with self._locked():
                alive.release()
                _drop_lease(path)
                with contextlib.suppress(
                    OSError
                ):  # what is left in it is in the run's journal, for the janitor
                    self.staging(run).rmdir()

    def evict(self) -> tuple[Evicted, ...]:
        """Remove artifacts until the budget holds, the longest unused first; never what a live run uses.

        Raises:
            OSError: something could not be removed; it is out of the way in `.trash` and no longer counted.
        """
        if not self._base.is_dir():
            return ()
        with self._locked():
            gone = self._choose()
            trash = [self._to_trash(entry.artifacts) for entry in gone]
            trash += [self._to_trash(folder) for folder in self._surplus()]
        for path in trash:
            remove(path)
        return tuple(Evicted(e.evidence.unit, e.evidence.key, e.evidence.size) for e in gone)

    def sweep(self) -> tuple[str, ...]:
        """Remove torn entries, and staging and leases of runs that are dead; says what was removed.

        Raises:
            OSError: something could not be removed.
        """
        if not self._base.is_dir():
            return ()
        with self._locked():
            found = [*self._torn(), *self._dead()]
            trash = [self._to_trash(path) for path in found]
            for key in self._folders("."):
                with contextlib.suppress(OSError):  # only empty ones can be removed so
                    key.rmdir()
        for path in (*trash, *self._folders(".trash")):
            remove(path)
        return tuple(path.relative_to(self._base).as_posix() for path in found)

    def discard(self, entry: Entry) -> None:
        """Remove an entry that is damaged."""
        with self._locked():
            trash = self._to_trash(entry.folder) if entry.folder.exists() else None
        if trash is not None:
            remove(trash)

    def staging(self, run: str) -> Path:
        """Where a run makes what it will publish."""
        return self._base / ".staging" / run

    def _admit(self, made: Path, evidence: Evidence, unit: Session | Job) -> Entry:
        """Give a complete entry its place, unless an equal one was there first."""
        with self._locked():
            known = self.find(evidence.key, unit)
            if known is not None and known.whole:
                return known
            folder = self._base / key_folder(evidence.key)
            folder.mkdir(exist_ok=True)
            place = folder / evidence.run
            if place.exists():  # made by this very run, under fewer checks
                place = folder / f"{evidence.run}-{secrets.token_hex(4)}"
            replace(made, place)
            sync_folder(self._base)
        return Entry(place, evidence, whole=True)

    def _keep(self, run: str, key: Digest) -> None:
        with self._locked(), (self._base / ".leases" / f"{run}.keys").open("a", encoding="ascii") as file:
            file.write(f"{key_folder(key)}\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with FileLock(self._base / ".lock", timeout=_LOCK_WAIT):
            yield

    def _choose(self) -> list[Entry]:
        entries = [e for e in self._all() if e.whole]
        excess = sum(e.evidence.size for e in entries) - self.budget
        used = self._in_use()
        gone: list[Entry] = []
        for entry in sorted(entries, key=_last_used):
            if excess <= 0:
                break
            if entry.folder.parent.name not in used:
                gone.append(entry)
                excess -= entry.evidence.size
        return gone

    def _surplus(self) -> list[Path]:
        bare = sorted((e for e in self._all() if not e.whole), key=_last_used)
        return [e.folder for e in bare[: max(0, len(bare) - MAX_EVIDENCE)]]

    def _in_use(self) -> frozenset[str]:
        """Key folders that live runs use."""
        used: set[str] = set()
        for lock in self._leases():
            keys = lock.with_suffix(".keys")
            if not is_free(lock) and keys.exists():
                used.update(keys.read_text(encoding="ascii").split())
        return frozenset(used)

    def _torn(self) -> Iterator[Path]:
        for key in self._folders("."):
            for attempt in sorted(key.iterdir()):
                entry = _load(attempt)
                if entry is None or (not entry.whole and entry.artifacts.exists()):
                    yield attempt

    def _dead(self) -> Iterator[Path]:
        dead = {lock.name.removesuffix(".lock"): lock for lock in self._leases() if is_free(lock)}
        for folder in self._folders(".staging"):
            if folder.name in dead:
                yield folder
        for lock in dead.values():
            _drop_lease(lock)

    def _leases(self) -> list[Path]:
        return sorted((self._base / ".leases").glob("*.lock"))

    def _folders(self, below: str) -> list[Path]:
        home = self._base / below
        if not home.is_dir():
            return []
        return sorted(
            p for p in home.iterdir() if p.is_dir() and not (below == "." and p.name.startswith("."))
        )

    def _all(self) -> list[Entry]:
        return [entry for key in self._folders(".") for entry in self._attempts(key)]

    def _attempts(self, key: Path) -> Iterator[Entry]:
        """The entries of a key that can be used, the oldest first."""
        try:
            attempts = sorted(key.iterdir())
        except FileNotFoundError:  # never there, or swept just now
            return
        for attempt in attempts:
            entry = _load(attempt)
            if entry is not None and (entry.whole or not entry.artifacts.exists()):
                yield entry

    def _to_trash(self, path: Path) -> Path:
        trash = self._base / ".trash"
        trash.mkdir(exist_ok=True)
        to = trash / secrets.token_hex(8)
        replace(path, to)
        return to


class Lease:
    """One live run's use of the store."""

    def __init__(self, store: Store, run: str, clock: Clock) -> None:
        self.store = store
        self._run = run
        self._clock = clock

    def find(self, key: Digest, unit: Session | Job) -> Entry | None:
        """As `Store.find`, and keep what is found until the run has ended."""
        self.store._keep(self._run, key)  # noqa: SLF001 - a lease is the store's other half
        entry = self.store.find(key, unit)
        if entry is not None:
            self._use(entry.folder)
        return entry

    def verify(self, entry: Entry, names: frozenset[str]) -> bool:
        """Read these artifacts once; a damaged entry is removed and False returned."""
        if is_intact(entry.evidence, entry.artifacts, names):
            return True
        self.store.discard(entry)
        return False

    def stage(self, unit: UnitId) -> Path:
        """The path of a unit's entry while it is made; nothing is there yet."""
        return self.store.staging(self._run) / unit

    def publish(self, made: Path, evidence: Evidence, unit: Session | Job) -> Entry:
        """Turn a staged entry, complete with its artifacts, into an entry of the store; the first publisher wins."""
        self.store._keep(self._run, evidence.key)  # noqa: SLF001 - as above
        write_durably(made / "evidence.json", evidence.model_dump_json().encode())
        self._use(made)
        sync_folder(made)
        entry = self.store._admit(made, evidence, unit)  # noqa: SLF001 - as above
        remove(made)
        return entry

    def _use(self, folder: Path) -> None:
        """Note the time of use where eviction looks for it."""
        now = self._clock.wall() * 1_000_000
        os.utime(folder / "evidence.json", ns=(now, now))


def is_staging(path: Path, run: str) -> bool:
    """Whether a path is something a run stages in a store, this or another, with no link below the store's root."""
    if len(path.parents) < _STAGING_DEPTH or ".." in path.parts or not path.is_absolute():
        return False
    base = path.parents[2]
    return (
        base.name == "v1"
        and path.parent == base / ".staging" / run
        and path.parent.resolve() == base.resolve() / ".staging" / run
    )


def _load(attempt: Path) -> Entry | None:
    try:
        evidence = Evidence.model_validate_json((attempt / "evidence.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return Entry(attempt, evidence, is_whole(evidence, attempt / "artifacts"))


def _last_used(entry: Entry) -> tuple[int, str]:
    return ((entry.folder / "evidence.json").stat().st_mtime_ns, entry.folder.name)


def _drop_lease(lock: Path) -> None:
    lock.with_suffix(".keys").unlink(missing_ok=True)
    lock.unlink(missing_ok=True)
