"""What an examination knows: the cells in use, which of them have been referred to, and what was found wrong.

It must not know what the cells of a hive mean; `check.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import names
from osrecipe.formats.hive.cells import bin_size
from osrecipe.formats.hive.layout import BASE_SIZE, BIN_HEADER, I32, U32

MAX_FINDINGS = 1000
"""After so many an examination ends."""


class Flaw(StrEnum):
    """What can be wrong with a hive's structure."""

    HEADER = "header"
    DIRTY = "dirty"
    CHECKSUM = "checksum"
    CELLS = "cells"  # bins or cells don't tile the file
    REFERENCE = "reference"  # an offset that leads nowhere or to the wrong thing
    SHARED = "shared"  # a cell referred to twice
    UNUSED = "unused"  # a cell in use that nothing refers to
    PARENT = "parent"
    COUNT = "count"
    ORDER = "order"
    HASH = "hash"
    NAME = "name"
    DATA = "data"
    LIMIT = "limit"  # a "largest" field that is too small
    SECURITY = "security"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        flaw: what kind of thing.
        offset: where, in bytes from the start of the file.
        text: one sentence for people.
    """

    flaw: Flaw
    offset: int
    text: str


class EnoughError(Exception):
    """Ends an examination that has found enough or can't go on."""


class BrokenError(Exception):
    """Ends the examination of one part; the finding has been noted."""


class Ledger:
    """The account of one examination. Offsets of cells are relative to the bins, those of findings to the file.

    Attributes:
        findings: what was found so far.
        bins: the bins' bytes.
        minor: the file's minor version.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.bins = b""
        self.minor = 0
        self._cells: dict[int, int] = {}
        self._used: set[int] = set()

    def note(self, flaw: Flaw, cell: int, text: str) -> None:
        """Note a finding about a byte of the bins."""
        self.note_at(flaw, BASE_SIZE + cell, text)

    def note_at(self, flaw: Flaw, offset: int, text: str) -> None:
        """Note a finding about a byte of the file."""
        if len(self.findings) >= MAX_FINDINGS:
            raise EnoughError
        self.findings.append(Finding(flaw, offset, text))

    def enter_bins(self, bins: bytes) -> None:
        """Enter every cell; bins or cells that don't tile the file end the examination."""
        self.bins = bins
        start = 0
        while start < len(bins):
            try:
                end = start + bin_size(bins, start)
            except FormatError as error:
                self.note(Flaw.CELLS, start, error.reason)
                raise EnoughError from error
            self._enter_bin(start + BIN_HEADER, end)
            start = end

    def _enter_bin(self, position: int, end: int) -> None:
        while position < end:
            (size,) = I32.unpack_from(self.bins, position)
            length = abs(size)
            if length == 0 or length % 8 or position + length > end:
                self.note(Flaw.CELLS, position, f"a cell has an impossible size: {size}")
                raise EnoughError
            if size < 0:
                self._cells[position] = length - 4
            position += length

    def size(self, cell: int) -> int:
        """Payload bytes of a cell in use, or 0."""
        return self._cells.get(cell, 0)

    def use(self, cell: int, need: int, referrer: int, what: str) -> bytes:
        """The payload of a cell, of at least `need` bytes; each cell is used once."""
        if cell not in self._cells:
            self.note(Flaw.REFERENCE, referrer, f"{what}: no cell is in use at 0x{cell:x}")
            raise BrokenError
        if cell in self._used:
            self.note(Flaw.SHARED, referrer, f"{what}: the cell at 0x{cell:x} is referred to twice")
            raise BrokenError
        self._used.add(cell)
        size = self._cells[cell]
        if size < need:
            self.note(
                Flaw.REFERENCE, referrer, f"{what}: the cell at 0x{cell:x} is shorter than {need} bytes"
            )
            raise BrokenError
        return self.bins[cell + 4 : cell + 4 + size]

    def note_unused(self) -> None:
        """Note the cells in use that nothing referred to."""
        for cell in sorted(self._cells.keys() - self._used):
            self.note(Flaw.UNUSED, cell, "a cell is in use but nothing refers to it")

    def numbers(self, payload: bytes, start: int, count: int, cell: int) -> list[int]:
        """`count` 32-bit numbers of a payload."""
        end = start + 4 * count
        if end > len(payload):
            self.note(Flaw.COUNT, cell, f"a list counts more than its cell holds: {count}")
            raise BrokenError
        return [number for (number,) in U32.iter_unpack(payload[start:end])]

    def name(self, raw: bytes, cell: int, *, compressed: bool) -> str:
        """The name stored as `raw`."""
        try:
            name = names.decode(raw, compressed=compressed, cell=cell)
        except FormatError as error:
            self.note(Flaw.NAME, cell, error.reason)
            raise BrokenError from error
        if not compressed and name and max(name) <= "\xff":
            self.note(Flaw.NAME, cell, "a name is stored in UTF-16 without need")
        return name
