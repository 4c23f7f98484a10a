"""`osrecipe inspect` on WIMs of every shape: solid, in parts, encrypted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.wims import SIMPLE, make_wim

from osrecipe.formats.wim.capture import LZMS, XPRESS
from osrecipe.formats.wim.edits import PutFile
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.layout import HEADER_SIZE
from osrecipe.formats.wim.native import split
from osrecipe.formats.wim.reader import WimReader
from osrecipe.inputs.inspection import inspect_file
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path


def facts(path: Path) -> dict[str, object]:
    """What is said of a file as a whole."""
    return {fact.key: fact.value for fact in inspect_file(path).facts}


def named(folder: Path) -> Path:
    """A WIM whose image states an installation type, so that nobody looks for a Windows in it."""
    wim = make_wim(
        folder / "x.wim",
        [*SIMPLE, *(PutFile(f"f{n}", os.urandom(40_000)) for n in range(20))],
        compression=XPRESS,
    )
    from osrecipe.formats.wim.info import InfoFields, set_image_info

    set_image_info(wim, 1, InfoFields(installation="WindowsPE"))
    return wim


def test_a_solid_file_says_so(tmp_path: Path) -> None:
    """An ESD's compression is named, and its images are listed like any other's."""
    esd = tmp_path / "x.esd"
    export_images([ExportSource(named(tmp_path), 1)], esd, compression=LZMS, solid=True)
    found = inspect_file(esd)
    assert "LZMS, solid" == facts(esd)["compression"]
    assert 1 == len(found.tables[0].rows)


@pytest.mark.parametrize("given", [0, 1, -1])
def test_parts_are_found_beside_any_of_them(tmp_path: Path, given: int) -> None:
    """Whichever part is named, all are read and counted; a missing one is said so."""
    parts = split(named(tmp_path), tmp_path / "x.swm", 300_000)
    assert len(parts) > 2
    found = facts(parts[given])
    assert (len(parts), sum(part.stat().st_size for part in parts)) == (found["parts"], found["size"])
    parts[1].unlink()
    with pytest.raises(OsrecipeError) as caught:
        inspect_file(parts[0])
    assert f"split into {len(parts)} parts, {len(parts) - 1} given" in caught.value.problems[0].reason


def test_a_part_without_the_first_is_refused(tmp_path: Path) -> None:
    """What is in a later part alone can't be read."""
    parts = split(named(tmp_path), tmp_path / "x.swm", 300_000)
    alone = tmp_path / "alone"
    alone.mkdir()
    later = parts[1].rename(alone / "other.swm")
    with pytest.raises(OsrecipeError, match=r"later part of a split WIM|parts") as caught:
        inspect_file(later)
    assert caught.value.problems


def test_an_encrypted_esd_is_refused_by_name(tmp_path: Path) -> None:
    """Its XML is plain and says so; metadata and tables are not, and are not called damaged."""
    wim = named(tmp_path)
    data = bytearray(wim.read_bytes())
    with WimReader.open(wim) as reader:
        header, xml = reader.header, reader.xml
    text = xml.serialise().decode("utf-16-le").replace("</WIM>", "<ESD><ENCRYPTED>1</ENCRYPTED></ESD></WIM>")
    raw = text.encode("utf-16-le")
    table = header.blobs
    data[HEADER_SIZE : table.end] = os.urandom(table.end - HEADER_SIZE)
    # The XML's place and size are in the header, at byte 72 (layout of `Header`).
    data[72:96] = (
        len(raw).to_bytes(7, "little")
        + b"\0"
        + len(data).to_bytes(8, "little")
        + len(raw).to_bytes(8, "little")
    )
    esd = tmp_path / "encrypted.esd"
    esd.write_bytes(bytes(data) + raw)
    with pytest.raises(OsrecipeError) as caught:
        inspect_file(esd)
    (problem,) = caught.value.problems
    assert ("wim/encrypted", "the ESD is encrypted") == (problem.slug, problem.reason)
    assert "decrypt it" in problem.hint
