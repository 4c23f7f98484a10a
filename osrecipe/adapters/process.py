"""The one place that starts programs.

Argument lists only, never a shell. Output arrives line by line in the caller's own thread; a wall-clock budget and
a cancellation end the whole process tree. When this process dies, what it started dies too:

* POSIX: each program leads a session of its own; `guard.py` holds the read end of a pipe and kills the groups that
  are left when the pipe ends. A grandchild that makes a session of its own escapes.
* Windows: a Job Object with kill-on-close (`job_object`), tried under Wine, not on Windows. A program can be asked to
  end only where it shares a console with us; without one it is ended at once.

It must not know what a program is for, nor what its exit code means.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import shlex
import signal
import subprocess  # noqa: TID251 - this module is the gateway
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

from osrecipe.adapters.lines import LineSplitter
from osrecipe.model.adapter import CancelledError
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

if sys.platform == "win32":
    from osrecipe.adapters.job_object import JobObject, has_console, press_break

_TICK: Final = 0.05
_LINGER: Final = 2.0
"""Seconds that output may still come after the program itself ended: a grandchild may hold the pipe for ever."""
_QUEUE: Final = 4096
_NEW_GROUP: Final = 0x0000_0200
"""CREATE_NEW_PROCESS_GROUP: a Ctrl-C is ours to pass on."""
_NO_WINDOW: Final = 0x0800_0000
"""CREATE_NO_WINDOW: where we have no console, none opens for a program. It would hide ours from it too."""

Source = Literal["out", "err"]


@dataclass(frozen=True)
class Finished:
    """How a program ended.

    Attributes:
        code: its exit code as an unsigned 32-bit number; 128 and the signal's number where a signal ended it.
        signal: the signal that ended it, or None; always None on Windows.
        timed_out: whether its time was up and it was ended for that.
        milliseconds: wall time.
    """

    code: int
    signal: int | None = None
    timed_out: bool = False
    milliseconds: int = 0

    def __str__(self) -> str:
        if self.timed_out:
            return f"ended after {self.milliseconds // 1000} seconds: its time was up"
        if self.signal is not None:
            return f"killed by signal {self.signal} ({_signal_name(self.signal)})"
        return f"exit code {self.code}" if self.code < 1 << 16 else f"exit code 0x{self.code:08x}"


@dataclass(frozen=True)
class OutputLine:
    """One line a program printed, without its end."""

    source: Source
    text: str


def shown(argv: Sequence[str], *, windows: bool | None = None) -> str:
    """A command in a form that can be pasted into a shell: a POSIX one, or Windows' `cmd.exe`.

    On Windows a percent sign can't be escaped at the prompt; it is left as it is.
    """
    if windows is None:
        windows = sys.platform == "win32"
    return " ".join(map(_windows_argument, argv)) if windows else shlex.join(argv)


def run(
    argv: Sequence[str],
    line: Callable[[str], None],
    *,
    encoding: str = "utf-8",
    stdin: bytes | None = None,
    timeout: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    grace: float = 5.0,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end; standard error goes the way of standard output.

    Args:
        argv: the program and its arguments.
        line: called in this thread with each line.
        encoding: of what it prints.
        stdin: what it reads; an empty, closed input where it is None.
        timeout: seconds of wall time before the tree is ended; None for no limit.
        cancelled: asked about twenty times a second.
        grace: seconds between asking the tree to end and killing it.
        cwd: its working folder.
        env: its whole environment; None for ours.

    Raises:
        OsrecipeError: the program can't be started (`run/tool-missing`).
        CancelledError: `cancelled` said so; the tree is gone.
    """
    with Program(argv, encoding=encoding, merge=True, cwd=cwd, env=env) as program:
        program.send(stdin or b"", last=True)
        timed_out = False
        while not (timed_out or program.is_over):
            if (printed := program.next_line(_TICK)) is not None:
                line(printed.text)
            if cancelled():
                program.end(grace)
                raise CancelledError
            timed_out = timeout is not None and program.age > timeout
        program.end(grace if timed_out else 0)
        for printed in program.rest():
            line(printed.text)
        return program.finish(timed_out=timed_out)


class Program:
    """A running program and its process tree; leaving the `with` block ends whatever is left of it.

    Args:
        argv: the program and its arguments.
        encoding: of what it prints.
        merge: standard error becomes part of standard output.
        cwd: its working folder.
        env: its whole environment; None for ours.

    Raises:
        OsrecipeError: it can't be started (`run/tool-missing`).
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        encoding: str = "utf-8",
        merge: bool = False,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._started = time.monotonic()
        self._lines: queue.Queue[OutputLine] = queue.Queue(_QUEUE)
        self._input: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._ended_at: float | None = None
        self._tree = _Tree()
        self._process = _start(argv, merge=merge, cwd=cwd, env=env)
        self._tree.adopt(self._process)
        pipes: list[tuple[Source, IO[bytes] | None]] = [
            ("out", self._process.stdout),
            ("err", self._process.stderr),
        ]
        self._readers = [
            threading.Thread(target=self._read, args=(source, pipe, encoding), daemon=True)
            for source, pipe in pipes
            if pipe is not None
        ]
        self._writer = threading.Thread(target=self._write, daemon=True)
        for thread in (*self._readers, self._writer):
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(0)
        self._abandoned.set()
        self._input.put(None)
        self._process.wait()
        self._tree.close()

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def has_exited(self) -> bool:
        """Whether the program itself has ended; others of its tree may run on."""
        if self._ended_at is None and self._tree.has_exited(self._process):
            self._ended_at = time.monotonic()
        return self._ended_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it has ended and nothing more will come from it."""
        if not self.has_exited():
            return False
        drained = not any(reader.is_alive() for reader in self._readers) and self._lines.empty()
        return drained or time.monotonic() - (self._ended_at or 0) > _LINGER

    def send(self, data: bytes, *, last: bool = False) -> None:
        """Write to its input, in the background; `last` closes it afterwards. A program that no longer reads is no error."""
        self._input.put(data)
        if last:
            self._input.put(None)

    def next_line(self, timeout: float) -> OutputLine | None:
        """The next line it printed, or None when there was none within `timeout` seconds."""
        try:
            return self._lines.get(timeout=timeout)
        except queue.Empty:
            return None

    def rest(self) -> list[OutputLine]:
        """What it printed before it ended and nobody has taken yet."""
        until = time.monotonic() + _LINGER
        found: list[OutputLine] = []
        while any(reader.is_alive() for reader in self._readers) and time.monotonic() < until:
            if (line := self.next_line(_TICK)) is not None:
                found.append(line)
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._lines.get_nowait())
        return found

    def end(self, grace: float) -> None:
        """Ask the whole tree to end, and kill what is left of it after `grace` seconds."""
        if grace > 0 and not self.has_exited() and self._tree.ask(self._process):
            until = time.monotonic() + grace
            while not self.has_exited() and time.monotonic() < until:
                self.next_line(_TICK)  # a program that waits for us to read could not end
        self._tree.kill(self._process)

    def finish(self, *, timed_out: bool = False) -> Finished:
        """End what is left of the tree and say how the program itself ended."""
        self._tree.kill(self._process)
        code = self._process.wait()
        taken = int(self.age * 1000)
        if code < 0:  # POSIX only; Windows' codes come unsigned
            return Finished(128 - code, -code, timed_out, taken)
        return Finished(code & 0xFFFF_FFFF, None, timed_out, taken)

    def _read(self, source: Source, pipe: IO[bytes], encoding: str) -> None:
        splitter = LineSplitter(encoding)
        with pipe, contextlib.suppress(OSError, ValueError):
            while data := os.read(pipe.fileno(), 1 << 16):
                self._hand_over(source, splitter.feed(data))
        self._hand_over(source, splitter.finish())

    def _hand_over(self, source: Source, lines: list[str]) -> None:
        for text in lines:
            while not self._abandoned.is_set():
                with contextlib.suppress(queue.Full):
                    self._lines.put(OutputLine(source, text), timeout=0.5)
                    break

    def _write(self) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with contextlib.suppress(OSError, ValueError):  # it may end, or close its input, whenever it likes
            while (data := self._input.get()) is not None:
                left = memoryview(data)
                while left:
                    left = left[pipe.write(left) :]
        with contextlib.suppress(OSError, ValueError):
            pipe.close()


def _start(
    argv: Sequence[str], *, merge: bool, cwd: Path | None, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - a list, no shell; callers decide what is run
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            cwd=cwd,
            env=None if env is None else dict(env),
            bufsize=0,
            start_new_session=sys.platform != "win32",
            creationflags=_creation_flags(),
        )
    except OSError as problem:
        raise error(
            Slug.RUN_TOOL_MISSING,
            f"can't start `{argv[0]}`: {problem.strerror or problem}",
            hint="install it, or state its full path",
            exit_code=ExitCode.TASK,
        ) from problem


if sys.platform == "win32":

    def _creation_flags() -> int:
        return _NEW_GROUP if has_console() else _NEW_GROUP | _NO_WINDOW

else:

    def _creation_flags() -> int:
        return 0


class _Tree:
    """A program's process tree: how to ask it to end, and how to make it. `ask` says whether it could be asked."""

    if sys.platform == "win32":

        def __init__(self) -> None:
            self._job = JobObject()

        def adopt(self, process: subprocess.Popen[bytes]) -> None:
            self._job.assign(int(process._handle))  # noqa: SLF001 - the only handle there is

        def has_exited(self, process: subprocess.Popen[bytes]) -> bool:
            return process.poll() is not None

        def ask(self, process: subprocess.Popen[bytes]) -> bool:
            return press_break(process.pid)

        def kill(self, _process: subprocess.Popen[bytes]) -> None:
            self._job.terminate()

        def close(self) -> None:
            self._job.close()

    else:

        def __init__(self) -> None:
            self._group = 0

        def adopt(self, process: subprocess.Popen[bytes]) -> None:
            self._group = process.pid
            _GUARD.tell(f"+{self._group}\n")

        def has_exited(self, process: subprocess.Popen[bytes]) -> bool:
            # The dead leader stays unreaped as long as possible: its number can't be given to another group then.
            if process.returncode is not None:
                return True
            if not hasattr(os, "waitid"):
                return process.poll() is not None
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            try:
                return os.waitid(os.P_PID, process.pid, flags) is not None
            except ChildProcessError:
                return True

        def ask(self, process: subprocess.Popen[bytes]) -> bool:
            self._signal(process, signal.SIGTERM)
            return True

        def kill(self, process: subprocess.Popen[bytes]) -> None:
            self._signal(process, signal.SIGKILL)

        def close(self) -> None:
            _GUARD.tell(f"-{self._group}\n")

        def _signal(self, process: subprocess.Popen[bytes], number: int) -> None:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._group, number)


class _Guard:
    """The guard program of this process, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, message: str) -> None:
        """`+GROUP` or `-GROUP`."""
        with self._lock:
            if self._process is None:
                self._process = self._launch()
                atexit.register(self._process.communicate)  # ends its input, and so the guard
            pipe = self._process.stdin
            if pipe is not None:
                with contextlib.suppress(OSError):  # without a guard the work still goes on
                    pipe.write(message.encode())

    def _launch(self) -> subprocess.Popen[bytes]:
        guard = Path(__file__).with_name("guard.py")
        return subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", str(guard)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )


_GUARD: Final = _Guard()
_CMD_SPECIAL: Final = frozenset(' \t"&|<>^()!')


def _windows_argument(text: str) -> str:
    """Quoted as Microsoft's C runtime splits command lines, also where only `cmd.exe` would mind."""
    if text and not _CMD_SPECIAL & set(text):
        return text
    pieces, backslashes = ['"'], 0
    for character in text:
        if character == "\\":
            backslashes += 1
            continue
        pieces.append("\\" * (2 * backslashes + 1 if character == '"' else backslashes))
        pieces.append(character)
        backslashes = 0
    return "".join([*pieces, "\\" * (2 * backslashes), '"'])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
