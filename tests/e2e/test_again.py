"""The main job done again: what was done comes from the store, what changed is done, and the bytes come out the same."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from support.applied import Applied, carry_out, sha256
from support.images import files_of

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

MEDIA_UNITS = {
    "media.copy",
    "media.install-wim",
    "media.boot-wim",
    "media.sync-sources",
    "media.setup-files",
    "media.iso",
    "media.verify",
}


@pytest.fixture
def copy(tmp_path: Path, quickstart: Applied) -> Applied:
    """A copy of the finished main job with its store, to go on from."""
    made = Applied(tmp_path / "copy", "quickstart")
    shutil.copytree(quickstart.folder, made.folder)
    return made


def statuses(applied: Applied) -> dict[str, str]:
    """How each unit ended, as the report has it."""
    return {unit["unit"]: unit["status"] for unit in applied.report["units"]}


def ran(applied: Applied) -> set[str]:
    """The units that were carried out."""
    return {unit for unit, status in statuses(applied).items() if status == "done"}


def test_a_second_run_takes_everything_from_the_store(copy: Applied, samples: Samples) -> None:
    """Only the media's own jobs run; every image comes from the store, and the ISO is the same, byte for byte."""
    first = sha256(copy.iso)
    done = copy.apply("--inputs", samples.folder)
    assert 0 == done.code, done.err
    assert MEDIA_UNITS == ran(copy)
    assert {"done", "cached"} == set(statuses(copy).values())
    assert first == sha256(copy.iso)
    assert [] == copy.leftovers()
    assert 2 == len(copy.runs)
    cached = [task for task in copy.report["tasks"] if task["status"] == "cached"]
    assert all(check["passed"] for task in cached for check in task["checks"])
    assert any(task["checks"] for task in cached)


def test_a_changed_tweak_runs_only_what_follows_it(copy: Applied, samples: Samples) -> None:
    """The customize sessions, the export of install.wim and the media are done again; no image is serviced again."""
    text = copy.recipe.read_text(encoding="utf-8")
    changed = text.replace("DisableWindowsConsumerFeatures: 1", "DisableWindowsConsumerFeatures: 2")
    assert changed != text
    copy.recipe.write_text(changed, encoding="utf-8")
    first = sha256(copy.iso)
    done = copy.apply("--inputs", samples.folder, "--progress=json")
    assert 0 == done.code, done.err
    editions = {"install-professional.customize", "install-enterprise.customize"}
    assert {*MEDIA_UNITS, *editions, "install.export"} == ran(copy)
    assert first != sha256(copy.iso)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert ("run-started", "run-finished") == (lines[0]["event"], lines[-1]["event"])
    assert copy.report["tasks"] == lines[-1]["result"]["tasks"]
    finished = [line["task"] for line in lines if line["event"] == "task-finished"]
    assert sorted(t["task"] for t in copy.report["tasks"] if t["status"] == "done") == sorted(finished)
    said = lines[0]["units"]["install-professional.customize"]
    because = "task `install-professional/tweak-no-consumer-features`"
    assert ("changed", because) == (said["status"], said["because"])


def test_a_renamed_recipe_and_a_moved_line_run_nothing(copy: Applied, samples: Samples) -> None:
    """Names and places are no part of what is done: a comment more, an input renamed, and all is still in the store."""
    text = copy.recipe.read_text(encoding="utf-8").replace("  lcu: {update", "  cumulative: {update")
    text = text.replace("    lcu: auto", "    cumulative: auto").replace("schema:", "# moved\n\nschema:")
    copy.recipe.write_text(text, encoding="utf-8")
    first = sha256(copy.iso)
    done = copy.apply("--inputs", samples.folder)
    assert 0 == done.code, done.err
    assert MEDIA_UNITS == ran(copy)
    assert first == sha256(copy.iso)


def test_another_place_gives_the_same_iso(tmp_path: Path, quickstart: Applied, samples: Samples) -> None:
    """In another folder, from other paths, with an empty store and one unit at a time, the ISO is the same."""
    inputs = tmp_path / "elsewhere"
    inputs.mkdir()
    for name in ("sample-media.iso", "kb9000001-x64.msu", "kb9000002-x64.msu"):
        shutil.copyfile(samples.folder / name, inputs / name)  # other times than the originals'
    made = carry_out(tmp_path / "work", "quickstart", inputs, "--parallel=1")
    assert 0 == made.done.code, made.done.err
    assert "done" == " ".join(sorted(set(statuses(made).values())))
    assert sha256(quickstart.iso) == sha256(made.iso), differing(quickstart, made)


def differing(one: Applied, other: Applied) -> list[str]:
    """Which artifacts in the two stores differ, for whoever has to find out why."""
    stores = [files_of(each.out / ".osrecipe" / each.name / "store" / "v1") for each in (one, other)]
    cut = [
        {(p.split("\\")[0], p.partition("artifacts\\")[2]): d for p, d in files.items() if "artifacts" in p}
        for files in stores
    ]
    return [f"{key[0][:8]} {key[1]}" for key in cut[0] if cut[0][key] != cut[1].get(key)]
