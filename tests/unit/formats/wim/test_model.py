"""Random edits against a small model of a file system: the same answers, the same tree, a sound file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.wims import NOW, PARENT

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.capture import XPRESS
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import check
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import Delete, Edit, Link, MakeDirectory, PutFile, Rename
from osrecipe.formats.wim.reader import WimReader

PATHS = st.lists(st.sampled_from("abC"), min_size=1, max_size=3).map("\\".join)
EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(PutFile, PATHS, st.sampled_from((b"", b"one", b"two", b"x" * 40_000))),
    st.builds(Link, PATHS, PATHS),
    st.builds(Delete, PATHS, recursive=st.booleans()),
    st.builds(Rename, PATHS, PATHS),
    st.builds(MakeDirectory, PATHS),
)


def parent(path: str) -> str:
    """The directory a path is in."""
    return path.rpartition("\\")[0]


def below(path: str, top: str) -> bool:
    """Whether a path is `top` or inside it."""
    return path == top or path.startswith(f"{top}\\")


@dataclass
class Model:
    """Directories, and files as numbers that share content."""

    folders: set[str] = field(default_factory=lambda: {""})
    files: dict[str, int] = field(default_factory=dict)
    content: dict[int, bytes] = field(default_factory=dict)

    def apply(self, edit: Edit) -> bool:
        """Carries an edit out; False when it can't be, and then nothing is changed."""
        match edit:
            case PutFile(path=path, source=bytes() as source):
                if parent(path) not in self.folders or path in self.folders:
                    return False
                self.content[self.files.setdefault(path, len(self.content))] = source
            case Link(path=path, target=target):
                if target not in self.files or parent(path) not in self.folders or path in self.folders:
                    return False
                self.files[path] = self.files[target]
            case MakeDirectory(path=path):
                names = path.split("\\")
                wanted = {"\\".join(names[: depth + 1]) for depth in range(len(names))}
                if wanted & self.files.keys():
                    return False
                self.folders |= wanted
            case Delete(path=path, recursive=recursive):
                return self._delete(path, recursive=recursive)
            case Rename(source=source, destination=destination):
                return self._rename(source, destination)
        return True

    def _delete(self, path: str, *, recursive: bool) -> bool:
        inside = {one for one in (*self.folders, *self.files) if below(one, path)}
        if not inside or (len(inside) > 1 and not recursive):
            return False
        self.folders -= inside
        self.files = {one: number for one, number in self.files.items() if one not in inside}
        return True

    def _rename(self, source: str, destination: str) -> bool:
        there = self.folders | self.files.keys()
        if (
            source not in there
            or parent(destination) not in self.folders
            or below(parent(destination), source)
        ):
            return False
        if destination in there:
            return destination == source
        self.folders = {self._moved(one, source, destination) for one in self.folders}
        self.files = {self._moved(one, source, destination): number for one, number in self.files.items()}
        return True

    @staticmethod
    def _moved(path: str, source: str, destination: str) -> str:
        return destination + path[len(source) :] if below(path, source) else path


@given(st.lists(st.lists(EDITS, min_size=1, max_size=6), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_edits_do_what_the_model_does(commits: list[list[Edit]]) -> None:
    """Each commit works wholly or not at all; links stay links; the checker has nothing to say."""
    with tempfile.TemporaryDirectory() as name:
        wim = Path(name) / "x.wim"
        create(wim, "x", compression=XPRESS, now=NOW, descriptor=PARENT)
        model = Model()
        for edits in commits:
            trial = Model(set(model.folders), dict(model.files), dict(model.content))
            works = all(trial.apply(edit) for edit in edits)
            try:
                commit(wim, 1, edits, now=NOW, threads=1)
                done = True
            except FormatError:
                done = False
            assert works == done, edits
            model = trial if works else model
        assert [] == check(wim)
        compare(wim, model)


def compare(wim: Path, model: Model) -> None:
    """The image is what the model says: folders, content, and which names are one file."""
    with WimReader.open(wim) as reader:
        entries = list(reader.tree(1).walk())
        files = [entry for entry in entries if not entry.is_directory]
        assert model.folders - {""} == {entry.path for entry in entries if entry.is_directory}
        assert {path: model.content[number] for path, number in model.files.items()} == {
            entry.path: reader.read_blob(entry.sha1) for entry in files
        }
        for one in files:
            for other in files:
                linked = one.path == other.path or bool(
                    one.hard_link_group and one.hard_link_group == other.hard_link_group
                )
                assert (model.files[one.path] == model.files[other.path]) == linked
