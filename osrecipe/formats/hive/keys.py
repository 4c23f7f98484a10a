"""Keys: the tree people see, over the cells of a hive.

Lists of subkeys and values are kept in memory while they change and written by `Tree.flush`. Everything else is
written at once, in place.

It must not know about files, headers or transaction logs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive import names, nodes
from osrecipe.formats.hive.layout import (
    FORMAT,
    KEY_SYMLINK,
    KEY_VOLATILE,
    MAX_DEPTH,
    MAX_KEY_NAME,
    MAX_VALUE_NAME,
    NIL,
    NK_CLASS,
    NK_CLASS_SIZE,
    NK_FLAGS,
    NK_MAX_VALUE_DATA,
    NK_SECURITY,
    NK_TIME,
    U64,
    too_large,
)
from osrecipe.formats.hive.lists import KeyLists
from osrecipe.formats.hive.values import Value, ValueType, max_data, read_value, write_data

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
            key.lists.flush()
        self._changed.clear()


class Key:
    """One key. Objects are made by `Hive`; all handles of one key are the same object.

    A handle of a deleted key answers every call with a `FormatError`.
    """

    __slots__ = ("__weakref__", "_lists", "_tree", "depth", "node", "parent")

    def __init__(self, tree: Tree, node: int, parent: Key | None) -> None:
        self._tree = tree
        self._lists: KeyLists | None = KeyLists(tree.cells, node, root=tree.root, minor=tree.minor)
        self.node = node
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
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
        if value is None or value.type != ValueType.LINK:
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
        self.touch()

    # -- subkeys ---------------------------------------------------------------------------------------------------

    def subkeys(self) -> Iterator[Key]:
        """The subkeys in the registry's order, as they are now."""
        return iter([self._tree.key(node, self) for node in self.lists.index.nodes])

    def subkey(self, name: str) -> Key | None:
        """The subkey named so, in any case."""
        node = self.lists.index.find(names.fold(name))
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
        tree = self._tree
        security = tree.security.use(self._cells.u32(self.node, NK_SECURITY))
        node = self.lists.add_subkey(name, timestamp=tree.now, security=security)
        self.touch()
        return tree.key(node, self)

    def delete(self) -> None:
        """Delete this key and everything below it.

        Raises:
            FormatError: it is the root.
        """
        if self.parent is None:
            raise FormatError(FORMAT, Fault.UNSUPPORTED, "the root key can't be deleted")
        doomed = [self]
        uses: Counter[int] = Counter()
        for key in doomed:  # the list grows under the loop; all is examined before anything is freed
            _ = key.lists.values
            uses[self._cells.u32(key.node, NK_SECURITY)] += 1
            doomed.extend(key.subkeys())
        self._tree.security.require_uses(uses)
        self.parent.lists.drop_subkey(self.name, self.node)
        self.parent.touch()
        for key in doomed:
            key.release()

    # -- values ----------------------------------------------------------------------------------------------------

    def values(self) -> Iterator[Value]:
        """The values in stored order, as they are now; one that is deleted meanwhile is left out."""
        table = self.lists.values
        for record, name in table.records():
            if record in table:
                yield read_value(self._cells, record, name, self._tree.minor)

    def value(self, name: str) -> Value | None:
        """The value named so, in any case; the empty name is the default value."""
        table = self.lists.values
        record = table.find(name)
        if record is None:
            return None
        return read_value(self._cells, record, table.name_of(record), self._tree.minor)

    def set(self, name: str, type: ValueType | int, data: bytes) -> None:  # noqa: A002 - the registry's word
        """Create or replace a value. A value that exists keeps its place and the case of its name.

        Raises:
            FormatError: name, type or data are past the format's limits.
        """
        if names.units(name) > MAX_VALUE_NAME:
            raise too_large(f"a value's name is longer than {MAX_VALUE_NAME} characters: `{name[:40]}…`")
        if not 0 <= type <= NIL:
            raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a value's type doesn't fit 32 bits: {type}")
        if len(data) > max_data(self._tree.minor):
            raise too_large(f"the data of value `{name[:40]}` is too long: {len(data)} bytes")
        record = self.lists.values.find(name)
        if record is None:
            record = self.lists.add_value(name)
        write_data(self._cells, record, int(type), bytes(data), self._tree.minor)
        self.lists.raise_limit(NK_MAX_VALUE_DATA, len(data))
        self.touch()

    def delete_value(self, name: str) -> bool:
        """Delete a value; says whether it was there."""
        record = self.lists.values.find(name)
        if record is None:
            return False
        self.lists.drop_value(name, record)
        self.touch()
        return True

    # -- for this package ------------------------------------------------------------------------------------------

    @property
    def lists(self) -> KeyLists:
        """The key's lists, for this package.

        Raises:
            FormatError: the key was deleted.
        """
        if self._lists is None:
            raise FormatError(FORMAT, Fault.MISSING, "the key was deleted")
        return self._lists

    def release(self) -> None:
        """Free every cell of a key that nobody lists any more, for this package."""
        cells, tree = self._cells, self._tree
        self.lists.release()
        if cells.u16(self.node, NK_CLASS_SIZE):
            cells.free(cells.u32(self.node, NK_CLASS))
        tree.security.release(cells.u32(self.node, NK_SECURITY))
        cells.free(self.node)
        self._lists = None
        tree.forget(self)

    def touch(self) -> None:
        """Note a change: the key's time becomes the tree's `now`; its lists will be written."""
        U64.pack_into(self._cells.data, self._cells.locate(self.node) + NK_TIME, self._tree.now)
        self._tree.note_change(self)

    @property
    def _cells(self) -> Cells:
        if self._lists is None:
            raise FormatError(FORMAT, Fault.MISSING, "the key was deleted")
        return self._tree.cells


def require_key_name(name: str) -> None:
    """Refuse a name no key can have.

    Raises:
        FormatError: it is empty, too long, or holds a backslash.
    """
    if not name or "\\" in name:
        raise FormatError(FORMAT, Fault.UNSUPPORTED, f"a key can't be named so: `{name}`")
    if names.units(name) > MAX_KEY_NAME:
        raise too_large(f"a key's name is longer than {MAX_KEY_NAME} characters: `{name[:40]}…`")
