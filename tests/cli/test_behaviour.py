"""What the commands do beside printing: files they write, streams they use, the codes they exit with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from support.cli import run
from support.command import osrecipe
from support.images import extract_file, unpack
from support.recipes import MINIMAL

from osrecipe.model.names import ID_PATTERN
from osrecipe.recipe import load

if TYPE_CHECKING:
    from support.samples import Samples

SCHEMAS = Path(__file__).parents[2] / "schemas"
RUN = "20240131T235959.123Z-0a1b2c3d"


# -- plan ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_plan_is_the_same_bytes_anywhere(form: str, here: Path, tmp_path: Path, samples: Samples) -> None:
    """Twice, in another folder with its inputs elsewhere, and whatever order Python's hashes give, a plan is the same."""
    first = osrecipe("plan", "recipes/corporate.yaml", "-i", samples.folder, "-f", form, cwd=here)
    other = tmp_path / "other place"
    shutil.copytree(here, other)
    inputs = tmp_path / "inputs"
    inputs.symlink_to(samples.folder, target_is_directory=True)
    again = osrecipe(
        "plan", "recipes/corporate.yaml", f"-i{inputs}", "-f", form, cwd=other, env={"PYTHONHASHSEED": "7"}
    )
    assert (0, "") == (first.code, first.err)
    assert first == again


def test_a_plan_as_json_says_all(here: Path, samples: Samples) -> None:
    """The JSON form holds every task with its origin, and every edge has a rule with a reason."""
    assert (here / "recipes").is_dir()
    made = json.loads(run("plan", "recipes/quickstart.yaml", "-i", samples.folder, "-f", "json").out)
    tasks = {task["id"]: task for unit in made["units"] for task in unit["tasks"]}
    assert "install-professional/lcu-after-netfx3" in tasks
    assert "recipes/quickstart.yaml" == tasks["winre/ssu"]["origin"]["file"]
    assert {edge["rule"] for edge in made["edges"]} <= made["rules"].keys()
    assert all(made["rules"].values())


def test_a_plan_does_not_depend_on_where_one_stands(here: Path, samples: Samples) -> None:
    """From inside the recipes' folder only the names of files are shorter; tasks and digests are the same."""

    def tasks(recipe: str, cwd: Path) -> list[tuple[str, str]]:
        made = json.loads(osrecipe("plan", recipe, "-i", samples.folder, "-f", "json", cwd=cwd).out)
        return [(task["id"], task["digest"]) for unit in made["units"] for task in unit["tasks"]]

    assert tasks("recipes/quickstart.yaml", here) == tasks("quickstart.yaml", here / "recipes")


# -- init, schema ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("recipe.yaml", "recipe"),
        ("deep/er/Windows 11 Lab.yaml", "windows-11-lab"),
        ("2024-win.yaml", "recipe-2024-win"),
        ("日本.yaml", "image"),
        ("a" * 90 + ".yaml", "a" * 63),
    ],
)
def test_init_writes_a_recipe_that_validates(file: str, name: str, here: Path) -> None:
    """The starter's name comes from the file, whatever that is called, and it is valid as it stands."""
    done = run("init", file)
    assert 0 == done.code, done.err
    assert done.out.startswith(f"wrote {file}\n")
    loaded = load(here / file).recipe
    assert name == loaded.name
    assert 0 == run("validate", file).code


def test_init_keeps_what_is_there(here: Path) -> None:
    """A file that is there is refused with exit 2 and stays; `--force` replaces it."""
    (here / "mine.yaml").write_text("mine", encoding="utf-8")
    done = run("init", "mine.yaml")
    assert (2, "") == (done.code, done.out)
    assert "usage/file-exists" in done.err
    assert "--force" in done.err
    assert "mine" == (here / "mine.yaml").read_text(encoding="utf-8")
    assert 0 == run("init", "mine.yaml", "--force").code
    assert 0 == run("validate", "mine.yaml").code


@pytest.mark.parametrize("file", ["taken/recipe.yaml", "folder"])
def test_init_where_nothing_can_be_written(file: str, here: Path) -> None:
    """A place that can't hold a file is refused with exit 2, not taken for a bug."""
    (here / "taken").write_text("", encoding="utf-8")
    (here / "folder").mkdir()
    done = run("init", file, "--force")
    assert 2 == done.code
    assert "error[usage/" in done.err


@pytest.mark.parametrize("kind", ["recipe", "fragment"])
def test_schema_prints_the_committed_schema(kind: str) -> None:
    """What is printed is a JSON schema, byte for byte the committed one."""
    done = run("schema", "--of", kind)
    assert (0, "") == (done.code, done.err)
    assert (SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8") == done.out
    jsonschema.Draft202012Validator.check_schema(json.loads(done.out))


def test_schema_is_the_recipes_by_default() -> None:
    """Without `--of` it is the schema of whole recipes."""
    assert run("schema", "--of", "recipe") == run("schema")


def test_names_are_ids() -> None:
    """The longest name `init` makes is one that a recipe may have."""
    assert ID_PATTERN.endswith("{0,62}$")


# -- inspect ---------------------------------------------------------------------------------------------------------


def test_inspect_wims_and_hives(tmp_path: Path, samples: Samples) -> None:
    """Images and hives taken out by other programs are told by their content, whatever they are called."""
    unpack(samples.media, tmp_path / "disc")
    wim = tmp_path / "disc" / "sources" / "boot.wim"
    hive = extract_file(wim, 1, "Windows\\System32\\config\\SYSTEM", tmp_path)
    shutil.copyfile(wim, tmp_path / "renamed.iso")
    said = run("inspect", tmp_path / "renamed.iso")
    assert 0 == said.code
    for words in ("wim\n", "Sample Windows PE (amd64)", "Sample Windows Setup (amd64)", "10.0.17134.1"):
        assert words in said.out
    assert ": hive\n" in run("inspect", hive).out


@pytest.mark.parametrize("name", ["sample-media.iso", "kb9000001-x64.msu", "kb9000005-x64.cab"])
def test_inspect_as_json(name: str, samples: Samples) -> None:
    """The JSON form is one document on standard output, and the same every time."""
    done = run("inspect", samples.folder / name, "--format", "json")
    assert (0, "") == (done.code, done.err)
    assert isinstance(json.loads(done.out), dict)
    assert done == run("inspect", samples.folder / name, "--format", "json")


# -- exit codes ------------------------------------------------------------------------------------------------------


def test_a_bug_says_where_to_report_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody thought of ends with exit 1, the traceback and the address for reports."""
    assert here.is_dir()

    def surprise(*_: object, **__: object) -> None:
        raise RuntimeError("the unexpected")

    monkeypatch.setattr("osrecipe.recipe.load", surprise)
    done = run("validate", "recipes/quickstart.yaml")
    assert (1, "") == (done.code, done.out)
    assert "Traceback" in done.err
    assert "error[internal/bug]: RuntimeError: the unexpected" in done.err
    assert "https://" in done.err.splitlines()[-1]


def test_interrupted_before_anything_began(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a recipe is read ends with exit 5 and one word."""
    assert here.is_dir()

    def impatient(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("osrecipe.recipe.load", impatient)
    done = run("validate", "recipes/quickstart.yaml")
    assert (5, "", "interrupted\n") == (done.code, done.out, done.err)


def dead_run(folder: Path, kind: str, name: str) -> Path:
    """What a run left that died while it held something."""
    run_folder = folder / "out" / ".osrecipe" / "t" / "runs" / RUN
    run_folder.mkdir(parents=True)
    records = [
        {
            "record": "run-started",
            "run": RUN,
            "plan": "sha256:" + "0" * 64,
            "pid": 1,
            "host": "h",
            "boot": "",
            "adapter": {"name": "embedded", "version": "1", "tools": []},
        },
        {"record": "resource-acquired", "unit": None, "kind": kind, "name": name},
    ]
    lines = [json.dumps({"n": n, "at": 1, "what": record}) for n, record in enumerate(records, 1)]
    (run_folder / "journal.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run_folder


def test_clean_says_what_it_could_not_remove(here: Path) -> None:
    """A journal that names what is not its run's own, or nobody can undo, is not obeyed: exit 6, and all is left."""
    (here / "recipe.yaml").write_text(MINIMAL, encoding="utf-8")
    precious = here / "precious"
    precious.mkdir()
    journal = dead_run(here, "folder", str(precious)) / "journal.jsonl"
    done = run("clean", "recipe.yaml")
    assert 6 == done.code
    assert f"folder `{precious}` is left" in done.out
    assert precious.is_dir()
    text = journal.read_text(encoding="utf-8")
    journal.write_text(text.replace('"folder"', '"mount"'), encoding="utf-8")
    done = run("clean", "recipe.yaml")
    assert 6 == done.code
    assert f"mount `{precious}` is left" in done.out


def test_clean_removes_what_a_dead_run_held(here: Path) -> None:
    """What its journal says and is its own goes, and only that; a second time there is nothing to do."""
    (here / "recipe.yaml").write_text(MINIMAL, encoding="utf-8")
    folder = here / "out" / ".osrecipe" / "t" / "runs" / RUN
    kept = dead_run(here, "folder", str(folder / "work")) / "note.txt"
    kept.write_text("a person's", encoding="utf-8")
    (folder / "work" / "deep").mkdir(parents=True)
    done = run("clean", "recipe.yaml")
    assert (0, f"removed: {RUN}: folder {folder / 'work'}\n") == (done.code, done.out)
    assert not (folder / "work").exists()
    assert kept.is_file()
    assert "nothing to clean\n" == run("clean", "recipe.yaml").out


# -- explain ---------------------------------------------------------------------------------------------------------


def test_explain_notices_swapped_arguments(here: Path) -> None:
    """The recipe first, then the task: said, with the command as it was meant."""
    assert (here / "recipes").is_dir()
    done = run("explain", "recipes/quickstart.yaml", "winre/lcu")
    assert (2, "") == (done.code, done.out)
    assert "the task comes first, then the recipe" in done.err
    assert "osrecipe explain winre/lcu recipes/quickstart.yaml" in done.err


def test_the_starter_has_nothing_that_lint_warns_of(here: Path, samples: Samples) -> None:
    """With facts of its media, too: only what a lock and an answer of its author would change is noted."""
    assert 0 == run("init", "mine.yaml").code
    (here / "windows.iso").symlink_to(samples.folder / "sample-media.iso")
    assert 0 == run("lock", "mine.yaml").code
    done = run("lint", "mine.yaml")
    assert 0 == done.code, done.out
    assert "warning" not in done.out
