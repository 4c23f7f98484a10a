"""Security cells: shared, counted, linked."""

from __future__ import annotations

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.check import check
from osrecipe.formats.hive.security import default_descriptor


def other(number: int) -> bytes:
    """A descriptor that differs in its group."""
    descriptor = bytearray(default_descriptor())
    descriptor[-1] ^= number
    return bytes(descriptor)


def cells(data: bytes) -> int:
    """How many security cells a file holds."""
    return data.count(b"sk\0\0")


def test_new_keys_inherit() -> None:
    """A key gets its parent's descriptor, in the same cell."""
    hive = Hive.create(security=other(1))
    hive.create_key("a\\b")
    data = hive.save()
    found = Hive.load(data).key("a\\b")
    assert found is not None
    assert (other(1), 1, []) == (found.security, cells(data), check(data))


def test_equal_descriptors_share_a_cell() -> None:
    """Setting descriptors makes one cell for each that differs."""
    hive = Hive.create()
    for number in range(6):
        hive.create_key(f"k{number}").set_security(other(number % 3))
    data = hive.save()
    assert (cells(data), check(data)) == (3, [])


def test_last_use_frees_the_cell() -> None:
    """A descriptor goes with the last key that has it, by change or deletion."""
    hive = Hive.create()
    hive.create_key("a").set_security(other(1))
    hive.create_key("b").set_security(other(2))
    hive.create_key("a").set_security(default_descriptor())
    hive.delete_key("b")
    data = hive.save()
    assert (cells(data), check(data)) == (1, [])


def test_setting_the_same_descriptor_keeps_the_count() -> None:
    """Taking and giving back the same cell balances."""
    hive = Hive.create()
    hive.root.set_security(hive.root.security)
    assert check(hive.save()) == []


@pytest.mark.parametrize("descriptor", [b"", bytes(20), b"\1" + bytes(30), default_descriptor()[:19]])
def test_other_bytes_are_refused(descriptor: bytes) -> None:
    """Only a self-relative descriptor is stored."""
    with pytest.raises(FormatError) as caught:
        Hive.create().root.set_security(descriptor)
    assert caught.value.slug == "hive/corrupt"


def test_undercounted_cell_stops_a_deletion_before_it_starts() -> None:
    """A count that is too low is found before anything is freed."""
    hive = Hive.create()
    hive.create_key("a\\b\\c")
    data = bytearray(hive.save())
    data[data.index(b"sk\0\0") + 12] = 2
    damaged = Hive.load(bytes(data))
    with pytest.raises(FormatError) as caught:
        damaged.delete_key("a")
    assert caught.value.slug == "hive/corrupt"
    assert damaged.key("a\\b\\c") is not None
