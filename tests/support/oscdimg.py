"""The stand-in for oscdimg as tests use it: what it was called with, and the environment that names it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.house import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LAUNCHER = ROOT / "tests" / "oscdimg" / "oscdimg"


@dataclass(frozen=True)
class Oscdimg:
    """A stand-in that keeps its calls in a folder."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What names it to the product, and what it reads."""
        return {"OSRECIPE_OSCDIMG": str(LAUNCHER), "OSCDIMG_CALLS": str(self.folder / "oscdimg.jsonl")}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Arguments and folder of every call so far."""
        file = self.folder / "oscdimg.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]
