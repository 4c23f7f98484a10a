"""Evidence: what the store knows of an artifact, so that a cached unit reports as fully as one that ran.

Data and comparisons with the disk; where entries live is `store`'s business.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from osrecipe.engine.expectations import in_force
from osrecipe.engine.files import sync_file, sync_folder
from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.frozen import Digest, Frozen, Sha256
from osrecipe.model.names import UnitId
from osrecipe.model.problems import error
from osrecipe.model.result import TaskResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.model.plan import Job, Session


class StoredFile(Frozen):
    """A file of an entry: its path below `artifacts` with forward slashes, bytes, SHA-256 at publishing."""

    path: str
    size: int
    sha256: Sha256


class Evidence(Frozen):
    """One entry's record.

    Attributes:
        unit: the id it had when it was made; ids may change while digests do not.
        digest: the unit's portable digest.
        run: the run that made it; also the name of the attempt.
        at: Unix milliseconds of publishing.
        tasks: the results of its tasks, in order, with their checks.
        artifacts: the names it has.
        folders: folders below `artifacts`, parents first.
    """

    format: Literal["osrecipe-evidence/1"] = "osrecipe-evidence/1"
    unit: UnitId
    key: Digest
    digest: Digest
    adapter: AdapterVersion
    run: str
    at: int
    milliseconds: int
    tasks: tuple[TaskResult, ...]
    artifacts: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        """Bytes of its artifacts."""
        return sum(f.size for f in self.files)

    def covers(self, unit: Session | Job) -> bool:
        """Whether it answers for `unit` as planned now: same digest and artifacts, and every check was made and held.

        Checks are no part of a digest, so a plan may ask for more than this entry was made under.
        """
        if self.digest != unit.digest or set(self.artifacts) != set(unit.produces):
            return False
        if len(self.tasks) != len(unit.tasks):
            return False
        wanted = in_force(unit)
        return all(
            {c.check for c in result.checks if c.passed} >= set(checks)
            for result, checks in zip(self.tasks, wanted, strict=True)
        )


def survey(artifacts: Path, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[StoredFile, ...]]:
    """List and hash a unit's artifacts, and make them durable.

    Returns:
        The folders and the files, each by relative path.

    Raises:
        OsrecipeError: an artifact is not there, or something is that is neither file nor folder.
    """
    folders: list[str] = []
    files: list[StoredFile] = []
    for name in sorted(names):
        for path in _walk(artifacts / name):
            relative = path.relative_to(artifacts).as_posix()
            if path.is_dir():
                folders.append(relative)
                sync_folder(path)
            else:
                sync_file(path)
                files.append(StoredFile(path=relative, size=path.stat().st_size, sha256=sha256_of(path)))
    sync_folder(artifacts)
    return tuple(folders), tuple(files)


def _walk(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        raise error(
            Slug.RUN_UNACCOUNTED,
            f"an artifact is not there, or is no plain file or folder: `{path.name}`",
            exit_code=ExitCode.TASK,
        )
    yield path
    if path.is_dir():
        for child in sorted(path.iterdir()):
            yield from _walk(child)


def sha256_of(path: Path) -> Sha256:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(evidence: Evidence, artifacts: Path) -> bool:
    """Whether everything is there and has its size; content is not read."""
    try:
        return all((artifacts / f).is_dir() for f in evidence.folders) and all(
            (artifacts / f.path).stat().st_size == f.size for f in evidence.files
        )
    except OSError:
        return False


def is_intact(evidence: Evidence, artifacts: Path, names: frozenset[str]) -> bool:
    """Whether the artifacts named so still have the content they were published with. Reads them once."""
    wanted = [f for f in evidence.files if f.path.partition("/")[0] in names]
    try:
        return all(sha256_of(artifacts / f.path) == f.sha256 for f in wanted)
    except OSError:
        return False
