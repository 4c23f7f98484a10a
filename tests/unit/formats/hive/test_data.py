"""Data of values: codecs and the line for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Value, data

TEXT = st.text(st.characters(exclude_characters="\0"))


@given(TEXT)
def test_text_comes_back(text: str) -> None:
    """Any text without NUL survives."""
    assert text == data.decode_sz(data.encode_sz(text))


@given(st.lists(TEXT.filter(bool)))
def test_list_of_texts_comes_back(texts: list[str]) -> None:
    """Any list of non-empty texts survives."""
    assert tuple(texts) == data.decode_multi_sz(data.encode_multi_sz(texts))


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"", ""), (b"a", ""), (b"a\0", "a"), (b"a\0b", "a"), (b"a\0\0\0b\0", "a"), (b"\0\xd8", "\ud800")],
)
def test_text_of_odd_bytes(raw: bytes, text: str) -> None:
    """A missing terminator, half a character and lone surrogates are read."""
    assert text == data.decode_sz(raw)


@pytest.mark.parametrize(
    ("raw", "texts"),
    [(b"", ()), (b"\0\0", ()), (b"a\0", ("a",)), (b"a\0\0\0b\0\0\0\0\0", ("a", "b")), (b"\0\0a\0", ())],
)
def test_list_of_odd_bytes(raw: bytes, texts: tuple[str, ...]) -> None:
    """A list ends at its first empty text or with its data."""
    assert texts == data.decode_multi_sz(raw)


def test_text_with_nul_is_refused() -> None:
    """A NUL would end the text early."""
    with pytest.raises(FormatError) as caught:
        data.encode_sz("a\0b")
    assert caught.value.slug == "hive/unsupported"


def test_list_with_empty_text_is_refused() -> None:
    """An empty text would end the list early."""
    with pytest.raises(FormatError) as caught:
        data.encode_multi_sz(["a", ""])
    assert caught.value.slug == "hive/unsupported"


@pytest.mark.parametrize(("number", "raw"), [(1, b"\1\0\0\0"), (-1, b"\xff" * 4), (2**32 - 1, b"\xff" * 4)])
def test_dword(number: int, raw: bytes) -> None:
    """Numbers are little-endian, negative ones in two's complement."""
    assert raw == data.encode_dword(number)


def test_qword() -> None:
    """Eight bytes, little-endian."""
    assert data.encode_qword(2**63) == b"\0" * 7 + b"\x80"


@pytest.mark.parametrize("number", [2**32, -(2**31) - 1])
def test_dword_out_of_range_is_refused(number: int) -> None:
    """A number that doesn't fit is an error, not cut."""
    with pytest.raises(FormatError) as caught:
        data.encode_dword(number)
    assert caught.value.slug == "hive/too-large"


@pytest.mark.parametrize(
    ("type_", "raw", "line"),
    [
        (1, data.encode_sz("a\tb"), 'REG_SZ "a\\u0009b"'),
        (2, data.encode_sz("%x%"), 'REG_EXPAND_SZ "%x%"'),
        (3, b"\1\2", "REG_BINARY 01 02"),
        (3, b"", "REG_BINARY"),
        (3, bytes(30), "REG_BINARY " + "00 " * 24 + "… (30 bytes)"),
        (4, b"\x10\0\0\0", "REG_DWORD 16 (0x10)"),
        (4, b"\x10", "REG_DWORD 10"),
        (6, "x".encode("utf-16-le"), 'REG_LINK "x"'),
        (7, data.encode_multi_sz(["a", "b"]), 'REG_MULTI_SZ ["a", "b"]'),
        (11, b"\1" + bytes(7), "REG_QWORD 1 (0x1)"),
        (0xFFFF0012, b"\1", "type 0xffff0012 01"),
    ],
)
def test_describe(type_: int, raw: bytes, line: str) -> None:
    """One readable line for each type."""
    assert line == data.describe(Value("n", type_, raw))


@given(st.integers(0, 20), st.binary(max_size=60))
def test_describe_never_raises(type_: int, raw: bytes) -> None:
    """Whatever the data is, the line is one line."""
    assert data.describe(Value("n", type_, raw)).isprintable()
