"""Subkey lists: reading `li`, `lf`, `lh` and `ri`, writing sorted leaves, and a key's ordered index in memory.

Leaves are written when the hive is saved, not at each insertion, so that many new subkeys cost what they weigh.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from osrecipe.formats.hive import names
from osrecipe.formats.hive.layout import LIST_HEAD, MAX_LEAF, U32, corrupt, too_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.formats.hive.cells import Cells

HASHED_SINCE = 5
"""The minor version from which leaves may carry hashes."""
_MAX_LEAVES = 0xFFFF


def _head(cells: Cells, cell: int) -> tuple[bytes, int]:
    signature, count = LIST_HEAD.unpack_from(cells.data, cells.locate(cell, LIST_HEAD.size))
    return signature, count


def list_cells(cells: Cells, cell: int) -> list[int]:
    """The cells a subkey list is made of: leaves, and last the `ri` cell where there is one."""
    signature, count = _head(cells, cell)
    return [*cells.u32s(cell, LIST_HEAD.size, count), cell] if signature == b"ri" else [cell]


def read_list(cells: Cells, cell: int) -> list[int]:
    """The key nodes a subkey list names, in its order.

    Raises:
        FormatError: it is no list, or an `ri` list names another `ri` list.
    """
    signature, count = _head(cells, cell)
    if signature != b"ri":
        return _read_leaf(cells, cell)
    leaves = cells.u32s(cell, LIST_HEAD.size, count)
    if len(set(leaves)) != len(leaves):
        raise corrupt("a subkey list names a leaf twice", cell)
    return [node for leaf in leaves for node in _read_leaf(cells, leaf)]


def _read_leaf(cells: Cells, cell: int) -> list[int]:
    signature, count = _head(cells, cell)
    if signature in (b"lf", b"lh"):
        return cells.u32s(cell, LIST_HEAD.size, 2 * count)[::2]
    if signature == b"li":
        return cells.u32s(cell, LIST_HEAD.size, count)
    raise corrupt("a subkey list has an unknown signature", cell)


class SubkeyIndex:
    """The subkeys of one key in the registry's order.

    Attributes:
        folded: comparison keys, ascending.
        nodes: the key nodes in the same order.
    """

    __slots__ = ("folded", "nodes")

    def __init__(self, entries: list[tuple[str, int]]) -> None:
        """Take (comparison key, key node) pairs; a list out of order is put in order."""
        entries.sort(key=lambda entry: entry[0])
        self.folded = [entry[0] for entry in entries]
        self.nodes = [entry[1] for entry in entries]

    def find(self, folded: str) -> int | None:
        """The key node named so."""
        place = bisect_left(self.folded, folded)
        if place < len(self.folded) and self.folded[place] == folded:
            return self.nodes[place]
        return None

    def add(self, folded: str, node: int) -> None:
        """Enter a key node that is not there yet."""
        place = bisect_left(self.folded, folded)
        self.folded.insert(place, folded)
        self.nodes.insert(place, node)

    def remove(self, folded: str, node: int) -> None:
        """Take a key node out."""
        place = bisect_left(self.folded, folded)
        while self.nodes[place] != node:
            place += 1
        del self.folded[place]
        del self.nodes[place]

    def write(self, cells: Cells, minor: int, name_of: Callable[[int], str]) -> int:
        """Write the list; `name_of` gives a node's stored name, for the leaves of old versions.

        Returns:
            The offset of the leaf or `ri` cell.
        """
        leaves = [
            self._write_leaf(cells, start, minor, name_of) for start in range(0, len(self.nodes), MAX_LEAF)
        ]
        if len(leaves) == 1:
            return leaves[0]
        if len(leaves) > _MAX_LEAVES:
            raise too_large(f"a key has too many subkeys: {len(self.nodes)}")
        return cells.allocate(LIST_HEAD.pack(b"ri", len(leaves)) + b"".join(map(U32.pack, leaves)))

    def _write_leaf(self, cells: Cells, start: int, minor: int, name_of: Callable[[int], str]) -> int:
        nodes = self.nodes[start : start + MAX_LEAF]
        if minor >= HASHED_SINCE:
            kind = b"lh"
            marks = [U32.pack(names.leaf_hash(folded)) for folded in self.folded[start : start + MAX_LEAF]]
        else:
            kind = b"lf"
            marks = [names.leaf_hint(name_of(node)) for node in nodes]
        entries = b"".join(U32.pack(node) + mark for node, mark in zip(nodes, marks, strict=True))
        return cells.allocate(LIST_HEAD.pack(kind, len(nodes)) + entries)
