"""The runner: carries a plan out, whatever happens, and says what it came to.

The calling thread, best the main one, waits, serves signals and speaks to the monitor; units run in threads that hand
their work to the executor. The ISO is published last, by a rename, when every unit ended well. It must not know what
an adapter or a task does.
"""

from __future__ import annotations

import errno
import os
import secrets as random
import socket
import traceback
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from osrecipe.engine.assess import assessment_of, decide
from osrecipe.engine.clock import SystemClock
from osrecipe.engine.files import write_durably
from osrecipe.engine.graph import Graph
from osrecipe.engine.interrupts import Stop, stop_on_signals
from osrecipe.engine.janitor import Cleaner, clean_dead_runs, cleanup_failure, prune, reason_of
from osrecipe.engine.journal import Journal, read
from osrecipe.engine.keys import store_key
from osrecipe.engine.lock import RunLock
from osrecipe.engine.logs import Logs
from osrecipe.engine.output import ISO, Publisher, relocated, require_free
from osrecipe.engine.quiet import QuietMonitor
from osrecipe.engine.records import Acquired, RunFinished, RunStarted
from osrecipe.engine.scheduler import Queue, Workers, default_parallel
from osrecipe.engine.sources import Sources
from osrecipe.engine.tally import Tally
from osrecipe.engine.unitrun import Bench, UnitDone, UnitTurn, drift, is_output, secret_names
from osrecipe.engine.workspace import KEEP_RUNS
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.events import LogLine, UnitFinished, UnitStarted, Warned
from osrecipe.model.names import UnitId
from osrecipe.model.problems import OsrecipeError, error
from osrecipe.model.result import Failure
from osrecipe.model.tasks import WriteIso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.engine.clock import Clock
    from osrecipe.engine.janitor import Undoer
    from osrecipe.engine.store import Lease, Store
    from osrecipe.engine.workspace import RunFolder, Workspace
    from osrecipe.model.execution import Executor
    from osrecipe.model.monitor import Monitor
    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

_NO_TIME = 315_532_800
"""1980-01-01, the earliest time every file system here can hold; for plans that write no ISO."""
_ENGINE = UnitId("engine")
"""What the engine's own log is named after."""


@dataclass(frozen=True)
class Options:
    """How a run is done; nothing here changes what it makes.

    Attributes:
        parallel: how many units run at once; 0 chooses.
        overwrite: replace an output that no earlier run of ours is known to have written.
        undoers: who undoes resources that are no paths, by kind.
        stop: set it to ask the run to stop; signals set it too.
        token: random text for run ids.
    """

    parallel: int = 0
    overwrite: bool = False
    undoers: Mapping[str, Undoer] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    stop: Stop = field(default_factory=Stop)
    token: Callable[[], str] = lambda: random.token_hex(4)


def run(
    plan: Plan,
    executor: Executor,
    workspace: Workspace,
    store: Store,
    monitor: Monitor,
    *,
    resolve_inputs: Mapping[InputId, Path],
    secrets: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> RunResult:
    """Carry a plan out.

    Args:
        plan: what to do; its inputs have been verified against their digests.
        executor: who does units' work.
        workspace: where it is done, and where the output goes.
        store: where artifacts come from and go to.
        monitor: who watches; called from this thread only.
        resolve_inputs: the host path of every input of the plan.
        secrets: values by name; they reach the executor and nothing else.
        options: how.

    Raises:
        OsrecipeError: the run could not begin: another one is alive, an input or secret is not there, the output is
            not ours, or the plan contradicts itself. Everything later is in the result.
    """
    options = options or Options()
    graph = Graph(plan)
    sources = Sources(plan, resolve_inputs)
    sources.require_apart(workspace.output)
    _require_secrets(plan, secrets or {})
    folder = workspace.new_run(options.clock, options.token)
    with ExitStack() as stack:
        stack.enter_context(stop_on_signals(options.stop))
        for lock, what in ((workspace.lock, workspace.folder), (workspace.output_lock, workspace.output)):
            stack.enter_context(RunLock(lock, str(what), f"run {folder.id}"))
        require_free(workspace, overwrite=options.overwrite)
        made = _Run(plan, graph, executor, workspace, folder, store, QuietMonitor(monitor), options, sources)
        return made.carry_out(secrets or {})


class _Run:
    """One run, from its folder to its result; also what the scheduler calls."""

    def __init__(
        self,
        plan: Plan,
        graph: Graph,
        executor: Executor,
        workspace: Workspace,
        folder: RunFolder,
        store: Store,
        monitor: QuietMonitor,
        options: Options,
        sources: Sources,
    ) -> None:
        self._plan = plan
        self._graph = graph
        self._executor = executor
        self._workspace = workspace
        self._folder = folder
        self._store = store
        self._monitor = monitor
        self._options = options
        self._sources = sources
        self._clock = options.clock
        self._stop = options.stop
        self._tally = Tally(plan, graph, executor.adapter)
        self._done: dict[UnitId, UnitDone] = {}
        self._workers: Workers[UnitDone] = Workers(options.parallel or default_parallel(), self._work)
        self._bench: Bench | None = None
        self._zero = options.clock.ticks()

    def carry_out(self, secrets: Mapping[str, str]) -> RunResult:
        """Do everything and account for everything."""
        previous = self._workspace.previous_plan()
        removed = self._clean_up_after_others()
        journal = self._begin()
        logs = Logs(self._folder)
        try:
            self._guard(lambda: self._units(journal, logs, secrets, previous, removed), logs)
            self._guard(lambda: self._tidy(journal), logs)
            result = self._report(journal, logs)
        finally:
            logs.close_all()
            journal.close()
        self._monitor.run_finished(result)
        return result

    # -- the run's parts ---------------------------------------------------------------------------------------------

    def _clean_up_after_others(self) -> tuple[str, ...]:
        removed, left = clean_dead_runs(self._workspace, self._options.undoers, self._clock, self._folder.id)
        self._tally.cleanup += left
        self._try_store(self._store.sweep)
        return removed

    def _begin(self) -> Journal:
        """Make the run's folder: first the plan, then the journal, then all else."""
        try:
            self._folder.logs.mkdir(parents=True)
            write_durably(self._folder.plan, self._plan.model_dump_json(indent=1).encode())
            return Journal(self._folder.journal, self._clock)
        except OSError as cause:
            slug = Slug.RUN_SPACE if cause.errno == errno.ENOSPC else Slug.RUN_TASK_FAILED
            reason = (
                f"the run's folder can't be made: {reason_of(cause)}: `{cause.filename or self._folder.path}`"
            )
            raise error(slug, reason, exit_code=ExitCode.TASK) from cause

    def _units(
        self,
        journal: Journal,
        logs: Logs,
        secrets: Mapping[str, str],
        previous: Plan | None,
        removed: tuple[str, ...],
    ) -> None:
        journal.write(self._started())
        journal.write(Acquired(unit=None, kind="folder", name=str(self._folder.work)))
        self._folder.tree.mkdir(parents=True)
        with self._store.lease(self._folder.id, self._clock) as lease:
            self._bench = self._bench_of(journal, logs, lease, secrets)
            waiting = self._decide(lease, previous, removed)
            self._workers.drive(Queue(waiting, self._open_needs(waiting)), self)
            if self._tally.complete:
                self._guard(lambda: self._publish(journal), logs)
            elif self._stop.is_set():
                self._tally.interrupt()

    def _started(self) -> RunStarted:
        return RunStarted(
            run=self._folder.id,
            plan=self._plan.digest,
            pid=os.getpid(),
            host=socket.gethostname(),
            boot=_boot_id(),
            adapter=self._executor.adapter,
        )

    def _bench_of(self, journal: Journal, logs: Logs, lease: Lease, secrets: Mapping[str, str]) -> Bench:
        return Bench(
            graph=self._graph,
            workspace=self._workspace,
            run=self._folder,
            journal=journal,
            lease=lease,
            logs=logs,
            executor=self._executor,
            sources=self._sources,
            secrets=secrets,
            undoers=self._options.undoers,
            clock=self._clock,
            now=_plan_time(self._plan),
            say=self._workers.say,
            cancelled=self._workers.cancelled.is_set,
            zero=self._zero,
            artifacts={},
        )

    def _decide(self, lease: Lease, previous: Plan | None, removed: tuple[str, ...]) -> list[UnitId]:
        """Choose what runs, and tell."""
        adapter = self._executor.adapter
        decision = decide(
            self._graph,
            lambda unit: lease.find(store_key(unit.digest, adapter), unit),
            lambda entry, names: self._stop.is_set() or lease.verify(entry, names),
        )
        self._tally.cached(decision.cached)
        self._monitor.run_started(self._plan, assessment_of(self._graph, decision, previous), self._folder.id)
        for text in removed:
            self._warn(f"removed what a dead run had left: {text}")
        for unit, entry in decision.cached.items():
            self._artifacts[unit] = entry.artifacts
        for unit in self._graph.order:
            if unit in decision.cached:
                self._monitor.event(UnitFinished(unit=unit, status="cached"))
        return [unit for unit in self._graph.order if unit in decision.run]

    def _open_needs(self, waiting: list[UnitId]) -> dict[UnitId, frozenset[UnitId]]:
        return {unit: self._graph.needs[unit] & frozenset(waiting) for unit in waiting}

    def _publish(self, journal: Journal) -> None:
        """Give the ISO its place; by now every unit, its verification too, ended well."""
        if (name := self._sources.drifted(self._sources.names)) is not None:
            reason, slug, remedy = drift(name)
            self._tally.fail(Failure(unit=None, task=None, slug=slug, reason=reason, remedy=remedy))
            return
        publisher = Publisher(self._workspace, self._folder, journal)
        for unit in self._graph.order:
            if not is_output(self._graph.units[unit]):
                continue
            known = next((f for f in self._done[unit].files if f.path == ISO), None)
            if known is None:
                reason = f"unit `{unit}` left no ISO"
                self._tally.fail(Failure(unit=unit, task=None, slug=Slug.RUN_UNACCOUNTED, reason=reason))
                return
            made = self._artifacts[unit] / ISO
            self._tally.written = (publisher.iso(made, known, unit, self._plan.output),)

    def _tidy(self, journal: Journal) -> None:
        """Remove everything that is not kept: work folders, old runs, artifacts beyond the budget."""
        cleaner = Cleaner(self._workspace, self._folder, self._options.undoers)
        cleaner.clean(read(self._folder.journal).outstanding(), journal)
        self._tally.cleanup += cleaner.failures
        self._tally.cleanup += prune(self._workspace, KEEP_RUNS, self._folder.id)
        self._try_store(self._evict)

    def _evict(self) -> None:
        for gone in self._store.evict():
            self._warn(f"left the store to keep its budget: {gone.size} bytes of `{gone.unit}`")

    def _report(self, journal: Journal, logs: Logs) -> RunResult:
        """Write the report and close the books."""
        publisher = Publisher(self._workspace, self._folder, journal)
        took = self._clock.ticks() - self._zero
        self._guard(lambda: publisher.report(self._tally.result(self._folder.id, took)), logs)
        exit_code = self._tally.result(self._folder.id, took).exit_code
        self._guard(lambda: journal.write(RunFinished(exit_code=exit_code)), logs)
        prefix = self._folder.path.relative_to(self._workspace.output.parent).as_posix()
        return relocated(self._tally.result(self._folder.id, took), prefix)

    # -- what the scheduler calls ------------------------------------------------------------------------------------

    def started(self, unit: UnitId) -> None:
        """A unit is about to start."""
        self._monitor.event(UnitStarted(unit=unit))

    def ended(self, unit: UnitId, result: UnitDone) -> bool:
        """A unit ended; after a request to stop, that is the cause of whatever its end is."""
        if result.status != "done" and self._stop.is_set():
            self._tally.interrupt()
        self._done[unit] = result
        self._tally.done(result)
        self._monitor.event(UnitFinished(unit=unit, status=result.status, milliseconds=result.milliseconds))
        return result.status == "done"

    def heard(self, message: object) -> None:
        """An event of a unit."""
        self._monitor.event(message)  # type: ignore[arg-type]  # units say nothing but events

    def tick(self) -> None:
        """Time for the display to move."""
        self._monitor.tick()

    def stop(self) -> bool:
        """Whether somebody asked the run to stop."""
        return self._stop.is_set()

    # -- helpers -----------------------------------------------------------------------------------------------------

    def _work(self, unit: UnitId) -> UnitDone:
        if self._bench is None:
            raise AssertionError(unit)
        return UnitTurn(self._bench, self._graph.units[unit]).run()

    @property
    def _artifacts(self) -> dict[UnitId, Path]:
        return self._bench.artifacts if self._bench else {}

    def _warn(self, text: str) -> None:
        self._monitor.event(Warned(unit=None, text=text))

    def _try_store(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as cause:
            where = cause.filename or str(self._store.root)
            reason = f"the store could not be tidied: {reason_of(cause)}: `{where}`"
            self._tally.cleanup.append(cleanup_failure(None, reason, ""))

    def _guard(self, action: Callable[[], None], logs: Logs) -> None:
        """Do a part of the run; what goes wrong in it ends the run in an orderly way."""
        try:
            action()
        except OsrecipeError as cause:
            problem = cause.problems[0]
            self._fail(problem.slug, problem.reason, problem.hint)
        except OSError as cause:
            where = cause.filename or self._folder.path
            if cause.errno == errno.ENOSPC:
                self._fail(
                    Slug.RUN_SPACE, f"no space is left: `{where}`", "free space on the output's volume"
                )
            else:
                self._fail(Slug.RUN_TASK_FAILED, f"{reason_of(cause)}: `{where}`", "")
        except Exception as cause:  # noqa: BLE001 - a bug must not leave mounts behind either
            for line in traceback.format_exception(cause):
                logs.write(LogLine(unit=_ENGINE, task=None, text=line.rstrip("\n")))
            self._fail(Slug.INTERNAL, f"{type(cause).__name__}: {cause}", "report it with the log")

    def _fail(self, slug: str, reason: str, remedy: str) -> None:
        log = self._folder.log(_ENGINE)
        shown = log.relative_to(self._folder.path).as_posix() if log.exists() else ""
        self._tally.fail(Failure(unit=None, task=None, slug=slug, reason=reason, remedy=remedy, log=shown))


def _require_secrets(plan: Plan, secrets: Mapping[str, str]) -> None:
    for unit in plan.units:
        for name in secret_names(unit):
            if name not in secrets:
                raise error(Slug.INPUT_SECRET, f"a secret has no value: `{name}`", exit_code=ExitCode.INVALID)


def _plan_time(plan: Plan) -> int:
    """The time written into what has none of its own: the ISO's, from the plan."""
    times = [t.op.timestamp for unit in plan.units for t in unit.tasks if isinstance(t.op, WriteIso)]
    return max(times, default=_NO_TIME)


def _boot_id() -> str:
    """Linux's id of this boot; elsewhere an empty string."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
