"""Runs the stand-in for DISM, in this process or as a program, and gives back what it said.

The whole exit code comes from the record it keeps of its calls, as POSIX lets only 8 of its 32 bits through.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standin.main import exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(__file__).parents[1] / "standin" / "dism"
_NEEDED = ("wimlib-imagex", "cabextract")
_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """How a call ended: its code with all bits, None when it was killed; and every byte it printed."""

    code: int | None
    raw: bytes
    code_page: str = "cp437"

    @property
    def text(self) -> str:
        """The output, with plain line ends."""
        return self.raw.decode(self.code_page).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        """Its lines that are not blank, bars apart."""
        return [line for line in self.text.splitlines() if line.strip() and not line.startswith(("[", "\r["))]


@dataclass
class Standin:
    """A machine with the stand-in on it: a state folder, and the environment that goes with it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for program in _NEEDED:
            if shutil.which(program) is None:
                pytest.skip(f"the stand-in needs a program that is not installed: `{program}`")
        self.environment.setdefault("STANDIN_STATE", str(self.folder / "state"))

    def __call__(self, *arguments: object, **environment: str) -> Said:
        """A call in this process, in English unless `STANDIN_LOCALE` is there."""
        words, whole = self._call(arguments, environment)
        stream = io.BytesIO()
        code = exit_code(words, whole, stream)
        return Said(code, stream.getvalue())

    def program(self, *arguments: object, timeout: float = _SECONDS, **environment: str) -> Said:
        """A call as a program of its own."""
        calls = self.folder / "calls.jsonl"
        words, whole = self._call(arguments, {"STANDIN_CALLS": str(calls), **environment})
        done = subprocess.run(
            [str(PROGRAM), *words],
            env={**os.environ, **whole},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout,
        )
        assert done.stderr == b""
        last = json.loads(calls.read_text(encoding="utf-8").splitlines()[-1])
        return Said(last["code"] if last["event"] == "end" else None, done.stdout)

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """Order faults; calls are counted anew."""
        path = self.folder / "faults.json"
        path.write_text(json.dumps(faults), encoding="utf-8")
        (self.folder / "state" / "fault-counts.json").unlink(missing_ok=True)
        self.environment["STANDIN_FAULTS"] = str(path)

    def _call(
        self, arguments: tuple[object, ...], environment: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        words = [str(argument) for argument in arguments]
        localised = "STANDIN_LOCALE" in environment or "/?" in words
        return ([] if localised else ["/English"]) + words, {**self.environment, **environment}


def apply_image(wim: Path, index: int, folder: Path) -> Path:
    """An image's files in a folder, without any mount: as good as one for servicing."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["wimlib-imagex", "apply", str(wim), str(index), str(folder)],
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )
    return folder
