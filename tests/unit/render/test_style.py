"""Text made harmless, measured, wrapped and painted."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.render.style import Ink, cells, clean, cut, encodable, hang, pad, paint, wants_color, wrap


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@given(st.text())
def test_clean_text_is_one_printable_line(raw: str) -> None:
    """Whatever comes in, what goes out moves no cursor and turns no text around."""
    shown = clean(raw)

    assert shown.isprintable()
    assert shown == clean(shown)


def test_clean_names_what_it_took_away() -> None:
    """An escape sequence loses its escape, and a mark shows that something stood there."""
    assert "\N{REPLACEMENT CHARACTER}[2Jgone a b" == clean("\x1b[2Jgone\n\ta  b")


def test_wide_characters_take_two_cells_and_colours_none() -> None:
    """Columns are counted as a terminal counts them."""
    assert 4 == cells("漢字")
    assert 1 == cells("e\N{COMBINING ACUTE ACCENT}")
    assert 2 == cells(paint("ab", Ink.RED, color=True))


@given(st.text(alphabet="ab漢\N{COMBINING ACUTE ACCENT}", max_size=30), st.integers(1, 20))
def test_cut_text_fits(raw: str, width: int) -> None:
    """Cut text never takes more columns than it was given, and short text stays whole."""
    assert cells(cut(raw, width)) <= max(width, 1)
    assert raw == cut(raw, 100)


@given(
    st.lists(st.text(alphabet="abc/", min_size=1, max_size=12), min_size=1, max_size=20), st.integers(1, 40)
)
def test_wrapping_loses_and_breaks_no_word(given_words: list[str], width: int) -> None:
    """The wrapped words are the words, and a line is wider than it may be only for a single word."""
    lines = wrap(" ".join(given_words), width)

    assert given_words == " ".join(lines).split(" ")
    assert all(len(line) <= width or " " not in line for line in lines)


def test_hanging_lines_begin_below_the_text() -> None:
    """Further lines are indented by what stands before the first."""
    assert ["name: one two three four five", "      six"] == hang("name: ", "one two three four five six", 30)


def test_padding_counts_cells() -> None:
    """A wide character needs less filling."""
    assert "漢  " == pad("漢", 4)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(environ: dict[str, str], expected: bool) -> None:
    """NO_COLOR and a dumb terminal switch colour off."""
    assert expected == wants_color(Terminal(), environ)


def test_no_colour_without_a_terminal() -> None:
    """A file or a pipe gets none, nor does a closed stream."""
    closed = io.StringIO()
    closed.close()

    assert not wants_color(io.StringIO(), {})
    assert not wants_color(closed, {})


def test_signs_have_stand_ins_where_the_encoding_lacks_them() -> None:
    """A code page without our signs shows plain ones, and never fails."""
    assert "* done ... ?" == encodable("✓ done … 漢", "ascii")
    assert "✓" == encodable("✓", "utf-8")
    assert "*" == encodable("✓", "cp1252")
    assert "*" == encodable("✓", "no-such-encoding")
    assert "✓" == encodable("✓", None)
