"""Free text inside Markdown and HTML: shown as it is, never interpreted. Knows nothing of plans or runs."""

from __future__ import annotations

import re

from osrecipe.render.style import clean, cut

CELL = 300
"""Columns of one text in a table; what is longer ends with an ellipsis."""
_GAP = "&#8203;"
"""A space without width: it breaks up what a forge would turn into a mention, a reference, an emoji or a link."""
_SPECIAL = re.compile(r"[&<>\"'\\`*_\[\]|~$@#]|:(?=//|[\w+-]+:)|\bwww(?=\.)|\bGH(?=-\d)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_BREAKABLE = frozenset("@#:wWgG")


def md(raw: str, most: int = CELL) -> str:
    """Text for Markdown, inside a table's cell or a paragraph."""
    return _SPECIAL.sub(lambda m: _markdown(m[0]), cut(clean(raw), most))


def _markdown(found: str) -> str:
    if found in _ENTITIES and found not in {"'", '"'}:
        return _ENTITIES[found]
    if found[0] in _BREAKABLE:
        return found + _GAP
    return found if found in {"'", '"'} else f"\\{found}"


def md_code(raw: str, most: int = CELL, *, in_table: bool = True) -> str:
    """A code span; only inside a table's cell has a bar a meaning, there even in code."""
    shown = cut(clean(raw), most)
    if in_table:
        shown = shown.replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if shown[:1] in {"`", " ", ""} or shown[-1:] in {"`", " "} else ""
    return f"{fence}{space}{shown}{space}{fence}"


def html(raw: str) -> str:
    """Text for HTML and SVG, between tags or inside a quoted attribute."""
    return "".join(_ENTITIES.get(c, c) for c in clean(raw))


def md_html(raw: str, most: int = CELL) -> str:
    """Text inside an HTML tag that stands in Markdown."""

    def harmless(found: re.Match[str]) -> str:
        if found[0] in _ENTITIES:
            return _ENTITIES[found[0]]
        return found[0] + _GAP if found[0][0] in _BREAKABLE else found[0]

    return _SPECIAL.sub(harmless, cut(clean(raw), most))
