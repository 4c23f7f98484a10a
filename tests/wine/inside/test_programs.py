"""Starting programs on Windows: every bit of exit codes, arguments, code pages, job objects. By Windows' Python only."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support.standins import LAUNCHER, Machine, machine

from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.output import encoding
from osrecipe.adapters.process import Program, run
from osrecipe.model.adapter import CancelledError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wine
CODES = (3010, 0x800F081E, 0xC1420127)
SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
PARENT = f"""import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], stdin=subprocess.DEVNULL)
child.wait()
"""
ENGINE = f"""import sys
from osrecipe.adapters.process import run
run([sys.executable, "-c", {PARENT!r}], lambda text: print(text, flush=True))
"""
_SYNCHRONIZE = 0x10_0000
_SIGNALED = 0


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of this test's own."""
    return machine(tmp_path / "machine", monkeypatch)


if sys.platform == "win32":

    def gone(pid: int) -> bool:
        """Whether a process ends within ten seconds."""
        kernel = ctypes.WinDLL("kernel32")
        handle = kernel.OpenProcess(_SYNCHRONIZE, 0, pid)
        return not handle or kernel.WaitForSingleObject(handle, 10_000) == _SIGNALED

else:

    def gone(pid: int) -> bool:
        """Never asked elsewhere."""
        raise NotImplementedError(pid)


def python(code: str) -> list[str]:
    """A command that runs Python code."""
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("code", CODES)
def test_exit_codes_keep_all_32_bits(host: Machine, code: int) -> None:
    """Unsigned: of the stand-in after its work, and of a process that ends itself."""
    host.order({"command": "Get-MountedImageInfo", "do": "exit", "code": code})
    lines: list[str] = []
    end = run(command.line(str(LAUNCHER), command.mounted()), lines.append, encoding=encoding())
    assert (code, None) == (end.code, end.signal)
    assert "The operation completed successfully." in lines
    end = run(python(f"import ctypes; ctypes.windll.kernel32.ExitProcess({code})"), lines.append)
    assert code == end.code


def test_arguments_arrive_as_they_are(host: Machine) -> None:
    """Through Windows' one command line and the C runtime's splitting of it."""
    odd = [
        "a b",
        'say "so"',
        "C:\\end of a folder\\",
        "",
        "%PATH%",
        "^&|<>",
        "two\\\\",
        'x\\"y',
        "Pr\xfcfung",
    ]
    run([str(LAUNCHER), *odd], lambda _text: None)
    assert [odd] == host.calls


def test_output_is_decoded_by_the_oem_code_page() -> None:
    """As `cmd.exe` and DISM write it: here it is not the code page of windows."""
    lines: list[str] = []
    code = "import sys; sys.stdout.buffer.write('Pr\\xfcfung \\xe9\\r\\n'.encode('oem'))"
    run(python(code), lines.append, encoding=encoding())
    assert ["Pr\xfcfung \xe9"] == lines
    assert "\xfc".encode("oem") != "\xfc".encode("mbcs")


def test_a_cancelled_program_ends_with_its_tree() -> None:
    """Without a console nobody can ask it to end: the job ends all of it at once."""
    lines: list[str] = []
    started = time.monotonic()
    with pytest.raises(CancelledError):
        run(python(PARENT), lines.append, cancelled=lambda: bool(lines), grace=60)
    assert gone(int(lines[0]))
    assert time.monotonic() - started < 30


def test_a_program_left_by_its_parent_ends_with_it() -> None:
    """A grandchild neither outlives the `with` block nor holds it up."""
    with Program(python(PARENT)) as program:
        while (line := program.next_line(1)) is None:
            assert not program.is_over
    assert gone(int(line.text))


def test_the_tree_ends_when_this_process_is_killed() -> None:
    """The job's only handle closes with its owner, however that ends."""
    with subprocess.Popen(
        python(ENGINE), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
    ) as engine:
        assert engine.stdout is not None
        sleeper = int(engine.stdout.readline())
        engine.kill()
    assert gone(sleeper)
