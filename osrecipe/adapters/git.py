"""Reads revisions of a git repository: which files there are, and copies of some of them. Changes nothing in it.

Everything goes through the `git` program, started by `process`; what comes out of an archive is compared with the
object git says it is, because attributes of a repository can change files on their way out.
"""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import process
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import OsrecipeError, Place, error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS: Final = 120
MAX_FILES: Final = 200_000
"""Files of one revision that are looked at."""
MAX_BYTES: Final = 64 << 20
"""Of one file that is taken out."""
MAX_TOTAL: Final = 512 << 20
"""Of all files that are taken out of one revision."""
_CHUNK: Final = 200
"""Files named on one command line."""
_SHA1_DIGITS: Final = 40
_REGULAR: Final = frozenset({"100644", "100755"})


@dataclass(frozen=True)
class TreeFile:
    """A regular file of a revision: its path from the repository's top, its object, its size in bytes."""

    path: str
    object: str
    size: int


@dataclass(frozen=True)
class Repository:
    """A repository on this machine: its top folder."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder is in.

        Raises:
            OsrecipeError: there is none (`git/repository`), or no git (`run/tool-missing`).
        """
        try:
            lines = _git(folder, "rev-parse", "--show-toplevel")
        except OsrecipeError as cause:
            if cause.problems[0].slug != Slug.GIT_FAILED:
                raise
            reason = f"`{folder.as_posix()}` is in no git repository: {cause.problems[0].reason}"
            hint = "run it inside a clone, or compare two files or folders"
            raise error(Slug.GIT_REPOSITORY, reason, hint=hint) from cause
        return cls(Path(lines[0]))

    def commit(self, revision: str) -> str:
        """The full name of the commit that a revision means.

        Raises:
            OsrecipeError: there is no such revision (`git/revision`).
        """
        wanted = f"{revision}^{{commit}}"
        try:
            return _git(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)[0]
        except (OsrecipeError, IndexError) as cause:
            hint = "a shallow clone lacks older commits: fetch the base as well"
            raise error(Slug.GIT_REVISION, f"there is no revision `{revision}`", hint=hint) from cause

    def merge_base(self, one: str, other: str) -> str:
        """The commit where two revisions parted.

        Raises:
            OsrecipeError: there is none (`git/revision`).
        """
        try:
            return _git(self.top, "merge-base", self.commit(one), self.commit(other))[0]
        except (OsrecipeError, IndexError) as cause:
            if isinstance(cause, OsrecipeError) and cause.problems[0].slug == Slug.GIT_REVISION:
                raise
            reason = f"`{one}` and `{other}` have no commit in common"
            hint = "a shallow clone lacks it: fetch with the whole history"
            raise error(Slug.GIT_REVISION, reason, hint=hint) from cause

    def files(self, commit: str) -> dict[str, TreeFile]:
        """The regular files of a commit by path; links, submodules and names with line breaks are left out.

        Raises:
            OsrecipeError: there are too many, or git fails.
        """
        found: dict[str, TreeFile] = {}
        for line in _git(self.top, "ls-tree", "-r", "-l", "--full-tree", commit):
            about, _, path = line.partition("\t")
            mode, kind, name, size = [*about.split(), "", "", "", ""][:4]
            if mode in _REGULAR and kind == "blob" and path and not path.startswith('"'):
                found[path] = TreeFile(path, name, int(size))
        if len(found) > MAX_FILES:
            raise error(Slug.GIT_FILE, f"a revision has at most {MAX_FILES:,} files: {len(found):,}")
        return found

    def take(self, commit: str, files: Sequence[TreeFile], to: Path) -> None:
        """Copy files of a commit below `to`, which should be empty.

        Raises:
            OsrecipeError: a file is too large or not what git has (`git/file`), or git fails.
        """
        large = next((f for f in files if f.size > MAX_BYTES), None)
        if large is not None or sum(f.size for f in files) > MAX_TOTAL:
            what = f"`{large.path}` is too large" if large else "the files are too large together"
            raise error(Slug.GIT_FILE, f"{what} to be taken out of a revision")
        for start in range(0, len(files), _CHUNK):
            part = files[start : start + _CHUNK]
            tar = to / ".archive.tar"
            names = [f.path for f in part]
            _git(self.top, "archive", "--format=tar", f"--output={tar}", commit, "--", *names, literal=True)
            _unpack(tar, {f.path: f for f in part}, to)
            tar.unlink()


def _unpack(tar: Path, wanted: dict[str, TreeFile], to: Path) -> None:
    """Write the files of an archive, if they are those that were asked for."""
    with tarfile.open(tar) as archive:
        for member in archive:
            known = wanted.get(member.name)
            content = archive.extractfile(member) if known is not None and member.isreg() else None
            if known is None or content is None:
                continue
            data = content.read(2 * MAX_BYTES)
            if known.object not in _names(data, known.object):
                reason = f"`{known.path}` is not what git has: an attribute changes it on its way out"
                raise error(Slug.GIT_FILE, reason, place=Place(known.path))
            target = to.joinpath(*known.path.split("/"))
            if not target.resolve().is_relative_to(to.resolve()):
                raise error(Slug.GIT_FILE, f"`{known.path}` leads out of its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _names(data: bytes, like: str) -> Iterator[str]:
    """The object names that a file can have: as it is, and with the line ends that git would have stored."""
    for content in (data, data.replace(b"\r\n", b"\n")):
        whole = b"blob %d\0" % len(content) + content
        if len(like) == _SHA1_DIGITS:
            yield hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        else:
            yield hashlib.sha256(whole).hexdigest()


def _git(folder: Path, *arguments: str, literal: bool = False) -> list[str]:
    """Run git and return what it printed, line by line.

    Raises:
        OsrecipeError: it fails (`git/failed`), with what it said.
    """
    flags = ["--literal-pathspecs"] if literal else []
    argv = ["git", "-C", str(folder), "-c", "core.quotePath=false", "--no-pager", *flags, *arguments]
    lines: list[str] = []
    ended = process.run(argv, lines.append, timeout=SECONDS)
    if ended.code:
        said = next((line for line in lines if line.strip()), str(ended))
        reason = f"git can't `{arguments[0]}`: {said.removeprefix('fatal: ')}"
        raise error(Slug.GIT_FAILED, reason, exit_code=ExitCode.INVALID)
    return lines
