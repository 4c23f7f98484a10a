"""The working tree: files are found whatever the case, replaced whole, and have the plan's time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.media.tree import locate, place_file, place_setup, sync_sources
from osrecipe.model.adapter import Context
from osrecipe.model.frozen import Digest
from osrecipe.model.names import UnitId
from osrecipe.model.tasks import ArtifactRef, PlaceFile, PlaceSetup, SyncSources
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_500_000_000
REF = ArtifactRef(unit=UnitId("unit"), name="artifact", digest=Digest("sha256:" + "0" * 64))


def _context(folder: Path, artifact: Path) -> Context:
    return Context(
        work=folder,
        resolve=lambda _ref: artifact,
        progress=lambda _done, _text: None,
        log=lambda _line: None,
        now=NOW,
    )


def test_a_placed_file_has_the_plans_time(tmp_path: Path) -> None:
    """A store that was copied has new file times; what is made of it must not."""
    artifact, tree = tmp_path / "install.wim", tmp_path / "tree"
    artifact.write_bytes(b"wim")
    os.utime(artifact, (NOW + 99_999, NOW + 99_999))
    op = PlaceFile(source=REF, to=WinPath("sources\\install.wim"))

    place_file(op, tree, _context(tmp_path, artifact))

    placed = tree / "sources" / "install.wim"
    expected = (b"wim", NOW)
    assert expected == (placed.read_bytes(), int(placed.stat().st_mtime))


def test_a_placed_file_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    """Whatever the case of the name on the disk; the old file is not written through."""
    artifact, old = tmp_path / "boot.wim", tmp_path / "tree" / "Sources" / "BOOT.WIM"
    artifact.write_bytes(b"new")
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    other = tmp_path / "other"
    os.link(old, other)

    place_file(
        PlaceFile(source=REF, to=WinPath("sources\\boot.wim")),
        tmp_path / "tree",
        _context(tmp_path, artifact),
    )

    assert ["BOOT.WIM"] == [path.name for path in old.parent.iterdir()]
    assert (b"new", b"old") == (old.read_bytes(), other.read_bytes())


def test_names_are_found_whatever_the_case(tmp_path: Path) -> None:
    """ISO trees are spelled in many ways; a name that is not there keeps its own spelling."""
    (tmp_path / "SOURCES" / "en-US").mkdir(parents=True)

    assert tmp_path / "SOURCES" / "en-US" == locate(tmp_path, WinPath("sources\\EN-us"))
    assert tmp_path / "SOURCES" / "New.dll" == locate(tmp_path, WinPath("sources\\New.dll"))


def test_syncing_replaces_files_and_adds_none(tmp_path: Path) -> None:
    """Only names on both sides are copied, times kept."""
    harvest, sources = tmp_path / "harvest", tmp_path / "tree" / "sources"
    for folder in (harvest / "en-US", sources / "en-us"):
        folder.mkdir(parents=True)
    (harvest / "en-US" / "setup.exe.mui").write_bytes(b"new")
    (harvest / "only-here.dll").write_bytes(b"x")
    os.utime(harvest / "en-US" / "setup.exe.mui", (NOW, NOW))
    (sources / "en-us" / "setup.exe.mui").write_bytes(b"old")

    outcome = sync_sources(SyncSources(harvest=REF), tmp_path / "tree", _context(tmp_path, harvest))

    found = sources / "en-us" / "setup.exe.mui"
    assert (b"new", NOW) == (found.read_bytes(), int(found.stat().st_mtime))
    assert not (sources / "only-here.dll").exists()
    assert "1 newer file" == outcome.detail


def test_setup_programs_are_the_harvested_ones(tmp_path: Path) -> None:
    """What the setup image holds is put over the media's own."""
    harvest, sources = tmp_path / "harvest", tmp_path / "tree" / "sources"
    harvest.mkdir()
    sources.mkdir(parents=True)
    (harvest / "setup.exe").write_bytes(b"image's")
    (sources / "SETUP.EXE").write_bytes(b"media's")

    place_setup(PlaceSetup(harvest=REF), tmp_path / "tree", _context(tmp_path, harvest))

    assert {"SETUP.EXE": b"image's"} == {path.name: path.read_bytes() for path in sources.iterdir()}
