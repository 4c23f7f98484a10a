"""`osrecipe diff` and `osrecipe graph` as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import reviewed
from typer.testing import CliRunner

from osrecipe.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose current folder is ours, with an uncommitted change of one recipe."""
    folder = reviewed.repository(tmp_path / "r")
    text = (folder / "recipes" / "desktop.yaml").read_text(encoding="utf-8")
    (folder / "recipes" / "desktop.yaml").write_text(
        text.replace("Plan: high", "Plan: low"), encoding="utf-8"
    )
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> Any:
    """Run it in this process; what typer's own runner answers, whose type it does not export."""
    return CliRunner().invoke(app, list(arguments))


def compared(*arguments: str) -> dict[str, str]:
    """The state of each recipe."""
    done = run("diff", *arguments, "--format", "json")
    assert 0 == done.exit_code, done.output
    return {recipe["path"]: recipe["state"] for recipe in json.loads(done.stdout)["recipes"]}


ONE = {"recipes/desktop.yaml": "changed"}
ALL = {"recipes/boot-media.yaml": "same", "recipes/desktop.yaml": "changed", "recipes/kiosk.yaml": "same"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["git:main", "recipes/desktop.yaml"], ONE),
        (["git:main", "recipes/"], ALL),
        (["git:main", "recipes"], ALL),
        (["git:main"], ALL),
        (["git:", "recipes/desktop.yaml"], ONE),
        (["git:main:recipes/desktop.yaml", "recipes/desktop.yaml"], ONE),
        (["git:main:recipes/desktop.yaml"], ONE),
        (["git:main", "recipes/desktop.yaml", "recipes/kiosk.yaml"], ONE | {"recipes/kiosk.yaml": "same"}),
        (["git:main", "git:HEAD:recipes/kiosk.yaml"], {"recipes/kiosk.yaml": "same"}),
        (["git:main..HEAD", "recipes/desktop.yaml"], {"recipes/desktop.yaml": "same"}),
        (["git:main...HEAD"], dict.fromkeys(ALL, "same")),
    ],
    ids=" ".join,
)
def test_sides(clone: Path, arguments: list[str], expected: dict[str, str]) -> None:
    """A side without a path has the other's; a folder is all its recipes, and fragments are none."""
    assert clone.is_dir()
    assert expected == compared(*arguments)


def test_from_a_folder_below(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are those of the current folder."""
    monkeypatch.chdir(clone / "recipes")

    assert {"changed"} == set(compared("git:main", "desktop.yaml").values())


def test_two_files(clone: Path) -> None:
    """Any two recipes can be compared, without git."""
    found = compared("recipes/desktop.yaml", "recipes/kiosk.yaml")

    assert {"recipes/kiosk.yaml": "changed"} == found
    assert {"recipes/desktop.yaml": "same"} == compared("recipes/desktop.yaml", "recipes/desktop.yaml")
    assert clone.is_dir()


def test_exit_code_only_when_asked(clone: Path) -> None:
    """A difference is no failure unless somebody wants to know."""
    assert 0 == run("diff", "git:main", "recipes").exit_code
    assert 7 == run("diff", "git:main", "recipes", "--exit-code").exit_code
    assert 0 == run("diff", "git:main", "recipes/kiosk.yaml", "--exit-code").exit_code
    assert clone.is_dir()


@pytest.mark.parametrize("more", [[], ["--exit-code"]], ids=["", "exit-code"])
def test_a_side_without_a_plan_ends_as_plan_does(clone: Path, more: list[str]) -> None:
    """With 3, whether differences were asked for or not: nothing was compared that could differ."""
    (clone / "recipes" / "kiosk.lock").unlink()
    done = run("diff", "git:main", "recipes/kiosk.yaml", *more)
    assert "1 of 1 recipe has no plan" in done.stdout
    assert 3 == done.exit_code


def test_a_plan_that_is_there_again_is_a_difference(clone: Path) -> None:
    """Only the side that things come to has to have one."""
    lock = clone / "recipes" / "kiosk.lock"
    lock.rename(clone / "kept")
    reviewed.git(clone, "commit", "--quiet", "-am", "no lock")
    (clone / "kept").rename(lock)
    done = run("diff", "git:HEAD", "recipes/kiosk.yaml", "--exit-code")
    assert "has a plan again" in done.stdout
    assert 7 == done.exit_code


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["git:main", "nowhere.yaml"], 2, "there is no file or folder `nowhere.yaml`"),
        (["recipes", "git:a..b"], 2, "a range is both sides"),
        (["git:main..HEAD", "git:main"], 2, "after a range"),
        (["recipes", "a", "b"], 2, "is a path"),
        (["git:nowhere", "recipes"], 3, "there is no revision `nowhere`"),
        (["git:main", "/"], 2, "is not in the repository"),
    ],
)
def test_misuse(clone: Path, arguments: list[str], code: int, said: str) -> None:
    """What means nothing is told, with the class of the mistake."""
    done = run("diff", *arguments)

    assert code == done.exit_code
    assert said in " ".join(done.output.split())
    assert clone.is_dir()


def test_a_lock_that_is_not_about_the_recipe(clone: Path) -> None:
    """Facts of another file are not used for this one."""
    path = clone / "recipes" / "kiosk.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("kb9000002", "kb9000003"), encoding="utf-8")
    done = run("diff", "git:main", "recipes/kiosk.yaml", "-f", "json")
    [recipe] = json.loads(done.stdout)["recipes"]

    assert 3 == done.exit_code
    assert "broken" == recipe["state"]
    assert ["lock/stale"] == [p["slug"] for p in recipe["problems"]]


def test_a_fragment_may_be_called_anything(clone: Path) -> None:
    """Files that recipes mention are taken out of a revision whatever their names end with."""
    fragments = clone / "recipes" / "fragments"
    (fragments / "corporate.yaml").rename(fragments / "corporate.part")
    for name in ("desktop", "kiosk"):
        path = clone / "recipes" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("fragments/corporate.yaml", "fragments/corporate.part"), encoding="utf-8"
        )
    reviewed.commit(clone, "Another ending")

    assert ALL == compared("git:HEAD~1..HEAD")


def test_secrets_are_names(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret's value is nowhere in a comparison, even where the environment has it."""
    monkeypatch.setenv("OSR_JOIN", "hunter2")
    path = clone / "recipes" / "kiosk.yaml"
    text = path.read_text(encoding="utf-8")
    tweak = "    tweaks: {join: {registry: {HKLM\\SOFTWARE\\Contoso: {Key: {secret: join}}}}}\n    others"
    text = text.replace("    others", tweak).replace(
        "source: media", "secrets: {join: {env: OSR_JOIN}}\nsource: media"
    )
    path.write_text(text, encoding="utf-8")
    said = "".join(
        run("diff", "git:main", "recipes", "-f", form).output
        for form in ("text", "markdown", "json", "github")
    )

    assert "writes a secret into the image" in said
    assert "hunter2" not in said


def test_a_recipe_that_comes_and_one_that_goes(clone: Path) -> None:
    """A file without a counterpart is new or gone, unless it is the same recipe under another name."""
    recipes = clone / "recipes"
    for suffix in (".yaml", ".lock"):
        (recipes / f"kiosk{suffix}").rename(recipes / f"lobby{suffix}")
        (recipes / f"boot-media{suffix}").unlink()
    assert {
        "recipes/boot-media.yaml": "removed",
        "recipes/desktop.yaml": "changed",
        "recipes/lobby.yaml": "same",
    } == compared("git:main")


@pytest.mark.parametrize(
    ("form", "begins"),
    [("mermaid", "flowchart TB\n"), ("dot", "digraph "), ("svg", "<svg "), ("html", "<!doctype html>")],
)
def test_graph(clone: Path, form: str, begins: str) -> None:
    """Every form comes from the lock alone."""
    done = run("graph", "recipes/desktop.yaml", "--format", form)

    assert 0 == done.exit_code
    assert done.stdout.startswith(begins)
    assert clone.is_dir()


def test_graph_of_a_plan_file(clone: Path) -> None:
    """A saved plan can be drawn, and compared, as its recipe can."""
    plan = clone / "plan.json"
    plan.write_text(run("plan", "recipes/desktop.yaml", "--format", "json").stdout, encoding="utf-8")

    assert run("graph", "recipes/desktop.yaml").stdout == run("graph", "plan.json").stdout
    assert {"recipes/desktop.yaml": "same"} == compared("plan.json", "recipes/desktop.yaml")
