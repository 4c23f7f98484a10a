"""An image's tree for those who only read it: entries by path.

A view over `metadata.ImageTree` and the blob table's sizes; it changes nothing and reads no file data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry
from osrecipe.formats.wim.dentry import Kind
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute
from osrecipe.formats.wim.metadata import ImageTree, Node, split_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class NamedStream:
    """A named data stream: its size in bytes is None where the blob is not in the file."""

    name: str
    sha1: bytes
    size: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    r"""One name of an image.

    Attributes:
        path: from the root, with backslashes and none in front; the root is the empty path.
        attributes: file attributes.
        security: the self-relative descriptor, or None.
        short_name: the 8.3 name, or an empty string.
        created: and `accessed`, `written`: 100 ns steps since 1601.
        hard_link_group: the same number means the same file; 0 for none.
        sha1: of the data; zero for an empty file, a directory or a reparse point.
        size: of the data; None where the blob is not in the file.
        streams: named data streams.
        reparse_tag: 0 for what is no reparse point; `reparse_sha1` names its data's blob.
        tagged: object ids and other items, as they are.
    """

    path: str
    attributes: Attribute
    security: bytes | None
    short_name: str
    created: int
    accessed: int
    written: int
    hard_link_group: int
    sha1: bytes
    size: int | None
    streams: tuple[NamedStream, ...]
    reparse_tag: int
    reparse_sha1: bytes
    tagged: bytes

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("\\")[2]

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return bool(self.attributes & Attribute.DIRECTORY)

    @property
    def is_reparse(self) -> bool:
        """Whether it is a symbolic link, a junction or another reparse point."""
        return bool(self.attributes & Attribute.REPARSE_POINT)


class Tree:
    """One image's entries."""

    def __init__(self, image: ImageTree, sizes: Mapping[bytes, int]) -> None:
        self.image = image
        self._sizes = sizes

    def __len__(self) -> int:
        return sum(1 for _ in self.image.nodes())

    def get(self, path: str) -> Entry:
        """An entry by path; exact case wins over other case.

        Raises:
            FormatError: there is none (MISSING).
        """
        found = self.find(path)
        if found is None:
            raise FormatError("wim", Fault.MISSING, f"not in the image: `{path}`")
        return found

    def find(self, path: str) -> Entry | None:
        """An entry by path, or None. Its path has the case of the image."""
        node, names = self.image.root, []
        for part in split_path(path):
            below = node.child(part)
            if below is None:
                return None
            node = below
            names.append(node.name)
        return self._entry(node, "\\".join(names))

    def children(self, path: str = "") -> Iterator[Entry]:
        """What is directly in a directory, in the image's order.

        Raises:
            FormatError: there is no such directory (MISSING).
        """
        parent = self.get(path)
        if not parent.is_directory:
            raise FormatError("wim", Fault.MISSING, f"not a directory: `{path}`")
        node = self.image.find(path)
        for below in (node.children if node is not None else None) or ():
            yield self._entry(below, f"{parent.path}\\{below.name}".lstrip("\\"))

    def walk(self, path: str = "") -> Iterator[Entry]:
        """A directory's entries at every depth, parents first, without the directory itself.

        Raises:
            FormatError: there is no such entry (MISSING).
        """
        top = self.get(path)
        node = self.image.find(path)
        pending = [
            (below, top.path) for below in reversed((node.children if node is not None else None) or ())
        ]
        while pending:
            below, parent = pending.pop()
            here = f"{parent}\\{below.name}" if parent else below.name
            yield self._entry(below, here)
            pending.extend((deeper, here) for deeper in reversed(below.children or ()))

    def _entry(self, node: Node, path: str) -> Entry:
        raw = node.raw
        created, accessed, written = dentry.times(raw)
        data, reparse, named = ZERO_HASH, ZERO_HASH, []
        for stream in node.streams():
            if stream.name:
                named.append(NamedStream(stream.name, stream.sha1, self._size(stream.sha1)))
            elif stream.kind is Kind.REPARSE:
                reparse = stream.sha1
            else:
                data = stream.sha1
        return Entry(
            path=path,
            attributes=Attribute(node.attributes),
            security=self.image.security(node.security),
            short_name=dentry.short_name(raw),
            created=created,
            accessed=accessed,
            written=written,
            hard_link_group=node.group,
            sha1=data,
            size=self._size(data),
            streams=tuple(named),
            reparse_tag=dentry.reparse_tag(raw),
            reparse_sha1=reparse,
            tagged=dentry.tagged(raw),
        )

    def _size(self, sha1: bytes) -> int | None:
        return 0 if sha1 == ZERO_HASH else self._sizes.get(sha1)
