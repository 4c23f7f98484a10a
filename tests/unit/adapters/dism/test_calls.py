"""What the end of a command means, and when it is tried again: against a scripted program that prints as DISM does."""

from __future__ import annotations

import json
import stat
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osrecipe.adapters import process
from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.calls import DELAYS, Dism, DismError, Watch, judge
from osrecipe.adapters.dism.codes import TABLE, Kind, shown
from osrecipe.adapters.dism.output import Transcript
from osrecipe.adapters.dism.tool import Tool
from osrecipe.adapters.process import Finished
from osrecipe.model.adapter import CancelledError
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from pathlib import Path

BANNER = ["", "Deployment Image Servicing and Management tool", "Version: 10.0.26100.1150", ""]
DONE = ["The operation completed successfully."]
VERB = command.get_packages("m")
VERB_OF_HOURS = command.add_package("m", "p")


def said(*lines: str) -> Transcript:
    """A transcript of lines."""
    made = Transcript()
    for line in lines:
        made.add(line)
    return made


def program(folder: Path, answers: list[dict[str, Any]]) -> Dism:
    """A program that gives one answer after the other, and then the last one for ever."""
    script = folder / "dism"
    (folder / "answers.json").write_text(json.dumps(answers))
    script.write_text(
        f"""#!{sys.executable}
import json, os, pathlib, signal, sys, time
here = pathlib.Path({str(folder)!r})
with (here / "calls").open("a") as calls: calls.write(json.dumps(sys.argv[1:]) + "\\n")
number = len((here / "calls").read_text().splitlines())
answers = json.loads((here / "answers.json").read_text())
answer = answers[min(number, len(answers)) - 1]
print("\\r\\n".join(answer.get("lines", [])), flush=True)
for number in range(answer.get("bars", 0)):
    print(f"\\r[==      {{number % 100}}.0%      ] ", end="", flush=True)
    time.sleep(answer.get("every", 0))
for argument in sys.argv:
    if argument.startswith("/LogPath:") and "log" in answer:
        pathlib.Path(argument[9:]).write_text(answer["log"])
time.sleep(answer.get("sleep", 0))
if answer.get("crash"): os.kill(os.getpid(), signal.SIGKILL)
print("\\r\\n".join(["", *answer.get("after", [])]), flush=True)
sys.exit(answer.get("code", 0))
"""
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return Dism(Tool(str(script), "test", Version.parse("10.0.26100.1150")), (0.0, 0.0), lambda _s: None)


def calls(folder: Path) -> int:
    """How often the program ran."""
    return len((folder / "calls").read_text().splitlines())


def test_success_needs_the_banner_and_the_sentence() -> None:
    """Exit code 0 alone proves nothing: Wine's stub returns it for everything."""
    assert judge(said(*BANNER, *DONE), Finished(0)).kind is Kind.SUCCESS
    for lines in ([], BANNER, DONE):
        row = judge(said(*lines), Finished(0))
        assert row.kind is Kind.FAILURE
        assert row.name == "no proof"


def test_a_restart_that_is_required_is_success_with_a_mark() -> None:
    """3010, in both spellings; but not without the sentence."""
    for code in (3010, 0x8007_0BC2):
        assert judge(said(*BANNER, *DONE), Finished(code)).kind is Kind.PENDING
    assert judge(said(*BANNER), Finished(3010)).kind is Kind.FAILURE


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.kind not in {Kind.SUCCESS, Kind.PENDING}], ids=lambda r: r.text
)
def test_every_code_is_recognised(row: Any) -> None:
    """By its error line, hexadecimal or collapsed to decimal; by the exit code alone; as a negative number."""
    printed = str(row.number) if row.number <= 0xFFFF else f"0x{row.number:08x}"
    lines = [*BANNER, f"Error: {printed}", "", "words", ""]
    assert row == judge(said(*lines), Finished(1))
    assert row == judge(said(*lines), Finished(0))
    assert row == judge(said(*BANNER), Finished(row.number))
    assert row == judge(said(*BANNER), Finished(int(shown(row.number), 16) - (1 << 32) & 0xFFFF_FFFF))


def test_the_end_of_the_program_s_life_is_no_code() -> None:
    """Killed, or out of time: nothing is read into numbers that mean something else."""
    killed = judge(said(*BANNER, *DONE), Finished(137, 9))
    late = judge(said(*BANNER, *DONE), Finished(0, timed_out=True))
    assert killed.name == late.name == "no proof"


def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    """Other servicing going on: tried again, then done."""
    busy = {"lines": [*BANNER, "Error: 0x800f0902", "", "busy"], "code": 1}
    dism = program(tmp_path, [busy, busy, {"lines": [*BANNER, *DONE]}])
    assert dism.run(VERB, Watch()).row.kind is Kind.SUCCESS
    assert calls(tmp_path) == 3


def test_it_is_not_tried_for_ever(tmp_path: Path) -> None:
    """As often as there are delays; then it is a failure under its code."""
    dism = program(tmp_path, [{"lines": [*BANNER, "Error: 0x800f0902"], "code": 1}])
    with pytest.raises(DismError) as caught:
        dism.run(VERB, Watch())
    assert caught.value.code == "0x800f0902"
    assert calls(tmp_path) == 3


@pytest.mark.parametrize("code", ["0x800f0830", "87", "740", "0x800f081e", "1726"])
def test_what_can_t_help_is_not_done(tmp_path: Path, code: str) -> None:
    """A spoilt image, a wrong option, no elevation, the wrong package; a dead process is for the caller to judge."""
    dism = program(tmp_path, [{"lines": [*BANNER, f"Error: {code}"], "code": 1}])
    with pytest.raises(DismError):
        dism.run(VERB, Watch())
    assert calls(tmp_path) == 1


def test_what_the_plan_tolerates_ends_the_command_only(tmp_path: Path) -> None:
    """And says which code it was; the same code untolerated is a failure."""
    dism = program(tmp_path, [{"lines": [*BANNER, "Error: 0x8007007e", "", "no module"], "code": 1}])
    done = dism.run(VERB, Watch(), tolerated={126})
    assert done.is_tolerated
    assert done.row.text == "0x8007007e"
    with pytest.raises(DismError):
        dism.run(VERB, Watch())


def test_a_failure_says_what_why_and_what_to_do(tmp_path: Path) -> None:
    """With DISM's own words, its code, and the errors of its log in the task's."""
    log = "2026-01-01, Info x\n2026-01-01, Error DISM: it broke\n"
    answer = {"lines": [*BANNER, "Error: 0x800f0823", "", "New stack please.", ""], "code": 1, "log": log}
    dism = program(tmp_path, [answer])
    lines: list[str] = []
    with pytest.raises(DismError) as caught:
        dism.run(VERB, Watch(tmp_path, log=lines.append))
    assert (
        "DISM could not list packages: a newer servicing stack has to be added first" in caught.value.reason
    )
    assert "New stack please" in caught.value.reason
    assert not caught.value.reason.endswith(".")
    assert "servicing stack" in caught.value.remedy
    assert "dism.log: 2026-01-01, Error DISM: it broke" in lines
    assert not any("Info x" in line for line in lines)


def test_a_cancelled_command_is_ended(tmp_path: Path) -> None:
    """Within seconds, whatever it does."""
    dism = program(tmp_path, [{"lines": BANNER, "sleep": 60}])
    asked: list[float] = []

    def progress(_share: float, _text: str) -> None:
        asked.append(0)
        if len(asked) > 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        dism.run(VERB, Watch(progress=progress))


def test_a_killed_dism_is_a_failure(tmp_path: Path) -> None:
    """Also when it had said before that all is well."""
    dism = program(tmp_path, [{"lines": [*BANNER, *DONE], "crash": True}])
    with pytest.raises(DismError) as caught:
        dism.run(VERB, Watch())
    assert "SIGKILL" in caught.value.reason


def hurry(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Let the clock of running programs go faster: a second is so many."""
    monkeypatch.setattr(process, "_LINGER", process._LINGER * factor)
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: time.monotonic() * factor))


def test_a_bar_that_stands_still_is_no_reason_to_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than half an hour without a word at 44 %, as was seen: it goes on, and ends well."""
    hurry(monkeypatch, 1800)
    answer = {"lines": [*BANNER, "[=======    44.0%      ]"], "sleep": 1.5, "after": DONE}
    dism = program(tmp_path, [answer])
    shares: list[float] = []
    done = dism.run(VERB_OF_HOURS, Watch(progress=lambda share, _text: shares.append(share)))
    assert (Kind.SUCCESS, 1) == (done.row.kind, calls(tmp_path))
    assert 0.44 == max(shares)


def test_its_wall_time_is_limited_whatever_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar that moves for ever does not buy time: after its budget the tree is ended, and it is not tried again."""
    hurry(monkeypatch, 3600 * 4)
    dism = program(tmp_path, [{"lines": BANNER, "bars": 2000, "every": 0.01, "after": DONE}])
    with pytest.raises(DismError) as caught:
        dism.run(VERB_OF_HOURS, Watch())
    assert "its time was up" in caught.value.reason
    assert 1 == calls(tmp_path)


def test_every_command_has_hours() -> None:
    """None may take less than half an hour, and servicing takes hours: those of a slow disk, not of a hanging one."""
    verbs = [
        command.mount("w", 1, "m"),
        command.unmount("m", commit=True),
        command.export("s", 1, "t"),
        command.add_package("m", "p"),
        command.enable_feature("m", "f"),
        command.cleanup("m", reset_base=True),
    ]
    assert [] == [verb.doing for verb in verbs if not 3 <= verb.hours <= 12]
    assert 0.5 <= command.mounted().hours


def test_a_restart_as_an_error_line_needs_the_banner() -> None:
    """`Error: 3010` is DISM's sentence for it; without the banner nothing is believed."""
    assert judge(said(*BANNER, "Error: 3010", "", "words"), Finished(3010)).kind is Kind.PENDING
    assert judge(said("Error: 3010", "", "words"), Finished(3010)).kind is Kind.FAILURE
    assert judge(said("Error: 0"), Finished(0)).kind is Kind.FAILURE


def test_the_waits_between_tries_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1, 3, 10 and 30 seconds: what holds a file for a moment is waited for, what holds it for good is not for ever."""
    clock = [0.0]
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        waited.append(seconds)

    monkeypatch.setattr("osrecipe.adapters.dism.calls.time", SimpleNamespace(monotonic=lambda: clock[0]))
    made = program(tmp_path, [{"lines": [*BANNER, "Error: 0xc1420117"], "code": 1}])
    dism = Dism(made.tool, DELAYS, sleep)
    lines: list[str] = []
    with pytest.raises(DismError):
        dism.run(command.unmount("m", commit=False), Watch(log=lines.append, retry=frozenset({Kind.BUSY})))
    assert 5 == calls(tmp_path)
    assert clock[0] == pytest.approx(44.0)
    assert ["1", "3", "10", "30"] == [
        line.split()[-2] for line in lines if line.startswith("0xc1420117:") and "tried again" in line
    ]
    assert max(waited) <= 0.5
