"""`osrecipe.engine.files`: careful work on host files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from osrecipe.engine.files import lies_in, removal_command, remove, write_durably

if TYPE_CHECKING:
    from pathlib import Path


def test_write_replaces_whole(tmp_path: Path) -> None:
    """A file is replaced by its new content, and no partial file stays."""
    path = tmp_path / "x.json"
    write_durably(path, b"old")
    write_durably(path, b"new")

    assert b"new" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_write_that_fails_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses, the name still shows the old content."""
    path = tmp_path / "x.json"
    write_durably(path, b"old")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_remove_follows_no_link(tmp_path: Path) -> None:
    """Links inside a removed folder, and a link that is removed itself, leave their targets alone."""
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("gold")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(treasure)
    (tmp_path / "direct").symlink_to(treasure)

    remove(folder)
    remove(tmp_path / "direct")

    assert [treasure] == list(tmp_path.iterdir())
    assert "gold" == (treasure / "gold").read_text()


def test_remove_read_only(tmp_path: Path) -> None:
    """Read-only files and folders, as images are full of, are removed too; so is nothing at all."""
    folder = tmp_path / "folder" / "deep"
    folder.mkdir(parents=True)
    (folder / "x").write_text("x")
    (folder / "x").chmod(0o400)
    folder.chmod(0o500)

    remove(tmp_path / "folder")
    remove(tmp_path / "folder")

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("run/work", True),
        ("run/work/deep/x", True),
        ("run", False),
        ("runner/x", False),
        ("run/../other", False),
        ("run/out-link/x", False),
        ("run/out-link", True),
        ("in-link/x", True),
    ],
)
def test_lies_in(tmp_path: Path, path: str, inside: bool) -> None:
    """A path lies in a folder by where it really is: links on the way are followed, `..` is refused."""
    (tmp_path / "run" / "work").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "run" / "out-link").symlink_to(tmp_path / "other")
    (tmp_path / "in-link").symlink_to(tmp_path / "run")

    assert inside == lies_in(tmp_path / path, tmp_path / "run")


def test_removal_command_can_be_pasted(tmp_path: Path) -> None:
    """A path with a space and a quote arrives whole at the command."""
    path = tmp_path / "it's mine"
    path.mkdir()
    assert str(tmp_path) in removal_command(path)
    if os.name == "posix":
        import shlex

        assert ["rm", "-r", "--", str(path)] == shlex.split(removal_command(path))
