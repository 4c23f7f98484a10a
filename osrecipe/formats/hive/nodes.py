"""Key nodes as stored: reading their names, checking who they belong to, making new ones.

It must not know the tree above it; `keys.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.hive import index, names, values
from osrecipe.formats.hive.cells import INDEX_SEEN, VALUES_SEEN
from osrecipe.formats.hive.layout import (
    KEY_COMPRESSED,
    MAX_KEY_NAME,
    NIL,
    NK,
    NK_CLASS,
    NK_CLASS_SIZE,
    NK_FLAGS,
    NK_NAME,
    NK_NAME_SIZE,
    NK_PARENT,
    NK_SUBKEY_LIST,
    NK_SUBKEYS,
    NK_VALUE_LIST,
    NK_VALUES,
    U16,
    U32,
    corrupt,
)

if TYPE_CHECKING:
    from osrecipe.formats.hive.cells import Cells


def read_name(cells: Cells, node: int) -> str:
    """The name of a key node.

    Raises:
        FormatError: it is no key node, or its name is impossible.
    """
    start = cells.locate(node, NK.size)
    if cells.data[start : start + 2] != b"nk":
        raise corrupt("a key has no signature", node)
    compressed = bool(U16.unpack_from(cells.data, start + NK_FLAGS)[0] & KEY_COMPRESSED)
    (size,) = U16.unpack_from(cells.data, start + NK_NAME_SIZE)
    if size > (MAX_KEY_NAME if compressed else 2 * MAX_KEY_NAME):
        raise corrupt(f"a key's name is too long: {size} bytes", node)
    cells.locate(node, NK_NAME + size)
    raw = bytes(cells.data[start + NK_NAME : start + NK_NAME + size])
    return names.decode(raw, compressed=compressed, cell=node)


def create(cells: Cells, name: str, *, flags: int, timestamp: int, parent: int, security: int) -> int:
    """A new key node without subkeys and values; the caller has counted the use of `security`."""
    raw, compressed = names.encode(name)
    flags |= KEY_COMPRESSED if compressed else 0
    lists = (0, 0, NIL, NIL, 0, NIL)
    sizes = (0, 0, 0, 0, 0, len(raw), 0)
    return cells.allocate(NK.pack(b"nk", flags, timestamp, 0, parent, *lists, security, NIL, *sizes) + raw)


def claim(cells: Cells, node: int) -> None:
    """Claim a key node and its class name."""
    cells.claim(node)
    if cells.u16(node, NK_CLASS_SIZE):
        cells.claim(cells.u32(node, NK_CLASS))


def load_index(cells: Cells, node: int, root: int) -> index.SubkeyIndex:
    """The subkeys of a key node, every child checked to be its own.

    A child that names another parent is refused. So is the root as a child, and a cell that is somebody's already;
    together this means that what can be reached is a tree.

    Raises:
        FormatError: the list or a child is damaged.
    """
    count = cells.u32(node, NK_SUBKEYS)
    if count == 0:
        return index.SubkeyIndex([])
    top = cells.u32(node, NK_SUBKEY_LIST)
    children = index.read_list(cells, top)
    if len(children) != count:
        raise corrupt(f"a key claims {count} subkeys and lists {len(children)}", node)
    first_time = not cells.seen(node, INDEX_SEEN)
    if first_time:
        cells.note(node, INDEX_SEEN)
        for cell in index.list_cells(cells, top):
            cells.claim(cell)
    entries = []
    for child in children:
        entries.append((names.fold(read_name(cells, child)), child))
        (parent,) = U32.unpack_from(cells.data, child + 4 + NK_PARENT)  # `read_name` has checked the cell
        if child == root or parent != node:
            raise corrupt("a key is listed by one that isn't its parent", child)
        if first_time:
            claim(cells, child)
    return index.SubkeyIndex(entries)


def load_values(cells: Cells, node: int, minor: int) -> values.ValueTable:
    """The values of a key node.

    Raises:
        FormatError: the list or a value is damaged.
    """
    count = cells.u32(node, NK_VALUES)
    if count == 0:
        return values.ValueTable([])
    top = cells.u32(node, NK_VALUE_LIST)
    records = cells.u32s(top, 0, count)
    if not cells.seen(node, VALUES_SEEN):
        cells.note(node, VALUES_SEEN)
        cells.claim(top)
        for record in records:
            cells.claim(record)
            for cell in values.data_cells(cells, record, minor):
                cells.claim(cell)
    return values.ValueTable([(values.read_name(cells, record), record) for record in records])
