"""The janitor: removes exactly what a journal says its run had acquired and not released.

A run is dead when the lock it held is free, so the caller holds that lock while the janitor works. Every path must lie
in the run's own folder, in the store's staging of that run, or be the partial output the journal names; anything else
is reported and left alone. Mounts and hives are undone by whoever knows how (`Undoer`), before the folders they lie in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from osrecipe.engine.files import lies_in, removal_command, remove
from osrecipe.engine.journal import Journal, is_path, read
from osrecipe.engine.records import Acquired, Cleaned, Released
from osrecipe.engine.store import is_staging
from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osrecipe.engine.clock import Clock
    from osrecipe.engine.workspace import RunFolder, Workspace
    from osrecipe.model.names import UnitId


class Undoer(Protocol):
    """Undoes one kind of resource."""

    def undo(self, name: str) -> None:
        """Make it gone; nothing to do when it already is.

        Raises:
            OSError: it is still there.
            OsrecipeError: as above.
        """

    def command(self, name: str) -> str:
        """The command a person can paste to do the same."""


class Cleaner:
    """Removes one run's resources, if they are its own.

    Attributes:
        failures: what could not be removed, with the command that does.
        removed: what was, as `kind name`.
    """

    def __init__(self, workspace: Workspace, run: RunFolder, undoers: Mapping[str, Undoer]) -> None:
        self._workspace = workspace
        self._run = run
        self._undoers = undoers
        self.failures: list[Failure] = []
        self.removed: list[str] = []

    def clean(self, held: Iterable[Acquired], journal: Journal) -> None:
        """Remove these resources, in this order (the youngest first), noting each in the journal.

        After a mount or a hive that could not be undone, the folders it may lie in are left alone: removing files
        through a mount would change the image.
        """
        blocked = False
        for what in sorted(held, key=is_path):  # stable: first what needs an undoer, then paths
            if is_path(what) and blocked:
                # no command to paste: removing files through a mount would change the image
                self._leave(what, "it may still be in use by what could not be undone", _FIRST)
            elif self._remove(what):
                journal.write(Released(kind=what.kind, name=what.name))
                self.removed.append(f"{what.kind} {what.name}")
            else:
                blocked = blocked or not is_path(what)

    def owns(self, what: Acquired) -> bool:
        """Whether a path is one this run may have made."""
        path = Path(what.name)
        if what.kind == "partial":
            mine = (self._workspace.output, self._workspace.report)
            return path in {self._workspace.partial(final, self._run.id) for final in mine}
        if what.kind == "store":
            return is_staging(path, self._run.id)
        return lies_in(path, self._run.path)

    def _remove(self, what: Acquired) -> bool:
        if not is_path(what):
            return self._undo(what)
        if not self.owns(what):
            return self._fail(what, "the journal names a path that is not the run's own", "")
        try:
            remove(Path(what.name))
        except OSError as cause:
            return self._fail(what, reason_of(cause), _command(what))
        return True

    def _undo(self, what: Acquired) -> bool:
        undoer = self._undoers.get(what.kind)
        if undoer is None:
            return self._fail(what, f"nothing here knows how to undo a {what.kind}", "")
        try:
            undoer.undo(what.name)
        except (OSError, OsrecipeError) as cause:
            hint = cause.problems[0].hint if isinstance(cause, OsrecipeError) else ""
            by_hand = f"run `{undoer.command(what.name)}`"
            return self._leave(what, reason_of(cause), f"{hint}, or {by_hand}" if hint else by_hand)
        return True

    def _fail(self, what: Acquired, reason: str, command: str) -> bool:
        return self._leave(what, reason, _remedy(command))

    def _leave(self, what: Acquired, reason: str, remedy: str) -> bool:
        said = f"{what.kind} `{what.name}` is left: {reason}"
        self.failures.append(
            Failure(unit=what.unit, task=None, slug=Slug.RUN_CLEANUP, reason=said, remedy=remedy)
        )
        return False


def clean_dead_runs(
    workspace: Workspace, undoers: Mapping[str, Undoer], clock: Clock, by: str
) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
    """Clean up after every run that did not end in an orderly way. The caller holds the workspace's lock.

    Args:
        workspace: the runs.
        undoers: by kind of resource.
        clock: for the journals.
        by: the run on whose behalf this is done.

    Returns:
        What was removed, as `run: kind name`; and what could not be.
    """
    removed: list[str] = []
    failures: list[Failure] = []
    for run in workspace.runs():
        history = read(run.journal)
        held = history.outstanding()
        if not history.lines:  # it died before it recorded, and so made, anything but its own folder
            failures += _remove_run(run)
        if not history.lines or (history.finished and not held):
            continue
        cleaner = Cleaner(workspace, run, undoers)
        journal = Journal(run.journal, clock)
        try:
            cleaner.clean(held, journal)
            if not cleaner.failures:
                journal.write(Cleaned(by=by))
        finally:
            journal.close()
        removed += [f"{run.id}: {text}" for text in cleaner.removed]
        failures += cleaner.failures
    return tuple(removed), tuple(failures)


def prune(workspace: Workspace, keep: int, sparing: str) -> tuple[Failure, ...]:
    """Remove all but the last runs' folders, sparing one run and those that still hold something."""
    failures: list[Failure] = []
    for run in workspace.runs()[:-keep]:
        if run.id != sparing and not read(run.journal).outstanding():
            failures += _remove_run(run)
    return tuple(failures)


def _remove_run(run: RunFolder) -> tuple[Failure, ...]:
    try:
        remove(run.path)
    except OSError as cause:
        reason = f"the old run `{run.path}` is left: {reason_of(cause)}"
        return (cleanup_failure(None, reason, removal_command(run.path)),)
    return ()


def cleanup_failure(unit: UnitId | None, reason: str, command: str) -> Failure:
    """Something is left, and the command that removes it."""
    return Failure(unit=unit, task=None, slug=Slug.RUN_CLEANUP, reason=reason, remedy=_remedy(command))


def _remedy(command: str) -> str:
    return f"run `{command}`" if command else "find out what it is, and remove it by hand"


_FIRST: Final = "undo that first, then clean again"


def reason_of(cause: OSError | OsrecipeError) -> str:
    """An exception's reason in few words."""
    if isinstance(cause, OsrecipeError):
        return cause.problems[0].reason
    return cause.strerror or str(cause) or type(cause).__name__


def _command(what: Acquired) -> str:
    return removal_command(Path(what.name))
