"""Revisions of a repository, read through the program `git`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.reviewed import commit, git

from osrecipe.adapters.git import Repository
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One commit with files of several kinds."""
    folder = tmp_path / "r"
    (folder / "a b").mkdir(parents=True)
    (folder / "a b" / "ü.yaml").write_bytes(b"x: 1\r\n")
    (folder / "lf.txt").write_bytes(b"1\n2\n")
    (folder / "link").symlink_to("/etc/passwd")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "core.autocrlf", "false")
    commit(folder, "one")
    return Repository.around(folder / "a b")


def slug(error: pytest.ExceptionInfo[OsrecipeError]) -> str:
    """The first problem's kind."""
    return str(error.value.problems[0].slug)


def test_files_of_a_commit(repository: Repository) -> None:
    """Regular files by path from the top, with sizes; links are none."""
    found = repository.files(repository.commit("main"))

    assert {"a b/ü.yaml": 6, "lf.txt": 4} == {path: file.size for path, file in found.items()}


def test_files_come_out_as_they_are(repository: Repository, tmp_path: Path) -> None:
    """Byte for byte, also after the working tree has changed."""
    head = repository.commit("main")
    (repository.top / "lf.txt").unlink()
    to = tmp_path / "to"
    to.mkdir()
    repository.take(head, list(repository.files(head).values()), to)

    assert b"x: 1\r\n" == (to / "a b" / "ü.yaml").read_bytes()
    assert ["a b", "a b/ü.yaml", "lf.txt"] == sorted(p.relative_to(to).as_posix() for p in to.rglob("*"))


def test_line_ends_that_git_converts(repository: Repository, tmp_path: Path) -> None:
    """A file whose line ends an attribute changes is still that file."""
    (repository.top / ".gitattributes").write_text("*.txt text eol=crlf\n", encoding="utf-8")
    commit(repository.top, "two")
    head = repository.commit("HEAD")
    repository.take(head, [repository.files(head)["lf.txt"]], tmp_path)

    assert b"1\r\n2\r\n" == (tmp_path / "lf.txt").read_bytes()


def test_a_file_that_an_attribute_rewrites_is_refused(repository: Repository, tmp_path: Path) -> None:
    """What would be compared is not what would be built."""
    (repository.top / ".gitattributes").write_text("*.txt export-subst\n", encoding="utf-8")
    (repository.top / "lf.txt").write_text("$Format:%s$\n", encoding="utf-8")
    commit(repository.top, "two")
    head = repository.commit("HEAD")
    with pytest.raises(OsrecipeError) as error:
        repository.take(head, [repository.files(head)["lf.txt"]], tmp_path)

    assert "git/file" == slug(error)


@pytest.mark.parametrize("revision", ["nothing", "--all", "-h", "", "main:lf.txt"])
def test_no_such_revision(repository: Repository, revision: str) -> None:
    """Neither an unknown name, nor an option, nor a file."""
    with pytest.raises(OsrecipeError) as error:
        repository.commit(revision)

    assert "git/revision" == slug(error)


def test_histories_without_a_common_commit(repository: Repository) -> None:
    """There is nothing to begin a comparison with."""
    git(repository.top, "checkout", "--quiet", "--orphan", "other")
    commit(repository.top, "other")
    with pytest.raises(OsrecipeError) as error:
        repository.merge_base("main", "other")

    assert "git/revision" == slug(error)


def test_no_repository(tmp_path: Path) -> None:
    """A folder outside of one is told so."""
    with pytest.raises(OsrecipeError) as error:
        Repository.around(tmp_path)

    assert "git/repository" == slug(error)
