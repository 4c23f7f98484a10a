"""Carrying out edits on a parsed tree.

Knows what each edit means for names, hard links, descriptors and streams. Blobs are only their hashes here; the
file is not touched.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry, security
from osrecipe.formats.wim.dentry import Kind, fold
from osrecipe.formats.wim.edits import (
    Delete,
    Edit,
    Link,
    MakeDirectory,
    PutFile,
    PutReparse,
    Rename,
    RepairDirectoryStreams,
    SetAttributes,
    SetSecurity,
    SetTimes,
)
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute
from osrecipe.formats.wim.metadata import MAX_DEPTH, NO_SECURITY, ImageTree, Node, split_path
from osrecipe.formats.wim.names import check_windows_name
from osrecipe.formats.wim.references import file_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DIRECTORY: Final = int(Attribute.DIRECTORY)
_STRUCTURE: Final = int(Attribute.DIRECTORY | Attribute.REPARSE_POINT | Attribute.ENCRYPTED)
_NAME_SURROGATE: Final = 0x20000000


class Editor:
    """One tree while it is changed.

    Args:
        image: the tree; changed in place.
        hashes: the content of each `PutFile` and `PutReparse`, by its place among the edits.
        now: for what has no time of its own: 100 ns steps since 1601.
    """

    def __init__(self, image: ImageTree, hashes: Mapping[int, bytes], now: int) -> None:
        self._image = image
        self._hashes = hashes
        self._now = now
        self._sha1 = ZERO_HASH
        self._last_group = 0
        self._inherited: dict[tuple[int, bool], int] = {}
        self._groups: dict[tuple[int, bytes], list[Node]] | None = None

    def apply(self, edits: Sequence[Edit]) -> None:
        """Carries out all edits in order.

        Raises:
            FormatError: one of them can't be; the tree is then to be thrown away.
        """
        for number, edit in enumerate(edits):
            self._sha1 = self._hashes.get(number, ZERO_HASH)
            self._do(edit)

    @singledispatchmethod
    def _do(self, edit: Edit) -> None:
        raise TypeError(f"not an edit: {edit!r}")

    @_do.register
    def _(self, edit: PutFile) -> None:
        parent, name = self._parent(edit.path)
        found = parent.child(name)
        written = self._now if edit.write_time is None else edit.write_time
        if found is None:
            self._insert(parent, self._new_file(edit, parent, name, written))
            return
        self._refuse_special(found, edit.path)
        group = self._names_of(found)
        old = file_hash(found)
        for node in group:
            stream = dentry.data_stream(node.raw)
            if stream is None:
                raise _unsupported(f"has no data to replace: `{edit.path}`")
            node.reload(
                dentry.with_times(dentry.with_hash(node.raw, stream.at, self._sha1), None, None, written)
            )
        self._moved_group(found.group, old, group)
        if edit.attributes is not None:
            self._do(SetAttributes(edit.path, edit.attributes))
        if edit.security is not None:
            self._do(SetSecurity(edit.path, edit.security))

    @_do.register
    def _(self, edit: Link) -> None:
        target = self._existing(edit.target)
        if target.is_directory or target.is_reparse:
            raise _unsupported(f"only a plain file can have another name: `{edit.target}`")
        parent, name = self._parent(edit.path)
        found = parent.child(name)
        if found is target:
            return
        if found is not None:
            if found.is_directory:
                raise _unsupported(f"a directory is in the way: `{edit.path}`")
            self._remove(parent, found)
        if not target.group:
            target.reload(dentry.with_group(target.raw, self._new_group()))
            self._index(target)
        # Both names belong to the folder, not to the file: who takes a place takes them over.
        long_name, short = (name, "") if found is None else (found.name, dentry.short_name(found.raw))
        self._insert(parent, Node(dentry.with_names(target.raw, long_name, short)))

    @_do.register
    def _(self, edit: Delete) -> None:
        names = split_path(edit.path)
        if not names:
            raise _unsupported("the root can't be deleted")
        parent = self._image.find("\\".join(names[:-1]))
        found = parent.child(names[-1]) if parent is not None else None
        if parent is None or found is None:
            if edit.missing_ok:
                return
            raise _missing(edit.path)
        if found.children and not edit.recursive:
            raise _unsupported(f"the directory is not empty: `{edit.path}`")
        self._remove(parent, found)

    @_do.register
    def _(self, edit: Rename) -> None:
        source_parent, source_name = self._parent(edit.source)
        found = source_parent.child(source_name)
        if found is None:
            raise _missing(edit.source)
        parent, name = self._parent(edit.destination)
        check_windows_name(name)
        self._refuse_into_itself(found, edit)
        there = parent.child(name)
        if there is not None and there is not found:
            raise _unsupported(f"something has this name already: `{edit.destination}`")
        source_parent.detach(found)
        short = dentry.short_name(found.raw)
        keeps = bool(short) and fold(found.name) == fold(name) and not _has_short(parent, short)
        if found.name != name or not keeps:
            found.reload(dentry.with_name(found.raw, name, keep_short=keeps))
        parent.attach(found)

    @_do.register
    def _(self, edit: MakeDirectory) -> None:
        names = split_path(edit.path)
        if len(names) > MAX_DEPTH - 1:
            raise _unsupported(f"nested deeper than {MAX_DEPTH}: `{edit.path[:80]}…`")
        node = self._image.root
        for depth, name in enumerate(names, 1):
            self._refuse_below(node, "\\".join(names[: depth - 1]))
            found = node.child(name)
            if found is None:
                last = depth == len(names)
                found = self._new_directory(node, name, edit if last else MakeDirectory(""))
            elif depth == len(names):
                self._update_directory(found, edit)
            node = found
        self._refuse_below(node, edit.path)

    @_do.register
    def _(self, edit: SetSecurity) -> None:
        number = NO_SECURITY
        if edit.descriptor is not None:
            security.check(edit.descriptor)
            number = self._image.security_number(edit.descriptor)
        self._each_name(edit.path, lambda raw: dentry.with_security(raw, number))

    @_do.register
    def _(self, edit: SetAttributes) -> None:
        bits = _given_bits(edit.attributes)

        def changed(raw: bytes) -> bytes:
            return dentry.with_attributes(raw, bits | dentry.attributes(raw) & _STRUCTURE)

        self._each_name(edit.path, changed)

    @_do.register
    def _(self, edit: SetTimes) -> None:
        self._each_name(
            edit.path, lambda raw: dentry.with_times(raw, edit.created, edit.accessed, edit.written)
        )

    @_do.register
    def _(self, edit: PutReparse) -> None:
        parent, name = self._parent(edit.path)
        node = parent.child(name)
        if node is None:
            bits = _DIRECTORY if edit.directory else int(Attribute.ARCHIVE)
            node = Node(
                dentry.new(
                    name, bits, self._security(None, parent, directory=edit.directory), self._now, self._now
                )
            )
            self._insert(parent, node)
        if node.attributes & Attribute.ENCRYPTED or node.children or len(self._names_of(node)) > 1:
            raise _unsupported(
                f"encrypted, not empty or linked, so it can't become a reparse point: `{edit.path}`"
            )
        self._forget(node)
        old = next(
            (stream.sha1 for stream in node.streams() if stream.kind is Kind.DATA and not stream.name),
            ZERO_HASH,
        )
        # A link has no data of its own; other kinds, such as compressed files, keep it beside the reparse data.
        data = [] if node.is_directory else [ZERO_HASH if edit.tag & _NAME_SURROGATE else old]
        node.reload(dentry.with_streams(dentry.with_reparse(node.raw, edit.tag), [self._sha1, *data]))
        node.children = None  # a reparse point has no list, not even an empty one

    @_do.register
    def _(self, _: RepairDirectoryStreams) -> None:
        for node in self._image.nodes():
            if node.is_directory and any(not name for name, _, _ in dentry.stream_rows(node.raw)):
                reparse = [stream.sha1 for stream in node.streams() if stream.kind is Kind.REPARSE]
                node.reload(dentry.with_streams(node.raw, reparse))

    def _new_file(self, edit: PutFile, parent: Node, name: str, written: int) -> Node:
        if edit.like is None:
            bits = int(Attribute.ARCHIVE) if edit.attributes is None else _given_bits(edit.attributes)
            number = self._security(edit.security, parent, directory=False)
            return Node(dentry.new(name, bits, number, self._now, written, self._sha1))
        model = self._existing(edit.like)
        self._refuse_special(model, edit.like)
        raw = dentry.like(model.raw, name, written, self._sha1)
        if edit.attributes is not None:
            raw = dentry.with_attributes(raw, _given_bits(edit.attributes))
        if edit.security is not None:
            raw = dentry.with_security(raw, self._security(edit.security, parent, directory=False))
        return Node(raw)

    def _each_name(self, path: str, change: Callable[[bytes], bytes]) -> None:
        for node in self._names_of(self._existing(path)):
            node.reload(change(node.raw))

    def _existing(self, path: str) -> Node:
        found = self._image.find(path)
        if found is None:
            raise _missing(path)
        return found

    def _parent(self, path: str) -> tuple[Node, str]:
        names = split_path(path)
        if not names:
            raise _unsupported("the root can't be replaced")
        above = "\\".join(names[:-1])
        parent = self._existing(above)
        self._refuse_below(parent, above)
        return parent, names[-1]

    def _refuse_below(self, node: Node, path: str) -> None:
        if not node.is_directory or node.is_reparse:
            raise _unsupported(f"not a plain directory: `{path}`")

    def _refuse_special(self, node: Node, path: str) -> None:
        if node.is_directory or node.is_reparse:
            raise _unsupported(f"not a plain file: `{path}`", hint="delete it first")
        if node.attributes & Attribute.ENCRYPTED:
            raise FormatError(
                "wim", Fault.ENCRYPTED, f"encrypted by Windows: `{path}`", hint="delete it first"
            )

    def _refuse_into_itself(self, node: Node, edit: Rename) -> None:
        at: Node | None = self._image.root
        for name in split_path(edit.destination)[:-1]:
            at = at.child(name) if at is not None else None
            if at is node:
                raise _unsupported(f"a directory can't go into itself: `{edit.destination}`")

    def _security(self, given: bytes | None, parent: Node, *, directory: bool) -> int:
        if given is not None:
            security.check(given)
            return self._image.security_number(given)
        key = parent.security, directory
        if key not in self._inherited:
            above = self._image.security(parent.security)
            number = NO_SECURITY
            if above is not None:
                number = self._image.security_number(security.inherited(above, directory=directory))
            self._inherited[key] = number
        return self._inherited[key]

    def _new_directory(self, parent: Node, name: str, edit: MakeDirectory) -> Node:
        bits = _DIRECTORY | _given_bits(edit.attributes or 0)
        number = self._security(edit.security, parent, directory=True)
        node = Node(dentry.new(name, bits, number, self._now, self._now))
        node.children = []
        self._insert(parent, node)
        return node

    def _update_directory(self, node: Node, edit: MakeDirectory) -> None:
        self._refuse_below(node, edit.path)
        if edit.attributes is not None:
            self._do(SetAttributes(edit.path, edit.attributes))
        if edit.security is not None:
            self._do(SetSecurity(edit.path, edit.security))

    def _insert(self, parent: Node, node: Node) -> None:
        check_windows_name(node.name)
        parent.attach(node)
        self._index(node)

    def _remove(self, parent: Node, node: Node) -> None:
        parent.detach(node)
        pending = [node]
        while pending:
            gone = pending.pop()
            self._forget(gone)
            pending.extend(gone.children or ())

    def _known_groups(self) -> dict[tuple[int, bytes], list[Node]]:
        if self._groups is None:
            self._groups = {}
            for node in self._image.nodes():
                if node.group:
                    self._groups.setdefault((node.group, file_hash(node)), []).append(node)
        return self._groups

    def _names_of(self, node: Node) -> list[Node]:
        """All names of a file. Entries of one group with other data are different files: Windows tells them apart so."""
        return self._known_groups()[node.group, file_hash(node)] if node.group else [node]

    def _index(self, node: Node) -> None:
        if node.group and self._groups is not None:
            self._groups.setdefault((node.group, file_hash(node)), []).append(node)

    def _forget(self, node: Node) -> None:
        if node.group and self._groups is not None:
            names = self._groups[node.group, file_hash(node)]
            names[:] = [other for other in names if other is not node]

    def _moved_group(self, group: int, old: bytes, names: list[Node]) -> None:
        if group and old != self._sha1:
            known = self._known_groups()
            del known[group, old]
            known.setdefault((group, self._sha1), []).extend(names)

    def _new_group(self) -> int:
        if not self._last_group:
            self._last_group = max((group for group, _ in self._known_groups()), default=0)
        self._last_group += 1
        return self._last_group


def _has_short(parent: Node, short: str) -> bool:
    folded = fold(short)
    return any(
        folded in (fold(dentry.short_name(other.raw)), fold(other.name)) for other in parent.children or ()
    )


def _given_bits(attributes: int) -> int:
    """Attributes someone asked for, without those that make an entry what it is."""
    if not 0 <= attributes < 1 << 32:
        raise _unsupported(f"not file attributes: {attributes:#x}")
    return attributes & ~_STRUCTURE  # plain numbers: `~` of a flag type loses the bits the type does not know


def _missing(path: str) -> FormatError:
    return FormatError("wim", Fault.MISSING, f"not in the image: `{path}`")


def _unsupported(reason: str, *, hint: str = "") -> FormatError:
    return FormatError("wim", Fault.UNSUPPORTED, reason, hint=hint)
