"""Which blobs an image's entries use, how often, and what that adds up to.

Counting only; both the writer and the checker use it, so that they can't disagree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.wim import dentry
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.formats.wim.metadata import ImageTree, Node


def node_hashes(node: Node) -> Iterator[bytes]:
    """The SHA-1 of every non-empty stream of one entry."""
    if not node.extra:
        if node.main_hash != ZERO_HASH:
            yield node.main_hash
        return
    for stream in dentry.streams(node.raw):
        if stream.sha1 != ZERO_HASH:
            yield stream.sha1


def reference_counts(image: ImageTree) -> Counter[bytes]:
    """How often each blob is used: once for each name and stream, hard links counted each."""
    nodes = list(image.nodes())
    counts = Counter([node.main_hash for node in nodes if not node.extra])
    for node in nodes:
        if node.extra:
            counts.update(node_hashes(node))
    del counts[ZERO_HASH]
    return counts


_DIRECTORY: Final = int(Attribute.DIRECTORY)
_STRUCTURE: Final = int(Attribute.DIRECTORY | Attribute.REPARSE_POINT)  # plain numbers: the loop is long


@dataclass(frozen=True, slots=True)
class Totals:
    """What the XML says of an image's contents: bytes count every name, hard-link bytes all but the first."""

    directories: int
    files: int
    total_bytes: int
    hard_link_bytes: int


def totals(image: ImageTree, sizes: Mapping[bytes, int]) -> Totals:
    """Counts an image; blobs that are not in `sizes` count as empty."""
    directories = files = total = linked = 0
    seen: set[tuple[int, bytes]] = set()
    size_of = sizes.get
    for node in image.nodes():
        # A junction is no directory here: what is behind it is elsewhere (libwim counts the same way).
        if node.attributes & _STRUCTURE == _DIRECTORY:
            directories += 1
        else:
            files += 1
        if node.extra:
            size = sum(size_of(sha1, 0) for sha1 in node_hashes(node))
        else:
            size = size_of(node.main_hash, 0)
        total += size
        if node.group:
            key = node.group, file_hash(node)
            if key in seen:
                linked += size
            seen.add(key)
    return Totals(directories, files, total, linked)


def file_hash(node: Node) -> bytes:
    """The SHA-1 of the data, which the names of one file share."""
    if not node.extra:
        return node.main_hash
    stream = dentry.data_stream(node.raw)
    return stream.sha1 if stream is not None else ZERO_HASH
