"""The seam between the engine and what does a unit's work: a request that can be written down, and an executor.

A request is serialisable so that a unit can be done in a child process, where a crash of a native library or a stuck
tool can't take the engine down, and later on another machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from osrecipe.model.frozen import Frozen
from osrecipe.model.plan import Job, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.model.adapter import AdapterVersion
    from osrecipe.model.events import Event


class ResolvedRef(Frozen):
    """Where an input or an artifact lies on this host; `key` is `input:ID` or `artifact:UNIT:NAME`."""

    key: str
    path: Path


class UnitRequest(Frozen):
    """Everything needed to do one unit's work.

    Attributes:
        adapter: the adapter's name.
        resolved: the host path of every reference the unit has.
        work: an empty private folder for the unit.
        artifacts: an empty folder where each artifact is left under its name.
        tree: the working media tree, for jobs that change it.
        shared: where units of one run leave each other what may be used again, such as compressed payload; not
            made yet, and nothing may depend on what is in it. None for none.
        now: Unix seconds for what has no time of its own.
        logs: the folder of the run's logs, for what tools wrote themselves; None for none.
        secret_names: which secrets it needs; values travel apart from the request.
    """

    unit: Session | Job
    adapter: str
    resolved: tuple[ResolvedRef, ...]
    work: Path
    artifacts: Path
    tree: Path
    now: int
    logs: Path | None = None
    shared: Path | None = None
    secret_names: tuple[str, ...] = ()


class UnitOutcome(Frozen):
    """How a unit ended: `done` means that every artifact it produces is there and complete."""

    status: str
    detail: str = ""


class Executor(Protocol):
    """Does a unit's work, in this process or another. Called from the engine's worker threads, several at once."""

    @property
    def adapter(self) -> AdapterVersion:
        """Whose versions go into store keys."""

    def execute(
        self,
        request: UnitRequest,
        secrets: Mapping[str, str],
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> UnitOutcome:
        """Do the work; events arrive in order, the last being `TaskFailed` when the outcome is `failed`.

        Returns `done`, `failed` or `cancelled`; never raises for a task's failure.

        Raises:
            OsrecipeError: the worker itself died (`run/worker-died`).
        """


def ref_key(unit_or_input: str, name: str | None = None) -> str:
    """The key of an input (`input:ID`) or of an artifact (`artifact:UNIT:NAME`)."""
    return f"input:{unit_or_input}" if name is None else f"artifact:{unit_or_input}:{name}"
