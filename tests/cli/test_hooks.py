"""`.pre-commit-hooks.yaml`: each hook runs as pre-commit would run it, on good files and on bad ones."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.lint_cases import write_lock
from typer.testing import CliRunner

from osrecipe.cli import each
from osrecipe.cli.main import app

HOOKS = {
    hook["id"]: hook
    for hook in YAML(typ="safe").load(
        (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    )
}
RECIPE = """schema: osrecipe/1
name: {name}
inputs: {{media: {{iso: w.iso}}}}
source: media
targets: {{install: {{}}}}
output: {{iso: out/{name}.iso}}
expect: {{install: {{build: "10.0.17134.1"}}}}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    for name in ("one", "two"):
        path = tmp_path / "recipes" / f"{name}.yaml"
        path.write_text(RECIPE.format(name=name), encoding="utf-8")
        write_lock(path)


def run(hook: str, *files: str) -> int:
    """Exit code of a hook over files."""
    words = shlex.split(HOOKS[hook]["entry"])
    if words[:3] == ["python", "-m", "osrecipe.cli.each"]:
        return each.each([*words[3:], *files])
    assert "osrecipe" == words[0]
    return CliRunner().invoke(app, [*words[1:], *files]).exit_code


@pytest.mark.parametrize("hook", HOOKS)
def test_good_recipes_pass(hook: str) -> None:
    """Every hook takes several files and passes good ones."""
    assert 0 == run(hook, "recipes/one.yaml", "recipes/two.yaml")


@pytest.mark.parametrize(
    ("hook", "old", "new", "code"),
    [
        ("osrecipe-validate", "source: media", "source: other", 3),
        ("osrecipe-lint", "{install: {}}", "{install: {cleanup: reset-base}}", 7),
        ("osrecipe-fmt", "name: two", "name:   two", 7),
        ("osrecipe-lock", "w.iso", "x.iso", 7),
    ],
)
def test_a_bad_recipe_fails(tmp_path: Path, hook: str, old: str, new: str, code: int) -> None:
    """Every hook fails when one of the files is bad, wherever it stands in the list."""
    path = tmp_path / "recipes" / "two.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert code == run(hook, "recipes/one.yaml", "recipes/two.yaml")
    assert code == run(hook, "recipes/two.yaml", "recipes/one.yaml")


def test_a_lock_stands_for_its_recipe(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A changed lock is checked through the recipe beside it, once; one without a recipe is nobody's."""
    (tmp_path / "recipes" / "gone.lock").write_text("", encoding="utf-8")
    assert 0 == run("osrecipe-lock", "recipes/one.lock", "recipes/one.yaml", "recipes/gone.lock")
    assert 1 == capfd.readouterr().out.count("one.lock: up to date")


def test_hooks_look_at_recipes() -> None:
    """Files of recipes are matched, fragments only where they can stand alone, everything else never."""
    fragment = {"osrecipe-fmt"}
    for name, hook in HOOKS.items():
        found = re.compile(hook["files"])
        assert found.search("recipes/desks.yaml")
        assert (name in fragment) == bool(found.search("recipes/fragments/corporate.yaml"))
        assert not found.search("docs/recipes/desks.yaml")
        assert not found.search("recipes/desks.iso")
        assert "python" == hook["language"]


def test_the_module_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry of the lock's hook is a module that can be run."""
    monkeypatch.setattr(sys, "argv", ["each", "lock", "--check"])
    assert 0 == each.each(sys.argv[1:])
