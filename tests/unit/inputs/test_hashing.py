"""Digests of folders: content and names count, times and places do not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from osrecipe.inputs.hashing import sha256_of, tree_digest
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path


def _tree(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "sub" / "b.txt").write_text("two")
    return folder


def test_equal_content_has_equal_digests_wherever_it_lies(tmp_path: Path) -> None:
    """Two copies with other times have one digest."""
    first, second = _tree(tmp_path / "x"), _tree(tmp_path / "y")
    os.utime(second / "a.txt", (0, 0))

    assert tree_digest(first) == tree_digest(second)


@pytest.mark.parametrize("change", ["content", "name", "empty", "kind"])
def test_every_change_of_content_changes_the_digest(tmp_path: Path, change: str) -> None:
    """Bytes, names, empty folders and the kind of an entry all count."""
    folder = _tree(tmp_path / "x")
    before = tree_digest(folder).digest
    match change:
        case "content":
            (folder / "a.txt").write_text("One")
        case "name":
            (folder / "a.txt").rename(folder / "A.txt")
        case "empty":
            (folder / "empty").rmdir()
        case _:
            (folder / "empty").rmdir()
            (folder / "empty").write_text("")

    assert before != tree_digest(folder).digest


def test_counts_files_and_bytes(tmp_path: Path) -> None:
    """Files and their sizes are counted, folders are not."""
    made = tree_digest(_tree(tmp_path / "x"))

    expected = (2, 6)
    assert expected == (made.files, made.size)


def test_links_are_refused(tmp_path: Path) -> None:
    """A link would put something into an image that is not in the folder."""
    folder = _tree(tmp_path / "x")
    (folder / "link").symlink_to("/etc/passwd")

    with pytest.raises(OsrecipeError) as caught:
        tree_digest(folder)

    assert "input/unsafe" == caught.value.problems[0].slug


def test_progress_counts_every_byte(tmp_path: Path) -> None:
    """The steps add up to the file's size."""
    path = tmp_path / "file"
    path.write_bytes(bytes(3_000_000))
    steps: list[int] = []

    digest = sha256_of(path, steps.append)

    expected = (3_000_000, 64)
    assert expected == (sum(steps), len(digest))


@pytest.mark.parametrize("name", [b"n\xff", b"line\nbreak"])
def test_names_no_image_can_hold_are_refused(tmp_path: Path, name: bytes) -> None:
    """Bytes that are no text, and control characters, are told by name and not as a crash."""
    (tmp_path / os.fsdecode(name)).write_text("x")

    with pytest.raises(OsrecipeError) as caught:
        tree_digest(tmp_path)

    assert "input/unsafe" == caught.value.problems[0].slug
