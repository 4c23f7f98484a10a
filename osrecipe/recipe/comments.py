"""The comments of a recipe's text, told apart from `#` inside values.

Works on text that parses; positions are characters of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.events import ScalarEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"(?<![^\s])#[^\r\n]*")
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Comment:
    """One comment.

    Attributes:
        start: number of its `#` in the text.
        line: from 1.
        column: from 1, in characters.
        text: from the `#` on, without blanks at its end.
        alone: nothing but blanks stands before it on its line.
    """

    start: int
    line: int
    column: int
    text: str
    alone: bool


def comments(text: str) -> tuple[Comment, ...]:
    """Every comment in the order written.

    Args:
        text: YAML without a byte order mark.

    Raises:
        YAMLError: the text is no YAML.
    """
    found: list[Comment] = []
    line, counted, at = 1, 0, 0
    for start, end in (*_masked(text), (len(text), len(text))):
        while (match := _COMMENT.search(text, at, start)) is not None:
            line += sum(1 for _ in _BREAK.finditer(text, counted, match.start()))
            counted, at = match.start(), match.end()
            begin = max(text.rfind("\n", 0, counted), text.rfind("\r", 0, counted)) + 1
            alone = not text[begin:counted].strip()
            found.append(Comment(counted, line, counted - begin + 1, match[0].rstrip(), alone))
        at = max(at, end)
    return tuple(found)


def _masked(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text that are values, from and to, in order; the first line of a `|` or `>` is none."""
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, ScalarEvent):
            start, end = event.start_mark.index, event.end_mark.index
            if event.style in {"|", ">"}:
                head = _BREAK.search(text, start, end)
                start = head.end() if head else end
            yield start, end
