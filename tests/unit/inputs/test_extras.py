"""Drivers, capabilities and answer files beside a lock and a saved plan: written, read, held against what is here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.refused import refused
from support.samples.extras import CAPABILITIES, DRIVERS

from osrecipe.inputs.drivers import drivers_facts
from osrecipe.inputs.locate import Search
from osrecipe.inputs.lock import Lock, dump, load_lock, lock_path, parse
from osrecipe.inputs.planned import read_planned
from osrecipe.inputs.read import Locked, locked_facts, read_facts
from osrecipe.inputs.relock import changes, check_lock, make_lock, told_apart, write_lock
from osrecipe.inputs.saved_plan import parse_plan
from osrecipe.model.names import InputId
from osrecipe.plan import compile_plan
from osrecipe.recipe import load
from osrecipe.render import locking, plan_json

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.inputs.read import Gathered
    from osrecipe.model.plan import Plan
    from osrecipe.recipe import LoadedRecipe

DESK = Path(__file__).parents[3] / "recipes" / "unattend" / "desk.xml"
RECIPE = """\
schema: osrecipe/1
name: test
inputs:
  media: {iso: sample-media.iso}
  fod: {folder: sample-fod}
  maker: {drivers: sample-drivers}
  answers: {answer-file: desk.xml}
source: media
targets:
  install:
    capabilities: {OpenSSH.Client~~~~0.0.1.0: {from: fod}}
    appx: {"Contoso.Games.*": removed}
    unattend: answers
drivers: {maker: [install, setup]}
output: {iso: out.iso}
"""
MAKER, ANSWERS = InputId("maker"), InputId("answers")


class Home:
    """A recipe's folder with everything it names."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.yaml"
        self.recipe.write_text(RECIPE)
        for name in (DRIVERS, CAPABILITIES):
            shutil.copytree(samples.folder / name, folder / name)
        shutil.copy(DESK, folder / "desk.xml")
        (folder / "sample-media.iso").symlink_to(samples.media)
        self.search = Search(folder)

    @property
    def loaded(self) -> LoadedRecipe:
        """The recipe as it is now."""
        return load(self.recipe, shown_as="recipe.yaml")

    def lock(self) -> Lock:
        """Write the lock and read it back."""
        path = lock_path(self.recipe)
        write_lock(path, make_lock(self.loaded.recipe, self.loaded.origins, self.search, None).lock)
        return load_lock(path, shown_as="recipe.lock")

    def read(self, lock: Lock | None = None) -> Gathered:
        """Read the inputs as `plan` does."""
        locked = Locked(lock, fill=True, hold=True) if lock else None
        return read_facts(self.loaded.recipe, self.loaded.origins, self.search, None, locked)

    def check(self, lock: Lock) -> tuple[str, ...]:
        """Check a lock as `lock --check` does."""
        text = lock_path(self.recipe).read_text(encoding="utf-8")
        return check_lock(self.loaded.recipe, self.loaded.origins, self.search, lock, text, "recipe.lock")

    def plan(self) -> Plan:
        """The plan, saved and read back."""
        made = compile_plan(self.loaded.recipe, self.read().facts, self.loaded.origins)
        return parse_plan(plan_json.dump(made).encode(), "p.json")

    def change_a_driver(self) -> None:
        """Turn one byte of one driver's program."""
        program = self.folder / DRIVERS / "storage" / "constor.sys"
        data = program.read_bytes()
        program.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.fixture
def home(tmp_path: Path, samples: Samples) -> Home:
    """A recipe's folder."""
    return Home(tmp_path, samples)


def test_facts_from_the_lock_are_those_of_the_files(home: Home) -> None:
    """Read from files, from the lock alone, or from the lock where the folders are gone: the same facts."""
    lock = home.lock()
    loaded = home.loaded
    whole = home.read().facts

    assert drivers_facts(home.folder / DRIVERS) == whole.inputs[MAKER]
    assert whole == home.read(lock).facts
    assert whole == locked_facts(loaded.recipe, loaded.origins, lock).facts
    assert () == home.check(lock)
    shutil.rmtree(home.folder / DRIVERS)
    (home.folder / "desk.xml").unlink()
    partly = home.read(lock)
    assert whole == partly.facts
    assert ("maker", "answers") == partly.filled == home.check(lock)


def test_one_byte_of_a_driver_is_drift(home: Home) -> None:
    """At the line that names the folder; planning and checking say the same, and the new lock shows both."""
    lock = home.lock()
    home.change_a_driver()

    found = refused(lambda: home.read(lock))
    assert [("input/drift", "recipe.yaml:6:10")] == [each[:2] for each in found]
    assert found[0][2].startswith("`sample-drivers` is not what was locked as `maker`: ")
    assert found == refused(lambda: home.check(lock))
    made = make_lock(home.loaded.recipe, home.loaded.origins, home.search, lock)
    changed = {each.name: each for each in changes(lock, made) if each.what != "same"}
    assert ["maker"] == list(changed)
    before, _, after = told_apart(changed["maker"]).partition(" → ")
    assert before != after
    assert before.partition("(")[2] == after.partition("(")[2] != ""


def test_another_path_is_said_to_be_the_change(home: Home) -> None:
    """The content is said once, the paths both; where the content changed too, both are said."""
    lock = home.lock()
    (home.folder / DRIVERS).rename(home.folder / "moved")
    home.recipe.write_text(home.recipe.read_text().replace("{drivers: sample-drivers}", "{drivers: moved}"))

    def line() -> str:
        made = make_lock(home.loaded.recipe, home.loaded.origins, home.search, lock)
        [change] = [each for each in changes(lock, made) if each.what == "changed"]
        return locking.changes([change], name="r.lock", end="").splitlines()[1]

    said = "  ! maker  drivers: 3 packages in 10 files: "
    assert f"{said}the path is another one, the content is the same: `sample-drivers` → `moved`" == line()
    program = home.folder / "moved" / "storage" / "constor.sys"
    program.write_bytes(program.read_bytes() + b"!")
    assert line().endswith(" bytes); the path too: `sample-drivers` → `moved`")


def test_a_changed_answer_file_is_drift(home: Home) -> None:
    """Even where what it is about stays the same."""
    lock = home.lock()
    path = home.folder / "desk.xml"
    path.write_bytes(path.read_bytes().replace(b"<HideEULAPage>true", b"<HideEULAPage>ture"))

    assert [("input/drift", "recipe.yaml:7:12")] == [each[:2] for each in refused(lambda: home.read(lock))]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('"version": "1.2.3.4"', '"version": "1.2.3.5"', "maker: drivers"),
        ('"value": "true"', '"value": "false"', "answers: offline"),
    ],
)
def test_a_lock_that_lies_about_them_is_stale(home: Home, old: str, new: str, name: str) -> None:
    """The same bytes, other words."""
    lock = home.lock()
    text = dump(lock)
    assert 1 == text.count(old)

    found = refused(lambda: home.read(parse(text.replace(old, new).encode(), "recipe.lock")))

    name, _, fields = name.partition(": ")
    reason = f"the lock says something else of `{name}` than is read from it now: {fields}"
    assert [reason] == [each[2] for each in found]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("maker: {drivers:", "maker: {folder:"), "in the lock `maker` is not a folder"),
        (("fod: {folder:", "fod: {drivers:"), "in the lock `fod` is not a folder of drivers"),
        (("answers: {answer-file:", "answers: {update:"), "in the lock `answers` is not an update"),
    ],
)
def test_an_input_that_became_another_kind_is_not_the_locked_one(
    home: Home, change: tuple[str, str], reason: str
) -> None:
    """A folder of files and a folder of drivers are two things."""
    lock = home.lock()
    plain = RECIPE.partition("targets:")[0] + "targets: {install: {}}\noutput: {iso: out.iso}\n"
    home.recipe.write_text(plain.replace(*change))

    assert [reason] == [each[2] for each in refused(lambda: home.read(lock))]


def test_a_lock_without_apps_does_not_serve_a_recipe_that_removes_some(home: Home) -> None:
    """Whether the images have the app is not known then."""
    home.recipe.write_text(RECIPE.replace('    appx: {"Contoso.Games.*": removed}\n', ""))
    lock = home.lock()
    home.recipe.write_text(RECIPE)

    reason = "the lock knows no apps of `media`, because the recipe removed none then"
    assert [("lock/stale", "recipe.yaml:12:11", reason)] == refused(lambda: home.read(lock))


@pytest.mark.parametrize(
    ("now", "then", "reason"),
    [
        (
            "{OpenSSH.Client~~~~0.0.1.0: {from: fod}}",
            "{}",
            "the lock does not know whether `fod` has the capabilities that come from it",
        ),
        (
            "{OpenSSH.Client~~~~0.0.1.0: removed}",
            "{OpenSSH.Client~~~~0.0.1.0: {from: fod}}",
            "the lock knows no capabilities of `media`, because the recipe removed none then",
        ),
    ],
)
def test_a_lock_without_capabilities_does_not_serve_a_recipe_that_wants_some(
    home: Home, now: str, then: str, reason: str
) -> None:
    """Whether the folder or the images have them is not known then; a lock that knows more than is wanted serves."""
    line = "    capabilities: {OpenSSH.Client~~~~0.0.1.0: {from: fod}}\n"
    home.recipe.write_text(RECIPE.replace(line, f"    capabilities: {then}\n"))
    lock = home.lock()
    home.recipe.write_text(RECIPE.replace(line, f"    capabilities: {now}\n"))

    assert [reason] == [each[2] for each in refused(lambda: home.read(lock))]
    more = home.lock()
    home.recipe.write_text(RECIPE.replace(line, ""))
    assert more.inputs[InputId("fod")].facts == home.read(more).facts.inputs[InputId("fod")]
    assert more.inputs[InputId("media")].facts == home.read(more).facts.inputs[InputId("media")]


def test_a_saved_plan_s_inputs_are_read_again(home: Home) -> None:
    """The same facts as when it was made, apps of the images among them, and where everything lies."""
    plan = home.plan()
    found = read_planned(plan, home.search, "p.json")

    assert home.read().facts.inputs == found.facts.inputs
    assert home.folder / DRIVERS == found.paths[MAKER]
    assert home.folder / "desk.xml" == found.paths[ANSWERS]


def test_a_saved_plan_is_stale_when_a_driver_changed(home: Home) -> None:
    """It says which folder, and by what it is recognised."""
    plan = home.plan()
    home.change_a_driver()

    [found] = refused(lambda: read_planned(plan, home.search, "p.json"))
    assert "input/drift" == found[0]
    planned = "`sample-drivers` is not what was planned as `maker` (drivers: 3 packages in 10 files): "
    assert found[2].startswith(planned)


def test_a_saved_plan_whose_drivers_are_gone_is_refused(home: Home) -> None:
    """A file of that name is no folder."""
    plan = home.plan()
    shutil.rmtree(home.folder / DRIVERS)
    (home.folder / DRIVERS).write_text("x")

    assert ["input/kind"] == [
        each[0] for each in refused(lambda: read_planned(plan, home.search, "p.json"), 3)
    ]
