"""`osrecipe.engine.runner`: whole runs over dictionary images."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from support.dict_plans import sample_plan
from support.engine_runs import World

from osrecipe.engine.files import replace
from osrecipe.engine.journal import read
from osrecipe.engine.lock import RunLock
from osrecipe.engine.records import (
    Acquired,
    OutputRenamed,
    Publishing,
    RunFinished,
    RunStarted,
    TaskBegan,
    UnitStarted,
)
from osrecipe.engine.store import Store
from osrecipe.model.codes import ExitCode
from osrecipe.model.events import LogLine, TaskFinished, UnitFinished, Warned
from osrecipe.model.monitor import Monitor
from osrecipe.model.names import InputId, UnitId
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.result import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.model.execution import UnitRequest


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world."""
    return World(tmp_path)


def _iso(world: World) -> dict[str, object]:
    found: dict[str, object] = json.loads(world.workspace.output.read_text())
    return found


def _statuses(result: RunResult) -> dict[str, str]:
    return {u.unit: u.status for u in result.units}


def test_good_run(world: World) -> None:
    """A run leaves the ISO and its report beside it, and nothing else outside its own folder."""
    result = world.apply()

    assert ExitCode.DONE == result.exit_code
    assert "SAMPLE" == _iso(world)["label"]
    assert {"done"} == set(_statuses(result).values())
    assert {"done"} == {t.status for t in result.tasks}
    assert [t.id for u in world.plan.units for t in u.tasks] == [t.task for t in result.tasks]
    assert [] == world.leftovers()
    assert world.workspace.output.stat().st_size == result.written[0].size
    assert result == RunResult.model_validate_json(world.workspace.report.read_bytes())


def test_logs_are_where_the_report_says(world: World) -> None:
    """The log a report names lies there, relative to the report's folder, for both reports."""
    result = world.apply()
    task = next(t for t in result.tasks if t.task == "image-1/lcu")
    run = world.workspace.runs()[-1]
    inner = RunResult.model_validate_json(run.report.read_bytes())

    assert "servicing: add-package\n" == (world.workspace.report.parent / task.log).read_text()
    assert "logs/image-1__lcu.log" == next(t.log for t in inner.tasks if t.task == "image-1/lcu")
    assert "" == next(t.log for t in result.tasks if t.task == "media/copy")


def test_journal_tells_before_doing(world: World) -> None:
    """The journal starts with who runs what, and names a folder before it is there and the output before its rename."""
    seen: list[str] = []

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        lines = read(world.workspace.runs()[-1].journal).lines
        held = {line.what.name for line in lines if isinstance(line.what, Acquired)}
        assert str(request.work) in held
        seen.append(request.unit.id)

    world.executor.before = before
    world.apply()
    lines = [line.what for line in read(world.workspace.runs()[-1].journal).lines]

    assert 10 == len(seen)
    assert isinstance(lines[0], RunStarted)
    assert (os.getpid(), world.plan.digest) == (lines[0].pid, lines[0].plan)
    assert isinstance(lines[-1], RunFinished)
    kinds = [type(line) for line in lines]
    assert kinds.index(Publishing) + 1 == kinds.index(OutputRenamed)
    assert () == read(world.workspace.runs()[-1].journal).outstanding()


def test_second_run_is_cached(world: World) -> None:
    """What was done before comes from the store, reports as fully, and gives the same ISO."""
    first = world.apply()
    iso = world.workspace.output.read_bytes()
    world.fresh()
    second = world.apply()

    assert ["media.copy", "media.install-wim", "media.iso", "media.verify"] == world.executor.calls
    assert "cached" == _statuses(second)["install.export"]
    assert iso == world.workspace.output.read_bytes()
    old, new = ({t.task: (t.detail, t.checks) for t in r.tasks} for r in (first, second))
    assert old == new
    assert ExitCode.DONE == second.exit_code


def test_changed_tweak_runs_little(world: World) -> None:
    """A changed tweak re-runs the sessions that hold it, not the servicing before them."""
    world.apply()
    world.fresh()
    world.apply(sample_plan(dict(world.inputs), tweaked="a"))

    assert {"image-1.customize", "image-2.customize", "install.export"} == {
        c for c in world.executor.calls if not c.startswith("media.")
    }


def test_failure_stops_and_names_the_task(world: World) -> None:
    """The first failure is reported with its task, origin and log; what waits is skipped; no ISO appears."""
    adapter = world.fresh()
    adapter.faults["service", "image-2.service"] = OSError(5, "Input/output error", "image")
    result = world.apply(parallel=1)

    failure = result.first_failure
    assert failure is not None
    assert (ExitCode.TASK, "image-2/lcu", "run/task-failed") == (result.exit_code, failure.task, failure.slug)
    assert "Input/output error: `image`" == failure.reason
    assert ("recipe.yaml:1:1", ()) == (str(failure.origin), result.cleanup_failures)
    assert "failed" == _statuses(result)["image-2.service"]
    assert {"skipped"} == {s for u, s in _statuses(result).items() if u.startswith("media.")} - {"done"}
    assert not world.workspace.output.exists()
    assert not world.workspace.report.exists()
    assert [] == world.leftovers()
    assert [("open", "image-2.service"), ("discard", "image-2.service")] == [
        note for note in adapter.notes if note[1] == "image-2.service"
    ]
    inner = _inner(world).first_failure
    assert inner is not None
    assert inner.model_copy(update={"log": ""}) == failure.model_copy(update={"log": ""})
    log = world.workspace.output.parent / failure.log
    assert log == world.workspace.runs()[-1].path / inner.log
    assert "failed: Input/output error: `image`" in log.read_text(encoding="utf-8")


def _inner(world: World) -> RunResult:
    return RunResult.model_validate_json(world.workspace.runs()[-1].report.read_bytes())


def test_failed_run_resumes(world: World) -> None:
    """After a failure the next run does only what is missing, and ends as if nothing had happened."""
    World(world.folder / "other").apply()
    expected = (world.folder / "other" / "out" / "sample.iso").read_bytes()
    world.fresh().faults["commit", "image-2.customize"] = OSError(5, "Input/output error", "image")
    world.apply(parallel=1)
    world.fresh()
    result = world.apply()

    assert ExitCode.DONE == result.exit_code
    assert "image-1.customize" not in world.executor.calls
    assert expected == world.workspace.output.read_bytes()


def test_unverified_media_is_not_published(world: World) -> None:
    """The ISO appears only when its verification ended well; an older one stays as it was."""
    world.apply()
    before = world.workspace.output.read_bytes()
    report = world.workspace.report.read_bytes()
    world.fresh().faults["verify", "media"] = OSError()
    result = world.apply(sample_plan(dict(world.inputs), tweaked="a"))

    assert result.first_failure is not None
    assert (ExitCode.TASK, "run/expect-failed") == (result.exit_code, result.first_failure.slug)
    assert [False] == [c.passed for t in result.tasks if t.task == "media/verify" for c in t.checks]
    assert (before, report) == (world.workspace.output.read_bytes(), world.workspace.report.read_bytes())
    assert [] == world.leftovers()


def test_foreign_output_is_not_overwritten(world: World) -> None:
    """A file that no run of ours wrote is refused before anything starts, unless overwriting is allowed."""
    world.workspace.output.write_text("precious")
    with pytest.raises(OsrecipeError) as caught:
        world.apply()

    assert ("run/output-exists", ExitCode.TASK) == (caught.value.problems[0].slug, caught.value.exit_code)
    assert ("precious", []) == (world.workspace.output.read_text(), world.executor.calls)
    assert ExitCode.DONE == world.apply(overwrite=True).exit_code
    world.fresh()
    assert ExitCode.DONE == world.apply().exit_code


def test_edited_output_is_foreign(world: World) -> None:
    """An ISO that is no longer what the report tells of may be somebody's work."""
    world.apply()
    world.workspace.output.write_text("precious")
    world.fresh()
    with pytest.raises(OsrecipeError) as caught:
        world.apply()
    assert "run/output-exists" == caught.value.problems[0].slug


def test_output_on_another_volume(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the run's folder was put on another volume, the ISO is copied beside its place first, then renamed."""
    renamed: list[str] = []

    def volumes(source: Path, to: Path) -> None:
        if source.name == "iso":
            raise OSError(18, "Invalid cross-device link", str(source))
        renamed.append(source.name)
        replace(source, to)

    monkeypatch.setattr("osrecipe.engine.output.replace", volumes)
    result = world.apply()

    assert ExitCode.DONE == result.exit_code
    assert [f".sample.iso.{result.run}.part"] == renamed
    assert ("SAMPLE", []) == (_iso(world)["label"], world.leftovers())


def test_second_apply_is_refused(world: World) -> None:
    """While a run is alive a second one on its folder, or on its output, is refused and told of the first."""
    for lock in (world.workspace.lock, world.workspace.output_lock):
        with RunLock(lock, "x", "run of somebody"), pytest.raises(OsrecipeError) as caught:
            world.apply()
        assert ("run/locked", ExitCode.TASK) == (caught.value.problems[0].slug, caught.value.exit_code)
        assert "run of somebody" in caught.value.problems[0].reason
    assert [] == world.executor.calls
    assert ExitCode.DONE == world.apply().exit_code


def test_input_that_changes_meanwhile(world: World) -> None:
    """An artifact made while its input changed is not stored, and the run fails naming the input."""

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        if request.unit.id == "image-1.service":
            world.inputs[InputId("lcu")].write_bytes(b"other bytes")

    plan = world.plan
    world.executor.before = before
    result = world.apply(plan, parallel=1)

    assert result.first_failure is not None
    assert ("input/drift", "image-1.service") == (result.first_failure.slug, result.first_failure.unit)
    assert "`lcu`" in result.first_failure.reason
    assert "failed" == _statuses(result)["image-1.service"]
    assert ["discarded"] == [t.status for t in result.tasks if t.unit == "image-1.service"]


def test_input_that_changes_at_the_end(world: World) -> None:
    """Also when all units are done, a changed input keeps the ISO from being published."""

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        if request.unit.id == "media.verify":
            world.inputs[InputId("lcu")].write_bytes(b"other bytes")

    world.executor.before = before
    result = world.apply(world.plan)

    assert result.first_failure is not None
    assert ("input/drift", False) == (result.first_failure.slug, world.workspace.output.exists())


def test_sources_are_never_modified(world: World) -> None:
    """Inputs are byte for byte and time for time what they were."""
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in world.inputs.values()}
    world.apply()

    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in world.inputs.values()}


def test_executor_that_skips_a_task(world: World) -> None:
    """A unit that says it is done without doing its task is a failure, and its artifacts are not stored."""
    execute = world.executor.execute

    def lying(request, secrets, emit, cancelled):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as execute
        quiet = request.unit.id == "image-1.service"
        return execute(
            request,
            secrets,
            (lambda e: None if quiet and isinstance(e, TaskFinished) else emit(e)),
            cancelled,
        )

    world.executor.execute = lying  # type: ignore[method-assign]
    result = world.apply(parallel=1)

    assert result.first_failure is not None
    assert (ExitCode.TASK, "run/unaccounted") == (result.exit_code, result.first_failure.slug)
    assert not list(world.workspace.store.glob("v1/*/*/artifacts/image.wim"))


def test_missing_artifact(world: World) -> None:
    """A unit that says it is done without leaving its artifact is a failure."""

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        if request.unit.id == "media.iso":
            object.__setattr__(request, "artifacts", request.work)

    world.executor.before = before
    result = world.apply()

    assert result.first_failure is not None
    assert ("run/unaccounted", "media.iso") == (result.first_failure.slug, result.first_failure.unit)


def test_worker_that_dies(world: World) -> None:
    """An executor that reports the worker's death fails the unit; the run ends in order."""

    def before(_request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        from osrecipe.model.problems import error

        raise error(
            "run/worker-died", "the worker died of signal 11", hint="see the log", exit_code=ExitCode.TASK
        )

    world.executor.before = before
    result = world.apply()

    assert result.first_failure is not None
    assert ("run/worker-died", "see the log") == (result.first_failure.slug, result.first_failure.remedy)
    assert [] == world.leftovers()


def test_bug_is_exit_code_one(world: World) -> None:
    """A bug ends the run in order, with a log that holds the trace."""

    def before(_request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        raise ZeroDivisionError("by zero")

    world.executor.before = before
    result = world.apply()

    assert result.first_failure is not None
    assert (ExitCode.UNEXPECTED, "internal/bug") == (result.exit_code, result.first_failure.slug)
    log = world.workspace.output.parent / result.first_failure.log
    assert "ZeroDivisionError: by zero" in log.read_text()
    assert [] == world.leftovers()


def test_full_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while artifacts are made durable is said as such, and nothing half stays."""
    import osrecipe.engine.evidence as module

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device", "image.wim")

    monkeypatch.setattr(module, "sync_file", full)
    result = world.apply()

    assert result.first_failure is not None
    assert ("run/space", "no space is left: `image.wim`") == (
        result.first_failure.slug,
        result.first_failure.reason,
    )
    assert [] == world.leftovers()


def test_interrupt(world: World) -> None:
    """On a signal nothing new starts, running sessions give up, and the run ends with 5 and nothing left."""
    ready = threading.Barrier(2, timeout=20)

    def before(request: UnitRequest, cancelled: Callable[[], bool]) -> None:
        if request.unit.kind == "session":
            ready.wait()
            while not cancelled():
                time.sleep(0.01)

    def interrupt() -> None:
        ready.wait()
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    world.images = 1
    world.executor.before = before
    before_handler = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    result = world.apply()
    thread.join()

    assert result.first_failure is not None
    assert (ExitCode.INTERRUPTED, "run/interrupted") == (result.exit_code, result.first_failure.slug)
    assert ("cancelled", "skipped") == (_statuses(result)["image-1.service"], _statuses(result)["media.iso"])
    assert [] == world.leftovers()
    assert before_handler == signal.getsignal(signal.SIGINT)


def test_stop_when_all_is_done_publishes(world: World) -> None:
    """A request to stop that comes when nothing is left to do changes nothing."""

    class Late(Monitor):
        """Asks to stop at the very end."""

        def event(self, event: object) -> None:
            """Watch for the end."""
            if isinstance(event, UnitFinished) and event.unit == "media.verify":
                world.stop.set()

    world.watcher = Late()  # type: ignore[assignment]
    assert ExitCode.DONE == world.apply().exit_code


def test_stop_before_the_start(world: World) -> None:
    """Asked to stop before the first unit, the run skips all and ends with 5."""
    world.stop.set()
    result = world.apply()

    assert (ExitCode.INTERRUPTED, {"skipped"}) == (result.exit_code, set(_statuses(result).values()))


def test_monitor_may_fail(world: World) -> None:
    """A display that breaks, a closed pipe for example, does not end the run."""

    class Broken(Monitor):
        """Breaks."""

        def event(self, _event: object) -> None:
            """Break."""
            raise BrokenPipeError

    world.watcher = Broken()  # type: ignore[assignment]
    assert ExitCode.DONE == world.apply().exit_code


def test_monitor_is_called_from_one_thread(world: World) -> None:
    """Every event arrives in the thread that called `run`, each unit's in order."""
    names: set[str] = set()
    original = world.watcher.event

    def event(event: object) -> None:
        names.add(threading.current_thread().name)
        original(event)  # type: ignore[arg-type]

    world.watcher.event = event  # type: ignore[method-assign]
    world.apply()

    assert {threading.current_thread().name} == names
    mine = [e.event for e in world.watcher.events if getattr(e, "unit", "") == "media.copy"]
    assert ["unit-started", "task-started", "task-finished", "unit-finished"] == mine


def test_secrets_reach_the_image_and_nothing_else(world: World) -> None:
    """A secret's value is in no file the run leaves but the ISO it was meant for, and in no event."""
    plan = sample_plan(dict(world.inputs), images=1, secret=True)
    seen: list[dict[str, str]] = []

    def before(request: UnitRequest, _cancelled: Callable[[], bool]) -> None:
        seen.append({"unit": request.unit.id, "names": ",".join(request.secret_names)})

    world.executor.before = before
    result = world.apply(plan)

    # the dictionary image has no SOFTWARE hive, so the tweak fails after it saw the value
    assert result.first_failure is not None
    assert "no hive" in result.first_failure.reason
    assert {"image-1.customize": "join"} == {s["unit"]: s["names"] for s in seen if s["names"]}
    for path in (world.folder / "out").rglob("*"):
        assert not path.is_file() or b"s3cret-value" not in path.read_bytes()
    assert not any("s3cret-value" in repr(event) for event in world.watcher.events)


def test_tool_that_prints_a_secret(world: World) -> None:
    """Whatever an executor says with a secret in it is masked before it is shown, logged or reported."""
    execute = world.executor.execute

    def chatty(request, secrets, emit, cancelled):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as execute
        for value in secrets.values():
            emit(LogLine(unit=request.unit.id, task=None, text=f"net join {value}"))
        return execute(request, secrets, emit, cancelled)

    world.executor.execute = chatty  # type: ignore[method-assign]
    world.apply(sample_plan(dict(world.inputs), images=1, secret=True))

    log = world.workspace.runs()[-1].log(UnitId("image-1.customize"))
    assert "net join •••\n" == log.read_text(encoding="utf-8")
    assert not any("s3cret-value" in repr(event) for event in world.watcher.events)


def test_secret_without_a_value(world: World) -> None:
    """A secret the plan needs and nobody gave is said before anything starts."""
    from osrecipe.engine.runner import run

    plan = sample_plan(dict(world.inputs), images=1, secret=True)
    with pytest.raises(OsrecipeError) as caught:
        run(
            plan,
            world.executor,
            world.workspace,
            world.store,
            Monitor(),
            resolve_inputs=world.inputs,
            secrets={},
        )
    assert "input/secret" == caught.value.problems[0].slug
    assert not world.workspace.folder.exists()


def test_damaged_artifact_is_made_again(world: World) -> None:
    """An artifact that rotted in the store is noticed before it is read, and made again."""
    world.apply()
    for artifact in world.workspace.store.glob("v1/*/*/artifacts/install.wim"):
        data = artifact.read_bytes()
        artifact.write_bytes(data[:-1] + b"?")
    world.fresh()
    result = world.apply()

    assert (ExitCode.DONE, "done") == (result.exit_code, _statuses(result)["install.export"])
    assert "cached" == _statuses(result)["image-1.service"]


def test_budget_is_kept_after_the_run(world: World) -> None:
    """What is over the budget leaves the store after the run, and that is said."""
    from osrecipe.engine.runner import Options, run

    store = Store(world.workspace.store, budget=0)
    result = run(
        world.plan,
        world.executor,
        world.workspace,
        store,
        world.watcher,
        resolve_inputs=world.inputs,
        options=Options(undoers={"mount": world.undoer}),
    )

    assert ExitCode.DONE == result.exit_code
    assert [] == list(world.workspace.store.glob("v1/*/*/artifacts"))
    warned = [e.text for e in world.watcher.events if isinstance(e, Warned)]
    assert 6 == sum("left the store" in text for text in warned)


def test_old_runs_are_pruned(world: World) -> None:
    """The last ten runs keep their logs."""
    world.images = 1
    names = []
    for _ in range(12):
        world.fresh()
        names.append(world.apply().run)

    assert names[-10:] == [run.id for run in world.workspace.runs()]


def test_every_task_has_its_turn_in_the_journal(world: World) -> None:
    """The journal has each unit and each task of the plan, once."""
    world.apply()
    lines = [line.what for line in read(world.workspace.runs()[-1].journal).lines]

    assert sorted(u.id for u in world.plan.units) == sorted(
        x.unit for x in lines if isinstance(x, UnitStarted)
    )
    assert sorted(t.id for u in world.plan.units for t in u.tasks) == sorted(
        x.task for x in lines if isinstance(x, TaskBegan)
    )
