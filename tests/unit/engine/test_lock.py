"""`osrecipe.engine.lock`: one run at a time, proved by the operating system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import osrecipe
from osrecipe.engine.lock import RunLock, is_free
from osrecipe.model.codes import ExitCode
from osrecipe.model.problems import OsrecipeError

_HOLD = """
import os, sys
from pathlib import Path
from osrecipe.engine.lock import RunLock
lock = RunLock(Path(sys.argv[1]), "out.iso", "run of a child")
lock.__enter__()
print("held", flush=True)
sys.stdin.read()
os._exit(9)
"""


def test_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    """Who comes second is refused with exit code 4 and reads who holds the lock."""
    path = tmp_path / "deep" / "lock"
    with RunLock(path, "out.iso", "run one"):
        assert not is_free(path)
        with pytest.raises(OsrecipeError) as caught, RunLock(path, "out.iso", "run two"):
            pytest.fail("two runs hold one lock")

    assert ("run/locked", ExitCode.TASK) == (caught.value.problems[0].slug, caught.value.exit_code)
    assert "run one, process " in caught.value.problems[0].reason
    assert "`out.iso`" in caught.value.problems[0].reason
    assert is_free(path)


def test_can_be_taken_again(tmp_path: Path) -> None:
    """A lock that was let go is free, and nothing but its file stays."""
    for _ in range(2):
        with RunLock(tmp_path / "lock", "out.iso", "run"):
            assert not is_free(tmp_path / "lock")

    assert ["lock"] == [p.name for p in tmp_path.iterdir()]


def test_ends_with_its_process(tmp_path: Path) -> None:
    """A lock whose process died without a word is free; its note of the holder decides nothing."""
    path = tmp_path / "lock"
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(osrecipe.__file__).parents[1],
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert b"held" == child.stdout.readline().strip()
    assert not is_free(path)
    child.stdin.close()
    child.wait()
    child.stdout.close()

    assert is_free(path)
    with RunLock(path, "out.iso", "run"):
        assert not is_free(path)


def test_missing_lock_is_free(tmp_path: Path) -> None:
    """Where no lock file is, nobody is alive; asking makes none."""
    assert is_free(tmp_path / "none")
    assert [] == list(tmp_path.iterdir())
