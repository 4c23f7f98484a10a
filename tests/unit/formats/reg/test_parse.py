"""The parser of `.reg` files: every form of data, every place of an error."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import ValueType
from osrecipe.formats.hive.data import encode_multi_sz, encode_sz
from osrecipe.formats.reg import RegKey, RegSyntaxError, RegValue, parse

HEAD = "Windows Registry Editor Version 5.00"


def script(*lines: str, head: str = HEAD, end: str = "\r\n") -> bytes:
    """A file in UTF-8."""
    return end.join((head, *lines, "")).encode()


def value(*lines: str, head: str = HEAD) -> RegValue:
    """The one value of a key, given by its lines."""
    (key,) = parse(script("[HKEY_LOCAL_MACHINE\\Software]", *lines, head=head))
    (found,) = key.values
    return found


def failure(*lines: str) -> RegSyntaxError:
    """The error that lines end in."""
    with pytest.raises(RegSyntaxError) as caught:
        parse(script(*lines))
    return caught.value


@pytest.mark.parametrize(
    ("line", "name", "type_", "data"),
    [
        ('"a"="text"', "a", 1, encode_sz("text")),
        ('"a"=""', "a", 1, b"\0\0"),
        ('@="default"', "", 1, encode_sz("default")),
        (r'"a\\b\"c"="C:\\dir\\\"x\" = ; y"', 'a\\b"c', 1, encode_sz('C:\\dir\\"x" = ; y')),
        (r'"a"="one\r\ntwo"', "a", 1, encode_sz("one\r\ntwo")),
        ('"a"=dword:0000001f', "a", 4, b"\x1f\0\0\0"),
        ('"a"=DWORD:ABCDEF01', "a", 4, b"\x01\xef\xcd\xab"),
        ('"a"=dword:1', "a", 4, b"\x01\0\0\0"),
        ('"a"=hex:', "a", 3, b""),
        ('"a"=hex:01,2,aB', "a", 3, b"\x01\x02\xab"),
        ('"a"=hex:01, 02 ,03,', "a", 3, b"\x01\x02\x03"),
        ('"a"=hex(0):01', "a", 0, b"\x01"),
        ('"a"=hex(2):25,00,00,00', "a", 2, b"%\0\0\0"),
        ('"a"=hex(4):01', "a", 4, b"\x01"),
        ('"a"=hex(7):61,00,00,00,00,00', "a", 7, encode_multi_sz(["a"])),
        ('"a"=hex(b):01,00,00,00,00,00,00,00', "a", 11, b"\x01" + bytes(7)),
        ('"a"=hex(FFFF0012):01', "a", 0xFFFF0012, b"\x01"),
        ('  "a" \t=  dword:00000001  ; why', "a", 4, b"\x01\0\0\0"),
        ('"a"="x" ; why', "a", 1, encode_sz("x")),
        ('"日本"="é"', "日本", 1, encode_sz("é")),
        ('""="x"', "", 1, encode_sz("x")),
    ],
)
def test_every_form_of_data(line: str, name: str, type_: int, data: bytes) -> None:
    """Texts, numbers, bytes of any type, with blanks and comments around them."""
    assert RegValue(name, type_, data, 3) == value(line)


def test_registered_types_are_members() -> None:
    """A registered type is a `ValueType`."""
    assert isinstance(value('"a"=hex(7):').type, ValueType)


def test_deletions() -> None:
    """A minus deletes a value or a key."""
    keys = parse(script("[A\\b]", '"v"=-', "@ = - ; gone", "[-A\\c]"))
    assert keys == (
        RegKey("A\\b", delete=False, values=(RegValue("v", 0, None, 3), RegValue("", 0, None, 4)), line=2),
        RegKey("A\\c", delete=True, values=(), line=5),
    )


def test_lines_that_say_nothing_are_skipped() -> None:
    """Blank lines, comments and blanks before and behind are legal."""
    keys = parse(script("", "; note", " [A\\b] ; c", "\t", '"x"=dword:1', " ;", "[A\\b]"))
    assert [("A\\b", 4, 1), ("A\\b", 8, 0)] == [(key.path, key.line, len(key.values)) for key in keys]


def test_continued_bytes() -> None:
    """A backslash continues bytes on the next line that holds something; the value's line is its first."""
    found = value('"a"=hex(3):01,\\', "  02,03,\\ ; note", "", "; note", "\t04", "")
    assert RegValue("a", 3, b"\1\2\3\4", 3) == found


def test_key_names_may_hold_brackets() -> None:
    """The last bracket of the line closes."""
    (key,) = parse(script("[A\\[x];y]"))
    assert key.path == "A\\[x];y"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_line_ends(end: str) -> None:
    """All three line ends count lines alike."""
    (key,) = parse(script("", "[A]", '"x"="\u2028\x0b\x85"', end=end))
    assert (3, (RegValue("x", 1, encode_sz("\u2028\x0b\x85"), 4),)) == (key.line, key.values)


@pytest.mark.parametrize(
    ("prefix", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (b"", "utf-16-le"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_encodings_of_version_5(prefix: bytes, encoding: str) -> None:
    """UTF-16 LE and UTF-8, with and without a byte-order mark."""
    text = f'{HEAD}\r\n[A]\r\n"Größe"="日本\U0001f600"\r\n'
    (key,) = parse(prefix + text.encode(encoding))
    assert (RegValue("Größe", 1, encode_sz("日本\U0001f600"), 3),) == key.values


def test_version_4_is_ansi() -> None:
    """Texts of a version 4 file are Windows-1252, also where they are given as bytes."""
    lines = b'REGEDIT4\r\n[A]\r\n"\x80"="\xe9\x81"\r\n"m"=hex(7):80,00,61,00,00\r\n"e"=hex(2):25\r\n"b"=hex:80\r\n'
    (key,) = parse(lines)
    assert key.values == (
        RegValue("€", 1, encode_sz("é\x81"), 3),
        RegValue("m", 7, encode_multi_sz(["€", "a"]), 4),
        RegValue("e", 2, b"%\0", 5),
        RegValue("b", 3, b"\x80", 6),
    )


@pytest.mark.parametrize(
    ("lines", "line", "column"),
    [
        (('"x"="y"',), 2, 1),
        (("[A]", "x=1"), 3, 1),
        (("[A]", "# note"), 3, 1),
        (("[A]", '"x"'), 3, 4),
        (("[A]", '"x'), 3, 1),
        (("[A]", '"x"="y'), 3, 5),
        (("[A]", '"x"="C:\\Program"'), 3, 8),
        (("[A]", '"x"="a\\0b"'), 3, 5),
        (("[A]", '"x"="a" b'), 3, 9),
        (("[A]", '"x"=dword:'), 3, 5),
        (("[A]", '"x"=dword:123456789'), 3, 19),
        (("[A]", '"x"=qword:1'), 3, 5),
        (("[A]", '"x"='), 3, 5),
        (("[A]", '"x"=hex:01 02'), 3, 12),
        (("[A]", '"x"=hex:01,xx'), 3, 12),
        (("[A]", '"x"=hex:,'), 3, 9),
        (("[A]", '"x"=hex(100000000):'), 3, 5),
        (("[A]", '"x"=hex:01,\\', "zz"), 4, 1),
        (("[A]", '"x"=hex:01,\\ x', "02"), 3, 14),
        (("[A]", '"x"=hex:01,\\', "  ; end"), 5, 1),
        (("[A",), 2, 1),
        (("[A] x",), 2, 5),
        (("[]",), 2, 1),
        (("[-]",), 2, 1),
        (("[A\\\\b]",), 2, 1),
        (("[A\\]",), 2, 1),
        (("[-A]", '"x"="y"'), 3, 1),
    ],
)
def test_errors_have_a_place(lines: tuple[str, ...], line: int, column: int) -> None:
    """What regedit would pass over in silence is an error at its line and column."""
    error = failure(*lines)
    assert ("reg/corrupt", line, column) == (error.slug, error.line, error.column)


@pytest.mark.parametrize("data", [b"", b"REGEDIT\r\n[A]", b"regedit4", b"\r\nREGEDIT4", HEAD.encode() + b"1"])
def test_other_versions_are_refused(data: bytes) -> None:
    """The first line states version 4 or 5; the error says what to write."""
    with pytest.raises(RegSyntaxError) as caught:
        parse(data)
    assert ("reg/unsupported", 1, True) == (caught.value.slug, caught.value.line, HEAD in caught.value.hint)


@pytest.mark.parametrize(
    ("data", "slug", "line"),
    [
        (codecs.BOM_UTF16_BE + HEAD.encode("utf-16-be"), "reg/unsupported", 1),
        (codecs.BOM_UTF16_LE + f"{HEAD}\n[A]\n".encode("utf-16-le") + b"x", "reg/truncated", 3),
        (f"{HEAD}\n[A]\n".encode() + b'"\xff"="x"', "reg/corrupt", 3),
    ],
)
def test_broken_encodings_are_refused(data: bytes, slug: str, line: int) -> None:
    """Bytes that are no text are an error at their line."""
    with pytest.raises(RegSyntaxError) as caught:
        parse(data)
    assert (slug, line) == (caught.value.slug, caught.value.line)


def test_huge_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a file is bounded."""
    monkeypatch.setattr("osrecipe.formats.reg.text.MAX_SIZE", 100)
    with pytest.raises(FormatError) as caught:
        parse(script("; " + "x" * 100))
    assert caught.value.slug == "reg/too-large"


@given(st.text(alphabet='[]"=@-\\,;:hexdword0123()\n\r A') | st.text())
def test_any_text_is_parsed_or_refused_with_a_place(text: str) -> None:
    """Nothing but a `RegSyntaxError` with a place in the file comes out."""
    data = f"{HEAD}\n{text}".encode("utf-8", "replace")
    try:
        parse(data)
    except RegSyntaxError as error:
        assert 1 <= error.line <= 2 + len(text)  # noqa: PT017 - one of two ways to pass
        assert error.column >= 1  # noqa: PT017
