"""`osrecipe inspect` on folders of drivers, INFs and answer files: what a plan would see."""

from __future__ import annotations

import codecs
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.samples.extras import DRIVERS

from osrecipe.inputs.drivers import drivers_facts
from osrecipe.inputs.inspection import inspect_file
from osrecipe.model.problems import OsrecipeError, Place

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.model.problems import Problem

DESK = Path(__file__).parents[3] / "recipes" / "unattend" / "desk.xml"


def facts(path: Path) -> dict[str, object]:
    """What is said of a file or folder as a whole."""
    return {fact.key: fact.value for fact in inspect_file(path).facts}


def rows(path: Path) -> list[tuple[object, ...]]:
    """Rows of the only table."""
    [table] = inspect_file(path).tables
    return list(table.rows)


def refused(path: Path) -> Problem:
    """Why something is not shown."""
    with pytest.raises(OsrecipeError) as caught:
        inspect_file(path)
    [problem] = caught.value.problems
    return problem


def test_a_folder_of_drivers_is_shown_as_a_plan_sees_it(samples: Samples) -> None:
    """Each driver with class, version, architectures and catalogue; what is none is noted."""
    folder = samples.folder / DRIVERS
    known = drivers_facts(folder)

    assert ("drivers", ("`autorun.inf` describes no driver for any image",)) == (
        inspect_file(folder).kind,
        inspect_file(folder).notes,
    )
    assert (known.files, 3, str(known.tree)) == tuple(
        facts(folder)[k] for k in ("files", "drivers", "digest")
    )
    assert (
        "storage/constor.inf",
        "SCSIAdapter",
        "Contoso, Ltd.",
        "1.2.3.4",
        "amd64",
        "constor.cat",
        None,
    ) in rows(folder)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_an_inf_is_shown_with_what_lies_beside_it(samples: Samples, tmp_path: Path, encoding: str) -> None:
    """By its content, whatever it is called; a catalogue and files that are not there are said so."""
    found = shutil.copytree(samples.folder / DRIVERS / "storage", tmp_path / "storage") / "constor.inf"
    text = found.read_bytes().decode("utf-16")
    found.write_bytes(text.replace("CatalogFile", "CatalogFile.NTamd64").encode(encoding))
    for ending in ("cat", "sys"):
        found.with_suffix(f".{ending}").unlink()

    assert "inf" == inspect_file(found).kind
    [row] = rows(found)
    assert ("constor.inf", "amd64: constor.cat (not there)", "constor.sys") == (row[0], *row[-2:])


def test_what_is_no_driver_is_refused_with_its_place(tmp_path: Path) -> None:
    """A folder without one, an INF of another system."""
    other = tmp_path / "other" / "x.inf"
    other.parent.mkdir()
    other.write_text("[Version]\nSignature=$Windows NT$\nClass=Net\n[Manufacturer]\nA=B,NTia64\n")
    for path in (tmp_path / "other", other):
        problem = refused(path)
        assert ("input/not-drivers", Place(path.as_posix())) == (problem.slug, problem.place)


def test_many_drivers_are_not_shown_without_end(tmp_path: Path) -> None:
    """The note says how many were left off; the fact has the number."""
    for number in range(203):
        (tmp_path / f"{number}.inf").write_text("[Version]\nSignature=$Windows NT$\nClass=Net\n")

    assert (203, 200) == (facts(tmp_path)["drivers"], len(rows(tmp_path)))
    assert "3 more rows were left off" in inspect_file(tmp_path).notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_answer_file_is_shown_with_its_passes(tmp_path: Path, encoding: str) -> None:
    """And what it sets offline; a value only where it is no secret."""
    text = (
        '<unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="offlineServicing">'
        '<component name="Microsoft-Windows-LUA-Settings" processorArchitecture="amd64">'
        "<EnableLUA>true</EnableLUA><Secret>x</Secret></component></settings></unattend>"
    )
    path = tmp_path / "answers"
    path.write_text(text, encoding=encoding)

    assert "answer-file" == inspect_file(path).kind
    assert ("offlineServicing", False) == (facts(path)["passes"], facts(path)["names packages or drivers"])
    front = "Microsoft-Windows-LUA-Settings"
    assert [(f"{front}/EnableLUA", "amd64", "true"), (f"{front}/Secret", "amd64", None)] == rows(path)


def test_the_sample_answer_file_is_one() -> None:
    """That of the recipe for Windows."""
    assert "answer-file" == inspect_file(DESK).kind


@pytest.mark.parametrize(
    "content", [b"[autorun]", codecs.BOM_UTF16_LE + b"x", b"<html/>", b"[Version]\0", b""]
)
def test_other_files_are_none_of_them(tmp_path: Path, content: bytes) -> None:
    """Text without a version section, XML of others, binary."""
    path = tmp_path / "x.inf"
    path.write_bytes(content)

    assert "it is no kind of file osrecipe knows" == refused(path).reason
