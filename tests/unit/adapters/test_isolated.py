"""Units in child processes: events, logs, cancellation and death, with real worker programs."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osrecipe.adapters import wire
from osrecipe.adapters.isolated import IsolatedExecutor
from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.events import LogLine, ResourceAcquired, TaskFinished, TaskStarted, UnitStarted
from osrecipe.model.execution import ResolvedRef, UnitOutcome, UnitRequest
from osrecipe.model.frozen import Digest
from osrecipe.model.names import LaneId, TaskId, UnitId
from osrecipe.model.plan import Job
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.model.events import Event

UNIT, TASK = UnitId("media.copy"), TaskId("media/copy")
STARTED = TaskStarted(unit=UNIT, task=TASK, title="copy the media")
ADAPTER = AdapterVersion(name="embedded", version="1")
SECRET = "hunter2-and-more"  # noqa: S105 - the test's own


def request() -> UnitRequest:
    """A unit with nothing in it."""
    return UnitRequest(
        unit=Job(
            id=UNIT, lane=LaneId("media"), tasks=(), cacheable=False, digest=Digest("sha256:" + "0" * 64)
        ),
        adapter="embedded",
        resolved=(ResolvedRef(key="input:media", path=Path("media.iso")),),
        work=Path("work"),
        artifacts=Path("artifacts"),
        tree=Path("tree"),
        now=1_523_493_000,
    )


def worker(code: str) -> list[str]:
    """A worker program: `req` is its first line, `say` writes a message."""
    head = """
        import json, os, sys, time
        from osrecipe.adapters import wire
        req, secrets = wire.decode_request(sys.stdin.buffer.readline())
        def say(line):
            sys.stdout.buffer.write(line); sys.stdout.buffer.flush()
        def done(status="done", detail=""):
            from osrecipe.model.execution import UnitOutcome
            say(wire.encode_outcome(UnitOutcome(status=status, detail=detail)))
    """
    return [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(code)]


def execute(
    code: str,
    secrets: dict[str, str] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    grace: float = 20.0,
) -> tuple[UnitOutcome, list[Event]]:
    """Run a worker to its end."""
    events: list[Event] = []
    outcome = IsolatedExecutor(worker(code), ADAPTER, grace=grace).execute(
        request(), secrets or {}, events.append, cancelled
    )
    return outcome, events


def test_a_unit_is_done() -> None:
    """Events arrive in order, and the outcome is the worker's."""
    outcome, events = execute(
        """
        from osrecipe.model.events import TaskFinished, UnitStarted
        say(wire.encode_event(UnitStarted(unit=req.unit.id)))
        say(wire.encode_event(TaskFinished(unit=req.unit.id, task="media/copy", status="done", figures=(("files", 3),))))
        done(detail=f"{req.resolved[0].path} {req.now}")
        """
    )
    assert outcome == UnitOutcome(status="done", detail="media.iso 1523493000")
    finished = TaskFinished(unit=UNIT, task=TASK, status="done", figures=(("files", 3),))
    assert events == [UnitStarted(unit=UNIT), finished]


def test_free_text_goes_to_the_log_of_its_task() -> None:
    """Standard error, and whatever a library prints on standard output, become log lines of the task under way."""
    code = f"""
        print("before", file=sys.stderr, flush=True); time.sleep(0.3)
        say({wire.encode_event(STARTED)!r}); time.sleep(0.3)
        print("inside", file=sys.stderr, flush=True); time.sleep(0.3)
        say(b"{{not json\\n")
        done()
    """
    _, events = execute(code)
    assert events == [
        LogLine(unit=UNIT, task=None, text="before"),
        STARTED,
        LogLine(unit=UNIT, task=TASK, text="inside"),
        LogLine(unit=UNIT, task=TASK, text="{not json"),
    ]


def test_secrets_travel_only_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is in the request, and neither in arguments nor in the environment nor in a log line."""
    monkeypatch.setenv("OSR_JOIN", SECRET)
    outcome, events = execute(
        """
        print("joining with " + secrets["join"], file=sys.stderr, flush=True)
        hidden = secrets["join"] not in json.dumps([sys.argv, dict(os.environ)])
        done(detail=f"{len(secrets['join'])} {hidden}")
        """,
        {"join": SECRET},
    )
    assert outcome.detail == f"{len(SECRET)} True"
    assert [event.text for event in events if isinstance(event, LogLine)] == ["joining with (secret)"]


def test_a_resource_waits_for_the_journal() -> None:
    """The worker hears that its resource is noted only after the event was taken in whole."""
    taken: list[str] = []

    def emit(event: Event) -> None:
        if isinstance(event, ResourceAcquired):
            time.sleep(0.3)
            taken.append(f"journal has {event.name}")
        elif isinstance(event, LogLine):
            taken.append(event.text)

    code = """
        from osrecipe.model.events import ResourceAcquired
        say(wire.encode_event(ResourceAcquired(unit=req.unit.id, kind="mount", name="c:/m")))
        word = wire.noted(sys.stdin.buffer.readline())
        print("made", word, file=sys.stderr, flush=True); time.sleep(0.2)
        done()
    """
    executor = IsolatedExecutor(worker(code), ADAPTER)
    assert executor.execute(request(), {}, emit, lambda: False).status == "done"
    assert ["journal has c:/m", "made c:/m"] == taken


def test_a_resource_that_can_t_be_noted_is_never_made(tmp_path: Path) -> None:
    """When the journal fails, the worker is ended before it goes on."""
    made = tmp_path / "made"
    code = f"""
        from osrecipe.model.events import ResourceAcquired
        say(wire.encode_event(ResourceAcquired(unit=req.unit.id, kind="mount", name="m")))
        if wire.noted(sys.stdin.buffer.readline()): open({str(made)!r}, "w")
        done()
    """

    def emit(event: Event) -> None:
        if isinstance(event, ResourceAcquired):
            raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        IsolatedExecutor(worker(code), ADAPTER).execute(request(), {}, emit, lambda: False)
    assert not made.exists()


def test_a_cancelled_worker_is_asked_first() -> None:
    """The worker gets the word to cancel and its own last word counts."""
    since = time.monotonic()
    outcome, _ = execute(
        "word = sys.stdin.buffer.readline(); done('cancelled', str(wire.is_cancel(word)))",
        cancelled=lambda: time.monotonic() - since > 0.3,
    )
    assert outcome == UnitOutcome(status="cancelled", detail="True")


def test_a_stuck_worker_is_killed() -> None:
    """A worker that does not listen is ended after the grace, and the unit is cancelled."""
    started = time.monotonic()
    outcome, _ = execute("time.sleep(60)", cancelled=lambda: True, grace=0.4)
    assert outcome.status == "cancelled"
    assert "SIGKILL" in outcome.detail
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), 11)", "killed by signal 11 (SIGSEGV)"),
        ("raise SystemExit(3)", "exit code 3"),
        ("print('it broke', file=sys.stderr); raise SystemExit(1)", "exit code 1; last: it broke"),
    ],
)
def test_a_worker_that_dies_says_how(code: str, words: str) -> None:
    """A worker without a last word is `run/worker-died`, with code or signal and what it said last."""
    with pytest.raises(OsrecipeError) as caught:
        execute(code)
    assert caught.value.problems[0].slug == "run/worker-died"
    assert caught.value.problems[0].reason == f"the worker of `media.copy` died without a word: {words}"


def test_death_after_the_last_word_changes_nothing() -> None:
    """What crashes while the interpreter ends has done its work already."""
    outcome, _ = execute("done(); os.kill(os.getpid(), 11)")
    assert outcome.status == "done"


def test_a_worker_sees_the_end_of_the_engine() -> None:
    """The end of a worker's input means the same as the word to cancel."""
    assert wire.is_cancel(b"")
    assert wire.is_cancel(wire.encode_cancel())
    assert not wire.is_cancel(b'{"other": 1}\n')


def test_a_request_survives_the_wire() -> None:
    """Both ends read the same request and the same secrets, whatever characters they have."""
    secrets = {"join": 'a"b\\\n\u00e9'}
    line = wire.encode_request(request(), secrets)
    assert line.count(b"\n") == 1
    assert wire.decode_request(line) == (request(), secrets)
    assert json.loads(line)["request"]["adapter"] == "embedded"


def test_a_missing_worker_is_no_death() -> None:
    """A worker command that can't be started is `run/tool-missing`."""
    with pytest.raises(OsrecipeError) as caught:
        IsolatedExecutor([os.path.join("no", "worker")], ADAPTER).execute(request(), {}, print, lambda: False)  # noqa: PTH118 - argv is text
    assert caught.value.problems[0].slug == "run/tool-missing"
