"""The monitors: what they show, and that nothing they are shown or shown on can hurt a run."""

from __future__ import annotations

import ast
import io
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import results
from support.plans import facts, origins, recipe

import osrecipe.render
from osrecipe.model.events import (
    EVENT,
    Event,
    LogLine,
    ResourceAcquired,
    TaskChecked,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskStarted,
    UnitFinished,
    UnitProgress,
    UnitStarted,
    Warned,
)
from osrecipe.model.names import TaskId, UnitId
from osrecipe.plan import compile_plan
from osrecipe.render.choose import monitor_for
from osrecipe.render.jsonl import LONGEST, JsonMonitor
from osrecipe.render.plain import PlainMonitor
from osrecipe.render.tty import INTERVAL, ROWS, TtyMonitor

if TYPE_CHECKING:
    from osrecipe.model.monitor import Monitor
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

SHOW_CURSOR = "\x1b[?25h"
HIDE_CURSOR = "\x1b[?25l"
FAILING = "install-pro/cleanup"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


class Broken(io.StringIO):
    """A pipe whose reader went away after the first lines."""

    def __init__(self, good: int = 2) -> None:
        super().__init__()
        self.good = good

    def write(self, text: str) -> int:
        """Fail from some write on."""
        self.good -= 1
        if self.good < 0:
            raise BrokenPipeError
        return super().write(text)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """What time it is."""
        return self.now


@cache
def usual() -> Plan:
    """The usual plan."""
    return compile_plan(recipe(), facts(), origins())


def show(monitor: Monitor, result: RunResult) -> None:
    """Let a monitor watch a whole run."""
    monitor.run_started(usual(), results.assessment(usual(), ("winre",)), results.RUN)
    for event in results.events(usual(), result):
        monitor.event(event)
        monitor.tick()
    monitor.run_finished(result)


# -- plain ---------------------------------------------------------------------------------------------------------------


def test_plain_has_one_line_for_each_change_of_state() -> None:
    """Every task that ran begins once and ends once; progress and ticks say nothing."""
    stream = io.StringIO()
    monitor = PlainMonitor(stream, seconds=Clock())
    result = results.done(usual(), ("winre",))
    show(monitor, result)
    lines = stream.getvalue().splitlines()
    before = len(lines)
    task = result.tasks[0]
    monitor.event(TaskProgress(unit=task.unit, task=task.task, permille=500, text="half"))
    monitor.tick()

    for each in result.tasks:
        expected = (0, 0) if each.status == "cached" else (1, 1)
        begins = sum(f"· {each.task}:" in line for line in lines)
        assert expected == (begins, sum(f"✓ {each.task}:" in line for line in lines))
    assert before == len(stream.getvalue().splitlines())


def test_plain_lines_have_the_elapsed_time() -> None:
    """Time counts from the run's start."""
    stream, clock = io.StringIO(), Clock()
    monitor = PlainMonitor(stream, seconds=clock)
    monitor.run_started(usual(), results.assessment(usual()), "r")
    clock.now = 62.5
    monitor.event(Warned(unit=None, text="disk is nearly full"))

    assert ["00:00.0", "01:02.5  ! disk is nearly full"] == [
        stream.getvalue().splitlines()[0][:7],
        stream.getvalue().splitlines()[-1],
    ]


def test_a_run_begins_with_what_each_lane_will_do() -> None:
    """The plan's summary comes first: each lane with its tasks, and whether they run or come from the store."""
    stream = io.StringIO()
    plan = usual()
    PlainMonitor(stream, seconds=Clock()).run_started(plan, results.assessment(plan), "r")

    lines = stream.getvalue().splitlines()[1:]

    lanes = list(dict.fromkeys(unit.lane for unit in plan.units))
    assert len(lanes) == len(lines)
    assert all(
        f" {lane}" in line and line[9:].strip()[0] in "+=!" for lane, line in zip(lanes, lines, strict=True)
    )


def test_failing_task_shows_the_end_of_its_own_log() -> None:
    """The last lines the task's tool printed follow the failure, those of an earlier task don't."""
    stream = io.StringIO()
    monitor = PlainMonitor(stream, seconds=Clock())
    unit, first, second = UnitId("u"), TaskId("u/a"), TaskId("u/b")
    monitor.event(LogLine(unit=unit, task=first, text="earlier"))
    monitor.event(TaskStarted(unit=unit, task=second, title="b"))
    for n in range(50):
        monitor.event(LogLine(unit=unit, task=second, text=f"line {n}"))
    monitor.event(TaskFailed(unit=unit, task=second, slug="run/task-failed", reason="it broke", code="0x1"))
    shown = stream.getvalue()

    assert "✗ u/b: it broke (0x1)" in shown
    assert [f"line {n}" for n in range(42, 50)] == re.findall(r"\| (line \d+)", shown)
    assert "earlier" not in shown


def test_failed_check_is_shown() -> None:
    """What reading back showed is told before the failure it causes."""
    stream = io.StringIO()
    result = results.done(usual())
    check = next(c for t in result.tasks for c in t.checks).model_copy(
        update={"passed": False, "found": "other"}
    )
    PlainMonitor(stream, seconds=Clock()).event(
        TaskChecked(unit=UnitId("u"), task=TaskId("u/a"), checks=(check,))
    )

    assert "✗ u/a: package" in stream.getvalue()
    assert "found: other" in stream.getvalue()


# -- json lines ----------------------------------------------------------------------------------------------------------


def test_every_event_is_one_json_line() -> None:
    """Events can be read back as they were; the run's start and end stand around them."""
    stream = io.StringIO()
    result = results.failed(usual(), FAILING)
    show(JsonMonitor(stream), result)
    records = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert ["run-started", "run-finished"] == [records[0]["event"], records[-1]["event"]]
    assert list(results.events(usual(), result)) == [
        EVENT.validate_json(json.dumps(r)) for r in records[1:-1]
    ]
    assert result.model_dump(mode="json") == records[-1]["result"]
    assert {u.id: [t.id for t in u.tasks] for u in usual().units} == {
        unit: known["tasks"] for unit, known in records[0]["units"].items()
    }


def test_long_text_keeps_its_end() -> None:
    """A line of a megabyte is cut for readers of lines; what matters is mostly at its end."""
    stream = io.StringIO()
    JsonMonitor(stream).event(LogLine(unit=UnitId("u"), task=None, text="x" * 1_000_000 + "end"))
    text = json.loads(stream.getvalue())["text"]

    assert LONGEST + 1 == len(text)
    assert text.startswith("…")
    assert text.endswith("end")


# -- the terminal --------------------------------------------------------------------------------------------------------


def started(stream: io.StringIO, clock: Clock, *, width: int = 100) -> TtyMonitor:
    """A terminal monitor of a run that has begun."""
    monitor = TtyMonitor(stream, environ={"TERM": "xterm", "LINES": "40"}, seconds=clock, width=width)
    monitor.run_started(usual(), results.assessment(usual()), results.RUN)
    return monitor


def test_terminal_is_given_back_after_a_run() -> None:
    """The cursor that was hidden is shown again, and the last line says how the run ended."""
    stream = Terminal()
    show(TtyMonitor(stream, environ={"TERM": "xterm"}, seconds=Clock()), results.done(usual()))
    shown = stream.getvalue()

    assert shown.rindex(SHOW_CURSOR) > shown.rindex(HIDE_CURSOR)
    assert "done after" in shown[shown.rindex(SHOW_CURSOR) :]


def test_terminal_is_given_back_when_drawing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever exception ends the display, the cursor is there again."""
    stream, clock = Terminal(), Clock()
    monitor = started(stream, clock)

    def fail(_monitor: TtyMonitor, _console: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TtyMonitor, "_picture", fail)
    clock.now = 1.0
    with pytest.raises(KeyboardInterrupt):
        monitor.tick()

    assert stream.getvalue().rindex(SHOW_CURSOR) > stream.getvalue().rindex(HIDE_CURSOR)


def test_finished_tasks_scroll_by_as_single_lines() -> None:
    """Each task that ended is one line above the picture; nothing is said of those that begin."""
    stream = Terminal()
    result = results.done(usual(), ("winre",))
    show(TtyMonitor(stream, environ={"TERM": "xterm", "NO_COLOR": "1"}, seconds=Clock(), width=200), result)
    shown = stream.getvalue()

    ran = [task.task for task in result.tasks if task.status == "done"]
    assert [1] * len(ran) == [shown.count(f"✓ {task}:") for task in ran]
    assert 1 == shown.count("= winre.service: ")
    assert "· " not in shown


def test_picture_is_drawn_four_times_a_second_at_most() -> None:
    """Many ticks in a second draw few pictures."""
    stream, clock = Terminal(), Clock()
    monitor = started(stream, clock)
    monitor.event(UnitStarted(unit=UnitId("u")))
    before = stream.getvalue().count(" tasks, 00:0")
    for _ in range(100):
        clock.now += 0.01
        monitor.tick()
    monitor.close()

    assert 0 < stream.getvalue().count(" tasks, 00:0") - before <= 1 / INTERVAL + 1


def test_picture_has_a_bounded_number_of_rows() -> None:
    """Of many units that run at once only some are shown, and how many are not."""
    stream, clock = Terminal(), Clock()
    monitor = started(stream, clock)
    for n in range(50):
        monitor.event(UnitStarted(unit=UnitId(f"unit-{n:02d}")))
    stream.truncate(0)
    clock.now = 1.0
    monitor.tick()
    shown = stream.getvalue()
    monitor.close()

    assert ROWS == len(set(re.findall(r"unit-\d\d", shown)))
    assert f"and {50 - ROWS} more" in shown


def test_row_shows_task_percent_and_text() -> None:
    """A running unit's row has its task, how far it is, and what it does, none of it read as markup."""
    stream, clock = Terminal(), Clock()
    monitor = started(stream, clock)
    unit, task = UnitId("u.service"), TaskId("u/lcu")
    monitor.event(UnitStarted(unit=unit))
    monitor.event(TaskStarted(unit=unit, task=task, title="add it"))
    monitor.event(TaskProgress(unit=unit, task=task, permille=455, text="[red]file[/red] \x1b[2J7"))
    clock.now = 3.0
    monitor.tick()
    shown = stream.getvalue()
    monitor.close()

    assert re.search(r"u/lcu +45 % 00:03\.0  \[red\]file\[/red\] \N{REPLACEMENT CHARACTER}\[2J7", shown)


def test_terminal_monitor_honours_no_color() -> None:
    """With NO_COLOR no colour is written; moving the cursor is no colour."""
    stream = Terminal()
    monitor = TtyMonitor(stream, environ={"TERM": "xterm", "NO_COLOR": "1"}, seconds=Clock())
    show(monitor, results.failed(usual(), FAILING))

    assert [] == [
        code for code in re.findall("\x1b\\[([0-9;]*)m", stream.getvalue()) if code not in {"", "0"}
    ]


# -- all of them ---------------------------------------------------------------------------------------------------------

NASTY = st.text(alphabet="ab[]\x1b\n\r\u202e漢\x00%{}", max_size=12)
UNITS = st.sampled_from([UnitId("install-pro.service"), UnitId("nobody"), UnitId("")])
TASKS = st.sampled_from([TaskId(FAILING), TaskId("nobody/x"), TaskId("")])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(UnitStarted, unit=UNITS),
    st.builds(TaskStarted, unit=UNITS, task=TASKS, title=NASTY),
    st.builds(TaskProgress, unit=UNITS, task=TASKS, permille=st.integers(-5, 5_000), text=NASTY),
    st.builds(
        TaskFinished, unit=UNITS, task=TASKS, status=NASTY, detail=NASTY, milliseconds=st.integers(-1, 10**12)
    ),
    st.builds(TaskFailed, unit=UNITS, task=TASKS, slug=NASTY, reason=NASTY, code=NASTY),
    st.builds(TaskChecked, unit=UNITS, task=TASKS, checks=st.just(())),
    st.builds(UnitProgress, unit=UNITS, permille=st.integers(-5, 5_000), text=NASTY),
    st.builds(
        UnitFinished, unit=UNITS, status=st.sampled_from(["done", "cached", "failed", "skipped", "cancelled"])
    ),
    st.builds(ResourceAcquired, unit=UNITS, kind=NASTY, name=NASTY),
    st.builds(LogLine, unit=UNITS, task=st.none() | TASKS, text=NASTY),
    st.builds(Warned, unit=st.none() | UNITS, text=NASTY),
)
KINDS = ["plain", "json", "tty"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(events=st.lists(EVENTS, max_size=30), begun=st.booleans())
def test_no_event_in_any_order_makes_a_monitor_raise(kind: str, events: list[Event], begun: bool) -> None:
    """Events out of order, of unknown units and with hostile texts are shown, whether or not the run was announced."""
    stream = Terminal()
    monitor = monitor_for(kind, stream, stream, {"TERM": "xterm"})
    if begun:
        monitor.run_started(usual(), results.assessment(usual()), "r")
    for event in events:
        monitor.event(event)
        monitor.tick()
    monitor.run_finished(results.done(usual()))

    assert "\x1b[2J" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()
    assert stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("good", [0, 1, 5])
def test_a_reader_that_goes_away_makes_no_monitor_raise(kind: str, good: int) -> None:
    """A closed pipe ends the display and nothing else."""
    stream = Broken(good)
    show(monitor_for(kind, stream, stream, {"TERM": "xterm"}), results.failed(usual(), FAILING))

    assert stream.good < 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_a_poor_encoding_makes_no_monitor_raise(kind: str, encoding: str) -> None:
    """A console that lacks our signs shows others."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    show(monitor_for(kind, stream, stream, {"TERM": "xterm"}), results.failed(usual(), FAILING))
    stream.flush()

    assert FAILING.encode() in raw.getvalue()
    assert b"cleanup is incomplete" not in raw.getvalue()
    assert b'"run-finished"' in raw.getvalue() or b"a task failed after" in raw.getvalue()


# -- which one -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm"}, TtyMonitor),
        ({}, TtyMonitor),
        ({"TERM": "dumb"}, PlainMonitor),
        ({"CI": "true"}, PlainMonitor),
        ({"CI": "false"}, TtyMonitor),
    ],
)
def test_auto_shows_a_picture_to_people(environ: dict[str, str], expected: type[Monitor]) -> None:
    """On a terminal the picture is chosen, unless it is dumb or belongs to continuous integration."""
    assert expected is type(monitor_for("auto", io.StringIO(), Terminal(), environ))


def test_auto_is_plain_without_a_terminal() -> None:
    """A log gets lines, even when stdout is a terminal: progress goes to stderr."""
    assert PlainMonitor is type(monitor_for("auto", Terminal(), io.StringIO(), {}))


def test_data_goes_to_stdout_and_progress_to_stderr() -> None:
    """JSON lines are the only thing on stdout."""
    for kind in ("json", "plain", "tty"):
        stdout, stderr = io.StringIO(), Terminal()
        show(monitor_for(kind, stdout, stderr, {}), results.done(usual()))
        assert (kind == "json") == bool(stdout.getvalue())
        assert (kind != "json") == bool(stderr.getvalue())


def test_unknown_mode_is_refused() -> None:
    """A mode that is not there is an error, not a guess."""
    with pytest.raises(ValueError, match="fancy"):
        monitor_for("fancy", io.StringIO(), io.StringIO(), {})


def test_rich_is_imported_by_the_terminal_monitor_alone_and_late() -> None:
    """No module of the room imports rich when it is imported itself."""
    for path in sorted(Path(next(iter(osrecipe.render.__path__))).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typing_only = {
            id(node)
            for block in tree.body
            if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
            for node in ast.walk(block)
        }
        imports = [
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Import | ast.ImportFrom) and id(n) not in typing_only
        ]
        rich = [n for n in imports if "rich" in ast.unparse(n).split()[1].split(".")]
        assert not rich or path.name == "tty.py"
        assert not set(map(id, rich)) & set(map(id, tree.body))
