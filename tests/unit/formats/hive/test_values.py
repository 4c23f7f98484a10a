"""Values of all sizes, and how their data is laid out."""

from __future__ import annotations

from struct import pack_into, unpack_from

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.check import Flaw, check

SIZES = (0, 1, 3, 4, 5, 8, 4000, 16343, 16344, 16345, 32688, 32689, 100_000, 1_500_000)


@pytest.mark.parametrize("size", SIZES)
def test_data_of_any_size_comes_back(size: int) -> None:
    """Inline, in one cell or in segments: the same bytes are read."""
    hive = Hive.create()
    data = bytes(range(256)) * (size // 256 + 1)
    hive.root.set("x", 3, data[:size])
    saved = hive.save()
    found = Hive.load(saved).root.value("x")
    assert found is not None
    assert (data[:size], []) == (found.data, check(saved))


@pytest.mark.parametrize("size", [16345, 40_000])
def test_segments_fill_their_cells(size: int) -> None:
    """Every segment's cell has 16,352 bytes, the last one too."""
    hive = Hive.create()
    hive.root.set("x", 3, b"z" * size)
    data = hive.save()[4096:]
    head = data.index(b"db\2\0" if size < 32689 else b"db\3\0")
    (top,) = unpack_from("<I", data, head + 4)
    count = -(-size // 16344)
    assert [-16352] * count == [
        unpack_from("<i", data, cell)[0] for cell in unpack_from(f"<{count}I", data, top + 4)
    ]


@pytest.mark.parametrize("old", SIZES[:-1])
@pytest.mark.parametrize("new", [0, 4, 500, 20_000])
def test_replaced_data_leaves_nothing_behind(old: int, new: int) -> None:
    """Whatever the old size was, no cell is lost and none is used twice."""
    hive = Hive.create()
    hive.root.set("x", 3, b"o" * old)
    hive.root.set("x", 1, b"n" * new)
    found = hive.root.value("X")
    assert found is not None
    assert (b"n" * new, []) == (found.data, check(hive.save()))


def test_version_1_3_keeps_long_data_in_one_cell() -> None:
    """Before version 1.4 data isn't split; lists have hints instead of hashes."""
    data = bytearray(Hive.create().save())
    pack_into("<I", data, 24, 3)
    pack_into("<I", data, 508, unpack_from("<I", data, 508)[0] ^ 5 ^ 3)
    hive = Hive.load(bytes(data))
    hive.create_key("Zoë").set("x", 3, bytes(50_000))
    saved = hive.save()
    assert (hive.version, check(saved), saved.find(b"db\4\0")) == ("1.3", [], -1)
    assert b"lf\1\0" in saved
    with pytest.raises(FormatError) as caught:
        hive.root.set("x", 3, bytes(1 << 20))
    assert caught.value.slug == "hive/too-large"


def test_too_long_data_is_refused() -> None:
    """More segments than a record can count are an error before anything changes."""
    root = Hive.create().root
    with pytest.raises(FormatError) as caught:
        root.set("x", 3, bytes(16344 * 0xFFFF + 1))
    assert (caught.value.slug, root.value("x")) == ("hive/too-large", None)


def test_value_list_shared_by_two_keys_is_refused() -> None:
    """A list, and so its values, belongs to one key: else one edit would change two keys."""
    hive = Hive.create()
    hive.create_key("a").set("x", 3, bytes(10))
    hive.create_key("b").set("y", 3, bytes(10))
    data = bytearray(hive.save())
    first = data.index(b"nk", data.index(b"ROOT"))
    second = data.index(b"nk", first + 2)
    data[second + 36 : second + 44] = data[first + 36 : first + 44]
    damaged = Hive.load(bytes(data))
    with pytest.raises(FormatError) as caught:
        [list(key.values()) for key in damaged.root.subkeys()]
    assert caught.value.slug == "hive/corrupt"
    assert Flaw.SHARED in {finding.flaw for finding in check(bytes(data))}


def test_deleting_values() -> None:
    """A value goes with its data; the second time there is none."""
    root = (hive := Hive.create()).root
    for size in (0, 4, 5, 20_000):
        root.set(f"v{size}", 3, bytes(size))
    assert [root.delete_value(name) for name in ("V0", "v20000", "v20000")] == [True, True, False]
    assert [value.name for value in root.values()] == ["v4", "v5"]
    assert check(hive.save()) == []
