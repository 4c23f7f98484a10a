"""Golden plans: `NN-name.yaml` (facts and a recipe in model form) beside `NN-name.plan.json` or `NN-name.err`.

Digests stay out of them. `OSRECIPE_REGOLD=1` writes the answers anew; read the difference before committing it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML
from support.plans import LUA, answers, compiled, declared, driver, drivers, facts, folder, media, update

from osrecipe.model.problems import OsrecipeError
from osrecipe.model.recipe import Recipe

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts, InputFacts
    from osrecipe.model.plan import Plan

FOLDER = Path(__file__).parent / "plan"
CASES = sorted(p.stem for p in FOLDER.glob("*.yaml"))
LEFT_OUT = {"digest", "content", "origin", "rules"}
WIDTH = 118


def _read(path: Path) -> tuple[Recipe, Facts]:
    said = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    about = said["media"]
    iso = media([tuple(pair) for pair in about.pop("editions")], **about)
    stated = said.get("inputs", {})
    known: dict[str, InputFacts] = {name: _facts(name, each) for name, each in stated.items()}
    inputs = declared("media", *known)
    for name, each in stated.items():
        if "checkpoints" in each:
            inputs[name] = {"update": f"{name}.msu", "checkpoints": each["checkpoints"]}
    recipe = {
        "schema": "osrecipe/1",
        "name": "golden",
        "inputs": inputs,
        "source": "media",
        "output": {"iso": "out.iso"},
        **said["recipe"],
    }
    return Recipe.model_validate(recipe, strict=False), facts(media=iso, **known)


def _facts(name: str, said: dict[str, Any]) -> InputFacts:
    """An update has a kind, drivers have INFs with their architectures, an answer file has passes; else a folder."""
    if "kind" in said:
        return update(said["kind"], said["kb"], said["version"], stack=said.get("stack", ""))
    if "infs" in said:
        made = drivers(name, *(driver(inf, *architectures) for inf, architectures in said["infs"].items()))
        return made.model_copy(update={"others": tuple(said.get("others", ()))})
    if "passes" in said:
        offline = tuple(LUA.model_copy(update={"architecture": each}) for each in said.get("offline", ()))
        return answers(*said["passes"], offline=offline, packages=said.get("packages", False))
    return folder(name)


def _shown(value: object) -> object:
    """Plan data without digests, places and reasons, and without what is empty."""
    if isinstance(value, dict):
        shown = {k: _shown(v) for k, v in value.items() if k not in LEFT_OUT}
        return {k: v for k, v in shown.items() if v not in (None, "", [], {})}
    return [_shown(v) for v in value] if isinstance(value, list) else value


def _plan(plan: Plan) -> str:
    data = plan.model_dump(mode="json")
    data["edges"] = [f"{e['before']} -> {e['after']}: {e['rule']}" for e in data["edges"]]
    return _text(_shown(data), 0) + "\n"


def _text(value: object, depth: int) -> str:
    """JSON with as much on a line as fits, so that a task is a line and a difference is easy to read."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + depth <= WIDTH or not isinstance(value, dict | list):
        return line
    inside, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {_text(v, depth + 1)}" for k, v in value.items()]
        return "{" + inside + ("," + inside).join(parts) + end + "}"
    return "[" + inside + ("," + inside).join(_text(v, depth + 1) for v in value) + end + "]"


def _problems(cause: OsrecipeError) -> str:
    return "".join(f"{p.slug}: {p.reason}\n  hint: {p.hint}\n" for p in cause.problems)


@pytest.mark.parametrize("case", CASES)
def test_plan(case: str) -> None:
    """Each recipe compiles to its known plan, or is refused with its known words."""
    recipe, known = _read(FOLDER / f"{case}.yaml")
    try:
        said, ending = _plan(compiled(recipe, known)), ".plan.json"
    except OsrecipeError as cause:
        said, ending = _problems(cause), ".err"
    golden = FOLDER / f"{case}{ending}"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == said


def test_every_answer_has_its_question() -> None:
    """No golden file is left over, and no case has two answers."""
    answers = [p.name.partition(".")[0] for p in FOLDER.iterdir() if p.suffix != ".yaml"]
    assert sorted(CASES) == sorted(answers)
