"""Looks through a folder for updates that replace those a lock has. Reads files; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.formats.msu import open_package
from osrecipe.inputs.hashing import sha256_of
from osrecipe.inputs.lock import Lock, LockedInput
from osrecipe.inputs.updates import opened_facts
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.facts import UpdateFacts
from osrecipe.model.problems import OsrecipeError, Place, error
from osrecipe.windows.update_families import newest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from osrecipe.model.names import InputId

MAX_FILES = 2000
"""Updates in a folder that are looked at; more is the wrong folder."""
_SUFFIXES = frozenset({".msu", ".cab"})
_UNKNOWN = "0" * 64


@dataclass(frozen=True)
class Candidate:
    """An update in the folder; `facts` have its SHA-256 only once it is chosen."""

    path: Path
    facts: UpdateFacts


@dataclass(frozen=True)
class Bump:
    """An input and what takes its place.

    Attributes:
        name: the input's id.
        before: the locked line.
        file: the newer file.
        after: the line it gets: the path as before, with the newer file's name.
    """

    name: InputId
    before: LockedInput
    file: Path
    after: LockedInput


@dataclass(frozen=True)
class Found:
    """What a folder holds: newer updates by input, and files that could not be read, with the reason."""

    bumps: tuple[Bump, ...]
    skipped: Mapping[str, str]


def find_bumps(lock: Lock, folder: Path, held: Collection[InputId] = ()) -> Found:
    """For each update of a lock, the newest file in a folder that replaces it.

    Args:
        lock: what is locked.
        folder: where newer updates are.
        held: inputs that stay as they are, such as the checkpoints that an update builds on.

    Raises:
        OsrecipeError: there is no such folder, or it holds too many updates; exit code 2.
    """
    candidates, skipped = _candidates(folder)
    bumps = [
        bump
        for name, line in lock.inputs.items()
        if name not in held
        and isinstance(line.facts, UpdateFacts)
        and (bump := _bump(name, line, line.facts, candidates))
    ]
    return Found(tuple(bumps), skipped)


def _bump(
    name: InputId, line: LockedInput, facts: UpdateFacts, candidates: Sequence[Candidate]
) -> Bump | None:
    best = newest(facts, (candidate.facts for candidate in candidates))
    chosen = next((candidate for candidate in candidates if candidate.facts is best), None)
    if chosen is None:
        return None
    hashed = chosen.facts.model_copy(update={"sha256": sha256_of(chosen.path)})
    path = PurePosixPath(line.path).with_name(chosen.path.name).as_posix()
    return Bump(name, line, chosen.path, LockedInput(input=name, path=path, facts=hashed))


def _candidates(folder: Path) -> tuple[list[Candidate], dict[str, str]]:
    if not folder.is_dir():
        raise error(
            Slug.LOCK_BUMP,
            "there is no such folder",
            place=Place(folder.as_posix()),
            exit_code=ExitCode.USAGE,
        )
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES and p.is_file())
    if len(files) > MAX_FILES:
        reason = f"the folder holds more than {MAX_FILES} updates"
        raise error(Slug.LOCK_BUMP, reason, place=Place(folder.as_posix()), exit_code=ExitCode.USAGE)
    found: list[Candidate] = []
    skipped: dict[str, str] = {}
    for path in files:
        try:
            with open_package(path) as opened:
                found.append(Candidate(path, opened_facts(opened, path.stat().st_size, _UNKNOWN)))
        except OsrecipeError as cause:
            skipped[path.name] = cause.problems[0].reason
        except FormatError as cause:
            skipped[path.name] = cause.reason
        except OSError as cause:
            skipped[path.name] = cause.strerror or str(cause)
    return found, skipped


def bumped(lock: Lock, bumps: Sequence[Bump]) -> Lock:
    """The lock with the new lines in the old ones' places."""
    return replace(lock, inputs={**lock.inputs, **{bump.name: bump.after for bump in bumps}})
