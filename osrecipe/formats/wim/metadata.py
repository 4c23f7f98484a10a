"""An image's metadata resource: security descriptors and the tree of directory entries.

A parsed entry keeps its own bytes; what is not changed is written back as it was, fields we do not know
included. Parsing refuses unsafe names, cycles and overlong tables. No blobs, no files, no policy.
Layout source: the WIM paper of 2007; where streams are stored follows DISM's habit as wimlib 1.14.2 documents it.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from codecs import utf_16_le_decode  # half the time of bytes.decode
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry
from osrecipe.formats.wim.dentry import fold
from osrecipe.formats.wim.layout import Attribute, corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 512
NO_SECURITY: Final = 0xFFFFFFFF
_MAX_DESCRIPTOR: Final = 1 << 20
_FIXED: Final = struct.Struct("<QIIQ40x20s4xQHHH")
_SMALLEST: Final = 104  # bytes of an entry without a name, padded
_END: Final = bytes(8)
_DIRECTORY: Final = int(Attribute.DIRECTORY)
_REPARSE: Final = int(Attribute.REPARSE_POINT)
_UNSAFE: Final = frozenset(("", ".", ".."))


class Node:
    """One name in the tree.

    Attributes:
        raw: the entry and its extra stream rows, as in the file; the only truth for fields not named here.
        attributes: file attributes.
        security: index of the descriptor, or `NO_SECURITY`.
        main_hash: the SHA-1 field of the entry itself.
        group: hard-link group, 0 for none and for reparse points.
        extra: number of extra stream rows.
        name: the long name.
        by_name: children by folded name, made when first asked for.
        children: entries of a directory in the file's order; None where the file has no list for it.
    """

    __slots__ = (
        "attributes",
        "by_name",
        "children",
        "extra",
        "group",
        "main_hash",
        "name",
        "raw",
        "security",
    )

    def __init__(self, raw: bytes) -> None:
        self.children: list[Node] | None = None
        self.by_name: dict[str, list[Node]] | None = None
        self.reload(raw)

    def reload(self, raw: bytes) -> None:
        """Takes other bytes for this entry."""
        (_, attributes, security, _, main_hash, group, extra, _, length) = _FIXED.unpack_from(raw)
        self.raw = raw
        self.attributes: int = attributes
        self.security: int = security
        self.main_hash: bytes = main_hash
        self.group: int = 0 if attributes & (_REPARSE | _DIRECTORY) else group
        self.extra: int = extra
        self.name = raw[dentry.NAME_AT : dentry.NAME_AT + length].decode("utf-16-le", "surrogatepass")

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, or a directory that is a reparse point."""
        return bool(self.attributes & _DIRECTORY)

    @property
    def is_reparse(self) -> bool:
        """Whether it is a reparse point."""
        return bool(self.attributes & _REPARSE)

    def child(self, name: str) -> Node | None:
        """A directory's entry by name; exact case wins over other case."""
        found = self._names().get(fold(name))
        if not found:
            return None
        return next((node for node in found if node.name == name), found[0])

    def _names(self) -> dict[str, list[Node]]:
        if self.by_name is None:
            self.by_name = {}
            for node in self.children or ():
                self.by_name.setdefault(fold(node.name), []).append(node)
        return self.by_name

    def attach(self, node: Node) -> None:
        """Takes an entry in, at its place in an order without regard to case."""
        if self.children is None:
            self.children = []
        at = bisect_left(self.children, fold(node.name), key=lambda other: fold(other.name))
        self.children.insert(at, node)
        if self.by_name is not None:
            self.by_name.setdefault(fold(node.name), []).append(node)

    def detach(self, node: Node) -> None:
        """Gives an entry away; it must still have the name it had when it came."""
        if self.children is not None:
            self.children.remove(node)  # entries are equal only to themselves
        if self.by_name is not None:
            self.by_name[fold(node.name)].remove(node)

    def streams(self) -> list[dentry.Stream]:
        """What data the entry refers to."""
        return dentry.streams(self.raw)


class ImageTree:
    """One image: its descriptors and its root."""

    def __init__(self, security: list[bytes], root: Node, *, security_raw: bytes = b"") -> None:
        self._security = security
        self._security_raw = security_raw
        self._security_index: dict[bytes, int] = {}
        self.root = root

    @classmethod
    def parse(cls, raw: bytes) -> ImageTree:
        """Reads a metadata resource.

        Raises:
            FormatError: damage (CORRUPT), or a name that could leave its folder (UNSAFE).
        """
        security, start = _parse_security(raw)
        return cls(security, _Parser(raw).tree(start), security_raw=raw[:start])

    def security(self, number: int) -> bytes | None:
        """A descriptor by its index; None for "has none" and for an index past the table."""
        return self._security[number] if number < len(self._security) else None

    @property
    def descriptors(self) -> tuple[bytes, ...]:
        """All descriptors in order."""
        return tuple(self._security)

    def security_number(self, descriptor: bytes) -> int:
        """The index of a descriptor, added if it is new."""
        if not self._security_index:
            self._security_index = {
                known: number for number, known in reversed(list(enumerate(self._security)))
            }
        if descriptor not in self._security_index:
            if len(descriptor) > _MAX_DESCRIPTOR:
                raise FormatError(
                    "wim", Fault.TOO_LARGE, f"a security descriptor of {len(descriptor)} bytes is too large"
                )
            self._security_index[descriptor] = len(self._security)
            self._security.append(descriptor)
            self._security_raw = b""
        return self._security_index[descriptor]

    def serialise(self) -> bytes:
        """The metadata resource, uncompressed."""
        head = self._security_raw or _pack_security(self._security)
        at = len(head) + len(self.root.raw) + len(_END)
        out = [head, _placed(self.root, at if self.root.children is not None else 0), _END]
        pending = [self.root] if self.root.children is not None else []
        # Lists are written parent first; a directory's own lists follow its list, in order.
        layout = _layout(self.root, at)
        while pending:
            node = pending.pop()
            children = node.children or ()
            out.extend(
                [
                    _placed(child, layout[id(child)]) if child.children is not None else child.raw
                    for child in children
                ]
            )
            out.append(_END)
            pending.extend(child for child in reversed(children) if child.children is not None)
        return b"".join(out)

    def nodes(self) -> Iterator[Node]:
        """Every entry, the root first, parents before children."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            yield node
            if node.children:
                pending.extend(reversed(node.children))

    def find(self, path: str) -> Node | None:
        """An entry by its backslash path; the root is the empty path. Exact case wins over other case."""
        node: Node | None = self.root
        for part in split_path(path):
            node = node.child(part) if node is not None else None
        return node


def split_path(path: str) -> list[str]:
    r"""The names of a backslash path.

    Raises:
        FormatError: a name is `.`, `..` or has a character that is not allowed (UNSAFE).
    """
    parts = [part for part in path.split("\\") if part]
    for part in parts:
        check_name(part)
    return parts


def check_name(name: str) -> None:
    """Refuses a name that could leave its folder."""
    if name in _UNSAFE or "/" in name or "\\" in name or "\0" in name:
        raise FormatError("wim", Fault.UNSAFE, f"unsafe name in an image: {name!r}")


def _layout(root: Node, at: int) -> dict[int, int]:
    """Where each directory's list goes: `id(node)` -> offset."""
    places: dict[int, int] = {}
    pending = [root] if root.children is not None else []
    while pending:
        node = pending.pop()
        children = node.children or ()
        places[id(node)] = at
        at += sum([len(child.raw) for child in children]) + len(_END)
        pending.extend(child for child in reversed(children) if child.children is not None)
    return places


def _placed(node: Node, offset: int) -> bytes:
    return node.raw[:16] + offset.to_bytes(8, "little") + node.raw[24:]


def _parse_security(raw: bytes) -> tuple[list[bytes], int]:
    """The descriptors, and where the root entry starts."""
    if len(raw) < 8:  # noqa: PLR2004 - two 32-bit fields
        raise FormatError("wim", Fault.TRUNCATED, "the metadata ends before its first entry")
    total, count = struct.unpack_from("<II", raw)
    total = max(8, total + 7 & ~7)
    if total > len(raw) or 8 + 8 * count > total:
        raise corrupt("the security data leaves the metadata", offset=0)
    sizes = struct.unpack_from(f"<{count}Q", raw, 8)
    at = 8 + 8 * count
    found = []
    for size in sizes:
        if at + size > total:
            raise corrupt("a security descriptor leaves the security data", offset=at)
        found.append(raw[at : at + size])
        at += size
    return found, total


def _pack_security(descriptors: list[bytes]) -> bytes:
    count = len(descriptors)
    size = 8 + 8 * count + sum(map(len, descriptors))
    total = size + 7 & ~7
    head = struct.pack(f"<II{count}Q", total, count, *map(len, descriptors))
    return b"".join([head, *descriptors, bytes(total - size)])


class _Parser:
    """Reads entries within bounds: each list once, no more entries than fit into the bytes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._left = len(raw) // _SMALLEST + 1
        self._seen: set[int] = set()

    def tree(self, start: int) -> Node:
        """The root with everything below it."""
        first = self._entry(start)
        if first is None:
            raise corrupt("the image has no root directory", offset=start)
        root = first[0]
        if not root.is_directory or root.name:
            raise corrupt("the first entry is not a root directory", offset=start)
        pending = [(root, 1)]
        while pending:
            node, depth = pending.pop()
            at = int.from_bytes(node.raw[16:24], "little")
            if not at:
                continue
            if depth > MAX_DEPTH:
                raise corrupt(f"directories are nested deeper than {MAX_DEPTH}")
            if at in self._seen:
                raise corrupt("a directory list is used twice", offset=at)
            self._seen.add(at)
            node.children = self._entries(at)
            pending.extend((entry, depth + 1) for entry in node.children if entry.attributes & _DIRECTORY)
        return root

    def _entries(self, at: int) -> list[Node]:
        """The entries of one list."""
        found: list[Node] = []
        while (entry := self._entry(at)) is not None:
            node, at = entry
            name = node.name
            if name in _UNSAFE or "\\" in name or "/" in name or "\0" in name:
                check_name(name)
            found.append(node)
        return found

    def _entry(self, at: int) -> tuple[Node, int] | None:
        """The entry at an offset and where the next one starts; None at the end of a list."""
        raw = self._raw
        length = int.from_bytes(raw[at : at + 8], "little") + 7 & ~7
        if length < _SMALLEST or at + length > len(raw):
            if length <= len(_END) and at + len(_END) <= len(raw):
                return None
            raise corrupt("an entry has an impossible length", offset=at)
        _, attributes, security, subdirectory, main_hash, group, extra, short, named = _FIXED.unpack_from(
            raw, at
        )
        if 102 + named + short + (2 if named else 0) + (2 if short else 0) > length or (named | short) & 1:
            raise corrupt("an entry's names do not fit into it", offset=at)
        if subdirectory and not attributes & _DIRECTORY:
            raise corrupt("a file has a directory list", offset=at)
        self._left -= 1
        if self._left < 0:
            raise corrupt("directory lists overlap", offset=at)
        end = at + length
        if extra:
            end = self._skip_streams(end, extra)
        node = Node.__new__(Node)
        node.raw = raw[at:end]
        node.attributes = attributes
        node.security = security
        node.main_hash = main_hash
        node.group = 0 if attributes & (_REPARSE | _DIRECTORY) else group
        node.extra = extra
        node.name = utf_16_le_decode(raw[at + 102 : at + 102 + named], "surrogatepass", True)[0]  # noqa: FBT003 - "final"
        node.children = None
        node.by_name = None
        return node, end

    def _skip_streams(self, at: int, count: int) -> int:
        for _ in range(count):
            if at + dentry.STREAM_SIZE > len(self._raw):
                raise corrupt("a stream row runs past the metadata", offset=at)
            length = int.from_bytes(self._raw[at : at + 8], "little") + 7 & ~7
            named = int.from_bytes(self._raw[at + 36 : at + 38], "little")
            if length < dentry.STREAM_SIZE + named or at + length > len(self._raw) or named & 1:
                raise corrupt("a stream row has an impossible length", offset=at)
            at += length
        return at
