"""Security descriptors of keys: cells that keys share, in a ring, each with a count of the keys that use it.

It must not interpret a descriptor beyond refusing what is certainly none.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive.layout import (
    FORMAT,
    SK,
    SK_DESCRIPTOR,
    SK_NEXT,
    SK_PREVIOUS,
    SK_REFERENCES,
    corrupt,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.hive.cells import Cells

_SELF_RELATIVE = 0x8000
_DACL_PRESENT = 0x0004
_HEADER = 20
_MAX_REFERENCES = 0xFFFFFFFF
_MAX_DESCRIPTOR = 0x10000


def _sid(authority: int, *parts: int) -> bytes:
    return (
        pack("<BB", 1, len(parts))
        + authority.to_bytes(6, "big")
        + b"".join(pack("<I", part) for part in parts)
    )


def _allow(mask: int, sid: bytes) -> bytes:
    return pack("<BBHI", 0, 2, 8 + len(sid), mask) + sid  # access allowed, inherited by subkeys


def default_descriptor() -> bytes:
    """What a new hive's root gets: Administrators and SYSTEM full control, Users read, all inherited."""
    administrators, system, users = _sid(5, 32, 544), _sid(5, 18), _sid(5, 32, 545)
    entries = [_allow(0xF003F, system), _allow(0xF003F, administrators), _allow(0x20019, users)]
    acl = pack("<BBHHH", 2, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    owner = _HEADER + len(acl)
    group = owner + len(administrators)
    head = pack("<BBHIIII", 1, 0, _SELF_RELATIVE | _DACL_PRESENT, owner, group, 0, _HEADER)
    return head + acl + administrators + system


def require_descriptor(descriptor: bytes) -> None:
    """Refuse bytes that are no self-relative security descriptor.

    Raises:
        FormatError: too short, too long, or of another kind.
    """
    short = len(descriptor) < _HEADER
    if short or descriptor[0] != 1 or not int.from_bytes(descriptor[2:4], "little") & _SELF_RELATIVE:
        raise FormatError(FORMAT, Fault.CORRUPT, "the bytes are no self-relative security descriptor")
    if len(descriptor) > _MAX_DESCRIPTOR:
        raise FormatError(
            FORMAT, Fault.TOO_LARGE, f"the security descriptor is too long: {len(descriptor)} bytes"
        )


class SecurityRing:
    """The ring of security cells, known since load: a key that refers to another cell is damaged."""

    def __init__(self, cells: Cells, first: int) -> None:
        """Walk the ring from `first`.

        Raises:
            FormatError: it doesn't close, or holds something else.
        """
        self._cells = cells
        self._members: dict[int, bytes] = {}
        self._by_descriptor: dict[bytes, int] = {}
        cell = first
        while cell not in self._members:
            self._admit(cell)
            following = cells.u32(cell, SK_NEXT)
            if cells.u32(following, SK_PREVIOUS) != cell:
                raise corrupt("the links between security cells contradict each other", cell)
            cell = following
        if cell != first:
            raise corrupt("the ring of security cells doesn't close", cell)

    @classmethod
    def create(cls, cells: Cells, descriptor: bytes) -> tuple[SecurityRing, int]:
        """A ring of one cell that one key uses; also its offset."""
        require_descriptor(descriptor)
        cell = cells.allocate(SK.pack(b"sk", 0, 0, 0, 1, len(descriptor)) + descriptor)
        cells.put_u32(cell, SK_NEXT, cell)
        cells.put_u32(cell, SK_PREVIOUS, cell)
        cells.unclaim(cell)
        return cls(cells, cell), cell

    def _admit(self, cell: int) -> None:
        start = self._cells.locate(cell, SK.size)
        signature, _, _, _, _, size = SK.unpack_from(self._cells.data, start)
        if signature != b"sk":
            raise corrupt("a security cell has no signature", cell)
        self._cells.share(cell)
        self._enter(cell, self._cells.read(cell, SK_DESCRIPTOR, size))

    def _enter(self, cell: int, descriptor: bytes) -> None:
        self._members[cell] = descriptor
        self._by_descriptor.setdefault(descriptor, cell)

    def require(self, cell: int) -> int:
        """`cell` itself.

        Raises:
            FormatError: it is not in the ring.
        """
        if cell not in self._members:
            raise corrupt(
                f"a key's security cell is not among the hive's: 0x{cell:x}", min(cell, len(self._cells.data))
            )
        return cell

    def descriptor(self, cell: int) -> bytes:
        """The descriptor in `cell`."""
        return self._members[self.require(cell)]

    def require_uses(self, uses: Mapping[int, int]) -> None:
        """Check that cells count at least so many keys each.

        Raises:
            FormatError: one counts fewer.
        """
        for cell, count in uses.items():
            if self._cells.u32(self.require(cell), SK_REFERENCES) < count:
                raise corrupt("a security cell counts fewer keys than use it", cell)

    def use(self, cell: int) -> int:
        """Count one more key that uses `cell`, and return it."""
        count = self._cells.u32(self.require(cell), SK_REFERENCES)
        if count == _MAX_REFERENCES:
            raise corrupt("a security cell counts too many keys", cell)
        self._cells.put_u32(cell, SK_REFERENCES, count + 1)
        return cell

    def release(self, cell: int) -> None:
        """Count one key less; the last one's cell leaves the ring."""
        self.require_uses({cell: 1})
        count = self._cells.u32(cell, SK_REFERENCES)
        if count > 1 or len(self._members) == 1:
            self._cells.put_u32(cell, SK_REFERENCES, count - 1)
            return
        following, previous = self._cells.u32(cell, SK_NEXT), self._cells.u32(cell, SK_PREVIOUS)
        self._cells.put_u32(following, SK_PREVIOUS, previous)
        self._cells.put_u32(previous, SK_NEXT, following)
        descriptor = self._members.pop(cell)
        if self._by_descriptor[descriptor] == cell:
            del self._by_descriptor[descriptor]
        self._cells.free(cell)

    def obtain(self, descriptor: bytes, near: int) -> int:
        """The cell that holds `descriptor`, one key counted; a new one enters the ring after `near`."""
        require_descriptor(descriptor)
        known = self._by_descriptor.get(descriptor)
        if known is not None:
            return self.use(known)
        following = self._cells.u32(self.require(near), SK_NEXT)
        cell = self._cells.allocate(SK.pack(b"sk", 0, following, near, 1, len(descriptor)) + descriptor)
        self._cells.unclaim(cell)
        self._cells.share(cell)
        self._cells.put_u32(near, SK_NEXT, cell)
        self._cells.put_u32(following, SK_PREVIOUS, cell)
        self._enter(cell, descriptor)
        return cell
