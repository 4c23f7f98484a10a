"""Asking Windows' Restart Manager who has files open: its structures by Windows' own header, the rest by a fake library.

None of it was ever run on Windows.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest

from osrecipe.adapters.dism import restart_manager as rm

COMPILER = "x86_64-w64-mingw32-gcc"
FIELDS = {
    "process": "Process",
    "app_name": "strAppName",
    "service_name": "strServiceShortName",
    "app_type": "ApplicationType",
    "status": "AppStatus",
    "session": "TSSessionId",
    "restartable": "bRestartable",
}
UNIQUE = {"pid": "dwProcessId", "started_low": "ProcessStartTime"}
ACCESS_DENIED = 5


def claims(size: int) -> list[str]:
    """What we believe of Windows' structures, as C; `size` is that of a row."""
    found = [f"sizeof(RM_PROCESS_INFO) == {size}"]
    found += [f"sizeof(RM_UNIQUE_PROCESS) == {ctypes.sizeof(rm.UniqueProcess)}"]
    for ours, theirs in FIELDS.items():
        member = getattr(rm.ProcessInfo, ours)
        found += [
            f"offsetof(RM_PROCESS_INFO, {theirs}) == {member.offset}",
            f"sizeof(((RM_PROCESS_INFO *)0)->{theirs}) == {member.size}",
        ]
    found += [
        f"offsetof(RM_UNIQUE_PROCESS, {theirs}) == {getattr(rm.UniqueProcess, ours).offset}"
        for ours, theirs in UNIQUE.items()
    ]
    found += [
        f"CCH_RM_SESSION_KEY == {rm.SESSION_KEY}",
        f"CCH_RM_MAX_APP_NAME == {rm.APP_NAME}",
        f"CCH_RM_MAX_SVC_NAME == {rm.SERVICE_NAME}",
        f"ERROR_MORE_DATA == {rm.MORE_DATA}",
        "sizeof(WCHAR) == 2",
    ]
    return found


def compiles(size: int) -> bool:
    """Whether a compiler for Windows agrees."""
    lines = ["#include <stddef.h>", "#include <windows.h>", "#include <restartmanager.h>"]
    lines += [f'_Static_assert({claim}, "{number}");' for number, claim in enumerate(claims(size))]
    done = subprocess.run(
        [COMPILER, "-x", "c", "-fsyntax-only", "-"],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode == 0


@pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"the witness is not installed: `{COMPILER}`")
def test_the_structures_are_those_of_windows_header() -> None:
    """Every size, place and constant; a wrong one would be found."""
    size = ctypes.sizeof(rm.ProcessInfo)
    assert compiles(size)
    assert not compiles(size + 4)


def test_the_structures_stay_as_they_were_compared() -> None:
    """Also where there is no compiler for Windows."""
    assert (12, 668) == (ctypes.sizeof(rm.UniqueProcess), ctypes.sizeof(rm.ProcessInfo))
    expected = [0, 12, 524, 652, 656, 660, 664]
    assert expected == [getattr(rm.ProcessInfo, name).offset for name in FIELDS]


@dataclass
class Fake:
    """A Restart Manager that knows who has which file open.

    Attributes:
        open: processes by file.
        secret: files it may not look at, which spoil a whole question.
    """

    open: dict[str, dict[int, str]] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    fails: str = ""
    sessions: set[int] = field(default_factory=set)
    questions: list[list[str]] = field(default_factory=list)

    def RmStartSession(self, handle: Any, flags: int, key: Any) -> int:  # noqa: N802 - Windows' name
        """As Windows'."""
        assert 0 == flags
        assert 2 * (rm.SESSION_KEY + 1) == ctypes.sizeof(key._obj)
        handle._obj.value = len(self.questions) + 1
        self.sessions.add(handle._obj.value)
        return 353 if self.fails == "start" else 0

    def RmRegisterResources(  # noqa: N802 - Windows' name
        self, handle: Any, count: int, files: Any, *others: Any
    ) -> int:
        """As Windows'."""
        assert handle.value in self.sessions
        assert (0, None, 0, None) == others
        self.questions.append(list(files._obj))
        assert count == len(self.questions[-1])
        return 1 if self.fails == "register" else 0

    def RmGetList(self, handle: Any, needed: Any, count: Any, found: Any, reasons: Any) -> int:  # noqa: N802 - Windows' name
        """As Windows'."""
        assert handle.value in self.sessions
        assert ctypes.sizeof(reasons._obj) == 4
        asked = self.questions[-1]
        if self.secret & set(asked):
            return ACCESS_DENIED
        rows = {pid: name for file in asked for pid, name in self.open.get(file, {}).items()}
        needed._obj.value = len(rows)
        if len(rows) > count._obj.value:
            return rm.MORE_DATA
        for row, (pid, name) in zip(found._obj, rows.items(), strict=False):
            row.process.pid = pid
            for at, unit in enumerate(name.encode("utf-16-le")[::2]):
                row.app_name[at] = unit
        count._obj.value = len(rows)
        return 0

    def RmEndSession(self, handle: Any) -> int:  # noqa: N802 - Windows' name
        """As Windows'."""
        self.sessions.remove(handle.value)
        return 0


def ask(fake: Fake, files: list[str], most: int = 100, seconds: float = 10.0) -> dict[int, str]:
    """Who has the files open; every session that was begun was ended."""
    found = rm.users(files, fake, most=most, seconds=seconds)
    assert set() == fake.sessions or fake.fails == "start"
    return found


def test_processes_are_named_by_number() -> None:
    """Of all files together, each process once."""
    fake = Fake({"a": {4: "System"}, "b": {4: "System", 812: "Windows Explorer"}})
    assert {4: "System", 812: "Windows Explorer"} == ask(fake, ["a", "b", "c"])


def test_a_long_answer_is_asked_for_again() -> None:
    """With room for as many as there are."""
    many = {pid: f"p{pid}" for pid in range(1, 200)}
    assert many == ask(Fake({"a": many}), ["a"], most=1000)


def test_files_are_asked_about_in_batches() -> None:
    """Until enough processes are known."""
    files = [f"f{number}" for number in range(3 * rm.BATCH)]
    fake = Fake({files[rm.BATCH + 1]: {7: "seven"}})
    assert {7: "seven"} == ask(fake, files, most=1)
    assert [rm.BATCH, rm.BATCH] == [len(one) for one in fake.questions]


def test_a_file_it_may_not_look_at_hides_no_other() -> None:
    """The question is asked again in halves."""
    files = [f"f{number}" for number in range(64)]
    fake = Fake({"f3": {3: "three"}, "f60": {60: "sixty"}}, secret={"f5", "f33"})
    assert {3: "three", 60: "sixty"} == ask(fake, files)


def test_it_ends_when_its_time_is_up() -> None:
    """Between two questions; with what is known by then."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    files = [f"f{number}" for number in range(100 * rm.BATCH)]
    fake = Fake({"f1": {1: "one"}})
    assert {1: "one"} == rm.users(files, fake, most=100, seconds=10.0, clock=clock)
    assert len(fake.questions) < 10


@pytest.mark.parametrize("fails", ["start", "register"])
def test_what_fails_is_no_answer(fails: str) -> None:
    """Nothing is raised: the unmount that failed is what matters."""
    fake = Fake({"a": {1: "one"}}, fails=fails)
    assert {} == ask(fake, ["a"])


def test_there_is_none_elsewhere() -> None:
    """Only Windows has it."""
    import sys

    assert (sys.platform == "win32") == (rm.library() is not None)
