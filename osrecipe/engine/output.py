"""Publishing: the finished ISO takes its place by one rename, with its report beside it.

Nothing is overwritten but what an earlier run of ours left.
"""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from pydantic import ValidationError

from osrecipe.engine.files import replace, sync_file, write_durably
from osrecipe.engine.journal import read
from osrecipe.engine.records import Acquired, OutputRenamed, Publishing, Released
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error
from osrecipe.model.result import RunResult, Written

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.engine.evidence import StoredFile
    from osrecipe.engine.journal import Journal
    from osrecipe.engine.workspace import RunFolder, Workspace
    from osrecipe.model.names import UnitId

ISO = "iso"
"""The artifact that is published: that of the unit that writes the ISO."""


def require_free(workspace: Workspace, *, overwrite: bool) -> None:
    """Refuse to overwrite a file that no run of ours is known to have written.

    Raises:
        OsrecipeError: `run/output-exists`.
    """
    output = workspace.output
    if overwrite or not os.path.lexists(output) or _is_ours(workspace):
        return
    raise error(
        Slug.RUN_OUTPUT_EXISTS,
        f"the output is there already, and no report says that a run wrote it: `{output}`",
        hint="move it away, or give `--overwrite`",
        exit_code=ExitCode.TASK,
    )


def _is_ours(workspace: Workspace) -> bool:
    """Whether the report beside the output tells of a file of its size, or a journal does, after a crash."""
    size = workspace.output.stat().st_size if workspace.output.is_file() else -1
    try:
        report = RunResult.model_validate_json(workspace.report.read_bytes())
    except (OSError, ValidationError):
        sizes = set()
    else:
        sizes = {written.size for written in report.written}
    for line in (line for folder in workspace.runs() for line in read(folder.journal).lines):
        if isinstance(line.what, Publishing) and line.what.path == str(workspace.output):
            sizes.add(line.what.size)
    return size in sizes


class Publisher:
    """Puts outputs in their place, with a note in the journal before and after."""

    def __init__(self, workspace: Workspace, run: RunFolder, journal: Journal) -> None:
        self._workspace = workspace
        self._run = run
        self._journal = journal

    def iso(self, made: Path, known: StoredFile, unit: UnitId, stated: str) -> Written:
        """Rename the verified ISO to its place.

        Args:
            made: where it is.
            known: its size and SHA-256 from when it was written.
            unit: the unit that wrote it.
            stated: the output as the recipe states it.

        Raises:
            OSError: it could not be renamed; the place is as it was.
        """
        output = self._workspace.output
        if made.stat().st_size != known.size:
            raise OSError(errno.EIO, "the ISO changed after it was verified", str(made))
        self._journal.write(Publishing(path=str(output), size=known.size, sha256=known.sha256))
        try:
            replace(made, output)
        except OSError as cause:
            if cause.errno != errno.EXDEV:
                raise
            self._across(made, unit)
        self._journal.write(OutputRenamed(path=str(output), size=known.size, sha256=known.sha256))
        return Written(path=stated, size=known.size, sha256=known.sha256)

    def _across(self, made: Path, unit: UnitId) -> None:
        """Where the run's folder lies on another volume (a link put there), copy first."""
        partial = self._workspace.partial(self._workspace.output, self._run.id)
        self._journal.write(Acquired(unit=unit, kind="partial", name=str(partial)))
        shutil.copyfile(made, partial)
        sync_file(partial)
        replace(partial, self._workspace.output)
        self._journal.write(Released(kind="partial", name=str(partial)))

    def report(self, result: RunResult) -> None:
        """Write the report: always among the run's files, and beside the ISO when one was published.

        Raises:
            OSError: it could not be written.
        """
        if result.written:
            report = self._workspace.report
            partial = self._workspace.partial(report, self._run.id)
            prefix = self._run.path.relative_to(self._workspace.output.parent).as_posix()
            self._journal.write(Acquired(unit=None, kind="partial", name=str(partial)))
            write_durably(report, _text(relocated(result, prefix)), partial)
            self._journal.write(Released(kind="partial", name=str(partial)))
        write_durably(self._run.report, _text(result))


def relocated(result: RunResult, prefix: str) -> RunResult:
    """A result whose logs are named from another folder."""
    tasks = tuple(t.model_copy(update={"log": f"{prefix}/{t.log}"}) if t.log else t for t in result.tasks)
    first = result.first_failure
    if first is not None and first.log:
        first = first.model_copy(update={"log": f"{prefix}/{first.log}"})
    return result.model_copy(update={"tasks": tasks, "first_failure": first})


def _text(result: RunResult) -> bytes:
    return (result.model_dump_json(indent=2) + "\n").encode()
