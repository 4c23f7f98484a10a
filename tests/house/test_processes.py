"""One gateway for programs: nothing else starts, forks or replaces a process."""

from __future__ import annotations

import pytest
from support.house import at, imports, modules, uses

GATEWAY = {
    "osrecipe/adapters/process.py",
    "osrecipe/adapters/guard.py",
    "osrecipe/adapters/job_object.py",
}
MODULES = ("subprocess", "multiprocessing", "pty", "_posixsubprocess", "_winapi", "pexpect", "sh", "plumbum")
NAMES = (
    "os.system",
    "os.popen",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.startfile",
    "os.kill",
    "os.killpg",
    "os.exec",
    "os.spawn",
    "asyncio.create_subprocess",
    "concurrent.futures.ProcessPoolExecutor",
    "ProcessPoolExecutor",
)
NATIVE = {
    "osrecipe/formats/cab/mspack.py": "libmspack decodes cabinets",
    "osrecipe/formats/wim/libwim.py": "libwim's functions and their types",
    "osrecipe/formats/wim/native.py": "libwim's structures and calls",
    "osrecipe/adapters/process.py": "a child dies with its parent",
    "osrecipe/adapters/guard.py": "a child dies with its parent",
    "osrecipe/adapters/dism/backup.py": "Windows opens files of other owners with backup semantics",
    "osrecipe/adapters/dism/host.py": "Windows says by calls whether we are elevated and what a volume can do",
    "osrecipe/adapters/dism/restart_manager.py": "Windows says who has files open",
    "osrecipe/adapters/job_object.py": "Windows ends a whole process tree by a job object",
}
"""Modules that may call native code, and for what."""


def test_only_the_gateway_imports_what_starts_programs() -> None:
    """By whatever module of the standard library or of others."""
    wrong = [
        at(m, line, f"imports `{name}`")
        for m in modules()
        if m.path not in GATEWAY
        for line, name in imports(m)
        if name.split(".")[0] in MODULES or name.startswith(NAMES)
    ]
    assert [] == wrong


def test_only_the_gateway_starts_or_ends_processes() -> None:
    """By name, wherever it was imported from."""
    wrong = [
        at(m, line, f"uses `{name}`")
        for m in modules()
        if m.path not in GATEWAY
        for line, name in uses(m)
        if name.startswith(NAMES)
    ]
    assert [] == wrong


def test_native_code_is_called_from_few_places() -> None:
    """Ctypes could start programs too, and can take the process down: each place has its reason, none is stale."""
    found = {
        m.path for m in modules() for _line, name in imports(m) if name.split(".")[0] in {"ctypes", "cffi"}
    }
    assert found <= set(NATIVE)
    assert {path for path in NATIVE if path not in {m.path for m in modules()}} == set()


def test_nothing_asks_for_a_shell() -> None:
    """Programs get argument lists, so no text is ever a command."""
    wrong = [m.path for m in modules() if "shell=True" in m.text]
    assert [] == wrong


@pytest.mark.parametrize("path", sorted(GATEWAY))
def test_the_gateway_is_where_it_is_said_to_be(path: str) -> None:
    """A list with stale names would let a new module through under an old one."""
    assert path in {m.path for m in modules()}
