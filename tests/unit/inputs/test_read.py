"""Reading all inputs of a recipe: every problem at once, each at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osrecipe.inputs.locate import Search
from osrecipe.inputs.read import read_facts
from osrecipe.model.names import InputId
from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import load

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.inputs.read import Gathered

RECIPE = """\
schema: osrecipe/1
name: test
inputs:
  media: {{iso: sample-media.iso{media}}}
  lcu: {{update: {lcu}}}
  oem: {{folder: {oem}}}
source: media
targets:
  install:
    tweaks:
      extra: {{reg-file: {reg}}}
output: {{iso: out.iso}}
"""


def _read(folder: Path, samples: Samples, **changes: str) -> Gathered:
    words = {"media": "", "lcu": "kb9000002-x64.msu", "oem": "oem", "reg": "extra.reg"} | changes
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(**words))
    (folder / "oem").mkdir(exist_ok=True)
    if not (folder / "extra.reg").exists():
        (folder / "extra.reg").write_text('REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n"a"=dword:1\n')
    loaded = load(path)
    return read_facts(loaded.recipe, loaded.origins, Search(loaded.folder, (samples.folder,)))


def test_inputs_are_found_beside_the_recipe_and_under_inputs(tmp_path: Path, samples: Samples) -> None:
    """The folder lies beside the recipe, the ISO and the update under `--inputs`."""
    gathered = _read(tmp_path, samples)

    assert ["media", "lcu", "oem"] == list(gathered.facts.inputs)
    assert tmp_path / "oem" == gathered.paths[InputId("oem")]
    assert samples.media == gathered.paths[InputId("media")]


def test_all_problems_are_told_at_once_and_in_place(tmp_path: Path, samples: Samples) -> None:
    """A missing file, a wrong hash, a file that is no update and a `.reg` error: four problems, four lines."""
    (tmp_path / "broken.msu").write_bytes(b"no cabinet")
    (tmp_path / "bad.reg").write_text('REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n"a"=nonsense\n')
    hashed = ", sha256: " + "0" * 64

    with pytest.raises(OsrecipeError) as caught:
        _read(tmp_path, samples, media=hashed, lcu="broken.msu", oem="nowhere", reg="bad.reg")

    found = [(p.slug.split("/")[0], p.place.line if p.place else 0) for p in caught.value.problems]
    assert [("input", 4), ("input", 4), ("input", 6), ("msu", 5)] == sorted(found)
    assert [3] == [int(caught.value.exit_code)]


def test_a_stated_hash_is_held_against_the_file(tmp_path: Path, samples: Samples) -> None:
    """A file with another hash is refused before it is looked into, and the message has the hash it has."""
    with pytest.raises(OsrecipeError) as caught:
        _read(tmp_path, samples, media=", sha256: " + "1" * 64)

    problem = caught.value.problems[0]
    assert "input/hash" == problem.slug
    assert problem.hint.startswith("take the file again")


def test_reg_files_become_changes(tmp_path: Path, samples: Samples) -> None:
    """What a `.reg` file says is in the facts, not its name."""
    changes = _read(tmp_path, samples).facts.reg_files["extra.reg"].changes

    assert ["HKLM\\SOFTWARE\\X"] == [str(change.key) for change in changes]


def test_a_file_where_a_folder_belongs_is_there_and_of_the_wrong_kind(
    tmp_path: Path, samples: Samples
) -> None:
    """It is not said to be missing, and the hint names the folder it lies in; a folder is no update."""
    (tmp_path / "maker").mkdir()
    (tmp_path / "maker" / "net.inf").write_text("[Version]")
    with pytest.raises(OsrecipeError) as caught:
        _read(tmp_path, samples, oem="maker/net.inf", lcu="maker")

    assert [
        ("input/kind", "`maker` is a folder, a file is needed", "name the file in it"),
        (
            "input/kind",
            "`maker/net.inf` is a file, a folder is needed",
            "name the folder it lies in: `maker`",
        ),
    ] == [(p.slug, p.reason, p.hint) for p in caught.value.problems]
