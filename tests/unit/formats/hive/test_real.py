"""Real hives: they pass the checker, survive edits, and other programs read the same afterwards."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.hives import (
    CLEAN,
    READERS,
    RECOVERABLE,
    WITHOUT_LOGS,
    Model,
    about_keys,
    contents,
    disagreements,
    edit,
    every_key,
    generator,
    real,
    recovered,
)

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, current_control_set
from osrecipe.formats.hive.check import Flaw, check

if TYPE_CHECKING:
    from pathlib import Path

STRESS = bool(os.environ.get("OSRECIPE_STRESS"))
EDITS = 10_000 if STRESS else 300
SMALL = [
    name for name in CLEAN if name != "SYSTEM"
]  # that one hivex reads, which needs the least time for it


def start(name: str) -> Hive:
    """A hive to edit: new, real and clean, or real and recovered."""
    if name == "new":
        return Hive.create()
    return recovered(name) if name in RECOVERABLE else Hive.load(real(name))


@pytest.mark.parametrize("name", CLEAN)
def test_real_clean_hive_passes_the_checker(name: str) -> None:
    """The checker finds nothing in what Windows wrote."""
    assert check(real(name)) == []


@pytest.mark.parametrize("name", [*RECOVERABLE, *WITHOUT_LOGS])
def test_real_dirty_hive_is_only_dirty(name: str) -> None:
    """Of a dirty hive the checker says so and nothing else."""
    assert [finding.flaw for finding in check(real(name))] == [Flaw.DIRTY]


@pytest.mark.parametrize("name", [*RECOVERABLE, *WITHOUT_LOGS])
def test_real_dirty_hive_is_refused_without_logs(name: str) -> None:
    """Loading a dirty hive alone fails as dirty and says what helps."""
    with pytest.raises(FormatError) as caught:
        Hive.load(real(name))
    assert (caught.value.slug, "LOG1" in caught.value.hint) == ("hive/dirty", True)


@pytest.mark.parametrize("name", RECOVERABLE)
def test_recovered_hive_is_sound(name: str) -> None:
    """A hive completed from its logs passes the checker."""
    hive = recovered(name)
    assert (hive.recovered, check(hive.save())) == (True, [])


@pytest.mark.parametrize("name", CLEAN)
def test_saving_untouched_keeps_every_cell(name: str) -> None:
    """Load and save changes nothing behind the header."""
    data = real(name)
    saved = Hive.load(data).save()
    assert data[4096 : len(saved)] == saved[4096:]


@pytest.mark.parametrize("name", ["new", *(CLEAN if STRESS else SMALL), *RECOVERABLE])
def test_random_edits_match_a_plain_model(name: str, tmp_path: Path) -> None:
    """After many edits our reader, the checker and independent readers agree with a plain dictionary."""
    hive = start(name)
    model, rng = Model.of(hive.root), generator(f"edits of {name}")
    for number in range(EDITS):
        edit(hive, model, rng)
        if number % 1000 == 500:
            hive.save()
    saved = hive.save()
    expected = model.contents()
    assert expected == contents(hive)
    assert expected == contents(Hive.load(saved))
    assert check(saved) == []
    for reader in ("libregf", "python-registry"):
        found = READERS[reader].read(saved, tmp_path)
        assert disagreements(expected, found, READERS[reader].agrees) == [], reader


@pytest.mark.parametrize("name", ["new", "NTUSER.DAT", "SYSTEM"])
def test_hivex_reads_what_was_edited(name: str, tmp_path: Path) -> None:
    """Hivex reads every key and value of an edited hive exactly."""
    hive = start(name)
    model, rng = Model.of(hive.root), generator(f"for hivex {name}")
    for _ in range(EDITS):
        edit(hive, model, rng)
    saved, reader = hive.save(), READERS["hivex"]
    assert [] == check(saved)
    assert [] == disagreements(model.contents(), reader.read(saved, tmp_path), reader.agrees)


def test_edits_do_not_let_a_hive_grow_without_need() -> None:
    """Setting and deleting the same things again and again reuses the space."""
    hive = Hive.create()
    for number in range(200):
        key = hive.create_key(f"A\\{number % 3}")
        key.set("x", 3, bytes(1000 * (number % 50)))
        hive.delete_key(f"A\\{(number + 1) % 3}")
        hive.save()
    assert len(hive.save()) < 400_000


@pytest.mark.parametrize("name", ["BCD", "SAM", "NTUSER-WSL.DAT"])
def test_libregf_reads_the_same_about_keys(name: str) -> None:
    """Times and class names are what another reader sees."""
    data = real(name)
    assert about_keys(data) == {
        key.path: (key.timestamp, key.class_name) for key in every_key(Hive.load(data))
    }


def test_class_names_of_the_boot_key() -> None:
    """The boot key's four parts stand in class names; their cells go with their keys."""
    hive = Hive.load(real("SYSTEM"))
    keys = [hive.key(f"ControlSet001\\Control\\Lsa\\{part}") for part in ("JD", "Skew1", "GBG", "Data")]
    names = [key.class_name for key in keys if key is not None]
    assert [8] * 4 == [len(bytes.fromhex(name)) * 2 for name in names if name]
    assert hive.delete_key("ControlSet001\\Control\\Lsa")
    assert [] == check(hive.save())


def test_control_set_of_a_real_hive() -> None:
    """`Select` names the set, and the set is there."""
    hive = Hive.load(real("SYSTEM"))
    assert hive.key(f"ControlSet{current_control_set(hive):03}") is not None


def test_one_edit_changes_one_place() -> None:
    """An edit of a large hive leaves all but a few bytes as they were."""
    data = real("SYSTEM")
    hive = Hive.load(data)
    hive.create_key("ControlSet001\\Control\\ProductOptions").set("Edited", 4, b"1234")
    saved = hive.save()
    changed = sum(
        data[place : place + 64] != saved[place : place + 64] for place in range(4096, len(data), 64)
    )
    assert (len(data), True) == (len(saved), changed < 10)
