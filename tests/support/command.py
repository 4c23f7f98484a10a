"""Runs the command `osrecipe` as a person would: a process of its own, its streams and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS = 300
"""More than any run of a sample takes on a busy machine."""
_STEADY = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
_UNSTEADY = ("CI", "FORCE_COLOR", "GITHUB_ACTIONS", "PYTHONHASHSEED", "PYTHONWARNINGS")


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


def command(*arguments: object) -> list[str]:
    """The command line that runs `osrecipe` from this very checkout."""
    return [sys.executable, "-m", "osrecipe.cli.main", *map(str, arguments)]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """A steady terminal's environment with these changes."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNSTEADY}
    return kept | _STEADY | dict(changes or {})


def osrecipe(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run `osrecipe` in a folder until it ends."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `osrecipe` in a folder, in a session of its own, its output in `out` and `err` there; who starts it ends it."""
    with (cwd / "out.txt").open("wb") as out, (cwd / "err.txt").open("wb") as err:
        return subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
