"""Recipes carried out by the command line, and what they left, read as plain files."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.command import Done, osrecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPES = Path(__file__).parents[2] / "recipes"


@dataclass(frozen=True)
class Applied:
    """A recipe that was carried out in a folder: `recipes/` is a copy, `out/` holds what came out."""

    folder: Path
    name: str

    @property
    def recipe(self) -> Path:
        """The recipe."""
        return self.folder / "recipes" / f"{self.name}.yaml"

    @property
    def out(self) -> Path:
        """The output folder."""
        return self.folder / "out"

    @property
    def iso(self) -> Path:
        """The ISO."""
        return self.out / f"{self.name}.iso"

    @property
    def report(self) -> dict[str, Any]:
        """The report beside the ISO."""
        made: dict[str, Any] = parsed(self.out / f"{self.name}.report.json")
        return made

    @property
    def runs(self) -> list[Path]:
        """The runs' folders, the oldest first."""
        return sorted((self.out / ".osrecipe" / self.name / "runs").glob("*"))

    @property
    def plan(self) -> dict[str, Any]:
        """The plan as the last run carried it out."""
        made: dict[str, Any] = parsed(self.runs[-1] / "plan.json")
        return made

    @property
    def journal(self) -> list[dict[str, Any]]:
        """What the last run's journal records, in order."""
        return journal(self.runs[-1])

    @property
    def done(self) -> Done:
        """What the first run printed and its exit code."""
        return Done(**parsed(self.folder / "done.json"))

    def apply(self, *arguments: object, env: Mapping[str, str] | None = None) -> Done:
        """Carry the recipe out here."""
        return osrecipe("apply", f"recipes/{self.name}.yaml", *arguments, cwd=self.folder, env=env)

    def leftovers(self) -> list[str]:
        """Files in the output folder that a run which ended should not have left."""
        return leftovers(self.out, self.name)


def parsed(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_bytes())


def journal(run: Path) -> list[dict[str, Any]]:
    """The records of a run's journal, as plain JSON lines; a torn last line is left out."""
    path = run / "journal.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line)["what"] for line in whole.splitlines()]


def sha256(path: Path) -> str:
    """A file's digest in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_recipes(folder: Path) -> None:
    """Copy the example recipes, with what they need, so that their `../out` lies in `folder`."""
    shutil.copytree(RECIPES, folder / "recipes")


def carry_out(folder: Path, name: str, inputs: Path, *arguments: str) -> Applied:
    """Carry one of the example recipes out in a new folder."""
    copy_recipes(folder)
    made = Applied(folder, name)
    done = made.apply("--inputs", inputs, "--progress=plain", *arguments)
    (folder / "done.json").write_text(json.dumps(asdict(done)), encoding="utf-8")
    return made


def leftovers(out: Path, recipe: str) -> list[str]:
    """Files and folders below an output folder that a run which ended should not have left."""
    home = out / ".osrecipe" / recipe
    odd = [
        path.name
        for path in out.iterdir()
        if path.name
        not in {".osrecipe", *(f"{recipe}.{end}" for end in ("iso", "report.json", "report.html"))}
    ]
    odd += [path.name for path in home.iterdir() if path.name not in {"lock", "runs", "store"}]
    kept = {"plan.json", "journal.jsonl", "report.json", "report.html", "logs"}
    for run in (home / "runs").glob("*"):
        odd += [f"{run.name}/{path.name}" for path in run.iterdir() if path.name not in kept]
    store = home / "store" / "v1"
    odd += [f"store/{path.name}" for name in (".staging", ".leases") for path in (store / name).glob("*")]
    return sorted(odd)
