"""Cells: taking, giving back, joining, growing; and bins that aren't bins."""

from __future__ import annotations

from struct import pack_into, unpack_from

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive.cells import Cells


def one_bin() -> Cells:
    """One bin of 4,096 bytes with one small cell in use."""
    cells = Cells(bytearray())
    cells.allocate(b"first")
    return cells


def test_first_cell_makes_a_bin() -> None:
    """The bin has a header, the cell, and one free cell for the rest."""
    cells = one_bin()
    signature, offset, size = unpack_from("<4sII", cells.data)
    assert (signature, offset, size) == (b"hbin", 0, 4096)
    assert (
        unpack_from("<i", cells.data, 32)[0],
        unpack_from("<i", cells.data, 48)[0],
    ) == (-16, 4096 - 32 - 16)


def test_freed_neighbours_are_joined() -> None:
    """Free cells beside each other become one, in whatever order they were freed."""
    for order in ((0, 1, 2), (2, 1, 0), (0, 2, 1)):
        cells = Cells(bytearray())
        made = [cells.allocate(bytes(50)) for _ in range(3)]
        for place in order:
            cells.free(made[place])
        assert unpack_from("<i", cells.data, 32)[0] == 4096 - 32


def test_joining_stops_at_a_bin() -> None:
    """Free cells of two bins stay two."""
    cells = Cells(bytearray())
    made = [cells.allocate(bytes(4060)) for _ in range(2)]
    for cell in made:
        cells.free(cell)
    assert [unpack_from("<i", cells.data, 4096 * place + 32)[0] for place in range(2)] == [4064, 4064]


def test_freed_cells_are_wiped() -> None:
    """What was deleted is not left in the file."""
    cells = one_bin()
    cells.free(cells.allocate(b"secret"))
    assert b"secret" not in cells.data


def test_smallest_fitting_cell_is_taken() -> None:
    """A hole is used before the rest of the bin."""
    cells = one_bin()
    hole = cells.allocate(bytes(100))
    cells.allocate(b"wall")
    cells.free(hole)
    assert hole == cells.allocate(bytes(90))


def test_large_cell_gets_a_bin_of_its_size() -> None:
    """A bin holds its largest cell, in whole pages."""
    cells = Cells(bytearray())
    cells.allocate(bytes(10_000))
    assert (len(cells.data), unpack_from("<I", cells.data, 8)[0]) == (12288, 12288)


@pytest.mark.parametrize("offset", [0, 33, 40, 0x7FFFFFF8, 0xFFFFFFFF])
def test_offset_that_is_no_cell_is_refused(offset: int) -> None:
    """Only the start of a cell in use is one."""
    with pytest.raises(FormatError) as caught:
        one_bin().locate(offset)
    assert caught.value.slug == "hive/corrupt"


def test_second_claim_is_refused() -> None:
    """A cell has one owner."""
    with pytest.raises(FormatError) as caught:
        one_bin().claim(32)
    assert (caught.value.slug, caught.value.offset) == ("hive/corrupt", 4096 + 32)


@pytest.mark.parametrize("size", [0, -4, 4, -4096, 4096, -(2**31), 2**31 - 1, -12])
def test_impossible_cell_size_is_refused(size: int) -> None:
    """A cell is a multiple of eight bytes within its bin."""
    data = one_bin().data
    pack_into("<i", data, 48, size)
    with pytest.raises(FormatError) as caught:
        Cells(data)
    assert (caught.value.slug, caught.value.offset) == ("hive/corrupt", 4096 + 48)


@pytest.mark.parametrize(("place", "number"), [(0, 0), (4, 4096), (8, 0), (8, 100), (8, 8192)])
def test_impossible_bin_header_is_refused(place: int, number: int) -> None:
    """A bin has its signature, its own offset, and a size in pages within the file."""
    data = one_bin().data
    pack_into("<I", data, place, number)
    with pytest.raises(FormatError) as caught:
        Cells(data)
    assert (caught.value.slug, caught.value.offset) == ("hive/corrupt", 4096)
