"""Find and read the inputs of a saved plan again, and refuse those that are not what was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.inputs.answer_files import answer_file_facts
from osrecipe.inputs.base_manifest import BaseManifest
from osrecipe.inputs.capabilities import capabilities_in
from osrecipe.inputs.drivers import drivers_facts
from osrecipe.inputs.hashing import sha256_of, tree_digest
from osrecipe.inputs.locate import Search, find
from osrecipe.inputs.media import Wanted, media_facts
from osrecipe.inputs.read import Gathered
from osrecipe.inputs.updates import update_facts
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.facts import Facts, FolderFacts
from osrecipe.model.frozen import Digest
from osrecipe.model.problems import OsrecipeError, Place, Problem
from osrecipe.model.tasks import RemoveApp, SetCapability, SetFeature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan, PlannedInput

_SHORT = 12
_FOLDERS = frozenset({"folder", "drivers"})


def read_planned(
    plan: Plan, search: Search, shown: str, progress: Callable[[str, int, int], None] | None = None
) -> Gathered:
    """Read the inputs of a plan.

    Args:
        plan: the plan.
        search: where its inputs are looked for.
        shown: the plan's file, for messages.
        progress: gets an input's id, the bytes hashed and the bytes in all.

    Raises:
        OsrecipeError: an input is not there or damaged (exit code 3), or is not what was planned: the plan is stale
            (`input/drift`, exit code 7).
    """
    place = Place(shown)
    paths: dict[InputId, Path] = {}
    problems: list[Problem] = []
    for known in plan.inputs:
        found = find(search, known.path, place, folder=known.kind in _FOLDERS)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            paths[known.id] = found
    if problems:
        raise OsrecipeError(*problems)
    found_digests = {known.id: _digest(known, paths[known.id], place, progress) for known in plan.inputs}
    stale = [
        _drift(known, found_digests[known.id], place)
        for known in plan.inputs
        if found_digests[known.id] != known.digest
    ]
    if stale:
        raise OsrecipeError(*stale, exit_code=ExitCode.DIFFERENT)
    ops = [task.op for unit in plan.units for task in unit.tasks]
    wanted = Wanted(
        features=any(isinstance(op, SetFeature) for op in ops),
        apps=any(isinstance(op, RemoveApp) for op in ops),
        capabilities=any(isinstance(op, SetCapability) and op.source is None for op in ops),
    )
    added = [op for op in ops if isinstance(op, SetCapability) and op.source is not None]
    base = BaseManifest(next((paths[known.id] for known in plan.inputs if known.kind == "iso"), None))
    facts: dict[InputId, InputFacts] = {}
    for known in plan.inputs:
        names = [op.capability for op in added if op.source is not None and op.source.input == known.id]
        facts[known.id] = _facts(known, paths[known.id], place, base, wanted, names)
    return Gathered(Facts(inputs=facts), paths)


def _drift(known: PlannedInput, found: Digest, place: Place) -> Problem:
    now, then = (digest.removeprefix("sha256:")[:_SHORT] for digest in (found, known.digest))
    reason = (
        f"`{known.path}` is not what was planned as `{known.id}` ({known.summary}): {now}, planned was {then}"
    )
    hint = "take the planned file again, or make a new plan with `osrecipe plan RECIPE --out FILE`"
    return Problem(Slug.INPUT_DRIFT, reason, place, hint)


def _digest(
    known: PlannedInput, path: Path, place: Place, progress: Callable[[str, int, int], None] | None
) -> Digest:
    total, done = path.stat().st_size, 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(known.id, done, total)

    try:
        return (
            tree_digest(path).digest if known.kind in _FOLDERS else Digest(f"sha256:{sha256_of(path, step)}")
        )
    except OSError as cause:
        reason = f"`{known.path}` can't be read: {cause.strerror or cause}"
        raise OsrecipeError(Problem(Slug.INPUT_UNREADABLE, reason, place)) from cause


def _facts(
    known: PlannedInput, path: Path, place: Place, base: BaseManifest, wanted: Wanted, names: list[str]
) -> InputFacts:
    sha256 = known.digest.removeprefix("sha256:")
    try:
        match known.kind:
            case "iso":
                return media_facts(path, sha256, wanted)
            case "update":
                return update_facts(path, sha256, base)
            case "folder":
                tree = tree_digest(path)
                found = capabilities_in(path, names)
                return FolderFacts(tree=tree.digest, files=tree.files, size=tree.size, capabilities=found)
            case "drivers":
                return drivers_facts(path)
            case "answer-file":
                return answer_file_facts(path, sha256)
    except FormatError as cause:
        raise OsrecipeError(
            Problem(cause.slug, f"`{known.path}`: {cause.reason}", place, cause.hint)
        ) from cause
