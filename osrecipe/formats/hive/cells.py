"""The cells of a hive: where they lie, which are free, taking and giving back.

The bins are scanned once, on load. After that every offset read from the file is checked against the map of cell
starts, so no two cells can overlap and nothing outside the bins is touched. A cell that belongs to one owner is
claimed by it; a second claim is damage. That keeps a walk linear in the size of the file, whatever it holds.

It must not know what cells contain.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from osrecipe.formats.hive.layout import (
    BIN_HEAD,
    BIN_HEADER,
    I32,
    MAX_BINS_SIZE,
    PAGE,
    U16,
    U32,
    corrupt,
    too_large,
)

ALLOCATED = 1
FREE = 2
CLAIMED = 4
INDEX_SEEN = 8  # on a key node: its subkey list has been claimed
VALUES_SEEN = 16  # on a key node: its values have been claimed
SHARED = 32  # a security cell: many keys refer to it, nothing else may
_STATES = ALLOCATED | CLAIMED | SHARED

_SPLIT = 8  # the smallest cell


class Cells:
    """The bins of a hive as one growing buffer.

    Attributes:
        data: the bins' bytes, without the base block.
        marks: one byte of flags for each eight bytes of `data`; non-zero at the start of a cell.
    """

    def __init__(self, data: bytearray) -> None:
        """Scan `data`.

        Raises:
            FormatError: bins or cells do not tile the buffer.
        """
        self.data = data
        self.marks = bytearray(len(data) // 8)
        self._free: dict[int, list[int]] = {}
        self._sizes: list[int] = []
        self._free_by_end: dict[int, int] = {}
        self._bin_ends: set[int] = set()
        self._scan()

    def _scan(self) -> None:
        position = 0
        while position < len(self.data):
            size = bin_size(self.data, position)
            self._scan_bin(position, position + size)
            position += size

    def _scan_bin(self, start: int, end: int) -> None:
        unpack, data, marks = I32.unpack_from, self.data, self.marks
        position = start + BIN_HEADER
        while position < end:
            (size,) = unpack(data, position)
            length = -size if size < 0 else size
            if length < _SPLIT or length & 7 or length > end - position:
                raise corrupt(f"a cell has an impossible size: {size}", position)
            if size < 0:
                marks[position >> 3] = ALLOCATED
            else:
                self._put_free(position, length)
            position += length
        self._bin_ends.add(end)

    def locate(self, cell: int, need: int = 0) -> int:
        """The index in `data` of the payload of `cell`, of which `need` bytes are going to be read.

        Raises:
            FormatError: no allocated cell starts there, or it is shorter.
        """
        if cell & 7 or cell >= len(self.data) or not self.marks[cell >> 3] & ALLOCATED:
            raise corrupt(f"an offset does not point to a cell in use: 0x{cell:x}", min(cell, len(self.data)))
        if -I32.unpack_from(self.data, cell)[0] - 4 < need:
            raise corrupt(f"a cell is too short: {need} bytes are needed", cell)
        return cell + 4

    def size(self, cell: int) -> int:
        """Payload bytes of an allocated cell."""
        return -int(I32.unpack_from(self.data, self.locate(cell) - 4)[0]) - 4

    def read(self, cell: int, start: int, length: int) -> bytes:
        """`length` bytes of a cell's payload from `start`."""
        position = self.locate(cell, start + length) + start
        return bytes(self.data[position : position + length])

    def u16(self, cell: int, field: int) -> int:
        """A 16-bit field of a cell."""
        return int(U16.unpack_from(self.data, self.locate(cell, field + 2) + field)[0])

    def u32(self, cell: int, field: int) -> int:
        """A 32-bit field of a cell."""
        return int(U32.unpack_from(self.data, self.locate(cell, field + 4) + field)[0])

    def put_u32(self, cell: int, field: int, value: int) -> None:
        """Set a 32-bit field of a cell."""
        U32.pack_into(self.data, self.locate(cell, field + 4) + field, value)

    def u32s(self, cell: int, start: int, count: int) -> list[int]:
        """`count` 32-bit numbers of a cell's payload."""
        raw = self.read(cell, start, 4 * count)
        return [number for (number,) in U32.iter_unpack(raw)]

    def claim(self, cell: int) -> None:
        """Note that `cell` belongs to somebody.

        Raises:
            FormatError: it is not in use, or belongs to somebody already.
        """
        if cell & 7 or cell >= len(self.data) or self.marks[cell >> 3] & _STATES != ALLOCATED:
            self.locate(cell)
            raise corrupt("a cell is referred to twice", cell)
        self.marks[cell >> 3] |= CLAIMED

    def unclaim(self, cell: int) -> None:
        """Take back a claim."""
        self.marks[cell >> 3] &= ~CLAIMED

    def share(self, cell: int) -> None:
        """Note that `cell` is a security cell."""
        self.locate(cell)
        if self.marks[cell >> 3] & CLAIMED:
            raise corrupt("a cell is referred to twice", cell)
        self.marks[cell >> 3] |= SHARED

    def seen(self, cell: int, flag: int) -> bool:
        """Whether `flag` was noted for `cell`."""
        return bool(self.marks[cell >> 3] & flag)

    def note(self, cell: int, flag: int) -> None:
        """Note `flag` for `cell`."""
        self.marks[cell >> 3] |= flag

    def allocate(self, payload: bytes | bytearray, size: int = 0) -> int:
        """A new cell holding `payload`, padded with zeros to at least `size` bytes; it counts as claimed.

        Returns:
            The cell's offset.

        Raises:
            FormatError: the hive would grow past 2 GiB.
        """
        need = (max(len(payload), size) + 4 + 7) & ~7
        cell, length = self._take(need)
        if length - need >= _SPLIT:
            self._put_free(cell + need, length - need)
            length = need
        I32.pack_into(self.data, cell, -length)
        self.data[cell + 4 : cell + length] = bytes(payload) + bytes(length - 4 - len(payload))
        self.marks[cell >> 3] = ALLOCATED | CLAIMED
        return cell

    def free(self, cell: int) -> None:
        """Give `cell` back: its bytes are wiped and it is joined with free neighbours in its bin."""
        start = self.locate(cell) - 4
        end = start + 4 + self.size(cell)
        self.data[start:end] = bytes(end - start)
        self.marks[start >> 3] = 0
        if end not in self._bin_ends and self.marks[end >> 3] & FREE:
            end = self._drop_free(end)
        before = self._free_by_end.get(start)
        if before is not None:
            self._drop_free(before)
            start = before
        self._put_free(start, end - start)

    def _take(self, need: int) -> tuple[int, int]:
        """Remove the smallest free cell of at least `need` bytes from the free list, growing the hive if none is."""
        while True:
            place = bisect_left(self._sizes, need)
            if place == len(self._sizes):
                self._grow(need)
                continue
            size = self._sizes[place]
            cell = self._pop(size)
            if cell is None:
                del self._free[size]
                del self._sizes[place]
                continue
            self._drop_free(cell)
            return cell, size

    def _pop(self, size: int) -> int | None:
        """A free cell of exactly `size` bytes; entries that were joined or taken since are passed over."""
        stack = self._free[size]
        while stack:
            cell = stack.pop()
            if self.marks[cell >> 3] & FREE and I32.unpack_from(self.data, cell)[0] == size:
                return cell
        return None

    def _put_free(self, cell: int, size: int) -> None:
        I32.pack_into(self.data, cell, size)
        self.marks[cell >> 3] = FREE
        self._free_by_end[cell + size] = cell
        stack = self._free.get(size)
        if stack is None:
            stack = self._free[size] = []
            insort(self._sizes, size)
        stack.append(cell)

    def _drop_free(self, cell: int) -> int:
        """Forget the free cell `cell`; its list entry goes stale.

        Returns:
            Where it ended.
        """
        end = cell + int(I32.unpack_from(self.data, cell)[0])
        self.marks[cell >> 3] = 0
        I32.pack_into(self.data, cell, 0)
        del self._free_by_end[end]
        return end

    def _grow(self, need: int) -> None:
        start = len(self.data)
        size = (need + BIN_HEADER + PAGE - 1) & ~(PAGE - 1)
        if start + size > MAX_BINS_SIZE:
            raise too_large("the hive would grow past 2 GiB")
        self.data += bytes(size)
        self.marks += bytes(size // 8)
        BIN_HEAD.pack_into(self.data, start, b"hbin", start, size, 0, 0, 0)
        self._bin_ends.add(start + size)
        self._put_free(start + BIN_HEADER, size - BIN_HEADER)


def bin_size(data: bytes | bytearray, position: int) -> int:
    """The size of the bin at `position`, its header checked.

    Raises:
        FormatError: the header is not one, or does not fit.
    """
    if len(data) - position < BIN_HEADER:
        raise corrupt("the last bin is cut off", position)
    signature, offset, size, *_ = BIN_HEAD.unpack_from(data, position)
    if signature != b"hbin":
        raise corrupt("a bin has no signature", position)
    if offset != position:
        raise corrupt(f"a bin states another offset: 0x{offset:x}", position)
    if size == 0 or size % PAGE or size > len(data) - position:
        raise corrupt(f"a bin has an impossible size: {size}", position)
    return int(size)
