"""The text forms of registry data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.mum.values import parse_data, type_code


@pytest.mark.parametrize(
    ("kind", "text", "data"),
    [
        ("REG_SZ", "$(runtime.system32)\\a.dll", "$(runtime.system32)\\a.dll"),
        ("REG_SZ", "", ""),
        ("REG_EXPAND_SZ", "%SystemRoot%\\x", "%SystemRoot%\\x"),
        ("REG_DWORD", "0x0000002a", 42),
        ("REG_DWORD", "0X2A", 42),
        ("REG_DWORD", "42", 42),
        ("REG_DWORD", "0xFFFFFFFF", 0xFFFFFFFF),
        ("REG_QWORD", "0A88000000000000", 0x880A),
        ("REG_QWORD", "FFFFFFFF00000000", 0xFFFFFFFF),
        ("REG_QWORD", "0x0000000000000001", 1),
        ("REG_QWORD", "7", 7),
        ("REG_BINARY", "DEADbeef", b"\xde\xad\xbe\xef"),
        ("REG_BINARY", "", b""),
        ("REG_NONE", "", b""),
        ("00020001", "33000000", b"3\0\0\0"),
        ("00100000", "", b""),
        ("REG_MULTI_SZ", '"one","two"', ("one", "two")),
        ("REG_MULTI_SZ", '"one" , "two" ', ("one", "two")),
        ("REG_MULTI_SZ", '"with, comma","with ""quote"""', ("with, comma", 'with "quote"')),
        ("REG_MULTI_SZ", "$(runtime.system32)\\CommProxy.exe", ("$(runtime.system32)\\CommProxy.exe",)),
        ("REG_MULTI_SZ", "", ()),
        ("REG_MULTI_SZ", '""', ()),
    ],
)
def test_known_forms_are_read_exactly(kind: str, text: str, data: object) -> None:
    """Each form that manifests use gives the data Windows would store."""
    assert data == parse_data(type_code(kind), text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("REG_DWORD", ""),
        ("REG_DWORD", "-1"),
        ("REG_DWORD", "010"),
        ("REG_DWORD", "0x100000000"),
        ("REG_DWORD", "4294967296"),
        ("REG_DWORD", "yes"),
        ("REG_DWORD", "9" * 5000),
        ("REG_QWORD", "0x10000000000000000"),
        ("REG_BINARY", "ABC"),
        ("REG_BINARY", "0xAB"),
        ("REG_MULTI_SZ", "one,two"),
        ("REG_MULTI_SZ", '"one",'),
        ("REG_MULTI_SZ", '"one" two'),
        ("REG_MULTI_SZ", '"one'),
        ("REG_MULTI_SZ", '"one","","two"'),
        ("REG_LINK", "x"),
        ("REG_FOO", ""),
    ],
)
def test_other_forms_are_not_guessed_at(kind: str, text: str) -> None:
    """A form nobody has seen gives None instead of a value that may be wrong."""
    assert parse_data(type_code(kind), text) is None


@given(st.lists(st.text(min_size=1), min_size=1))
def test_quoted_lists_round_trip(items: list[str]) -> None:
    """Any strings, quoted and joined, are found again."""
    text = ",".join('"' + item.replace('"', '""') + '"' for item in items)
    assert tuple(items) == parse_data(7, text)


@given(st.sampled_from([None, 0, 1, 2, 3, 4, 7, 11, 0x20001]), st.text())
def test_no_text_raises(code: int | None, text: str) -> None:
    """Whatever the text, the answer is data of the type or None."""
    assert isinstance(parse_data(code, text), str | tuple | int | bytes | None)
