"""The base block: fields, checksum, and what is refused."""

from __future__ import annotations

from struct import pack, pack_into

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import header


@pytest.mark.parametrize(
    ("block", "number"),
    [
        (bytes(508), 1),
        (pack("<I", 0xFFFFFFFF) + bytes(504), 0xFFFFFFFE),
        (pack("<II", 0xF0F0F0F0, 0x0F0F0F00) + bytes(500), 0xFFFFFFF0),
    ],
)
def test_checksum(block: bytes, number: int) -> None:
    """Numbers are XORed; 0 and -1 become 1 and -2."""
    assert number == header.checksum(block)


def test_stamped_block_is_clean() -> None:
    """A stamp makes both sequence numbers equal and the checksum right, and makes a log's block a hive's."""
    block = header.new(5, 5)
    pack_into("<I", block, 28, header.FILE_NEW_LOG)
    header.stamp(block, sequence=7, timestamp=9, root=32, size=8192)
    assert header.parse(block) == header.BaseBlock(7, 7, 9, 5, header.FILE_PRIMARY, 32, 8192, intact=True)
    assert header.parse(block).clean


def test_sequence_numbers_wrap() -> None:
    """The count goes on at zero after 32 bits."""
    block = header.new(5, 5)
    header.stamp(block, sequence=1 << 32, timestamp=0, root=32, size=4096)
    assert header.parse(block).sequence1 == 0


def test_wrong_checksum_is_not_clean() -> None:
    """Equal sequence numbers are worth nothing in a damaged block."""
    block = header.new(5, 5)
    header.stamp(block, sequence=1, timestamp=0, root=32, size=4096)
    block[200] ^= 1
    assert not header.parse(block).clean


def test_short_file_is_refused() -> None:
    """Less than a sector is no header."""
    with pytest.raises(FormatError) as caught:
        header.parse(b"regf" + bytes(500))
    assert caught.value.slug == "hive/truncated"
