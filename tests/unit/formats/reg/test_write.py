"""The writer of `.reg` files: what it writes is parsed to the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive.data import encode_sz
from osrecipe.formats.reg import RegKey, RegValue, parse, write

NAMES = st.text(max_size=12)
DATA = st.binary(max_size=120) | st.text(st.characters(exclude_characters="\0"), max_size=30).map(encode_sz)
VALUES = st.builds(RegValue, NAMES, st.integers(0, 13) | st.just(0xFFFF0012), DATA, st.just(0)) | st.builds(
    RegValue, NAMES, st.just(0), st.none(), st.just(0)
)
PATHS = (
    st.lists(
        st.text(st.characters(exclude_characters="\\\r\n"), min_size=1, max_size=9), min_size=1, max_size=4
    )
    .map("\\".join)
    .filter(lambda path: not path.startswith("-"))
)
KEYS = st.builds(
    RegKey,
    path=PATHS,
    delete=st.just(value=False),
    values=st.lists(VALUES, max_size=5).map(tuple),
    line=st.just(0),
) | st.builds(RegKey, path=PATHS, delete=st.just(value=True), values=st.just(()), line=st.just(0))


def key(path: str, *values: RegValue, delete: bool = False) -> RegKey:
    """A key without a place."""
    return RegKey(path, delete, values, 0)


@given(st.lists(KEYS, max_size=4))
def test_what_is_written_is_parsed_to_the_same(keys: list[RegKey]) -> None:
    """Any keys and values survive, but for their lines."""
    found = [
        replace(key, line=0, values=tuple(replace(value, line=0) for value in key.values))
        for key in parse(write(keys))
    ]
    assert keys == found


def text(*values: RegValue) -> list[str]:
    """The lines of one key's values."""
    written = write([key("HKEY_CURRENT_USER\\X", *values)]).decode("utf-16")
    return written.split("\r\n")[3:-2]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (RegValue("a", 1, encode_sz('C:\\"x"'), 0), ['"a"="C:\\\\\\"x\\""']),
        (RegValue("", 4, b"\x10\0\0\0", 0), ["@=dword:00000010"]),
        (RegValue("a", 4, b"\x10", 0), ['"a"=hex(4):10']),
        (RegValue("a", 3, b"\1\2", 0), ['"a"=hex:01,02']),
        (RegValue("a", 1, b"x\0", 0), ['"a"=hex(1):78,00']),
        (RegValue("a", 1, encode_sz("x\r\ny"), 0), ['"a"=hex(1):78,00,0d,00,0a,00,79,00,00,00']),
        (RegValue("a", 11, bytes(8), 0), ['"a"=hex(b):00,00,00,00,00,00,00,00']),
        (RegValue("a", 0, None, 0), ['"a"=-']),
    ],
)
def test_forms(value: RegValue, lines: list[str]) -> None:
    """Texts and numbers are written for people, the rest as bytes."""
    assert lines == text(value)


def test_long_data_is_wrapped() -> None:
    """Lines have at most 80 characters and continue with a backslash."""
    lines = text(RegValue("a", 3, bytes(100), 0))
    assert (True, True) == (max(map(len, lines)) <= 80, all(line.endswith(",\\") for line in lines[:-1]))


@pytest.mark.parametrize(
    "wrong",
    [key(""), key("A\\"), key("A\nb"), key("-A"), key("A", RegValue("x", 0, None, 0), delete=True)],
)
def test_what_can_not_be_written_is_refused(wrong: RegKey) -> None:
    """A key that would be read as something else is an error."""
    with pytest.raises(FormatError) as caught:
        write([wrong])
    assert caught.value.slug == "reg/unsupported"
