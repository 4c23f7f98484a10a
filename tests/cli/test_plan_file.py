"""Saved plans at the terminal: a promise that is kept or refused, checked against a recipe, and what running costs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.command import osrecipe
from support.golden import same
from support.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.samples import Samples

GOLDEN = Path(__file__).parents[1] / "golden" / "plan-file"
QUICK = "recipes/quickstart.yaml"
TWEAKS = "recipes/tweaks-only.yaml"


class Desk:
    """A terminal with the example recipes; the samples in a folder of their own that may be changed."""

    def __init__(self, here: Path, samples: Samples, inputs: Path) -> None:
        self.here = here
        self.inputs = inputs
        inputs.mkdir()
        for file in samples.folder.iterdir():
            (inputs / file.name).symlink_to(file)
        self.log = Transcript(here=here, inputs=inputs)

    def type(self, *arguments: object) -> int:
        """Run a command with the inputs."""
        return self.log.type(*arguments, "-i", self.inputs)

    def edit_recipe(self, old: str, new: str, recipe: str = QUICK) -> None:
        """Change a word of a recipe."""
        path = self.here / recipe
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        self.log.note(f"{recipe}: {old} becomes {new}")

    def edit_plan(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a saved plan."""
        path = self.here / "p.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    def replace_input(self, name: str, by: str) -> None:
        """Put another file in the place of an input."""
        file = (self.inputs / by).resolve()
        (self.inputs / name).unlink()
        shutil.copy(file, self.inputs / name)
        self.log.note(f"{name} is replaced by another file")


def checking(desk: Desk) -> None:
    """A plan is up to date until the recipe does something else; comments and places are nothing."""
    desk.type("plan", QUICK, "--out", "p.json")
    desk.type("plan", QUICK, "--check", "p.json")
    desk.edit_recipe("schema: osrecipe/1", "# a comment\n\nschema: osrecipe/1")
    desk.type("plan", QUICK, "--check", "p.json")
    desk.edit_recipe("kb9000002", "kb9000003")
    desk.edit_recipe("10.0.17134.228", "10.0.17134.345")
    desk.type("plan", QUICK, "--check", "p.json")
    desk.edit_recipe("kb9000003", "kb9000002")
    desk.edit_recipe("10.0.17134.345", "10.0.17134.228")
    desk.edit_recipe("../out/quickstart.iso", "../out/other.iso")
    desk.type("plan", QUICK, "--check", "p.json")


def stale(desk: Desk) -> None:
    """An input that is no longer the planned one ends `apply` before anything is made, and is named."""
    desk.type("plan", QUICK, "--out", "p.json")
    desk.replace_input("kb9000002-x64.msu", "kb9000003-x64.msu")
    desk.type("apply", "p.json")
    (desk.inputs / "kb9000002-x64.msu").unlink()
    desk.log.note("kb9000002-x64.msu is removed")
    desk.type("apply", "p.json")


def damaged(desk: Desk) -> None:
    """Half a file, another version, a task that was changed, a path of one machine."""
    (desk.here / "p.json").write_text('{"format": "osrecipe-plan/1", "units": [')
    desk.type("apply", "p.json")
    desk.type("plan", TWEAKS, "--out", "p.json")
    desk.edit_plan(lambda plan: plan.update(format="osrecipe-plan/2"))
    desk.type("apply", "p.json")
    desk.type("plan", TWEAKS, "--out", "p.json")
    desk.edit_plan(lambda plan: plan["units"][0]["tasks"][0]["op"].update(paths=["sources\\other.wim"]))
    desk.type("apply", "p.json")
    desk.type("plan", TWEAKS, "--out", "p.json")
    desk.edit_plan(lambda plan: plan.update(output="C:/Windows/evil.iso"))
    desk.type("apply", "p.json")
    desk.type("plan", TWEAKS, "--out", "p.json")
    desk.edit_plan(lambda plan: plan.update(surprise=1))
    desk.type("plan", TWEAKS, "--check", "p.json")
    desk.log.note("the same plan, said to be of a later minor version")
    desk.edit_plan(lambda plan: plan.update(format="osrecipe-plan/1.3"))
    desk.type("plan", TWEAKS, "--check", "p.json")


def usage(desk: Desk) -> None:
    """What does not go together, and a place that is none."""
    desk.type("plan", TWEAKS, "--check", "p.json", "--out", "q.json")
    desk.type("plan", TWEAKS, "--check", "nowhere.json")
    desk.type("plan", TWEAKS, "--out", "no/such/folder/p.json")


CASES: dict[str, Callable[[Desk], None]] = {
    "01-checking": checking,
    "02-stale": stale,
    "03-damaged": damaged,
    "04-usage": usage,
}


@pytest.mark.parametrize("case", CASES)
def test_session(case: str, here: Path, samples: Samples, tmp_path: Path) -> None:
    """All that is printed, with every exit code; no output is made."""
    desk = Desk(here, samples, tmp_path / "inputs")
    CASES[case](desk)
    same(GOLDEN / f"{case}.txt", desk.log.text)
    assert not (here / "out").exists()


def test_out_writes_what_the_format_says(here: Path, samples: Samples, tmp_path: Path) -> None:
    """Without a format, or with json, the plan that `apply` takes; else what would be printed, the script with its mark."""
    desk = Desk(here, samples, tmp_path / "inputs")
    told: dict[str, str] = {}
    for name in ("text", "markdown", "powershell", "json"):
        done = osrecipe("plan", TWEAKS, "-f", name, "-o", f"p.{name}", "-i", desk.inputs, cwd=here)
        assert (0, "") == (done.code, done.err)
        told[name] = done.out
    for name in ("text", "markdown"):
        shown = osrecipe("plan", TWEAKS, "-f", name, "-i", desk.inputs, cwd=here)
        assert shown.out == (here / f"p.{name}").read_text(encoding="utf-8")
        assert f"written `p.{name}`\n" == told[name]
    script = (here / "p.powershell").read_bytes()
    assert script.startswith(b"\xef\xbb\xbf# tweaks-only: ")
    assert script.count(b"\r\n") == script.count(b"\n")
    assert "osrecipe apply" not in told["powershell"]
    assert "  & '.\\p.powershell' -Inputs @{'media' = '...'" in told["powershell"]
    assert "next: `osrecipe apply p.json`" in told["json"]
    assert "osrecipe-plan/1" == json.loads((here / "p.json").read_text(encoding="utf-8"))["format"]


def test_a_saved_plan_is_carried_out_and_then_costs_less(
    here: Path, samples: Samples, tmp_path: Path
) -> None:
    """The plan decides, not the recipe as it is now; afterwards `--status` knows what is stored and what it took."""
    desk = Desk(here, samples, tmp_path / "inputs")
    (here / "plans").mkdir()
    desk.type("plan", TWEAKS, "--status")
    desk.type("plan", TWEAKS, "--out", "plans/p.json")
    planned = json.loads((here / "plans" / "p.json").read_text())
    assert "../recipes" == planned["home"]
    (here / TWEAKS).write_text("no recipe at all")

    done = osrecipe("apply", here / "plans" / "p.json", "-i", desk.inputs, "--progress=plain", cwd=tmp_path)

    assert (0, "") == (done.code, done.err.partition("error")[1])
    report = json.loads((here / "out" / "tweaks-only.report.json").read_text())
    assert planned["digest"] == report["plan"]
    shutil.copy(Path(__file__).parents[2] / TWEAKS, here / TWEAKS)
    desk.log.note("the plan was carried out")
    desk.type("plan", TWEAKS, "--status")
    same(GOLDEN / "05-status.txt", desk.log.text)


def test_status_as_json(here: Path, samples: Samples, tmp_path: Path) -> None:
    """Programs get the plan and each unit's status, reason and cost."""
    desk = Desk(here, samples, tmp_path / "inputs")
    desk.type("plan", TWEAKS, "--status", "--format", "json")

    text = desk.log.text.partition("\n")[2].rpartition("exit:")[0]
    made = json.loads(text.replace('"<size>"', "0").replace("<time>", "0"))
    assert {unit["id"] for unit in made["plan"]["units"]} == set(made["units"])
    assert {"run"} == {unit["status"] for unit in made["units"].values()}
    assert made["units"]["source.images"]["cost"]["reads"] == samples.media.stat().st_size


def test_every_golden_file_has_its_case() -> None:
    """A file that nothing compares any more is not kept."""
    assert sorted([*CASES, "05-status"]) == sorted(path.stem for path in GOLDEN.iterdir())
