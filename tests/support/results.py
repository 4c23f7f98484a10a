"""Results of runs for tests of what is shown: made from a plan, as if the engine had carried it out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.assessment import Assessment, UnitStatus
from osrecipe.model.checks import BuildIs, CheckResult
from osrecipe.model.codes import ExitCode
from osrecipe.model.events import TaskFailed, TaskFinished, TaskStarted, UnitFinished, UnitStarted
from osrecipe.model.result import Failure, RunResult, TaskResult, UnitResult, Written
from osrecipe.render.lanes import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.events import Event
    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Plan, Session, Task

RUN = "20240131T235959.123Z-0a1b2c3d"
ADAPTER = AdapterVersion(name="embedded", version="0.1.0", tools=(("libwim", "1.13.6"),))


def assessment(plan: Plan, cached: tuple[str, ...] = (), changed: tuple[str, ...] = ()) -> Assessment:
    """What is stored: the lanes named so come from the store, or changed because of the input `lcu`."""
    return Assessment(
        units={
            unit.id: UnitStatus(status="cached")
            if unit.lane in cached
            else UnitStatus(status="changed", because="input `lcu`")
            if unit.lane in changed
            else UnitStatus(
                status="run", because="" if unit.cacheable else "jobs on the media tree always run"
            )
            for unit in plan.units
        }
    )


def milliseconds(task: Task) -> int:
    """A made-up duration that depends on the task alone."""
    return 500 + int.from_bytes(hashlib.sha256(task.id.encode()).digest()[:2]) % 20_000


def done(plan: Plan, cached: tuple[str, ...] = ()) -> RunResult:
    """A run that ended well; the units of the lanes in `cached` came from the store."""
    units, tasks = [], []
    ends: dict[UnitId, int] = {}
    before = needs(plan)
    for unit in plan.units:
        is_cached = unit.lane in cached
        start = max((ends[other] for other in before[unit.id]), default=0)
        results = list(_tasks(unit, 0 if is_cached else start + 100, is_cached=is_cached))
        spent = sum(r.milliseconds for r in results) + 300
        ends[unit.id] = start if is_cached else start + spent
        tasks += results
        units.append(
            UnitResult(
                unit=unit.id,
                status="cached" if is_cached else "done",
                digest=unit.digest,
                started=0 if is_cached else start,
                milliseconds=spent,
            )
        )
    return RunResult(
        run=RUN,
        recipe=plan.recipe,
        plan=plan.digest,
        adapter=ADAPTER,
        exit_code=ExitCode.DONE,
        units=tuple(units),
        tasks=tuple(tasks),
        written=(Written(path=plan.output, size=4_700_372_992, sha256=hashlib.sha256(b"iso").hexdigest()),),
        milliseconds=max(ends.values()),
    )


def failed(plan: Plan, task_id: str, *, left: bool = False) -> RunResult:
    """A run in which one task failed; its session was discarded and what comes later in the plan was not run."""
    good = done(plan)
    bad = next(unit for unit in plan.units if any(t.id == task_id for t in unit.tasks))
    place = plan.units.index(bad)
    later = {unit.id for unit in plan.units[place + 1 :]}
    tasks, seen = [], False
    for result in good.tasks:
        status, extra = result.status, {}
        if result.unit in later or (result.unit == bad.id and seen):
            status, extra = (
                "not-run",
                {"checks": (), "figures": (), "detail": "", "milliseconds": 0, "started": 0, "log": ""},
            )
        elif result.task == task_id:
            status, seen, extra = (
                "failed",
                True,
                {"checks": (), "figures": (), "detail": "the package is not applicable"},
            )
        elif result.unit == bad.id:
            status, extra = "discarded", {"checks": ()}
        tasks.append(result.model_copy(update={"status": status, **extra}))
    units = [
        unit.model_copy(
            update={"status": "skipped", "milliseconds": 0, "started": 0}
            if unit.unit in later
            else {"status": "failed"}
            if unit.unit == bad.id
            else {}
        )
        for unit in good.units
    ]
    task = next(t for t in bad.tasks if t.id == task_id)
    leftover = Failure(
        unit=bad.id,
        task=None,
        slug="run/cleanup",
        reason="the folder could not be removed: Device or resource busy: `out/.osrecipe/usual/runs/1/work`",
        remedy="rm -r out/.osrecipe/usual/runs/1/work",
    )
    return good.model_copy(
        update={
            "exit_code": ExitCode.CLEANUP if left else ExitCode.TASK,
            "units": tuple(units),
            "tasks": tuple(tasks),
            "written": (),
            "first_failure": Failure(
                unit=bad.id,
                task=task.id,
                slug="run/task-failed",
                reason="the package is not applicable to this image",
                code="0x800f081e",
                remedy="take the package for this build",
                origin=task.origin,
                log=f".osrecipe/usual/runs/{RUN}/logs/{task.id.replace('/', '.')}.log",
            ),
            "cleanup_failures": (leftover,) if left else (),
        }
    )


def _tasks(unit: Session | Job, start: int, *, is_cached: bool) -> Iterator[TaskResult]:
    for task in unit.tasks:
        spent = milliseconds(task)
        yield TaskResult(
            task=task.id,
            unit=unit.id,
            title=task.title,
            status="cached" if is_cached else "done",
            detail="3 files",
            figures=(("files", 3), ("bytes", 5_000_000)),
            checks=tuple(
                CheckResult(
                    check=c, passed=True, found=str(c.version) if isinstance(c, BuildIs) else "as expected"
                )
                for c in task.checks
            ),
            started=start,
            milliseconds=spent,
            log="" if is_cached else f"logs/{task.id.replace('/', '.')}.log",
        )
        start += 0 if is_cached else spent


def events(plan: Plan, result: RunResult) -> Iterator[Event]:
    """The events of a run that came to `result`, one unit after the other."""
    by_unit = {unit.unit: unit for unit in result.units}
    by_task = {task.task: task for task in result.tasks}
    for unit in plan.units:
        end = by_unit[unit.id]
        if end.status == "skipped":
            continue
        if end.status != "cached":
            yield UnitStarted(unit=unit.id)
            for task in unit.tasks:
                yield from _task_events(by_task[task.id])
        spent = 0 if end.status == "cached" else end.milliseconds
        yield UnitFinished(unit=unit.id, status=end.status, milliseconds=spent)


def _task_events(task: TaskResult) -> Iterator[Event]:
    if task.status == "not-run":
        return
    yield TaskStarted(unit=task.unit, task=task.task, title=task.title)
    if task.status == "failed":
        yield TaskFailed(
            unit=task.unit,
            task=task.task,
            slug="run/task-failed",
            reason=task.detail,
            milliseconds=task.milliseconds,
        )
    else:
        yield TaskFinished(
            unit=task.unit, task=task.task, status="done", detail=task.detail, milliseconds=task.milliseconds
        )
