"""A mounted folder as an image: any case, files that stay the same file, and no way out through links."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from osrecipe.adapters.dism.folder import ImageFolder
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import DeletePath, LinkFile, MakeFolder, PutFile
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_600_000_000
FILETIME = 116_444_736_000_000_000 + NOW * 10_000_000
HOSTS = WinPath("Windows\\System32\\hosts")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small image, with a link of its own that would lead to the host."""
    folder = tmp_path / "mount"
    (folder / "Windows" / "System32").mkdir(parents=True)
    (folder / "Windows" / "System32" / "hosts").write_bytes(b"localhost")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"of the host")
    (folder / "Documents").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "secret").symlink_to(tmp_path / "outside" / "secret")
    return folder


@pytest.fixture
def image(root: Path) -> ImageFolder:
    """It, opened."""
    return ImageFolder(root, NOW)


def test_names_are_found_in_any_case(image: ImageFolder) -> None:
    """As Windows finds them."""
    with image.read(WinPath("WINDOWS\\system32\\Hosts")) as file:
        assert file.read() == b"localhost"
    info = image.info(WinPath("windows\\SYSTEM32"))
    assert info is not None
    assert info.is_folder
    assert image.info(WinPath("Windows\\nothing")) is None


def test_links_lead_nowhere(image: ImageFolder, root: Path) -> None:
    """Neither reading nor walking nor writing leaves the image; what lies behind is as it was."""
    behind = WinPath("Documents\\secret")
    assert image.info(behind) is None
    assert image.read_bytes(behind) is None
    assert image.names_in(WinPath("Documents")) == ()
    for path in (behind, WinPath("secret")):
        with pytest.raises(FileNotFoundError):
            image.read(path)
    with pytest.raises(TaskError) as caught:
        image.apply(PutFile(behind, b"overwritten"))
    assert caught.value.slug == "input/unsafe"
    for change in (MakeFolder(WinPath("Documents\\new")), PutFile(WinPath("secret"), b"x")):
        with pytest.raises(TaskError):
            image.apply(change)
    image.apply(DeletePath(WinPath("Documents")))
    assert (root.parent / "outside" / "secret").read_bytes() == b"of the host"
    assert not (root / "Documents").is_symlink()


def test_walking_is_steady_and_stays_inside(image: ImageFolder) -> None:
    """Links are named, not followed."""
    image.apply(PutFile(WinPath("Windows\\a\\b.txt"), b"1"))
    found = [str(info.path) for info in image.walk(WinPath("Windows"))]
    assert ["Windows\\a", "Windows\\System32", "Windows\\a\\b.txt", "Windows\\System32\\hosts"] == found
    assert list(image.walk(WinPath("Documents"))) == []


def test_a_replaced_file_stays_the_same_file(image: ImageFolder, root: Path) -> None:
    """Its other names see the new content, its read-only mark stays, its time is the run's."""
    host = root / "Windows" / "System32" / "hosts"
    os.link(host, root / "Windows" / "other")
    host.chmod(0o444)
    before = host.stat().st_ino
    image.apply(PutFile(HOSTS, b"new"))
    assert host.stat().st_ino == before
    assert (root / "Windows" / "other").read_bytes() == b"new"
    assert host.stat().st_mode & 0o222 == 0
    info = image.info(HOSTS)
    assert info is not None
    assert (info.size, info.written) == (3, FILETIME)


def test_a_file_s_time_is_stated_or_its_source_s(image: ImageFolder, tmp_path: Path) -> None:
    """Stated, the source file's, or the run's."""
    source = tmp_path / "source"
    source.write_bytes(b"from here")
    os.utime(source, (NOW + 5, NOW + 5))
    image.apply(PutFile(WinPath("a"), source))
    image.apply(PutFile(WinPath("b"), source, FILETIME + 70_000_000))
    times = [info.written for name in "ab" if (info := image.info(WinPath(name)))]
    assert [FILETIME + 50_000_000, FILETIME + 70_000_000] == times


def test_names_are_linked_and_removed(image: ImageFolder, root: Path) -> None:
    """A link replaces what was there; removing what is not there is nothing to do."""
    image.apply(PutFile(WinPath("x"), b"old"))
    image.apply(LinkFile(WinPath("x"), HOSTS))
    assert (root / "x").samefile(root / "Windows" / "System32" / "hosts")
    image.apply(DeletePath(WinPath("WINDOWS\\SYSTEM32")))
    assert image.info(HOSTS) is None
    image.apply(DeletePath(HOSTS))
    with pytest.raises(TaskError):
        image.apply(LinkFile(WinPath("y"), HOSTS))


def test_a_folder_is_no_file(image: ImageFolder) -> None:
    """And is not overwritten by one."""
    with pytest.raises(TaskError):
        image.apply(PutFile(WinPath("Windows\\System32"), b""))
    with pytest.raises(FileNotFoundError):
        image.read(WinPath("Windows\\System32"))
