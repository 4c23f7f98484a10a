"""Facts of folders of drivers."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from support.samples.extras import DRIVERS

from osrecipe.formats.inf import MAX_BYTES
from osrecipe.inputs.drivers import drivers_facts
from osrecipe.inputs.hashing import tree_digest
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.facts import DriverFacts
    from osrecipe.model.problems import Problem

INF = '[Version]\nSignature="$Windows NT$"\nClass=Net\nDriverVer=01/02/2003,{}\n[Manufacturer]\nA=B,{}\n'


def written(folder: Path, **files: str) -> Path:
    """A folder with INFs; `a__b` is `a/b`, and all names end in `.inf`."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".inf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def refused(folder: Path) -> Problem:
    """Why a folder is refused."""
    with pytest.raises(OsrecipeError) as caught:
        drivers_facts(folder)
    [problem] = caught.value.problems
    return problem


def test_facts_are_the_answer_key_s(samples: Samples) -> None:
    """Every INF of the sample drivers with class, maker, version and architectures; what is none is named apart."""
    answer = json.loads((samples.folder / f"{DRIVERS}.answer.json").read_text(encoding="utf-8"))
    found = drivers_facts(samples.folder / DRIVERS)

    expected = {
        each["inf"]: (each["class"], each["provider"], each["version"], set(each["architectures"]))
        for each in answer["drivers"]
    }
    assert expected == {
        d.inf: (d.device_class, d.provider, d.version, set(d.architectures)) for d in found.drivers
    }
    assert tuple(answer["others"]) == found.others


def test_the_folder_is_known_by_all_that_is_in_it(samples: Samples, tmp_path: Path) -> None:
    """Its digest is that of a folder of files: the programs count as much as the INFs."""
    copy = shutil.copytree(samples.folder / DRIVERS, tmp_path / "copy")
    before, tree = drivers_facts(copy), tree_digest(copy)
    program = copy / "storage" / "constor.sys"
    data = program.read_bytes()
    program.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    after = drivers_facts(copy)

    assert (tree.digest, tree.files, tree.size) == (before.tree, before.files, before.size)
    assert before.tree != after.tree
    assert before.drivers == after.drivers


def test_drivers_are_in_the_same_order_everywhere(tmp_path: Path) -> None:
    """By their paths as text: what the host thinks of letters and separators says nothing."""
    folder = written(tmp_path, **dict.fromkeys(("a__b", "a-b", "B", "a"), INF.format("1.0", "NTamd64")))
    (folder / "LOUD.INF").write_text(INF.format("1.0", "NTamd64"))

    assert ["B.inf", "LOUD.INF", "a-b.inf", "a.inf", "a/b.inf"] == [
        d.inf for d in drivers_facts(folder).drivers
    ]


def test_a_driver_for_machines_that_no_image_has_is_left_alone(tmp_path: Path) -> None:
    """It is not taken for one that is for all: those say so, or say nothing."""
    folder = written(
        tmp_path,
        itanium=INF.format("1.0", "NTia64"),
        both=INF.format("1.0", "NTia64,NTx86"),
        silent=INF.format("1.0", "NT").partition("[Man")[0],
    )
    found = drivers_facts(folder)

    assert {"both.inf": ("x86",), "silent.inf": ()} == {d.inf: d.architectures for d in found.drivers}
    assert ("itanium.inf",) == found.others


def test_a_folder_without_drivers_is_refused(tmp_path: Path) -> None:
    """An unpacked installer has an `autorun.inf` at most; a folder that is called `.inf` is no INF."""
    (written(tmp_path, autorun="[autorun]\nopen=setup.exe\n") / "folder.inf").mkdir()
    (tmp_path / "setup.exe").write_bytes(b"MZ")
    found = refused(tmp_path)

    assert "input/not-drivers" == found.slug
    assert found.reason.startswith("there is no driver in the folder")
    assert "unpack the vendor's installer" in found.hint


def test_an_inf_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    """By its path below the folder; a huge one is not read to its end."""
    good = INF.format("1.0", "NTamd64")
    binary = written(tmp_path / "one", good=good, deep__bad="MZ\0\0")
    huge = written(tmp_path / "two", good=good)
    with (huge / "huge.inf").open("wb") as stream:
        stream.truncate(MAX_BYTES * 8)

    found = [refused(binary), refused(huge)]
    assert ["inf/corrupt", "inf/too-large"] == [problem.slug for problem in found]
    assert ["`deep/bad.inf`", "`huge.inf`"] == [problem.reason.partition(":")[0] for problem in found]


PACKAGE = """[Version]
Signature="$Windows NT$"
Class=Net
CatalogFile={catalog}
[Manufacturer]
A=Models,NTamd64,NTamd64.10.0
[Models.NTamd64]
One=Install,x
[Models.NTamd64.10.0]
One=Install,x
[Install.NTamd64]
CopyFiles=Files,@one.sys
[Files]
target.dll,TWO.DLL
[SourceDisksNames]
1="Disk, one",tag,,x64
2="Cabinet",all.cab
[SourceDisksFiles]
one.sys=1
two.dll=1,\\deep
three.dll=1
packed.sys=2
..\\up.sys=1
[SourceDisksFiles.x86]
old.sys=1
"""


def package(folder: Path, *files: str, catalog: str = "net.cat", name: str = "sub/Net") -> DriverFacts:
    """What is known of a driver package with these files beside its INF."""
    written(folder, **{name.replace("/", "__"): PACKAGE.format(catalog=catalog)})
    for file in files:
        path = folder / "sub" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    [found] = drivers_facts(folder).drivers
    return found


def test_the_catalogue_is_looked_for_beside_the_inf(tmp_path: Path) -> None:
    """In any case, with strings filled in; elsewhere or under another name it is not there."""
    found = [
        package(tmp_path / "a", "NET.CAT"),
        package(tmp_path / "b", "deeper/net.cat"),
        package(
            tmp_path / "c", "net.cat", catalog="%Name%.cat\nCatalogFile.NTamd64=net.cat\n[Strings]\nName=no"
        ),
        package(tmp_path / "d", catalog=""),
    ]

    assert [
        [("net.cat", None, True)],
        [("net.cat", None, False)],
        [("no.cat", None, False), ("net.cat", "amd64", True)],
        [],
    ] == [[(c.name, c.architecture, c.there) for c in each.catalogs] for each in found]


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    """Below the disk's folder and their own; those that all models copy are told apart, and x86's are not looked for."""
    found = package(tmp_path / "all")
    some = package(tmp_path / "some", "x64/One.sys", "X64/Deep/two.dl_", "x64/three.dll")

    amd64 = ("amd64",)
    assert [
        ("x64/one.sys", amd64, amd64),
        ("x64/deep/two.dll", amd64, amd64),
        ("x64/three.dll", amd64, ()),
    ] == [(each.path, each.listed, each.copied) for each in found.missing]
    assert () == some.missing


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[Models.NTamd64.10.0]\nOne=Install", "[Models.NTamd64.10.0]\nOne=Other"),
        ("[Files]", "[Install.NTamd64.10.0]\nCopyFiles=@other.sys\n[Files]"),
    ],
)
def test_a_file_that_only_some_models_copy_is_not_needed(tmp_path: Path, before: str, after: str) -> None:
    """An INF can know systems that nobody brings the files for."""
    (tmp_path / "net.inf").write_text(PACKAGE.replace(before, after).format(catalog="net.cat"))
    [found] = drivers_facts(tmp_path).drivers

    assert {()} == {each.copied for each in found.missing}


def test_missing_files_are_not_noted_without_end(tmp_path: Path) -> None:
    """Nobody reads thousands of names."""
    listed = "".join(f"{number}.sys=1\n" for number in range(5000))
    (tmp_path / "net.inf").write_text(PACKAGE.format(catalog="net.cat") + f"[SourceDisksFiles]\n{listed}")
    [found] = drivers_facts(tmp_path).drivers

    assert 20 == len(found.missing)
