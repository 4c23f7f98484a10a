"""Values: records, their data (inline, in a cell, or split into segments), and the table of one key's values.

It must not interpret data by type; `data.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from osrecipe.formats.hive import names
from osrecipe.formats.hive.layout import (
    DB,
    INLINE,
    MAX_DATA,
    MAX_WHOLE_DATA,
    NIL,
    SEGMENT,
    SEGMENT_CELL,
    U32,
    VALUE_COMPRESSED,
    VK,
    VK_NAME,
    VK_OFFSET,
    VK_SIZE,
    VK_TYPE,
    corrupt,
)

if TYPE_CHECKING:
    from osrecipe.formats.hive.cells import Cells

BIG_DATA_SINCE = 4
"""The minor version from which long data is split."""
_INLINE_MAX = 4


class ValueType(IntEnum):
    """The registered types of values; hives also hold other numbers."""

    NONE = 0
    SZ = 1
    EXPAND_SZ = 2
    BINARY = 3
    DWORD = 4
    DWORD_BIG_ENDIAN = 5
    LINK = 6
    MULTI_SZ = 7
    RESOURCE_LIST = 8
    FULL_RESOURCE_DESCRIPTOR = 9
    RESOURCE_REQUIREMENTS_LIST = 10
    QWORD = 11


_KNOWN = {int(member): member for member in ValueType}


def max_data(minor: int) -> int:
    """The most bytes a value may have in a hive of that minor version."""
    return MAX_DATA if minor >= BIG_DATA_SINCE else MAX_WHOLE_DATA


@dataclass(frozen=True, slots=True)
class Value:
    """One value.

    Attributes:
        name: the name as stored; empty for the default value.
        type: a `ValueType` where the number is registered.
        data: the data's bytes.
    """

    name: str
    type: int
    data: bytes


def read_name(cells: Cells, record: int) -> str:
    """The name of the value whose record is the cell `record`."""
    start = cells.locate(record, VK.size)
    signature, size, _, _, _, flags, _ = VK.unpack_from(cells.data, start)
    if signature != b"vk":
        raise corrupt("a value has no signature", record)
    if not size:
        return ""
    cells.locate(record, VK_NAME + size)
    raw = bytes(cells.data[start + VK_NAME : start + VK_NAME + size])
    return names.decode(raw, compressed=bool(flags & VALUE_COMPRESSED), cell=record)


def read_value(cells: Cells, record: int, name: str, minor: int) -> Value:
    """The value of that record and name.

    Raises:
        FormatError: its data are damaged.
    """
    _, _, size, cell, number, _, _ = VK.unpack_from(cells.data, cells.locate(record, VK.size))
    return Value(name, _KNOWN.get(number, number), _read_data(cells, record, size, cell, minor))


def _read_data(cells: Cells, record: int, size: int, cell: int, minor: int) -> bytes:
    if size & INLINE:
        return cells.read(record, VK_OFFSET, size & ~INLINE)
    if size == 0:
        return b""
    if size <= SEGMENT or minor < BIG_DATA_SINCE:
        return cells.read(cell, 0, size)
    segments = _segments(cells, cell, size)
    last = size - SEGMENT * (len(segments) - 1)
    parts = [cells.read(segment, 0, SEGMENT) for segment in segments[:-1]]
    return b"".join([*parts, cells.read(segments[-1], 0, last)])


def _segments(cells: Cells, cell: int, size: int) -> list[int]:
    """The segment cells of big data."""
    signature, count, segment_list, _ = DB.unpack_from(cells.data, cells.locate(cell, DB.size))
    if signature != b"db":
        raise corrupt("big data has no signature", cell)
    if count != -(-size // SEGMENT):
        raise corrupt(f"big data of {size} bytes has a wrong number of segments: {count}", cell)
    return cells.u32s(segment_list, 0, count)


def data_cells(cells: Cells, record: int, minor: int) -> list[int]:
    """Every cell that holds data of a value, list and head of big data included."""
    _, _, size, cell, *_ = VK.unpack_from(cells.data, cells.locate(record, VK.size))
    if size & INLINE:
        if size & ~INLINE > _INLINE_MAX:
            raise corrupt(f"a value claims too much inline data: {size & ~INLINE} bytes", record)
        return []
    if size == 0:
        return []
    if size <= SEGMENT or minor < BIG_DATA_SINCE:
        return [cell]
    return [*_segments(cells, cell, size), cells.u32(cell, 4), cell]


def create_record(cells: Cells, name: str) -> int:
    """A new record without data."""
    raw, compressed = names.encode(name)
    flags = VALUE_COMPRESSED if compressed and raw else 0
    return cells.allocate(VK.pack(b"vk", len(raw), INLINE, 0, 0, flags, 0) + raw)


def write_data(cells: Cells, record: int, number: int, data: bytes, minor: int) -> None:
    """Give a record new type and data; the cells of the old data are freed."""
    old = data_cells(cells, record, minor)
    if len(data) <= _INLINE_MAX:
        size, field = len(data) | INLINE, data.ljust(4, b"\0")
    elif len(data) <= SEGMENT or minor < BIG_DATA_SINCE:
        size, field = len(data), U32.pack(cells.allocate(data))
    else:
        size, field = len(data), U32.pack(_write_segments(cells, data))
    for cell in old:
        cells.free(cell)
    start = cells.locate(record, VK.size)
    cells.data[start + VK_OFFSET : start + VK_TYPE] = field
    cells.put_u32(record, VK_SIZE, size)
    cells.put_u32(record, VK_TYPE, number)


def _write_segments(cells: Cells, data: bytes) -> int:
    segments = [
        cells.allocate(data[start : start + SEGMENT], SEGMENT_CELL) for start in range(0, len(data), SEGMENT)
    ]
    segment_list = cells.allocate(b"".join(map(U32.pack, segments)))
    return cells.allocate(DB.pack(b"db", len(segments), segment_list, 0))


def free_value(cells: Cells, record: int, minor: int) -> None:
    """Free a value's record and data."""
    for cell in data_cells(cells, record, minor):
        cells.free(cell)
    cells.free(record)


class ValueTable:
    """The values of one key in stored order, found by name."""

    __slots__ = ("_by_name", "_records")

    def __init__(self, named: list[tuple[str, int]]) -> None:
        """Take (name, record) pairs; of two values with one name the first is found."""
        self._records: dict[int, str] = {record: name for name, record in named}
        self._by_name: dict[str, int] = {}
        for name, record in named:
            self._by_name.setdefault(names.fold(name), record)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, record: int) -> bool:
        return record in self._records

    def records(self) -> list[tuple[int, str]]:
        """The records and their names in order."""
        return list(self._records.items())

    def find(self, name: str) -> int | None:
        """The record of the value named so, in any case."""
        return self._by_name.get(names.fold(name))

    def name_of(self, record: int) -> str:
        """The name of a value in its stored case."""
        return self._records[record]

    def add(self, name: str, record: int) -> None:
        """Append a value."""
        self._records[record] = name
        self._by_name[names.fold(name)] = record

    def remove(self, name: str, record: int) -> None:
        """Take a value out."""
        del self._records[record]
        del self._by_name[names.fold(name)]

    def write(self, cells: Cells) -> int:
        """Write the list of records; no values, no list."""
        if not self._records:
            return NIL
        return cells.allocate(b"".join(map(U32.pack, self._records)))
