"""The stand-in for DISM as tests use it: a machine of its own for each, with faults in a file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.house import ROOT

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.calls import Dism
from osrecipe.adapters.dism.tool import Tool, find

if TYPE_CHECKING:
    import pytest

LAUNCHER = Path(os.environ.get("STANDIN_LAUNCHER") or ROOT / "tests" / "standin" / "dism")
"""The stand-in as a program: a POSIX one, or the Windows one of the tests under Wine, which the variable names."""
QUICK = (0.05, 0.05, 0.05)
"""Delays between tries that a test can wait for."""


@dataclass(frozen=True)
class Machine:
    """A machine with a stand-in: its registry of mounts, its calls, its faults."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the stand-in reads."""
        return {
            "STANDIN_STATE": str(self.folder / "state"),
            "STANDIN_CALLS": str(self.folder / "calls.jsonl"),
            "STANDIN_FAULTS": str(self.folder / "faults.json"),
        }

    @property
    def tool(self) -> Tool:
        """The stand-in as a tool."""
        return find(str(LAUNCHER))

    @property
    def dism(self) -> Dism:
        """The stand-in, driven."""
        return Dism(self.tool, QUICK)

    @property
    def adapter(self) -> DismAdapter:
        """The adapter over the stand-in."""
        return DismAdapter(self.tool, QUICK)

    def order(self, *faults: dict[str, Any]) -> None:
        """Order faults; calls are counted anew."""
        (self.folder / "state" / "fault-counts.json").unlink(missing_ok=True)
        (self.folder / "faults.json").write_text(json.dumps(faults), encoding="utf-8")

    @property
    def is_struck(self) -> bool:
        """Whether a call was counted for a fault since these were ordered: it is carried out, or about to be."""
        counts = self.folder / "state" / "fault-counts.json"
        return counts.exists() and json.loads(counts.read_text(encoding="utf-8")) != {}

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of every call so far."""
        file = self.folder / "calls.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        rows = [json.loads(line) for line in lines]
        return [row["argv"] for row in rows if "argv" in row]

    @property
    def mounts(self) -> list[str]:
        """The folders that are mounted, as they were named."""
        file = self.folder / "state" / "mounts.json"
        rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        return [row["shown_folder"] for row in rows]


def machine(folder: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> Machine:
    """A machine in a folder; with `monkeypatch`, this process and what it starts live on it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Machine(folder)
    made.order()
    if monkeypatch is not None:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
    return made


def environment(made: Machine) -> dict[str, str]:
    """The whole environment of a process on a machine."""
    return {**os.environ, **made.environment}
