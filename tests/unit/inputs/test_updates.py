"""Facts of updates: the kind is told by content."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, get_args

import pytest
from support import kinds
from support.samples.cabinets import cabinet
from support.samples.names import Identity
from support.samples.packages import write_package
from support.samples.updates import checkpointed

from osrecipe.inputs.updates import update_facts
from osrecipe.model.facts import UpdateKind
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.recipe import KindName

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

HASH = "0" * 64


@pytest.mark.parametrize(
    ("name", "kind", "kb"),
    [
        ("kb9000001-x64", "servicing-stack", "9000001"),
        ("kb9000002-x64", "cumulative", "9000002"),
        ("kb9000003-x64", "cumulative", "9000003"),
        ("kb9000004-x64", "flash", "9000004"),
        ("kb9000005-x64", "optional", "9000005"),
        ("kb9000008-x64", "dotnet", "9000008"),
    ],
)
def test_kind_and_kb_are_read_from_the_content(samples: Samples, name: str, kind: str, kb: str) -> None:
    """Each sample update is told by what it holds."""
    facts = update_facts(samples.package(name), HASH)

    assert (kind, kb) == (facts.update_kind, facts.kb)


def test_a_checkpoint_is_told_from_what_is_built_upon_it(tmp_path: Path) -> None:
    """Both are cumulative updates by their names; the checkpoint calls itself a baseline."""
    facts = [update_facts(write_package(update, tmp_path), HASH) for update in checkpointed()]

    assert ["checkpoint", "cumulative"] == [one.update_kind for one in facts]
    assert ["9000012", "9000013"] == [one.kb for one in facts]
    assert ["17134.228.1.0", "17134.345.1.0"] == [str(one.package.version) for one in facts]


def test_the_file_name_says_nothing(samples: Samples, tmp_path: Path) -> None:
    """A cumulative update that is named as a servicing stack is still a cumulative update."""
    path = tmp_path / "ssu-19041.903-x64.cab"
    shutil.copy(samples.package("kb9000002-x64"), path)

    facts = update_facts(path, HASH)

    assert "cumulative" == facts.update_kind
    assert "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0" == facts.package.identity


def test_containers_are_told_by_their_bytes(samples: Samples) -> None:
    """An update in an .msu and one that is a bare cabinet."""
    assert "msu-cab" == update_facts(samples.package("kb9000001-x64"), HASH).container
    assert "cab" == update_facts(samples.package("kb9000005-x64"), HASH).container


def test_what_a_package_asks_for_is_named(samples: Samples) -> None:
    """Service installers and differential programs are in the facts, for adapters to refuse."""
    elements = update_facts(samples.package("kb9000009-x64"), HASH).package.elements

    assert {"payload:delta-pe", "memberships"} <= set(elements)


def written(folder: Path, data: bytes) -> Path:
    """A file whose name says nothing."""
    path = folder / "download.bin"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", list(kinds.KINDS))
def test_every_kind_with_a_description_is_told_by_its_content(kind: str, tmp_path: Path) -> None:
    """One package of each kind, in a bare cabinet without a telling name."""
    facts = update_facts(written(tmp_path, kinds.KINDS[kind].cabinet()), HASH)

    assert (kind, "cab") == (facts.update_kind, facts.container)


def test_every_kind_has_a_package_here() -> None:
    """No kind is left untested: those without a description follow below."""
    assert {kind.value for kind in UpdateKind} == {*kinds.KINDS, "setup", "defender"}


def test_a_setup_update_is_loose_programs(tmp_path: Path) -> None:
    """Kind, machine and version of a Setup update come from its programs; it has no identity and no KB."""
    facts = update_facts(written(tmp_path, kinds.setup_files("10.0.17134.165")), HASH)

    assert (UpdateKind.SETUP, "", "") == (facts.update_kind, facts.package.identity, facts.kb)
    assert ("amd64", "10.0.17134.165") == (facts.package.architecture, str(facts.package.version))
    assert (17134,) == facts.builds


def test_a_defender_update_is_told_by_its_list(tmp_path: Path) -> None:
    """Defender's package has no description either."""
    facts = update_facts(written(tmp_path, kinds.defender_files()), HASH)

    assert UpdateKind.DEFENDER == facts.update_kind


def test_a_cabinet_of_something_else_is_no_update(tmp_path: Path) -> None:
    """Loose files that belong to neither Setup nor Defender are refused."""
    with pytest.raises(OsrecipeError) as caught:
        update_facts(written(tmp_path, cabinet({"readme.txt": b"hello"})), HASH)

    assert "input/not-update" == caught.value.problems[0].slug


def test_setup_programs_for_no_known_machine_are_refused(tmp_path: Path) -> None:
    """Without a program that says its machine, nobody knows for which media the update is."""
    with pytest.raises(OsrecipeError) as caught:
        update_facts(written(tmp_path, cabinet({"setup.exe": b"not a program"})), HASH)

    assert "its programs do not agree on one machine: none" == caught.value.problems[0].reason


@pytest.mark.parametrize("container", ["msu-cab", "msu-wim"])
def test_a_newer_update_is_read_from_either_container(container: str, tmp_path: Path) -> None:
    """The stack inside is named, the cumulative update is what the file is about, its payload is differential."""
    data = kinds.msu_cabinet() if container == "msu-cab" else kinds.msu_wim(tmp_path)
    facts = update_facts(written(tmp_path, data), HASH)

    assert (container, UpdateKind.CUMULATIVE, "9100001") == (facts.container, facts.update_kind, facts.kb)
    assert kinds.STACK.identity.package_name == facts.stack
    assert (26100,) == facts.builds
    assert facts.package.is_differential


def test_a_combined_cabinet_is_about_its_cumulative_update(tmp_path: Path) -> None:
    """Stack and cumulative update in one cabinet: the stack travels with it."""
    facts = update_facts(written(tmp_path, kinds.combined_cabinet()), HASH)

    expected = (UpdateKind.CUMULATIVE, kinds.STACK.identity.package_name, False)
    assert expected == (facts.update_kind, facts.stack, facts.package.is_differential)


def test_a_hotpatch_is_refused(tmp_path: Path) -> None:
    """An update for running systems only says so in its metadata."""
    metadata = cabinet({"HotpatchCompDB_KB9100001.xml.cab": b"x"}, compress=False)
    with pytest.raises(OsrecipeError) as caught:
        update_facts(written(tmp_path, kinds.msu_wim(tmp_path, metadata=metadata)), HASH)

    assert "it is a hotpatch, which only a running Windows can take" == caught.value.problems[0].reason


def test_builds_come_from_the_version_or_from_what_it_goes_into(tmp_path: Path) -> None:
    """A .NET update's version says no build; the packages it goes into do."""
    facts = update_facts(written(tmp_path, kinds.KINDS["dotnet"].cabinet()), HASH)

    assert (17134,) == facts.builds


def test_a_package_with_no_version_is_refused(tmp_path: Path) -> None:
    """Nonsense where four numbers belong is a problem of the file, not a bug."""
    odd = kinds.Small(Identity("Package_for_KB9100010", "ten"))
    with pytest.raises(OsrecipeError) as caught:
        update_facts(written(tmp_path, odd.cabinet()), HASH)

    assert "its version is none: `ten`" == caught.value.problems[0].reason


def test_the_recipe_knows_the_same_kinds() -> None:
    """`kind:` of a recipe takes every kind that can be told, and no other."""
    assert {kind.value for kind in UpdateKind} == set(get_args(KindName))
