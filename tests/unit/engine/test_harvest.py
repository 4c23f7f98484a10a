"""`osrecipe.engine.harvest`: what the finished media takes from a serviced image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from support.dict_images import DictAdapter, DictImage, image_data
from support.engine_sessions import input_ref
from support.isos import TIMESTAMP, make_iso
from support.samples.binaries import pe_file

from osrecipe.engine.clock import filetime
from osrecipe.engine.harvest import harvest_setup, harvest_sources
from osrecipe.model.adapter import Context, TaskError
from osrecipe.model.changes import PutFile
from osrecipe.model.tasks import HarvestSources
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LATER = filetime(TIMESTAMP) + 1
_SAME = filetime(TIMESTAMP)
_EARLIER = filetime(TIMESTAMP) - 1


def _image(files: Mapping[str, tuple[bytes, int]]) -> DictImage:
    image = DictImage(DictAdapter(), "x", image_data(), None)
    image.apply(tuple(PutFile(WinPath(p), data, written) for p, (data, written) in files.items()))
    return image


def _harvest(
    folder: Path, image: DictImage, media: Mapping[str, bytes], by: Literal["time", "version"]
) -> dict[str, tuple[bytes, int]]:
    iso = make_iso(folder / "iso", media)
    (folder / "artifacts").mkdir()
    ctx = Context(folder, lambda _ref: iso, lambda _done, _text: None, lambda _text: None, 0)
    outcome = harvest_sources(
        HarvestSources(media=input_ref("media"), by=by), image, folder / "artifacts", ctx
    )
    base = folder / "artifacts" / "sources"
    found = {
        p.relative_to(base).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(base.rglob("*"))
        if p.is_file()
    }
    assert ("files", len(found)) == outcome.figures[0]
    return found


def test_strictly_later_files_that_the_media_has(tmp_path: Path) -> None:
    """Only files the media has too, by relative path in any case, and strictly later ones, with their times."""
    image = _image(
        {
            "Windows\\System32\\a.dll": (b"new a", _LATER),
            "Windows\\System32\\b.dll": (b"same b", _SAME),
            "Windows\\System32\\c.dll": (b"old c", _EARLIER),
            "Windows\\System32\\lonely.dll": (b"not on the media", _LATER),
            "Windows\\System32\\en-US\\D.dll": (b"new d", _LATER),
            "Windows\\SysWOW64\\e.dll": (b"elsewhere", _LATER),
        }
    )
    media = {r"sources\A.DLL": b"a", r"sources\b.dll": b"b", r"sources\c.dll": b"c"}
    media |= {r"sources\en-us\d.dll": b"d", r"sources\e.dll": b"e", r"lonely.dll": b"l"}
    found = _harvest(tmp_path, image, media, "time")

    later = TIMESTAMP * 1_000_000_000 + 100
    assert {"a.dll": (b"new a", later), "en-US/D.dll": (b"new d", later)} == found


def test_nothing_newer(tmp_path: Path) -> None:
    """Where nothing is newer the artifact is an empty folder."""
    image = _image({"Windows\\System32\\a.dll": (b"a", _SAME)})
    assert {} == _harvest(tmp_path, image, {r"sources\a.dll": b"a"}, "time")


def test_by_version(tmp_path: Path) -> None:
    """By version, a higher one wins whatever the time; files without a version are compared by time."""
    image = _image(
        {
            "Windows\\System32\\up.dll": (pe_file("up.dll", "10.0.2.10"), _EARLIER),
            "Windows\\System32\\down.dll": (pe_file("down.dll", "10.0.2.9"), _LATER),
            "Windows\\System32\\equal.dll": (pe_file("equal.dll", "10.0.2.9"), _LATER),
            "Windows\\System32\\text.xml": (b"<new/>", _LATER),
            "Windows\\System32\\old.xml": (b"<old/>", _EARLIER),
            "Windows\\System32\\broken.dll": (b"MZ broken", _EARLIER),
        }
    )
    media = {
        r"sources\up.dll": pe_file("up.dll", "10.0.2.9"),
        r"sources\down.dll": pe_file("down.dll", "10.0.2.10"),
        r"sources\equal.dll": pe_file("equal.dll", "10.0.2.9"),
        r"sources\text.xml": b"<x/>",
        r"sources\old.xml": b"<x/>",
        r"sources\broken.dll": b"MZ other",
    }
    assert ["text.xml", "up.dll"] == list(_harvest(tmp_path, image, media, "version"))


def test_no_media(tmp_path: Path) -> None:
    """A disc without `sources` is not installation media."""
    with pytest.raises(TaskError) as caught:
        _harvest(tmp_path, _image({}), {"readme.txt": b"x"}, "time")
    assert "input/not-media" == caught.value.slug


@pytest.mark.parametrize("host", [True, False])
def test_setup_pair(tmp_path: Path, host: bool) -> None:
    """`setup.exe` is always taken, `setuphost.exe` where there is one."""
    files = {"sources\\SETUP.EXE": (b"MZ setup", _LATER)}
    if host:
        files["sources\\setuphost.exe"] = (b"MZ host", _SAME)
    ctx = Context(tmp_path, lambda _ref: tmp_path, lambda _done, _text: None, lambda _text: None, 0)
    harvest_setup(_image(files), tmp_path, ctx)

    names = sorted(p.name for p in (tmp_path / "setup").iterdir())
    assert (["setup.exe", "setuphost.exe"] if host else ["setup.exe"]) == names
    assert TIMESTAMP * 1_000_000_000 + 100 == (tmp_path / "setup" / "setup.exe").stat().st_mtime_ns


def test_no_setup(tmp_path: Path) -> None:
    """An image without `setup.exe` is no setup image."""
    ctx = Context(tmp_path, lambda _ref: tmp_path, lambda _done, _text: None, lambda _text: None, 0)
    with pytest.raises(TaskError) as caught:
        harvest_setup(_image({}), tmp_path, ctx)
    assert "sources\\setup.exe" in caught.value.reason
