"""`osrecipe.engine.worker`: tasks turned into events, for jobs of any kind."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from support.dict_plans import job
from support.engine_sessions import NOW, input_ref

from osrecipe.engine.logs import MASK
from osrecipe.engine.worker import CheckError, Verified, carry_out_job
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.model.adapter import Context, Outcome, TaskError
from osrecipe.model.checks import CheckResult, NothingPending
from osrecipe.model.events import (
    LogLine,
    ResourceAcquired,
    ResourceReleased,
    TaskFailed,
    TaskFinished,
    TaskProgress,
)
from osrecipe.model.execution import ResolvedRef, UnitRequest
from osrecipe.model.problems import error
from osrecipe.model.tasks import CopyMedia

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome
    from osrecipe.model.plan import Task

_FAILED = CheckResult(check=NothingPending(), passed=False, found="present")


def _run(
    folder: Path,
    do: Callable[[Context], Outcome | Verified],
    events: list[Event],
    cancelled: Callable[[], bool] = lambda: False,
) -> UnitOutcome:
    for name in ("work", "artifacts", "tree"):
        (folder / name).mkdir()
    request = UnitRequest(
        unit=job("media", "copy", CopyMedia(media=input_ref("media"))),
        adapter="dict",
        resolved=(ResolvedRef(key="input:media", path=folder / "media.iso"),),
        work=folder / "work",
        artifacts=folder / "artifacts",
        tree=folder / "tree",
        now=NOW,
        logs=folder / "logs",
    )

    def one(_task: Task, _request: UnitRequest, ctx: Context) -> Outcome | Verified:
        return do(ctx)

    return carry_out_job(request, one, secrets={"s": "v"}, emit=events.append, cancelled=cancelled)


def test_context(tmp_path: Path) -> None:
    """A task gets an empty private folder, removed afterwards, its references, the plan's time and its secrets."""
    seen: list[Context] = []

    def do(ctx: Context) -> Outcome:
        seen.append(ctx)
        assert [] == list(ctx.work.iterdir())
        (ctx.work / "scratch").write_text("x")
        return Outcome(detail="well")

    events: list[Event] = []
    assert "done" == _run(tmp_path, do, events).status
    ctx = seen[0]
    assert (tmp_path / "media.iso", NOW, {"s": "v"}) == (
        ctx.resolve(input_ref("media")),
        ctx.now,
        ctx.secrets,
    )
    assert [] == list((tmp_path / "work").iterdir())
    assert "secrets" not in repr(ctx)


def test_events_of_a_task(tmp_path: Path) -> None:
    """Logs, progress and resources are told with their task or unit; progress that says nothing new is not."""

    def do(ctx: Context) -> Outcome:
        ctx.acquired("mount", "m")
        ctx.log("one\ntwo")
        for done in (0.0, 0.0001, 0.5, 0.5, 7.0):
            ctx.progress(done, "copying")
        ctx.released("mount", "m")
        return Outcome(figures=(("files", 3),))

    events: list[Event] = []
    _run(tmp_path, do, events)

    assert ["one", "two"] == [e.text for e in events if isinstance(e, LogLine)]
    assert [0, 500, 1000] == [e.permille for e in events if isinstance(e, TaskProgress)]
    names = [type(e) for e in events]
    assert names.index(ResourceAcquired) < names.index(LogLine) < names.index(ResourceReleased)
    assert (("files", 3),) == next(e.figures for e in events if isinstance(e, TaskFinished))


@pytest.mark.parametrize(
    ("cause", "slug", "reason", "remedy"),
    [
        (TaskError("run/x", "because", code="0x1", remedy="mend"), "run/x", "because", "mend"),
        (FormatError("iso", Fault.CORRUPT, "bad disc", hint="again"), "iso/corrupt", "bad disc", "again"),
        (error("input/unsafe", "no", hint="yes"), "input/unsafe", "no", "yes"),
        (OSError(28, "No space left on device", "x"), "run/space", "no space is left: `x`", "free space"),
        (FileNotFoundError(2, "No such file", "x"), "run/task-failed", "No such file: `x`", ""),
        (ValueError("odd"), "internal/bug", "ValueError: odd", "report it"),
        (CheckError("run/expect-failed", "not so", (_FAILED,)), "run/expect-failed", "not so", ""),
    ],
)
def test_failures(tmp_path: Path, cause: Exception, slug: str, reason: str, remedy: str) -> None:
    """Whatever goes wrong is one failure of the task, in words a user can act on."""

    def do(_ctx: Context) -> Outcome:
        raise cause

    events: list[Event] = []
    done = _run(tmp_path, do, events)
    failed = [e for e in events if isinstance(e, TaskFailed)]

    assert ("failed", 1) == (done.status, len(failed))
    assert (slug, reason, True) == (failed[0].slug, failed[0].reason, failed[0].remedy.startswith(remedy))
    assert ((_FAILED,) if isinstance(cause, CheckError) else ()) == failed[0].checks
    assert not [e for e in events if isinstance(e, TaskFinished)]


def test_verified(tmp_path: Path) -> None:
    """A job that reads back tells what it read with its end."""
    events: list[Event] = []
    _run(tmp_path, lambda _ctx: Verified(Outcome(), (_FAILED,)), events)

    assert (_FAILED,) == next(e.checks for e in events if isinstance(e, TaskFinished))


def test_cancelled_by_progress(tmp_path: Path) -> None:
    """Long work ends at its next progress report once the run was asked to stop."""
    asked: list[bool] = []

    def do(ctx: Context) -> Outcome:
        asked.append(True)
        ctx.progress(0.1, "x")
        pytest.fail("work went on")

    events: list[Event] = []
    done = _run(tmp_path, do, events, cancelled=lambda: bool(asked))

    assert ("cancelled", []) == (done.status, [e for e in events if isinstance(e, TaskFailed)])


def test_what_a_tool_wrote_is_kept_beside_the_task_s_log(tmp_path: Path) -> None:
    """Its log says where; a log that can't be kept is said there too, and is no failure."""
    events: list[Event] = []

    def do(ctx: Context) -> Outcome:
        ctx.keep("dism.log", BytesIO(b"Error v"))  # `v` is a secret
        (tmp_path / "logs").mkdir(exist_ok=True)
        ctx.keep("dism.log", BytesIO(b"Error v"))
        return Outcome()

    assert "done" == _run(tmp_path, do, events).status
    (kept,) = (tmp_path / "logs").iterdir()
    assert b"Error " + MASK.encode() == kept.read_bytes()
    lines = [event.text for event in events if isinstance(event, LogLine)]
    assert [
        "dism.log could not be kept: No such file or directory",
        f"dism.log is kept beside this log: `{kept.name}`",
    ] == lines
