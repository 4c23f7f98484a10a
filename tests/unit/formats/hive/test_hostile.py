"""Hostile hives: cycles, shared cells, absurd numbers. Each ends in a `FormatError` with a place."""

from __future__ import annotations

from struct import pack_into, unpack_from

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, Key
from osrecipe.formats.hive.header import checksum


def chain() -> tuple[bytes, list[int]]:
    """Keys `a`, `b` and `c` below each other, and where the payloads of root, a, b, c start in the file."""
    hive = Hive.create()
    hive.create_key("a\\b\\c").set("x", 3, bytes(100))
    data = hive.save()
    places, place = [], 0
    for _ in range(4):
        places.append(data.index(b"nk", place))
        place = places[-1] + 1
    return data, places


def walk(data: bytes) -> list[Key]:
    """Every key, with all that can be asked of it."""
    keys = [Hive.load(data).root]
    for key in keys:
        _ = (key.name, key.path, key.class_name, key.security, key.link_target, list(key.values()))
        keys += key.subkeys()
    return keys


def damaged(data: bytes, changes: dict[int, int], size: str = "I") -> bytes:
    """A file with numbers changed and its checksum right."""
    result = bytearray(data)
    for place, number in changes.items():
        pack_into(f"<{size}", result, place, number)
    pack_into("<I", result, 508, checksum(result))
    return bytes(result)


def refused(data: bytes) -> FormatError:
    """The error a walk ends in."""
    with pytest.raises(FormatError) as caught:
        walk(data)
    assert caught.value.offset is not None
    return caught.value


def test_cycle_to_the_root_is_refused() -> None:
    """A key can't list the root as its subkey, even if the root names it as parent."""
    data, (root, _, below, last) = chain()
    (leaf,) = unpack_from("<I", data, below + 28)
    changes = {4096 + leaf + 4 + 4: root - 4100, root + 16: below - 4100, last + 16: 0}
    assert refused(damaged(data, changes)).slug == "hive/corrupt"


def test_cycle_between_keys_is_refused() -> None:
    """A key can't list its grandparent: that one names another parent."""
    data, (_, first, below, _) = chain()
    (leaf,) = unpack_from("<I", data, below + 28)
    assert refused(damaged(data, {4096 + leaf + 8: first - 4100})).slug == "hive/corrupt"


def test_key_listed_twice_is_refused() -> None:
    """Two entries of a list can't be one key."""
    hive = Hive.create()
    hive.create_key("a")
    hive.create_key("b")
    data = hive.save()
    leaf = data.index(b"lh\2\0")
    (first,) = unpack_from("<I", data, leaf + 4)
    assert refused(damaged(data, {leaf + 12: first})).slug == "hive/corrupt"


@pytest.mark.parametrize("number", [0xFFFFFFFF, 0x80000000, 0x7FFFFFF8, 8, 33])
@pytest.mark.parametrize("field", [28, 40, 44])
def test_offsets_out_of_range_are_refused(field: int, number: int) -> None:
    """Lists and security cells must lie in the file."""
    data, places = chain()
    which = {28: places[1], 40: places[3], 44: places[3]}[field]
    assert refused(damaged(data, {which + field: number})).slug == "hive/corrupt"


@pytest.mark.parametrize("number", [2, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("field", [20, 36])
def test_absurd_counts_are_refused(field: int, number: int) -> None:
    """A count is never believed beyond what its list holds."""
    data, places = chain()
    which = places[1] if field == 20 else places[3]
    assert refused(damaged(data, {which + field: number})).slug == "hive/corrupt"


@pytest.mark.parametrize("size", [17_000, 0x7FFFFFFF, 0x80000005, 0xFFFFFFFF])
def test_absurd_data_sizes_are_refused(size: int) -> None:
    """The size of data is never believed beyond its cells."""
    data, _ = chain()
    assert refused(damaged(data, {data.index(b"vk\1\0") + 4: size})).slug == "hive/corrupt"


def test_data_that_is_a_key_is_refused() -> None:
    """A value's data can't be another record's cell, which an edit would then destroy."""
    data, (_, first, _, _) = chain()
    assert refused(
        damaged(data, {data.index(b"vk\1\0") + 8: first - 4100, data.index(b"vk\1\0") + 4: 70})
    ).slug == ("hive/corrupt")


def test_ring_of_security_cells_that_leads_out_is_refused() -> None:
    """The ring is walked once, on load."""
    data, _ = chain()
    with pytest.raises(FormatError) as caught:
        Hive.load(damaged(data, {data.index(b"sk\0\0") + 4: 0x20 + 8}))
    assert caught.value.slug == "hive/corrupt"


def test_nesting_beyond_the_limit_is_refused() -> None:
    """A file with more levels than Windows allows is refused where it goes too deep, without recursion."""
    hive = Hive.create()
    deepest = hive.create_key("\\".join("d" * 512))
    deepest.lists.add_subkey("e", timestamp=0, security=32)  # past the check that `create_subkey` makes
    deepest.touch()
    with pytest.raises(FormatError) as caught:
        list(walk(hive.save()))
    assert caught.value.slug == "hive/too-large"


@pytest.mark.parametrize("length", [0, 4, 511, 512, 4095, 4096, 4100, 8191])
def test_truncated_hive_is_refused(length: int) -> None:
    """A file cut anywhere says so."""
    data, _ = chain()
    assert len(data) == 8192
    with pytest.raises(FormatError) as caught:
        Hive.load(data[:length])
    assert caught.value.slug == "hive/truncated"


@pytest.mark.parametrize(
    ("place", "number", "slug"),
    [
        (0, 0, "corrupt"),
        (20, 2, "unsupported"),
        (24, 2, "unsupported"),
        (24, 7, "unsupported"),
        (32, 0, "unsupported"),
        (36, 0xFFFFFFFF, "corrupt"),
        (40, 100, "corrupt"),
        (40, 0xFFFFF000, "corrupt"),
        (40, 0, "corrupt"),
    ],
)
def test_impossible_headers_are_refused(place: int, number: int, slug: str) -> None:
    """Signature, version, layout, root and size are checked before anything is read."""
    data, _ = chain()
    with pytest.raises(FormatError) as caught:
        Hive.load(damaged(data, {place: number}))
    assert f"hive/{slug}" == caught.value.slug


@pytest.mark.parametrize("minor", [3, 4, 5, 6])
def test_versions_are_read(minor: int) -> None:
    """Versions 1.3 to 1.6 are read."""
    data, _ = chain()
    assert f"1.{minor}" == Hive.load(damaged(data, {24: minor})).version


def test_bytes_behind_the_bins_are_left_out() -> None:
    """Padding behind the last bin is legal and not kept."""
    data, _ = chain()
    assert len(Hive.load(data + bytes(5000)).save()) == len(data)


def test_volatile_keys_are_ignored() -> None:
    """A stored count of volatile subkeys, whose list is not in the file, is passed over."""
    data, (_, first, _, _) = chain()
    assert len(walk(damaged(data, {first + 24: 3, first + 32: 0x80000020}))) == 4
