"""Copying a disc to a folder, and nowhere else."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pycdlib.pycdlib import PyCdlib
from support.isos import MEDIA, TIMESTAMP, make_iso

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.iso.names import check_host_path

if TYPE_CHECKING:
    from pathlib import Path


def _tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {"\\".join(path.relative_to(folder).parts): path.read_bytes() for path in files}


def _rock_ridge(to: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    writer = PyCdlib()
    writer.new(rock_ridge="1.09")
    for number, (name, content) in enumerate(files.items()):
        writer.add_fp(BytesIO(content), len(content), iso_path=f"/F{number}.;1", rr_name=name)
    for number, (name, target) in enumerate(links.items()):
        writer.add_symlink(symlink_path=f"/L{number}.;1", rr_symlink_name=name, rr_path=target)
    writer.write(str(to))
    writer.close()
    return to


def test_everything_is_extracted_with_its_time(tmp_path: Path) -> None:
    """All files and folders arrive, with the disc's times, and can be changed."""
    iso, to = make_iso(tmp_path), tmp_path / "out"
    with IsoReader(iso) as disc:
        entries = disc.extract(None, to)
        assert {entry.path for entry in entries} == {entry.path for entry in disc.entries()}
    assert _tree(to) == MEDIA
    assert (to / "empty folder").is_dir()
    for path in to.rglob("*"):
        assert int(path.stat().st_mtime) == TIMESTAMP
        assert os.access(path, os.R_OK | os.W_OK)


def test_a_folder_stands_for_all_below_it(tmp_path: Path) -> None:
    """A selection names files or whole folders, in any case."""
    with IsoReader(make_iso(tmp_path)) as disc:
        disc.extract(["SOURCES", "setup.exe"], tmp_path / "out")
    wanted = {path: content for path, content in MEDIA.items() if path.startswith(("sources", "setup"))}
    assert _tree(tmp_path / "out") == wanted


def test_a_predicate_selects(tmp_path: Path) -> None:
    """A predicate is asked for every entry; folders on the way are made."""
    with IsoReader(make_iso(tmp_path)) as disc:
        disc.extract(lambda entry: entry.path.endswith(".wim"), tmp_path / "out")
    assert sorted(_tree(tmp_path / "out")) == [r"sources\boot.wim", r"sources\install.wim"]


def test_a_path_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """Nothing is written when one path of a selection does not exist."""
    with IsoReader(make_iso(tmp_path)) as disc, pytest.raises(FormatError) as caught:
        disc.extract(["setup.exe", "nothing"], tmp_path / "out")
    assert caught.value.slug == "iso/missing"
    assert not (tmp_path / "out").exists()


def test_files_that_are_there_are_replaced(tmp_path: Path) -> None:
    """A file in the way, or a link instead of it, is replaced and not written through."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"untouched")
    to = tmp_path / "out"
    to.mkdir()
    (to / "setup.exe").symlink_to(outside)
    with IsoReader(make_iso(tmp_path)) as disc:
        disc.extract(["setup.exe"], to)
    assert (to / "setup.exe").read_bytes() == MEDIA["setup.exe"]
    assert outside.read_bytes() == b"untouched"


def test_a_folder_that_links_elsewhere_is_unsafe(tmp_path: Path) -> None:
    """A linked folder below the target is not followed."""
    to, outside = tmp_path / "out", tmp_path / "outside"
    to.mkdir()
    outside.mkdir()
    (to / "sources").symlink_to(outside)
    with IsoReader(make_iso(tmp_path)) as disc, pytest.raises(FormatError) as caught:
        disc.extract(["sources"], to)
    assert caught.value.slug == "iso/unsafe"
    assert list(outside.iterdir()) == []


def test_progress_counts_bytes_and_cancel_leaves_no_half_file(tmp_path: Path) -> None:
    """Progress ends at all bytes; an exception of `cancel` comes out and removes the file at hand."""
    seen: list[tuple[int, int]] = []
    with IsoReader(make_iso(tmp_path)) as disc:
        disc.extract(None, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
        total = sum(len(content) for content in MEDIA.values())
        assert seen[-1] == (total, total)
        calls = iter([None, KeyboardInterrupt()])

        def stop() -> None:
            if (error := next(calls)) is not None:
                raise error

        with pytest.raises(KeyboardInterrupt):
            disc.extract(["setup.exe"], tmp_path / "cancelled", cancel=stop)
    assert list((tmp_path / "cancelled").iterdir()) == []


def test_names_that_are_one_on_windows_are_unsafe(tmp_path: Path) -> None:
    """Two names that differ by case alone are refused together, and can be had one by one."""
    iso = _rock_ridge(tmp_path / "x.iso", {"name": b"1", "NAME": b"2"}, {})
    with IsoReader(iso) as disc:
        assert disc.facet == "rock-ridge"
        with pytest.raises(FormatError) as caught:
            disc.extract(None, tmp_path / "out")
        assert caught.value.slug == "iso/unsafe"
        disc.extract(lambda entry: entry.path == "NAME", tmp_path / "out")
    assert _tree(tmp_path / "out") == {"NAME": b"2"}


def test_a_link_inside_becomes_the_file_it_means(tmp_path: Path) -> None:
    """Windows media have no links: one that stays on the disc is extracted as a copy."""
    iso = _rock_ridge(tmp_path / "x.iso", {"real": b"bytes"}, {"one": "two", "two": "./real"})
    with IsoReader(iso) as disc:
        disc.extract(["one"], tmp_path / "out")
    assert _tree(tmp_path / "out") == {"one": b"bytes"}
    assert not (tmp_path / "out" / "one").is_symlink()


@pytest.mark.parametrize(
    ("target", "slug"),
    [("/etc/passwd", "unsafe"), ("../outside", "unsafe"), ("nothing", "missing"), ("link", "corrupt")],
)
def test_other_links_are_refused(tmp_path: Path, target: str, slug: str) -> None:
    """A link out of the disc, to nothing, or to itself is refused before anything is written."""
    iso = _rock_ridge(tmp_path / "x.iso", {"real": b"bytes"}, {"link": target})
    with IsoReader(iso) as disc, pytest.raises(FormatError) as caught:
        disc.extract(None, tmp_path / "out")
    assert caught.value.slug == f"iso/{slug}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["", "..", r"a\..", r"\a", r"C:\a", "a:b", "a\0", r"a\.\b", r"a\ .. \b"])
def test_host_paths_stay_below(path: str) -> None:
    """No component is empty, made of dots, a drive, a stream, or holds NUL."""
    with pytest.raises(FormatError) as caught:
        check_host_path(path)
    assert caught.value.slug == "iso/unsafe"
