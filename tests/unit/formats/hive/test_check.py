"""The checker: a damaged field of each kind is found, by kind and place."""

from __future__ import annotations

from struct import pack_into, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.check import Flaw, check
from osrecipe.formats.hive.header import checksum


def sample() -> bytes:
    """A hive with two keys, short values and a long one."""
    hive = Hive.create()
    first = hive.create_key("first")
    first.set("number", 4, b"1234")
    first.set("text", 1, b"a\0b\0c\0\0\0")
    hive.create_key("second").set("big", 3, bytes(20_000))
    return hive.save()


def changed(data: bytes, place: int, number: int, *, size: str = "I") -> bytes:
    """A file with one number changed; the header's checksum stays right."""
    result = bytearray(data)
    pack_into(f"<{size}", result, place, number)
    pack_into("<I", result, 508, checksum(result))
    return bytes(result)


def flaws(data: bytes) -> set[Flaw]:
    """The kinds of findings."""
    return {finding.flaw for finding in check(data)}


def node(data: bytes, number: int) -> int:
    """Where the payload of the n-th key starts in the file: root, first, second."""
    place = -1
    for _ in range(number + 1):
        place = data.index(b"nk", place + 1)
    return place


@pytest.mark.parametrize(
    ("key", "field", "number", "flaw"),
    [
        (1, 16, 0x20, Flaw.PARENT),
        (1, 36, 1, Flaw.UNUSED),
        (1, 36, 999, Flaw.COUNT),
        (0, 20, 1, Flaw.COUNT),
        (0, 28, 0xFFFFFFF0, Flaw.REFERENCE),
        (0, 28, 0x20, Flaw.REFERENCE),
        (1, 40, 0x20, Flaw.SHARED),
        (0, 52, 2, Flaw.LIMIT),
        (1, 60, 2, Flaw.LIMIT),
        (2, 64, 100, Flaw.LIMIT),
        (1, 72, 200, Flaw.NAME),
        (1, 76, 0x7A7A7A7A, Flaw.HASH),
        (1, 76, 0x7A7A7A7A, Flaw.ORDER),
        (2, 44, 0xFFFFFFF0, Flaw.SECURITY),
        (1, 0, 0, Flaw.REFERENCE),
    ],
)
def test_damaged_key_is_found(key: int, field: int, number: int, flaw: Flaw) -> None:
    """Each field of a key that is wrong shows."""
    data = sample()
    assert flaw in flaws(changed(data, node(data, key) + field, number))


@pytest.mark.parametrize(
    ("signature", "field", "number", "flaw"),
    [
        (b"sk\0\0", 12, 2, Flaw.SECURITY),
        (b"sk\0\0", 12, 4, Flaw.SECURITY),
        (b"sk\0\0", 8, 8, Flaw.SECURITY),
        (b"sk\0\0", 16, 0xFFFF, Flaw.SECURITY),
        (b"lh\2\0", 8, 0, Flaw.HASH),
        (b"lh\2\0", 4, 0x18, Flaw.REFERENCE),
        (b"lh\2\0", 0, 0x00027878, Flaw.REFERENCE),
        (b"vk\6\0", 4, 0x80000005, Flaw.DATA),
        (b"vk\6\0", 0, 0x00060000, Flaw.REFERENCE),
        (b"vk\4\0", 8, 0x18, Flaw.REFERENCE),
        (b"db\2\0", 0, 0x00036264, Flaw.DATA),
        (b"db\2\0", 4, 0x18, Flaw.REFERENCE),
    ],
)
def test_damaged_record_is_found(signature: bytes, field: int, number: int, flaw: Flaw) -> None:
    """Each field of another record that is wrong shows."""
    data = sample()
    assert flaw in flaws(changed(data, data.index(signature) + field, number))


def test_damaged_header_is_found() -> None:
    """Checksum, sequence numbers, kind and size are examined."""
    data = sample()
    assert Flaw.CHECKSUM in flaws(data[:100] + b"x" + data[101:])
    assert Flaw.DIRTY in flaws(changed(data, 4, 9))
    assert Flaw.HEADER in flaws(changed(data, 28, 6))
    assert Flaw.HEADER in flaws(data[:-1])
    assert Flaw.HEADER in flaws(b"")


def test_damaged_cell_ends_the_examination() -> None:
    """When cells don't tile a bin, that is the last finding."""
    data = sample()
    findings = check(changed(data, 4096 + 32, 12))
    assert [(finding.flaw, finding.offset) for finding in findings] == [(Flaw.CELLS, 4096 + 32)]


def test_lost_cell_is_found() -> None:
    """A cell in use that nothing refers to is reported where it lies."""
    data = sample()
    free = len(data) - 4096
    place = 4096 + 32
    while (size := unpack_from("<i", data, place)[0]) < 0 and place < free + 4096:
        place -= size
    findings = check(changed(data, place, -size, size="i"))
    assert [(Flaw.UNUSED, place)] == [(finding.flaw, finding.offset) for finding in findings]


def test_findings_are_limited() -> None:
    """A file that is wrong everywhere ends the examination early."""
    hive = Hive.create()
    for number in range(3000):
        hive.root.create_subkey(f"k{number}")
    data = hive.save()
    assert len(check(data.replace(b"lh", b"lf"))) == 1000


@given(st.integers(0, 4096 + 3000), st.integers(0, 255))
def test_checker_and_reader_only_fail_as_promised(place: int, byte: int) -> None:
    """Whatever one byte is, the checker returns and the reader raises nothing but a `FormatError`."""
    data = bytearray(sample())
    data[place] = byte
    pack_into("<I", data, 508, checksum(data))
    check(bytes(data))
    try:
        hive = Hive.load(bytes(data))
        pending = [hive.root]
        for key in pending:
            pending += key.subkeys()
            assert all(value.data is not None for value in key.values())
    except FormatError as error:
        assert error.format == "hive"  # noqa: PT017 - one of two ways to pass
