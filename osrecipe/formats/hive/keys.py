"""Keys: the tree people see, over the cells of a hive.

Lists of subkeys and values are kept in memory while they change and written by `Tree.flush`. Everything else is
written at once, in place.

It must not know about files, headers or transaction logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive import index, names, nodes, values
from osrecipe.formats.hive.cells import INDEX_SEEN, VALUES_SEEN
from osrecipe.formats.hive.layout import (
    FORMAT,
    INLINE,
    KEY_SYMLINK,
    KEY_VOLATILE,
    MAX_DATA,
    MAX_DEPTH,
    MAX_KEY_NAME,
    MAX_VALUE_NAME,
    NIL,
    NK_CLASS,
    NK_CLASS_SIZE,
    NK_FLAGS,
    NK_MAX_CLASS,
    NK_MAX_NAME,
    NK_MAX_VALUE_DATA,
    NK_MAX_VALUE_NAME,
    NK_SECURITY,
    NK_SUBKEY_LIST,
    NK_SUBKEYS,
    NK_TIME,
    NK_VALUE_LIST,
    NK_VALUES,
    U64,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.formats.hive.cells import Cells
    from osrecipe.formats.hive.security import SecurityRing

_LINK_VALUE = "SymbolicLinkValue"


class Tree:
    """What all keys of one hive share.

    Attributes:
        cells: the hive's cells.
        security: its security cells.
        minor: the minor version, which decides how lists and long data are stored.
        now: the time written to keys that change, a FILETIME.
        root: the root key's node.
    """

    def __init__(self, cells: Cells, security: SecurityRing, root: int, minor: int, now: int) -> None:
        self.cells = cells
        self.security = security
        self.root = root
        self.minor = minor
        self.now = now
        self._keys: WeakValueDictionary[int, Key] = WeakValueDictionary()
        self._changed: dict[int, Key] = {}

    def key(self, node: int, parent: Key | None) -> Key:
        """The one `Key` object of a node."""
        known = self._keys.get(node)
        if known is None:
            known = self._keys[node] = Key(self, node, parent)
        return known

    def note_change(self, key: Key) -> None:
        """Keep `key` until its lists are written."""
        self._changed[key.node] = key

    def forget(self, key: Key) -> None:
        """Drop a key that was deleted."""
        self._changed.pop(key.node, None)
        self._keys.pop(key.node, None)

    def flush(self) -> None:
        """Write the lists of every changed key."""
        for key in self._changed.values():
            key.flush()
        self._changed.clear()


class Key:
    """One key. Objects are made by `Hive`; all handles of one key are the same object.

    A handle of a deleted key answers every call with a `FormatError`.
    """

    __slots__ = (
        "__weakref__",
        "_alive",
        "_index",
        "_index_stale",
        "_tree",
        "_values",
        "_values_stale",
        "depth",
        "node",
        "parent",
    )

    def __init__(self, tree: Tree, node: int, parent: Key | None) -> None:
        self._tree = tree
        self._alive = True
        self._index: index.SubkeyIndex | None = None
        self._values: values.ValueTable | None = None
        self._index_stale = False
        self._values_stale = False
        self.node = node
        self.parent = parent
        self.depth = 0 if parent is None else parent.depth + 1
        if self.depth > MAX_DEPTH:
            raise too_large(f"keys are nested deeper than {MAX_DEPTH} levels")

    # -- what a key is ---------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name in its stored case."""
        return nodes.read_name(self._cells, self.node)

    @property
    def path(self) -> str:
        """The names from below the root down to this key, joined by backslashes; the root's is empty."""
        parts: list[str] = []
        key = self
        while key.parent is not None:
            parts.append(key.name)
            key = key.parent
        return "\\".join(reversed(parts))

    @property
    def timestamp(self) -> int:
        """When the key was last written, a FILETIME."""
        cells = self._cells
        return int(U64.unpack_from(cells.data, cells.locate(self.node) + NK_TIME)[0])

    @property
    def flags(self) -> int:
        """The stored flags."""
        return self._cells.u16(self.node, NK_FLAGS)

    @property
    def is_volatile(self) -> bool:
        """Whether the key is marked as one that is not meant to be stored."""
        return bool(self.flags & KEY_VOLATILE)

    @property
    def is_symlink(self) -> bool:
        """Whether the key points to another key."""
        return bool(self.flags & KEY_SYMLINK)

    @property
    def link_target(self) -> str | None:
        """The kernel path a symbolic link points to; None for other keys and links without a target."""
        value = self.value(_LINK_VALUE) if self.is_symlink else None
        if value is None or value.type != values.ValueType.LINK:
            return None
        return value.data[: len(value.data) & ~1].decode("utf-16-le", "surrogatepass")

    @property
    def class_name(self) -> str | None:
        """The class name, or None."""
        cells = self._cells
        size = cells.u16(self.node, NK_CLASS_SIZE)
        if size == 0:
            return None
        raw = cells.read(cells.u32(self.node, NK_CLASS), 0, size)
        return raw[: size & ~1].decode("utf-16-le", "surrogatepass")

    @property
    def security(self) -> bytes:
        """The self-relative security descriptor."""
        return self._tree.security.descriptor(self._cells.u32(self.node, NK_SECURITY))

    def set_security(self, descriptor: bytes) -> None:
        """Give the key a descriptor; keys with equal ones share a cell.

        Raises:
            FormatError: the bytes are no self-relative descriptor.
        """
        cells, ring = self._cells, self._tree.security
        old = cells.u32(self.node, NK_SECURITY)
        cells.put_u32(self.node, NK_SECURITY, ring.obtain(descriptor, old))
        ring.release(old)
        self._touch()

    # -- subkeys ---------------------------------------------------------------------------------------------------

    def subkeys(self) -> Iterator[Key]:
        """The subkeys in the registry's order, as they are now."""
        return iter([self._tree.key(node, self) for node in self._subkeys().nodes])

    def subkey(self, name: str) -> Key | None:
        """The subkey named so, in any case."""
        node = self._subkeys().find(names.fold(name))
        return None if node is None else self._tree.key(node, self)

    def create_subkey(self, name: str) -> Key:
        """The subkey named so, made with this key's security if it isn't there.

        Raises:
            FormatError: the name is empty, too long or holds a backslash, or the key would lie too deep.
        """
        known = self.subkey(name)
        if known is not None:
            return known
        require_key_name(name)
        if self.depth >= MAX_DEPTH:
            raise too_large(f"keys are nested deeper than {MAX_DEPTH} levels")
        cells, tree = self._cells, self._tree
        security = tree.security.use(cells.u32(self.node, NK_SECURITY))
        node = nodes.create(cells, name, flags=0, timestamp=tree.now, parent=self.node, security=security)
        cells.note(node, INDEX_SEEN | VALUES_SEEN)
        self._subkeys().add(names.fold(name), node)
        self._index_stale = True
        self._raise_name_limit(2 * names.units(name))
        self._touch()
        tree.note_change(self)
        return tree.key(node, self)

    def delete(self) -> None:
        """Delete this key and everything below it.

        Raises:
            FormatError: it is the root.
        """
        if self.parent is None:
            raise FormatError(FORMAT, Fault.UNSUPPORTED, "the root key can't be deleted")
        pending = [self]
        doomed: list[Key] = []
        while (
            pending
        ):  # everything is read before anything is freed, so that damage below leaves the tree whole
            key = pending.pop()
            key._value_table()
            doomed.append(key)
            pending.extend(key.subkeys())
        self.parent._drop_subkey(names.fold(self.name), self.node)
        for key in doomed:
            key._release()

    # -- values ----------------------------------------------------------------------------------------------------

    def values(self) -> Iterator[values.Value]:
        """The values in stored order."""
        cells, minor = self._cells, self._tree.minor
        return (values.read_value(cells, record, minor) for record in self._value_table().records())

    def value(self, name: str) -> values.Value | None:
        """The value named so, in any case; the empty name is the default value."""
        record = self._value_table().find(name)
        return None if record is None else values.read_value(self._cells, record, self._tree.minor)

    def set(self, name: str, type: values.ValueType | int, data: bytes) -> None:  # noqa: A002 - the registry's word
        """Create or replace a value. A value that exists keeps its place and the case of its name.

        Raises:
            FormatError: name, type or data are past the format's limits.
        """
        if names.units(name) > MAX_VALUE_NAME:
            raise too_large(f"a value's name is longer than {MAX_VALUE_NAME} characters: `{name[:40]}…`")
        if not 0 <= type <= NIL:
            raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a value's type doesn't fit 32 bits: {type}")
        if len(data) > min(MAX_DATA, INLINE - 1):
            raise too_large(f"the data of value `{name}` is too long: {len(data)} bytes")
        cells, table = self._cells, self._value_table()
        record = table.find(name)
        if record is None:
            record = values.create_record(cells, name)
            table.add(name, record)
            self._values_stale = True
            self._tree.note_change(self)
            self._raise_limit(NK_MAX_VALUE_NAME, 2 * names.units(name))
        values.write_data(cells, record, int(type), bytes(data), self._tree.minor)
        self._raise_limit(NK_MAX_VALUE_DATA, len(data))
        self._touch()

    def delete_value(self, name: str) -> bool:
        """Delete a value; says whether it was there."""
        table = self._value_table()
        record = table.find(name)
        if record is None:
            return False
        table.remove(name, record)
        values.free_value(self._cells, record, self._tree.minor)
        if not len(table):
            self._cells.put_u32(self.node, NK_MAX_VALUE_NAME, 0)
            self._cells.put_u32(self.node, NK_MAX_VALUE_DATA, 0)
        self._values_stale = True
        self._touch()
        self._tree.note_change(self)
        return True

    # -- writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write the lists that changed."""
        if self._index_stale:
            self._flush_index()
        if self._values_stale:
            self._flush_values()

    def _flush_index(self) -> None:
        cells, subkeys = self._cells, self._subkeys()
        self._free_index_cells()
        top = NIL
        if subkeys.nodes:
            top = subkeys.write(cells, self._tree.minor, lambda node: nodes.read_name(cells, node))
        cells.put_u32(self.node, NK_SUBKEYS, len(subkeys.nodes))
        cells.put_u32(self.node, NK_SUBKEY_LIST, top)
        cells.note(self.node, INDEX_SEEN)
        self._index_stale = False

    def _flush_values(self) -> None:
        cells, table = self._cells, self._value_table()
        if cells.u32(self.node, NK_VALUES):
            cells.free(cells.u32(self.node, NK_VALUE_LIST))
        top = table.write(cells)
        cells.put_u32(self.node, NK_VALUES, len(table))
        cells.put_u32(self.node, NK_VALUE_LIST, top)
        cells.note(self.node, VALUES_SEEN)
        self._values_stale = False

    def _free_index_cells(self) -> None:
        cells = self._cells
        if cells.u32(self.node, NK_SUBKEYS):
            for cell in index.list_cells(cells, cells.u32(self.node, NK_SUBKEY_LIST)):
                cells.free(cell)

    def _release(self) -> None:
        """Free every cell of this key, which nobody lists any more."""
        cells, tree = self._cells, self._tree
        for record in self._value_table().records():
            values.free_value(cells, record, tree.minor)
        if cells.u32(self.node, NK_VALUES):
            cells.free(cells.u32(self.node, NK_VALUE_LIST))
        self._free_index_cells()
        if cells.u16(self.node, NK_CLASS_SIZE):
            cells.free(cells.u32(self.node, NK_CLASS))
        tree.security.release(cells.u32(self.node, NK_SECURITY))
        cells.free(self.node)
        self._alive = False
        tree.forget(self)

    def _drop_subkey(self, folded: str, node: int) -> None:
        subkeys = self._subkeys()
        subkeys.remove(folded, node)
        if not subkeys.nodes:
            self._cells.put_u32(self.node, NK_MAX_NAME, self._cells.u32(self.node, NK_MAX_NAME) & ~0xFFFF)
            self._cells.put_u32(self.node, NK_MAX_CLASS, 0)
        self._index_stale = True
        self._touch()
        self._tree.note_change(self)

    def _touch(self) -> None:
        U64.pack_into(self._cells.data, self._cells.locate(self.node) + NK_TIME, self._tree.now)

    def _raise_limit(self, field: int, size: int) -> None:
        if size > self._cells.u32(self.node, field):
            self._cells.put_u32(self.node, field, size)

    def _raise_name_limit(self, size: int) -> None:
        packed = self._cells.u32(self.node, NK_MAX_NAME)
        if size > packed & 0xFFFF:
            self._cells.put_u32(self.node, NK_MAX_NAME, packed & ~0xFFFF | size)

    @property
    def _cells(self) -> Cells:
        if not self._alive:
            raise FormatError(FORMAT, Fault.MISSING, "the key was deleted")
        return self._tree.cells

    def _subkeys(self) -> index.SubkeyIndex:
        if self._index is None:
            self._index = nodes.load_index(self._cells, self.node, self._tree.root)
        return self._index

    def _value_table(self) -> values.ValueTable:
        if self._values is None:
            self._values = nodes.load_values(self._cells, self.node, self._tree.minor)
        return self._values


def require_key_name(name: str) -> None:
    """Refuse a name no key can have.

    Raises:
        FormatError: it is empty, too long, or holds a backslash.
    """
    if not name or "\\" in name:
        raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a key can't be named so: `{name}`")
    if names.units(name) > MAX_KEY_NAME:
        raise too_large(f"a key's name is longer than {MAX_KEY_NAME} characters: `{name[:40]}…`")
