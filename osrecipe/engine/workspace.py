"""Where a recipe's runs live: beside the output, so that publishing is a rename on one volume.

    OUTPUT FOLDER/.osrecipe/.locks/OUTPUT NAME.lock
    OUTPUT FOLDER/.osrecipe/RECIPE/lock
    OUTPUT FOLDER/.osrecipe/RECIPE/store/
    OUTPUT FOLDER/.osrecipe/RECIPE/runs/RUN/{plan.json, journal.jsonl, report.json, logs/, work/}

Names and paths only; what is in them is other modules' business.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from osrecipe.engine.clock import stamp, unstamp
from osrecipe.model.codes import Slug
from osrecipe.model.plan import Plan
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.engine.clock import Clock
    from osrecipe.model.names import TaskId, UnitId

KEEP_RUNS = 10
"""How many runs keep their journals and logs."""
_HOME = ".osrecipe"


@dataclass(frozen=True)
class RunFolder:
    """One run's files. `id` is its name: UTC time and eight random digits, so that names sort by time."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def plan(self) -> Path:
        """The plan as it was carried out."""
        return self.path / "plan.json"

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.path / "journal.jsonl"

    @property
    def report(self) -> Path:
        """The report, kept however the run ended."""
        return self.path / "report.json"

    @property
    def logs(self) -> Path:
        """The folder of the tasks' logs."""
        return self.path / "logs"

    @property
    def work(self) -> Path:
        """Everything the run makes that is not kept."""
        return self.path / "work"

    @property
    def tree(self) -> Path:
        """The working media tree."""
        return self.work / "tree"

    @property
    def shared(self) -> Path:
        """What units leave for each other so that it is done once; nothing depends on it."""
        return self.work / "shared"

    def unit_work(self, unit: UnitId) -> Path:
        """A unit's private folder."""
        return self.work / "units" / unit

    def unit_artifacts(self, unit: UnitId) -> Path:
        """Where a unit's artifacts stay that may not go to the store."""
        return self.work / "artifacts" / unit

    def log(self, name: TaskId | UnitId) -> Path:
        """The log of a task, or of what a unit does outside its tasks."""
        return self.logs / log_name(name)


def log_name(name: TaskId | UnitId, kept: str = "log") -> str:
    """The file name of a task's or unit's log, or of another file that is kept beside it."""
    return f"{name.replace('/', '__')}.{kept}"


@dataclass(frozen=True)
class Workspace:
    """The folder of one recipe's runs.

    Attributes:
        output: the ISO's final path, absolute.
        recipe: the recipe's name; an id, so it is one folder name.
    """

    output: Path
    recipe: str

    @property
    def folder(self) -> Path:
        """The recipe's folder."""
        return self.output.parent / _HOME / self.recipe

    @property
    def lock(self) -> Path:
        """The lock that says that a run of this recipe is alive."""
        return self.folder / "lock"

    @property
    def output_lock(self) -> Path:
        """The lock of the output, which another recipe could name too."""
        return self.output.parent / _HOME / ".locks" / f"{self.output.name}.lock"

    @property
    def runs_folder(self) -> Path:
        """Where the runs are."""
        return self.folder / "runs"

    @property
    def store(self) -> Path:
        """Where the store is unless the user keeps it elsewhere."""
        return self.folder / "store"

    @property
    def report(self) -> Path:
        """The report beside the output."""
        return self.output.with_name(f"{self.output.stem}.report.json")

    def partial(self, path: Path, run: str) -> Path:
        """The name an output or its report has while it is written beside its final place."""
        return path.with_name(f".{path.name}.{run}.part")

    def runs(self) -> tuple[RunFolder, ...]:
        """The runs there are, the oldest first."""
        if not self.runs_folder.is_dir():
            return ()
        found = sorted(p for p in self.runs_folder.iterdir() if p.is_dir() and not p.is_symlink())
        return tuple(RunFolder(path) for path in found)

    def new_run(self, clock: Clock, token: Callable[[], str] = lambda: secrets.token_hex(4)) -> RunFolder:
        """Name the next run. Nothing is made yet.

        Its name sorts after all there are, also when the host's clock was set back.
        """
        runs = self.runs()
        latest = unstamp(runs[-1].id) if runs else None
        wall = clock.wall() if latest is None else max(clock.wall(), latest + 1)
        return RunFolder(self.runs_folder / f"{stamp(wall)}-{token()}")

    def previous_plan(self) -> Plan | None:
        """The plan of the last run, or None when there is none that can be read."""
        for run in reversed(self.runs()):
            try:
                return Plan.model_validate_json(run.plan.read_bytes())
            except (OSError, ValidationError):
                continue
        return None


def workspace_for(output: Path, recipe: str) -> Workspace:
    """The workspace of a recipe for an output.

    Raises:
        OsrecipeError: the recipe's name or the output can't be used as a path.
    """
    if not recipe or recipe.startswith(".") or any(c in recipe for c in '/\\:*?"<>|\0'):
        raise error(Slug.INPUT_UNSAFE, f"the recipe's name is no folder name: `{recipe}`")
    if not output.name or output.is_dir():
        raise error(Slug.INPUT_UNSAFE, f"the output is a folder: `{output}`", hint="name the ISO file")
    return Workspace(output.absolute(), recipe)
