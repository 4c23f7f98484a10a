"""The two lists of a key, subkeys and values: kept in memory while they change, written when the hive is saved.

It must not know about paths, handles or the tree's depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.hive import index, names, nodes
from osrecipe.formats.hive.cells import INDEX_SEEN, VALUES_SEEN
from osrecipe.formats.hive.layout import (
    NIL,
    NK_MAX_CLASS,
    NK_MAX_NAME,
    NK_MAX_VALUE_DATA,
    NK_MAX_VALUE_NAME,
    NK_SUBKEY_LIST,
    NK_SUBKEYS,
    NK_VALUE_LIST,
    NK_VALUES,
)
from osrecipe.formats.hive.values import create_record, free_value

if TYPE_CHECKING:
    from osrecipe.formats.hive.cells import Cells
    from osrecipe.formats.hive.values import ValueTable


class KeyLists:
    """The lists of the key whose node is `node`; read when first asked for."""

    __slots__ = ("_cells", "_index", "_index_stale", "_minor", "_root", "_values", "_values_stale", "node")

    def __init__(self, cells: Cells, node: int, *, root: int, minor: int) -> None:
        self._cells = cells
        self._root = root
        self._minor = minor
        self._index: index.SubkeyIndex | None = None
        self._values: ValueTable | None = None
        self._index_stale = False
        self._values_stale = False
        self.node = node

    @property
    def index(self) -> index.SubkeyIndex:
        """The subkeys."""
        if self._index is None:
            self._index = nodes.load_index(self._cells, self.node, self._root)
        return self._index

    @property
    def values(self) -> ValueTable:
        """The values."""
        if self._values is None:
            self._values = nodes.load_values(self._cells, self.node, self._minor)
        return self._values

    def add_subkey(self, name: str, *, timestamp: int, security: int) -> int:
        """Make a subkey that isn't there yet, and return its node."""
        subkeys = self.index
        node = nodes.create(
            self._cells, name, flags=0, timestamp=timestamp, parent=self.node, security=security
        )
        self._cells.note(node, INDEX_SEEN | VALUES_SEEN)
        subkeys.add(names.fold(name), node)
        self._index_stale = True
        packed, size = self._cells.u32(self.node, NK_MAX_NAME), 2 * names.units(name)
        if size > packed & 0xFFFF:
            self._cells.put_u32(self.node, NK_MAX_NAME, packed & ~0xFFFF | size)
        return node

    def drop_subkey(self, name: str, node: int) -> None:
        """Stop listing a subkey."""
        subkeys = self.index
        subkeys.remove(names.fold(name), node)
        self._index_stale = True
        if not subkeys.nodes:
            self._cells.put_u32(self.node, NK_MAX_NAME, self._cells.u32(self.node, NK_MAX_NAME) & ~0xFFFF)
            self._cells.put_u32(self.node, NK_MAX_CLASS, 0)

    def add_value(self, name: str) -> int:
        """Make a value that isn't there yet, without data, and return its record."""
        table = self.values
        record = create_record(self._cells, name)
        table.add(name, record)
        self._values_stale = True
        self.raise_limit(NK_MAX_VALUE_NAME, 2 * names.units(name))
        return record

    def drop_value(self, name: str, record: int) -> None:
        """Delete a value."""
        self.values.remove(name, record)
        free_value(self._cells, record, self._minor)
        self._values_stale = True
        if not len(self.values):
            self._cells.put_u32(self.node, NK_MAX_VALUE_NAME, 0)
            self._cells.put_u32(self.node, NK_MAX_VALUE_DATA, 0)

    def raise_limit(self, field: int, size: int) -> None:
        """Raise one of the "largest" fields of the node, which Windows lowers only when a list becomes empty."""
        if size > self._cells.u32(self.node, field):
            self._cells.put_u32(self.node, field, size)

    def flush(self) -> None:
        """Write the lists that changed, the old ones being freed first."""
        if self._index_stale:
            self._free_index()
            self._write_index()
            self._index_stale = False
        if self._values_stale:
            self._free_value_list()
            self._cells.put_u32(self.node, NK_VALUE_LIST, self.values.write(self._cells))
            self._cells.put_u32(self.node, NK_VALUES, len(self.values))
            self._cells.note(self.node, VALUES_SEEN)
            self._values_stale = False

    def release(self) -> None:
        """Free the values and both lists of a key that nobody lists any more."""
        for record, _ in self.values.records():
            free_value(self._cells, record, self._minor)
        self._free_value_list()
        self._free_index()

    def _write_index(self) -> None:
        cells, subkeys = self._cells, self.index
        top = NIL
        if subkeys.nodes:
            top = subkeys.write(cells, self._minor, lambda node: nodes.read_name(cells, node))
        cells.put_u32(self.node, NK_SUBKEYS, len(subkeys.nodes))
        cells.put_u32(self.node, NK_SUBKEY_LIST, top)
        cells.note(self.node, INDEX_SEEN)

    def _free_index(self) -> None:
        if self._cells.u32(self.node, NK_SUBKEYS):
            for cell in index.list_cells(self._cells, self._cells.u32(self.node, NK_SUBKEY_LIST)):
                self._cells.free(cell)

    def _free_value_list(self) -> None:
        if self._cells.u32(self.node, NK_VALUES):
            self._cells.free(self._cells.u32(self.node, NK_VALUE_LIST))
