"""Whole images: export, delete, split, list, capture, append, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.witness import witness

from standin.wimfile import open_wim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.standin import Standin


def export(dism: Standin, source: Path, index: int, target: Path, *options: str) -> int | None:
    """Export and return the code."""
    return dism(
        "/Export-Image",
        f"/SourceImageFile:{source}",
        f"/SourceIndex:{index}",
        f"/DestinationImageFile:{target}",
        *options,
    ).code


def names(wim: Path) -> list[str | None]:
    """The images' names."""
    return [image.findtext("NAME") for image in open_wim(wim).images]


@pytest.mark.parametrize(
    ("options", "name", "compression"),
    [
        ([], "o.wim", "fast"),
        (["/Compress:max"], "o.wim", "max"),
        (["/Compress:none"], "o.wim", "none"),
        (["/Compress:recovery"], "o.esd", "recovery"),
    ],
)
def test_export_into_a_new_file(
    dism: Standin, tmp_path: Path, options: list[str], name: str, compression: str
) -> None:
    """The compression is what was asked for, fast where nothing was; the content is the source's."""
    source, target = tmp_path / "s.wim", tmp_path / name
    (tmp_path / "files").mkdir()
    (tmp_path / "files/text.txt").write_text("text " * 9999, encoding="utf-8")
    witness("wimlib-imagex", "capture", str(tmp_path / "files"), str(source), "--no-acls")
    assert 0 == export(dism, source, 1, target, *options)
    assert compression == open_wim(target).compression
    (tmp_path / "out").mkdir()
    witness("wimlib-imagex", "apply", str(target), "1", str(tmp_path / "out"))
    assert "text " * 9999 == (tmp_path / "out/text.txt").read_text(encoding="utf-8")


def test_export_appends_to_an_existing_file(dism: Standin, media: Path, tmp_path: Path) -> None:
    """Order is the order of the exports; another compression is refused, the same one is not."""
    target = tmp_path / "o.wim"
    source = media / "boot.wim"
    assert 0 == export(dism, source, 2, target, "/Compress:max")
    assert 87 == export(dism, source, 1, target, "/Compress:fast")
    assert 0 == export(dism, source, 1, target, "/Compress:max", "/DestinationName:First")
    assert ["Sample Windows Setup (amd64)", "First"] == names(target)


def test_export_and_the_image_that_boots(dism: Standin, media: Path, tmp_path: Path) -> None:
    """Only `/Bootable` marks it, and only Windows PE can be marked."""
    target = tmp_path / "o.wim"
    assert 0 == export(dism, media / "boot.wim", 2, target)
    assert 0 == open_wim(target).boot_index
    assert 0 == export(dism, media / "boot.wim", 1, target, "/Bootable")
    assert 2 == open_wim(target).boot_index
    assert 87 == export(dism, media / "install.wim", 1, target, "/Bootable")


def test_export_refuses(dism: Standin, media: Path, tmp_path: Path) -> None:
    """No such image, no such file, no such folder, recovery in a file of another name, no such compression."""
    target = tmp_path / "o.wim"
    assert 1168 == export(dism, media / "boot.wim", 3, target)
    assert 2 == export(dism, tmp_path / "no.wim", 1, target)
    assert 3 == export(dism, media / "boot.wim", 1, tmp_path / "no" / "o.wim")
    assert 87 == export(dism, media / "boot.wim", 1, target, "/Compress:recovery")
    assert 87 == export(dism, media / "boot.wim", 1, target, "/Compress:best")
    assert not target.exists()


def test_delete_drops_an_image(dism: Standin, wim: Callable[[str], Path]) -> None:
    """The others move up; the file does not shrink."""
    file = wim("boot.wim")
    size = file.stat().st_size
    assert 1168 == dism("/Delete-Image", f"/ImageFile:{file}", "/Index:3").code
    assert 0 == dism("/Delete-Image", f"/ImageFile:{file}", "/Index:1").code
    assert ["Sample Windows Setup (amd64)"] == names(file)
    assert size < file.stat().st_size + 4096


def test_split_makes_parts(dism: Standin, media: Path, tmp_path: Path) -> None:
    """Parts of at most so many megabytes, which together are the image."""
    target = tmp_path / "boot.swm"
    line = ["/Split-Image", f"/ImageFile:{media / 'boot.wim'}", f"/SWMFile:{target}"]
    assert 87 == dism(*line, "/FileSize:0").code
    assert 0 == dism(*line, "/FileSize:1").code
    parts = sorted(tmp_path.glob("boot*.swm"))
    assert len(parts) > 1
    assert open_wim(target).is_split
    (tmp_path / "out").mkdir()
    applied = dism(
        "/Apply-Image",
        f"/ImageFile:{target}",
        f"/SWMFile:{tmp_path}/boot*.swm",
        "/Index:1",
        f"/ApplyDir:{tmp_path / 'out'}",
    )
    assert 0 == applied.code
    assert (tmp_path / "out/Windows/System32/startnet.cmd").exists()


def test_list_has_every_path_with_backslashes(dism: Standin, media: Path) -> None:
    """One path a line."""
    lines = dism("/List-Image", f"/ImageFile:{media / 'boot.wim'}", "/Index:1").lines
    assert "\\Windows\\System32\\startnet.cmd" in lines


def test_capture_append_apply(dism: Standin, tmp_path: Path) -> None:
    """A folder into a new file, another behind it, and out again."""
    file = tmp_path / "c.wim"
    for name in ("one", "two", "empty", "out"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / name / f"{name}.txt").write_text(name, encoding="utf-8")
    capture = ["/Capture-Image", f"/ImageFile:{file}", "/Name:First", "/Description:What it is"]
    assert 2 == dism(*capture, f"/CaptureDir:{tmp_path / 'empty'}").code
    assert 0 == dism(*capture, f"/CaptureDir:{tmp_path / 'one'}", "/Compress:max").code
    assert 80 == dism(*capture, f"/CaptureDir:{tmp_path / 'one'}").code
    append = ["/Append-Image", f"/ImageFile:{file}", "/Name:Second"]
    assert 0 == dism(*append, f"/CaptureDir:{tmp_path / 'two'}").code
    assert (["First", "Second"], "max") == (names(file), open_wim(file).compression)
    done = dism("/Apply-Image", f"/ImageFile:{file}", "/Name:second", f"/ApplyDir:{tmp_path / 'out'}")
    assert (0, ["two.txt"]) == (done.code, [path.name for path in (tmp_path / "out").iterdir()])
