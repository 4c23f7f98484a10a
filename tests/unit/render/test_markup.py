"""Free text in Markdown and HTML, with a Markdown parser as witness."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from osrecipe.render.markup import html, md, md_code, md_html
from osrecipe.render.style import clean

GAP = "\N{ZERO WIDTH SPACE}"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.text(alphabet="ab1 |`*_[]()<>&#@:/~$\\!\"'-+.=\n\x1b", max_size=40)


def _in_table(cell: str) -> list[tuple[str, str]]:
    """The kinds and contents a Markdown parser finds in a table's first cell."""
    tokens = PARSER.parse(f"| head | next |\n|---|---|\n| {cell} | end |\n")
    cells = [t for t in tokens if t.type == "inline"]
    assert [4, "end"] == [len(cells), cells[3].content]
    return [(t.type, t.content) for t in cells[2].children or []]


@given(NASTY)
@example("<script>alert(1)</script>")
@example("&lt;b&gt; \\| end")
@example("https://user@example.org www.example.org")
def test_text_in_a_cell_stays_text(raw: str) -> None:
    """A Markdown parser finds nothing but the text that went in."""
    found = _in_table(md(raw))

    assert {"text"} >= {kind for kind, _ in found} - {"text_special"}
    assert clean(raw) == "".join(content for _, content in found).replace(GAP, "").strip()


@given(NASTY.filter(clean))
@example("a|b`c``d")
@example("`")
def test_code_in_a_cell_stays_code(raw: str) -> None:
    """A Markdown parser finds one code span with the text that went in."""
    ((kind, content),) = _in_table(md_code(raw))

    assert ("code_inline", clean(raw)) == (kind, content)


@pytest.mark.parametrize(
    "raw", ["@someone", "#12", "GH-12", ":tada:", "https://example.org", "www.example.org"]
)
def test_what_a_forge_would_link_is_broken_up(raw: str) -> None:
    """Mentions, references, emoji and bare links have a gap in them."""
    assert "&#8203;" in md(raw)
    assert "&#8203;" in md_html(raw)


def test_ordinary_text_is_left_as_it_is() -> None:
    """A build or a time has no gap in it that a reader would copy."""
    assert "cumulative KB4343909 17134.228: 10:30" == md("cumulative KB4343909 17134.228: 10:30")


class _Reader(HTMLParser):
    """Collects text; remembers tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag, and what its attributes say."""
        self.tags.append(tag)
        self.text += "".join(value or "" for _, value in attrs)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


@given(NASTY)
def test_html_text_stays_text(raw: str) -> None:
    """An HTML parser finds the text that went in, between tags and in an attribute, and no tag of its own."""
    between, within = _Reader(), _Reader()
    between.feed(f"<p>{html(raw)}</p>")
    between.close()
    within.feed(f'<p title="{html(raw)}"></p>')
    within.close()

    assert (["p"], clean(raw)) == (between.tags, between.text)
    assert (["p"], clean(raw)) == (within.tags, within.text)


@given(NASTY)
def test_html_in_markdown_stays_text(raw: str) -> None:
    """Inside a tag in Markdown no other tag begins."""
    reader = _Reader()
    reader.feed(f"<summary>{md_html(raw)}</summary>")
    reader.close()

    assert (["summary"], clean(raw)) == (reader.tags, reader.text.replace(GAP, ""))
