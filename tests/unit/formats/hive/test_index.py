"""Lists of subkeys: every kind is read, one kind is written, in the registry's order."""

from __future__ import annotations

from struct import pack, unpack_from

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.cells import Cells
from osrecipe.formats.hive.check import check
from osrecipe.formats.hive.index import SubkeyIndex, list_cells, read_list


@pytest.mark.parametrize(
    ("raw", "nodes"),
    [
        (pack("<2sH2I", b"li", 2, 8, 16), [8, 16]),
        (pack("<2sH4I", b"lf", 2, 8, 0, 16, 0), [8, 16]),
        (pack("<2sH4I", b"lh", 2, 8, 1, 16, 2), [8, 16]),
        (pack("<2sH", b"lh", 0), []),
    ],
)
def test_every_kind_of_leaf_is_read(raw: bytes, nodes: list[int]) -> None:
    """Plain, hinted and hashed leaves give their nodes."""
    cells = Cells(bytearray())
    assert nodes == read_list(cells, cells.allocate(raw))


def test_split_list_is_read() -> None:
    """Leaves of an `ri` list follow each other, of different kinds too."""
    cells = Cells(bytearray())
    first = cells.allocate(pack("<2sH2I", b"li", 2, 8, 16))
    second = cells.allocate(pack("<2sH2I", b"lh", 1, 24, 0))
    top = cells.allocate(pack("<2sH2I", b"ri", 2, first, second))
    assert ([8, 16, 24], [first, second, top]) == (read_list(cells, top), list_cells(cells, top))


@pytest.mark.parametrize("signature", [b"xx", b"ri"])
def test_list_that_is_none_is_refused(signature: bytes) -> None:
    """An unknown signature, or a split list within a split list, is damage."""
    cells = Cells(bytearray())
    leaf = cells.allocate(pack("<2sHI", signature, 1, 8))
    top = cells.allocate(pack("<2sHI", b"ri", 1, leaf))
    with pytest.raises(FormatError) as caught:
        read_list(cells, top)
    assert ("hive/corrupt", 4096 + leaf) == (caught.value.slug, caught.value.offset)


def test_leaf_named_twice_is_refused() -> None:
    """A split list can't multiply one leaf."""
    cells = Cells(bytearray())
    leaf = cells.allocate(pack("<2sHI", b"li", 1, 8))
    with pytest.raises(FormatError) as caught:
        read_list(cells, cells.allocate(pack("<2sH2I", b"ri", 2, leaf, leaf)))
    assert caught.value.slug == "hive/corrupt"


def test_absurd_count_is_refused() -> None:
    """A list can't count more than its cell holds."""
    cells = Cells(bytearray())
    with pytest.raises(FormatError) as caught:
        read_list(cells, cells.allocate(pack("<2sH2I", b"lh", 0xFFFF, 8, 0)))
    assert caught.value.slug == "hive/corrupt"


@pytest.mark.parametrize(("count", "kind"), [(1, b"lh"), (507, b"lh"), (508, b"ri"), (2000, b"ri")])
def test_long_lists_are_split(count: int, kind: bytes) -> None:
    """A leaf holds at most 507 entries, so that it fits a bin of one page."""
    hive = Hive.create()
    for number in range(count):
        hive.root.create_subkey(f"k{number}")
    data = hive.save()
    root = 4096 + unpack_from("<I", data, 36)[0] + 4
    top = 4096 + unpack_from("<I", data, root + 28)[0] + 4
    assert (kind, []) == (data[top : top + 2], check(data))


def test_order_is_by_upper_case_code_unit() -> None:
    """`_` sorts behind letters, characters beyond U+FFFF before U+FFEE."""
    root = Hive.create().root
    for name in ("b", "A", "_", "ﾮ", "\U0001f600", "C", "é"):
        root.create_subkey(name)
    assert [key.name for key in root.subkeys()] == ["A", "b", "C", "_", "é", "\U0001f600", "ﾮ"]


def test_list_out_of_order_is_put_in_order() -> None:
    """A list that another program wrote unsorted is searched all the same."""
    index = SubkeyIndex([("B", 8), ("A", 16)])
    assert (index.find("A"), index.find("B"), index.find("C")) == (16, 8, None)
