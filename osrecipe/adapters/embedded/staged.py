"""An image with changes that are not written yet.

One tree in memory, changed by the very code that will change the file at commit, so that reads see what a commit
will make: case, hard links and all. Content waits in memory or, when it is large, in a private folder.
It must not know what a change is for.
"""

from __future__ import annotations

import hashlib
import io
from collections import ChainMap
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final

from osrecipe.adapters.embedded.view import file_info
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.apply import Editor
from osrecipe.formats.wim.capture import Compression
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.edits import Delete, Edit, Link, MakeDirectory, PutFile, SetSecurity
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute, Codec
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.references import reference_counts
from osrecipe.formats.wim.security import inherited
from osrecipe.formats.wim.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from osrecipe.adapters.embedded.payload import SharedPayload
    from osrecipe.formats.wim.change import CommitReport
    from osrecipe.formats.wim.progress import ProgressFunction
    from osrecipe.formats.wim.tree import Entry
    from osrecipe.model.changes import FileInfo
    from osrecipe.model.winpath import WinPath

_IN_MEMORY: Final = 1 << 20
"""Bytes; larger content waits on disk."""
_READ_WHOLE: Final = 32 << 20
_PIECE: Final = 1 << 20


class StagedImage:
    """Image 1 of a private WIM file.

    Args:
        wim: the file; only `commit` changes it.
        spool: an empty folder for content and for large files that are read.
        now: a FILETIME for what has no time of its own.
    """

    def __init__(self, wim: Path, spool: Path, now: int) -> None:
        self._wim = wim
        self._spool = spool
        self._now = now
        self._edits: list[Edit | None] = []
        self._puts: dict[WinPath, int] = {}
        self._contents: dict[bytes, bytes | Path] = {}
        self._sizes: dict[bytes, int] = {}
        self._packages: dict[str, dict[bytes, bytes | Path]] = {}
        self._hash: dict[int, bytes] = {}
        self._folders = 0
        self._reader = WimReader.open(wim)
        try:
            image = self._reader.image(1)
        except BaseException:
            self._reader.close()
            raise
        self._editor = Editor(image, self._hash, now)
        self._tree = Tree(image, ChainMap(self._sizes, dict(self._reader.table.sizes)))

    # -- reading ---------------------------------------------------------------------------------------------------

    def entry(self, path: WinPath) -> Entry | None:
        """What is at a path, with all a WIM knows of it."""
        return self._tree.find(str(path))

    def new_folder(self) -> Path:
        """A new host folder for files that have to stay until the commit."""
        self._folders += 1
        folder = self._spool / f"files-{self._folders}"
        folder.mkdir()
        return folder

    @property
    def architecture(self) -> str:
        """The image's architecture, as its XML states it."""
        return self._reader.info(1).architecture

    def is_same_file(self, one: WinPath, other: WinPath) -> bool:
        """Whether two paths are names of one file."""
        first, second = self.entry(one), self.entry(other)
        if first is None or second is None:
            return False
        same = (first.hard_link_group, first.sha1) == (second.hard_link_group, second.sha1)
        return first.path == second.path or (same and first.hard_link_group != 0)

    def is_plain_file(self, path: WinPath) -> bool:
        """Whether a file is there that is neither a link of some kind nor encrypted."""
        entry = self.entry(path)
        special = Attribute.DIRECTORY | Attribute.REPARSE_POINT | Attribute.ENCRYPTED
        return entry is not None and not entry.attributes & special

    def security(self, path: WinPath | None) -> bytes | None:
        """The descriptor of what is at a path, None for the root; None when it has none."""
        entry = self._tree.find("" if path is None else str(path))
        return None if entry is None else entry.security

    def read(self, path: WinPath) -> BinaryIO:
        """As `OpenImage.read`."""
        entry = self._plain_file(path)
        content = self._contents.get(entry.sha1)
        if isinstance(content, bytes):
            return io.BytesIO(content)
        if content is not None:
            return content.open("rb")
        if (entry.size or 0) <= _READ_WHOLE:
            return io.BytesIO(self._reader.read_blob(entry.sha1))
        return self._copied_out(entry.sha1).open("rb")

    def info(self, path: WinPath) -> FileInfo | None:
        """As `OpenImage.info`."""
        entry = self.entry(path)
        return None if entry is None else file_info(entry)

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """As `OpenImage.walk`."""
        if self.entry(folder) is not None:
            for entry in list(self._tree.walk(str(folder))):
                yield file_info(entry)

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """As `ImageView.names_in`."""
        entry = self.entry(folder)
        if entry is None or not entry.is_directory:
            return ()
        return tuple(child.name for child in self._tree.children(str(folder)))

    def _plain_file(self, path: WinPath) -> Entry:
        entry = self.entry(path)
        if entry is None or entry.is_directory:
            raise FileNotFoundError(2, "no such file in the image", str(path))
        if entry.is_reparse or entry.attributes & Attribute.ENCRYPTED:
            raise FormatError("wim", Fault.UNSUPPORTED, f"not a plain file: `{path}`")
        return entry

    def _copied_out(self, sha1: bytes) -> Path:
        target = self._spool / f"read-{sha1.hex()}"
        if not target.exists():
            partial = target.with_suffix(".partial")
            with partial.open("wb") as file:
                self._reader.read_blob(sha1, file)
            partial.replace(target)
        return target

    # -- changing --------------------------------------------------------------------------------------------------

    def put(
        self,
        path: WinPath,
        content: bytes | Path,
        *,
        written: int | None = None,
        like: WinPath | None = None,
        descriptor: bytes | None = None,
        package: str = "",
    ) -> None:
        """Write a file, making the folders above it; one that is there keeps all but content and write time.

        Args:
            path: where.
            content: bytes, or a file that stays as it is until the commit.
            written: its write time as a FILETIME; None means now.
            like: a file whose attributes, descriptor, creation time and named streams a new one takes over.
            descriptor: self-relative; None keeps, takes over or inherits.
            package: digest of the package it comes from, which other images may get too; empty for none.
        """
        self.make_folder(path.parent)
        source = self._kept(content) if isinstance(content, bytes) else content
        sha1, size = _sha1(source)
        self._contents[sha1] = source
        self._sizes[sha1] = size
        if package and size:
            self._packages.setdefault(package, {})[sha1] = source
        shown = None if like is None else str(like)
        edit = PutFile(
            str(path), source, self._now if written is None else written, security=descriptor, like=shown
        )
        earlier = self._puts.get(path)
        if earlier is not None:
            edit = _taking_over(edit, self._edits[earlier])
        self._do(edit, sha1)
        if earlier is not None:
            self._edits[earlier] = None
        self._puts[path] = len(self._edits) - 1

    def link(self, path: WinPath, target: WinPath) -> None:
        """Give a file one more name; a file that has that name is replaced."""
        self.make_folder(path.parent)
        self._do(Link(str(path), str(target)))
        self._puts.clear()  # what follows may concern either name: earlier content must reach both

    def delete(self, path: WinPath) -> None:
        """Remove a name, or a folder with all below it; nothing to do when it is not there."""
        self._do(Delete(str(path), missing_ok=True, recursive=True))
        self._puts.clear()

    def delete_all(self, paths: Iterable[WinPath]) -> int:
        """Remove names and folders; the bytes, unpacked, of contents that nothing in the image has any more."""
        found: dict[bytes, int] = {}
        for path in paths:
            entry = self.entry(path)
            if entry is not None:
                for one in (entry, *(self._tree.walk(entry.path) if entry.is_directory else ())):
                    found[one.sha1] = one.size or 0
                    found.update((stream.sha1, stream.size or 0) for stream in one.streams)
                self.delete(path)
        if not found:
            return 0
        left = reference_counts(self._tree.image)
        return sum(size for sha1, size in found.items() if sha1 not in left)

    def make_folder(self, path: WinPath | None) -> None:
        """Make sure a folder is there."""
        if path is not None and ((entry := self.entry(path)) is None or not entry.is_directory):
            self._do(MakeDirectory(str(path)))

    def set_security(self, path: WinPath, descriptor: bytes) -> None:
        """Give what is at a path another descriptor, under every name it has."""
        entry = self.entry(path)
        if entry is None or entry.security != descriptor:
            self._do(SetSecurity(str(path), descriptor))
            self._puts.clear()  # earlier content has to come before this edit

    def passed_on(self, folder: WinPath | None, *, to_folder: bool) -> bytes | None:
        """The descriptor something new in a folder inherits; None when the folder has none."""
        above = self.security(folder)
        return None if above is None else inherited(above, directory=to_folder)

    def _do(self, edit: Edit, sha1: bytes = ZERO_HASH) -> None:
        self._hash[0] = sha1
        self._editor.apply([edit])
        self._edits.append(edit)

    def _kept(self, content: bytes) -> bytes | Path:
        """Content as it waits for the commit."""
        if len(content) <= _IN_MEMORY:
            return content
        target = self._spool / f"put-{hashlib.sha256(content).hexdigest()}"
        if not target.exists():
            target.write_bytes(content)
        return target

    # -- the end ---------------------------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        """Whether a commit would change anything."""
        return any(self._edits)

    def commit(self, progress: ProgressFunction, shared: SharedPayload | None = None) -> CommitReport | None:
        """Write all changes into the file; None when there are none. The image is closed, whatever happens.

        Args:
            progress: told of each step; False stops.
            shared: where compressed payload of packages is taken from, and left for other images.
        """
        header, new = self._reader.header, self._new_payload()
        self.close()
        edits = [edit for edit in self._edits if edit is not None]
        if not edits:
            return None
        with ExitStack() as stack:
            readers: list[WimReader] = []
            if shared is not None and header.codec is not Codec.NONE:
                compression = Compression(header.codec, header.chunk_size)
                for package, contents in new.items():
                    readers += shared.enter(stack, package, contents, compression, progress)
            return commit(self._wim, 1, edits, now=self._now, payload=readers, progress=progress)

    def _new_payload(self) -> dict[str, dict[bytes, bytes | Path]]:
        """By package, the contents the file does not have yet."""
        found = {
            package: {sha1: source for sha1, source in contents.items() if sha1 not in self._reader.table}
            for package, contents in self._packages.items()
        }
        return {package: contents for package, contents in found.items() if contents}

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self._reader.close()


def _taking_over(edit: PutFile, earlier: Edit | None) -> PutFile:
    """The later of two contents of one file, with what the earlier one said of a file that was new then."""
    if not isinstance(earlier, PutFile):
        return edit
    security = earlier.security if edit.security is None else edit.security
    return replace(edit, like=earlier.like, security=security)


def _sha1(source: bytes | Path) -> tuple[bytes, int]:
    """A content's hash, as WIMs have it, and its size."""
    if isinstance(source, bytes):
        return (hashlib.sha1(source, usedforsecurity=False).digest() if source else ZERO_HASH), len(source)
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return (digest.digest() if size else ZERO_HASH), size
