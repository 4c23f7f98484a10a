"""Reading with a lock at hand: what is here is held against it, what is not here is taken from it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from support import kinds
from support.refused import refused

from osrecipe.inputs.locate import Search
from osrecipe.inputs.lock import Lock, dump, load_lock, lock_path, parse
from osrecipe.inputs.read import Locked, locked_facts, read_facts
from osrecipe.inputs.relock import changes, check_lock, make_lock, write_lock
from osrecipe.model.facts import UpdateFacts
from osrecipe.model.names import InputId
from osrecipe.recipe import load

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.inputs.read import Gathered
    from osrecipe.recipe import LoadedRecipe

RECIPE = """\
schema: osrecipe/1
name: test
inputs:
  media: {iso: sample-media.iso}
  lcu: {update: small.msu}
  oem: {folder: oem}
source: media
updates: {apply: {lcu: [install]}}
targets:
  install:
    tweaks:
      extra: {reg-file: extra.reg}
output: {iso: out.iso}
"""
LCU = InputId("lcu")


class Home:
    """A recipe's folder with everything it names."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.yaml"
        self.write(RECIPE)
        (folder / "small.msu").write_bytes(kinds.CUMULATIVE.cabinet())
        (folder / "oem").mkdir()
        (folder / "oem" / "a.txt").write_text("a")
        (folder / "extra.reg").write_text('REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n"a"=dword:1\n')
        (folder / "sample-media.iso").symlink_to(samples.media)

    def write(self, text: str) -> None:
        """Write the recipe."""
        self.recipe.write_text(text)

    @property
    def loaded(self) -> LoadedRecipe:
        """The recipe as it is now."""
        return load(self.recipe, shown_as="recipe.yaml")

    @property
    def search(self) -> Search:
        """Inputs lie beside the recipe."""
        return Search(self.folder)

    def lock(self) -> Lock:
        """Write the lock and read it back."""
        path = lock_path(self.recipe)
        before = load_lock(path) if path.exists() else None
        write_lock(path, make_lock(self.loaded.recipe, self.loaded.origins, self.search, before).lock)
        return load_lock(path, shown_as="recipe.lock")

    def read(self, lock: Lock | None, *, fill: bool = True) -> Gathered:
        """Read the inputs as `plan` does, or with `fill` off as `apply` does."""
        locked = Locked(lock, fill=fill, hold=True) if lock else None
        return read_facts(self.loaded.recipe, self.loaded.origins, self.search, None, locked)

    def check(self, lock: Lock) -> tuple[str, ...]:
        """Check a lock as `lock --check` does."""
        text = lock_path(self.recipe).read_text(encoding="utf-8")
        return check_lock(self.loaded.recipe, self.loaded.origins, self.search, lock, text, "recipe.lock")


@pytest.fixture
def home(tmp_path: Path, samples: Samples) -> Home:
    """A recipe's folder."""
    return Home(tmp_path, samples)


def test_facts_from_the_lock_are_those_of_the_files(home: Home) -> None:
    """Read from files, from the lock alone, or from what is left of both: the same facts."""
    lock = home.lock()
    loaded = home.loaded
    whole = home.read(None).facts

    assert whole == home.read(lock).facts
    assert whole == locked_facts(loaded.recipe, loaded.origins, lock).facts
    (home.folder / "small.msu").unlink()
    (home.folder / "extra.reg").unlink()
    shutil.rmtree(home.folder / "oem")
    partly = home.read(lock)
    assert whole == partly.facts
    assert ("lcu", "oem", "extra.reg") == partly.filled
    assert [InputId("media")] == list(partly.paths)


def test_apply_takes_nothing_from_the_lock(home: Home) -> None:
    """Who carries a plan out needs the files."""
    lock = home.lock()
    (home.folder / "small.msu").unlink()

    found = refused(lambda: home.read(lock, fill=False), 3)

    assert [("input/missing", "recipe.yaml:5:8", "there is no file `small.msu`")] == found


def test_another_file_than_the_locked_one_is_named(home: Home) -> None:
    """File, folder and `.reg` file: each drift at the line that names the input."""
    lock = home.lock()
    (home.folder / "small.msu").write_bytes(kinds.KINDS["cumulative"].cabinet() + b"x")
    (home.folder / "oem" / "a.txt").write_text("b")
    (home.folder / "extra.reg").write_text("REGEDIT4\n")

    found = refused(lambda: home.read(lock))

    assert ["recipe.yaml:5:8", "recipe.yaml:6:8", "recipe.yaml:12:25"] == sorted(
        (place for _, place, _ in found), key=lambda p: int(p.split(":")[1])
    )
    assert {"input/drift"} == {slug for slug, _, _ in found}
    assert any("`small.msu` is not what was locked as `lcu`: " in reason for _, _, reason in found)


def test_a_lock_that_lies_about_a_file_is_stale(home: Home) -> None:
    """Same bytes, other words: the lock was edited, or another version read less."""
    lock = home.lock()
    text = dump(lock).replace('"update_kind": "cumulative"', '"update_kind": "flash"')

    found = refused(lambda: home.read(parse(text.encode(), "recipe.lock")))

    reason = "the lock says something else of `lcu` than is read from it now: update_kind"
    assert [("lock/stale", "recipe.yaml:5:8", reason)] == found


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (
            ("lcu: {update: small", "lcu: {update: other"),
            "5:8",
            "the lock has another file for `lcu`: `small.msu`",
        ),
        (("  oem: {fo", "  new: {update: n.msu}\n  oem: {fo"), "6:8", "the lock has no input `new`"),
        (("lcu: {update: small.msu", "lcu: {folder: small.msu"), "5:8", "in the lock `lcu` is not a folder"),
        (("reg-file: extra", "reg-file: other"), "12:25", "the lock has no `other.reg`"),
        (
            ("    tweaks", "    features: {NetFx3: enabled}\n    tweaks"),
            "11:15",
            "the lock knows no features of `media`, because the recipe switched none then",
        ),
    ],
)
def test_a_lock_must_cover_the_recipe(home: Home, change: tuple[str, str], place: str, reason: str) -> None:
    """A recipe that names something else than was locked is not planned from an old lock, files or no files."""
    lock = home.lock()
    text = RECIPE.replace(*change)
    if "folder: small" in text:
        text = text.replace("updates: {apply: {lcu: [install]}}\n", "")
    home.write(text)
    place = f"recipe.yaml:{place}"
    loaded = home.loaded

    assert [("lock/stale", place, reason)] == refused(lambda: home.read(lock))
    assert [("lock/stale", place, reason)] == refused(
        lambda: locked_facts(loaded.recipe, loaded.origins, lock)
    )


@pytest.mark.parametrize("from_lock", [True, False])
def test_a_stated_kind_is_held_against_what_the_file_is(home: Home, *, from_lock: bool) -> None:
    """Both kinds are said, at the kind stated, whether the file is here or only its line."""
    lock = home.lock()
    home.write(RECIPE.replace("small.msu}", "small.msu, kind: flash}"))
    loaded = home.loaded

    found = refused(
        lambda: locked_facts(loaded.recipe, loaded.origins, lock) if from_lock else home.read(None), 3
    )

    reason = "`small.msu`: it is a cumulative update, but the recipe states `flash`"
    assert [("input/kind", "recipe.yaml:5:34", reason)] == found


def test_a_stated_kind_that_is_right_changes_nothing(home: Home) -> None:
    """Stating what is so is allowed."""
    plain = home.read(None).facts
    home.write(RECIPE.replace("small.msu}", "small.msu, kind: cumulative}"))

    assert plain == home.read(None).facts


def test_a_stated_hash_is_held_against_the_lock(home: Home) -> None:
    """Recipe and lock that contradict each other need no file to be found out."""
    lock = home.lock()
    home.write(RECIPE.replace("small.msu}", f"small.msu, sha256: {'0' * 64}}}"))
    loaded = home.loaded

    found = refused(lambda: locked_facts(loaded.recipe, loaded.origins, lock), 3)

    assert ("input/hash", "recipe.yaml:5:36") == found[0][:2]


def test_locking_twice_changes_nothing(home: Home) -> None:
    """The second lock is the first, byte for byte."""
    home.lock()
    first = lock_path(home.recipe).read_bytes()
    home.lock()

    assert first == lock_path(home.recipe).read_bytes()


def test_what_became_of_each_line(home: Home) -> None:
    """Added, changed, removed, kept because its file is not here, and the same."""
    before = home.lock()
    (home.folder / "sample-media.iso").unlink()
    (home.folder / "small.msu").write_bytes(
        kinds.Small(kinds.CUMULATIVE.identity.at("26100.10.1.3")).cabinet()
    )
    (home.folder / "new.msu").write_bytes(kinds.STACK.cabinet())
    text = RECIPE.replace("  oem: {folder: oem}\n", "  ssu: {update: new.msu}\n")
    home.write(text)

    made = make_lock(home.loaded.recipe, home.loaded.origins, home.search, before)

    expected = {
        "media": "kept",
        "lcu": "changed",
        "ssu": "added",
        "extra.reg": "same",
        "oem": "removed",
    }
    assert expected == {change.name: change.what for change in changes(before, made)}
    assert ("media",) == made.kept


def test_a_line_is_not_kept_for_another_path(home: Home) -> None:
    """A renamed input that is not here can't be locked."""
    before = home.lock()
    home.write(RECIPE.replace("sample-media.iso", "other.iso"))

    found = refused(lambda: make_lock(home.loaded.recipe, home.loaded.origins, home.search, before), 3)

    assert [("input/missing", "recipe.yaml:4:10", "there is no file `other.iso`")] == found


def test_checking_a_good_lock(home: Home) -> None:
    """It says what could not be looked at."""
    lock = home.lock()
    assert () == home.check(lock)
    (home.folder / "small.msu").unlink()
    assert ("lcu",) == home.check(lock)


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (
            ('"recipe": "test"', '"recipe": "old"'),
            "1:1",
            "the lock is of the recipe `old`, this one is `test`",
        ),
        (
            ('"recipe": "test"', '"recipe":"test"'),
            "1:1",
            "the lock is not written as `osrecipe lock` writes it",
        ),
    ],
)
def test_checking_finds_what_planning_does_not_mind(
    home: Home, change: tuple[str, str], place: str, reason: str
) -> None:
    """A lock in another form or of another recipe would change with the next `osrecipe lock`."""
    home.lock()
    path = lock_path(home.recipe)
    path.write_text(path.read_text().replace(*change))

    found = refused(lambda: home.check(load_lock(path, shown_as="recipe.lock")))

    assert [("lock/stale", f"recipe.lock:{place}", reason)] == found


def test_checking_finds_lines_that_are_too_many(home: Home) -> None:
    """An input that was dropped from the recipe is pointed at in the lock."""
    lock = home.lock()
    home.write(RECIPE.replace("  oem: {folder: oem}\n", ""))

    assert [("lock/stale", "recipe.lock:4:1", "the recipe has no `oem` any more")] == refused(
        lambda: home.check(lock)
    )


def test_the_order_of_lines_says_nothing(home: Home) -> None:
    """Inputs that change places in the recipe leave the lock right."""
    lock = home.lock()
    home.write(
        RECIPE.replace("  oem: {folder: oem}\n", "").replace("inputs:\n", "inputs:\n  oem: {folder: oem}\n")
    )

    assert () == home.check(lock)


def test_features_stay_known_when_they_are_no_longer_needed(home: Home) -> None:
    """A lock that knows more than the recipe asks for still covers it."""
    home.write(RECIPE.replace("    tweaks", "    features: {NetFx3: enabled}\n    tweaks"))
    lock = home.lock()
    home.write(RECIPE)

    assert () == home.read(lock).filled


def test_update_facts_are_in_the_lock(home: Home) -> None:
    """The line holds what inspect shows."""
    found = home.lock().inputs[LCU].facts

    assert isinstance(found, UpdateFacts)
    assert ("cumulative", "9100001", (26100,)) == (found.update_kind, found.kb, found.builds)
