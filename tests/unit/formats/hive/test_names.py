"""Names: storage, comparison and hashes as Windows has them."""

from __future__ import annotations

from hashlib import md5
from struct import pack

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import names
from osrecipe.formats.hive.upcase import UPCASE


def test_upcase_table_is_the_one_windows_writes_to_volumes() -> None:
    """The whole table has the known digest of `$UpCase` since Windows 8."""
    table = pack("<65536H", *(UPCASE.get(unit, unit) for unit in range(65536)))
    assert md5(table, usedforsecurity=False).hexdigest() == "7ff498a44e45e77374cc7c962b1b92f2"


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Software", "SOFTWARE"),
        ("straße", "STRAßE"),
        ("\u00b5ω", "\u00b5Ω"),
        ("\u0131s\u03c2", "\u0131S\u03c2"),
        ("ÿé", "ŸÉ"),
        ("\u1f80", "\u1f88"),
        ("\u10d0\uab70", "\u10d0\uab70"),
    ],
)
def test_fold_is_one_to_one(name: str, folded: str) -> None:
    """Upper-casing keeps lengths and leaves letters alone that Windows leaves alone."""
    assert folded == names.fold(name)


def test_fold_orders_by_code_unit() -> None:
    """A character beyond U+FFFF sorts before U+FFEE, as its surrogates do."""
    assert names.fold("\U00010428") < names.fold("\uffee")


def test_fold_leaves_supplementary_letters_alone() -> None:
    """Deseret small and capital letters differ, because their surrogates do."""
    assert names.fold("\U00010428") != names.fold("\U00010400")


@pytest.mark.parametrize(
    ("name", "value"), [("", 0), ("A", 65), ("a", 65), ("ab", 65 * 37 + 66), ("é", 0xC9), ("日", 0x65E5)]
)
def test_leaf_hash(name: str, value: int) -> None:
    """The hash is the polynomial in 37 over upper-cased code units."""
    assert value == names.leaf_hash(names.fold(name))


def test_leaf_hash_wraps_at_32_bits() -> None:
    """Long names keep the hash in 32 bits."""
    assert names.leaf_hash("Z" * 255) < 2**32


@pytest.mark.parametrize(
    ("name", "hint"), [("ab", b"ab\0\0"), ("Abcdef", b"Abcd"), ("é", b"\xe9\0\0\0"), ("a日", bytes(4))]
)
def test_leaf_hint(name: str, hint: bytes) -> None:
    """The hint is the first four characters as they are."""
    assert hint == names.leaf_hint(name)


@pytest.mark.parametrize("name", ["plain", "Zoë", "日本", "\U0001f600", "\ud800"])
def test_stored_names_come_back(name: str) -> None:
    """Latin-1 is stored in bytes, the rest in UTF-16, lone surrogates included."""
    raw, compressed = names.encode(name)
    assert (name, max(name) <= "\xff") == (names.decode(raw, compressed=compressed, cell=0), compressed)


def test_half_a_character_is_refused() -> None:
    """A UTF-16 name of odd length is damage at its cell."""
    with pytest.raises(FormatError) as caught:
        names.decode(b"a\0b", compressed=False, cell=32)
    assert (caught.value.slug, caught.value.offset) == ("hive/corrupt", 4096 + 32)


def test_units_counts_surrogates() -> None:
    """Lengths are in UTF-16 code units."""
    assert names.units("a\U0001f600") == 3
