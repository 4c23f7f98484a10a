"""Starting programs: output, budgets, cancellation, and that nothing outlives us. All with real programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from osrecipe.adapters.job_object import ExtendedLimits
from osrecipe.adapters.process import Finished, Program, run, shown
from osrecipe.model.adapter import CancelledError
from osrecipe.model.codes import ExitCode
from osrecipe.model.problems import OsrecipeError

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions are POSIX")


def python(code: str) -> list[str]:
    """A command that runs Python code."""
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code)]


def alive(pid: int) -> bool:
    """Whether a process runs (one that is dead but not reaped does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def gone(pid: int) -> bool:
    """Whether a process goes within two seconds."""
    until = time.monotonic() + 2
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def collect(argv: list[str], **options: object) -> tuple[list[str], Finished]:
    """A program's lines and its end."""
    lines: list[str] = []
    return lines, run(argv, lines.append, **options)  # type: ignore[arg-type]  # passed through as given


def test_output_is_split_on_both_line_ends() -> None:
    """A progress display's carriage returns end lines too, and CR LF is one end."""
    lines, end = collect(python(r"import sys; sys.stdout.buffer.write(b'a\r\nb\rc\n\nlast')"))
    assert lines == ["a", "b", "c", "", "last"]
    assert (end.code, end.signal, end.timed_out) == (0, None, False)


def test_standard_error_is_part_of_the_output() -> None:
    """Standard error goes the way of standard output."""
    lines, _ = collect(python("import sys; print('wrong', file=sys.stderr)"))
    assert lines == ["wrong"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    """Output in another encoding than stated never fails the run."""
    lines, _ = collect(python(r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')"))
    assert lines == ["caf�"]
    lines, _ = collect(python(r"import sys; sys.stdout.buffer.write(b'caf\x82\n')"), encoding="cp850")
    assert lines == ["café"]


def test_a_large_input_and_output_do_not_block_each_other() -> None:
    """Input is written while output is read, however large both are."""
    data = b"x" * 300_000 + b"\n"
    lines, _ = collect(
        python("import sys\nfor row in sys.stdin.buffer: sys.stdout.buffer.write(row)"), stdin=data * 5
    )
    assert lines == ["x" * 300_000] * 5


def test_input_is_closed_when_none_is_given() -> None:
    """A program that asks a question gets an end of file instead of waiting for ever."""
    lines, _ = collect(python("import sys; print(repr(sys.stdin.read()))"), timeout=20)
    assert lines == ["''"]


@pytest.mark.parametrize("code", [0, 7, 87])
def test_exit_codes_are_handed_on(code: int) -> None:
    """The code is the program's own."""
    _, end = collect(python(f"raise SystemExit({code})"))
    assert code == end.code
    assert f"exit code {code}" == str(end)


@posix
def test_a_signal_is_named() -> None:
    """A program that a signal ended says which."""
    _, end = collect(python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert (end.code, end.signal) == (139, signal.SIGSEGV)
    assert str(end) == "killed by signal 11 (SIGSEGV)"


def test_a_missing_program_has_its_own_error() -> None:
    """What can't be started is `run/tool-missing`, with the name."""
    with pytest.raises(OsrecipeError) as caught:
        collect(["osrecipe-no-such-program"])
    assert caught.value.problems[0].slug == "run/tool-missing"
    assert "`osrecipe-no-such-program`" in caught.value.problems[0].reason
    assert caught.value.exit_code == ExitCode.TASK


def test_a_budget_ends_the_program() -> None:
    """When the time is up the program is ended and the lines it printed are kept."""
    started = time.monotonic()
    lines, end = collect(
        python("import time; print('begun', flush=True); time.sleep(60)"), timeout=0.7, grace=1
    )
    assert lines == ["begun"]
    assert end.timed_out
    assert time.monotonic() - started < 10


def test_what_can_t_be_asked_to_end_is_ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program on Windows that shares no console with us: no time is given to what knows of nothing."""
    monkeypatch.setattr("osrecipe.adapters.process._Tree.ask", lambda *_: False)
    started = time.monotonic()
    _, end = collect(python("import time; time.sleep(60)"), timeout=0.3, grace=30)
    assert end.timed_out
    assert time.monotonic() - started < 15


@posix
def test_the_whole_tree_ends_on_cancel() -> None:
    """A grandchild that ignores SIGTERM is gone after a cancellation, too."""
    code = f"""
        import subprocess, sys, time
        child = subprocess.Popen([{sys.executable!r}, "-c",
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
        print(child.pid, flush=True)
        time.sleep(60)
    """
    lines: list[str] = []
    with pytest.raises(CancelledError):
        run(python(code), lines.append, cancelled=lambda: bool(lines), grace=0.3)
    assert gone(int(lines[0]))


@posix
def test_a_left_over_grandchild_ends_with_the_program() -> None:
    """What a program leaves running in the background ends with it, and does not hold the run up."""
    code = f"""
        import subprocess
        print(subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(60)"]).pid)
    """
    started = time.monotonic()
    lines, end = collect(python(code))
    assert end.code == 0
    assert gone(int(lines[0]))
    assert time.monotonic() - started < 10


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_programs_die_with_us(number: int) -> None:
    """When this process is killed, even by SIGKILL, the programs it started die."""
    code = """
        from osrecipe.adapters.process import run
        import sys
        run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"],
            lambda text: print(text, flush=True))
    """
    argv = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        os.kill(parent.pid, number)
        parent.wait()
    assert gone(pid)


def test_an_exception_in_the_callback_ends_the_program() -> None:
    """A log that can't be written ends the program instead of leaving it behind."""

    def fail(_text: str) -> None:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        run(python("import time; print('x', flush=True); time.sleep(60)"), fail)


def test_environment_and_folder_are_the_callers(tmp_path: Path) -> None:
    """A given environment replaces ours, a given folder is the program's."""
    lines, _ = collect(
        python("import os; print(os.getcwd()); print(os.environ.get('OSR_X'), 'HOME' in os.environ)"),
        cwd=tmp_path,
        env={"OSR_X": "1"},
    )
    assert [str(tmp_path.resolve()), "1 False"] == lines


def test_a_conversation_can_be_held() -> None:
    """A program can be written to after it answered."""
    with Program(
        python("import sys\nfor row in sys.stdin: print(row.strip().upper(), flush=True)")
    ) as program:
        program.send(b"one\n")
        first = program.next_line(20)
        program.send(b"two\n", last=True)
        second = program.next_line(20)
        while not program.is_over:
            time.sleep(0.01)
        end = program.finish()
    assert (first and first.text, second and second.text, end.code) == ("ONE", "TWO", 0)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["dism", "/English", r"/Image:C:\mount"], r"dism /English /Image:C:\mount"),
        (["a b", "", 'say "x"', "c\\ d\\"], r'"a b" "" "say \"x\"" "c\ d\\"'),
        (["x&y", "a|b"], '"x&y" "a|b"'),
    ],
)
def test_commands_are_shown_for_windows(argv: list[str], expected: str) -> None:
    """A shown command can be pasted into Windows' command prompt."""
    assert expected == shown(argv, windows=True)


def test_commands_are_shown_for_posix() -> None:
    """A shown command can be pasted into a POSIX shell and gives the same arguments."""
    argv = ["printf", "%s\\n", "it's", "$HOME", "", "a b;c"]
    printed = subprocess.run(["sh", "-c", shown(argv, windows=False)], capture_output=True, check=True).stdout
    assert printed == b"it's\n$HOME\n\na b;c\n"


def test_the_job_structure_has_windows_size() -> None:
    """The structure given to SetInformationJobObject has the size winnt.h gives it on a 64-bit system."""
    import ctypes

    if ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("the figure is that of 64-bit systems")
    assert ctypes.sizeof(ExtendedLimits) == 144
