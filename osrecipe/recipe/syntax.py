"""What is wrong with a text that is no YAML, in words for people who write recipes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from osrecipe.model.codes import Slug
from osrecipe.model.problems import Place
from osrecipe.recipe.nodes import Span

if TYPE_CHECKING:
    from ruamel.yaml.error import YAMLError

    from osrecipe.recipe.source import Source

_QUOTE_PATH = r"write a Windows path without quotes, or in single quotes: 'C:\Temp'"
_QUOTE_TEXT = "put the text in single quotes"
_ALIGN = "the keys of one map, and the items of one list, start in the same column"

# What the parser says → what we say, hint. `context`: it is told where the broken thing starts.
_WORDS: tuple[tuple[str, str, str, bool], ...] = (
    (r"found unknown escape character '(?P<x>.+)'", r"`\{x}` means nothing in double quotes", _QUOTE_PATH, False),
    (r"expected escape sequence of", "an escape in double quotes is not complete", _QUOTE_PATH, False),
    (r"mapping values are not allowed here", "a `:` can't stand here", "quote a text that holds `: `; " + _ALIGN, False),
    (r"could not find expected ':'", "this line is not `key: value`", "a `:` is missing, or the line is indented wrongly", True),
    (r"found unexpected end of stream", "the quote that opens here is never closed", "", True),
    (r"found unexpected document separator", "the quote that opens here is never closed", "", True),
    (r"expected ',' or '(?P<x>.)', but got '<stream end>'", "the bracket that opens here is never closed: `{x}` is missing", "", True),
    (r"expected ',' or '(?P<x>.)'", "expected `,` or `{x}` here", "", False),
    (r"found character '(?P<x>.+)' that cannot start any token", "a text can't start with `{x}`", _QUOTE_TEXT, False),
    (r"sequence entries are not allowed here", "a list can't start here", "put each `- ` on a line of its own", False),
    (r"expected <block end>, but found", "this line does not fit the ones above it", _ALIGN, False),
    (r"expected '<document start>', but found", "this line does not fit the ones above it", _ALIGN, False),
    (r"mapping keys are not allowed here", "a `?` can't start a text here", _QUOTE_TEXT, False),
    (r"expected a comment or a line break", "after `|` or `>` the text starts on the next line", "", False),
    (r"expected the node content, but found '<stream end>'", "the file ends in the middle of a value", "a bracket is not closed", False),
    (r"expected the node content, but found '(?P<x>.+)'", "there is no value before `{x}`", "", False),
    (r"expected alphabetic or numeric character", "a name is missing after `&`, `*` or `!`", _QUOTE_TEXT, False),
)  # fmt: skip


def problem_of(error: YAMLError, source: Source) -> tuple[Slug, str, Span, str]:
    """Slug, reason, place and hint for an error of the YAML parser."""
    if isinstance(error, ReaderError):
        reason = f"the control character U+{_code(error):04X} can't stand in a recipe"
        return Slug.RECIPE_ENCODING, reason, source.span(error.position, error.position + 1), ""
    if not isinstance(error, MarkedYAMLError):
        return Slug.RECIPE_SYNTAX, "not valid YAML", Span(Place(source.shown)), ""
    index = _index(error.problem_mark)
    if _tab_before(source, index):
        span = source.span(index, index + 1)
        return Slug.RECIPE_TAB, "YAML takes no tab here", span, "indent with spaces"
    return _marked(error, source)


def _marked(error: MarkedYAMLError, source: Source) -> tuple[Slug, str, Span, str]:
    problem = str(error.problem or error.context or "")
    index = _index(error.problem_mark)
    for pattern, reason, hint, at_context in _WORDS:
        if (found := re.match(pattern, problem)) is None:
            continue
        if at_context and error.context_mark is not None:
            index = _index(error.context_mark)
        words = reason.replace("{x}", found.groupdict().get("x", "")).replace("```", "a backtick")
        span = source.span(index, index + 1)
        if "fit the ones above" in words and _mid_line(source, index):
            words = "there is more text after the end of the value"
            return Slug.RECIPE_SYNTAX, words, span, "quote the whole value"
        return Slug.RECIPE_SYNTAX, words, span, hint
    return Slug.RECIPE_SYNTAX, f"not valid YAML: {problem}", source.span(index, index + 1), ""


def _index(mark: object) -> int:
    return int(getattr(mark, "index", 0) or 0)


def _code(error: ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(str(error.character)[0])


def _line_before(source: Source, index: int) -> str:
    span = source.span(index, index)
    return source.lines[span.place.line - 1][: span.place.column - 1]


def _tab_before(source: Source, index: int) -> bool:
    before = _line_before(source, index)
    indent = before[: len(before) - len(before.lstrip())]
    return "\t" in indent or source.text[index : index + 1] == "\t"


def _mid_line(source: Source, index: int) -> bool:
    return bool(_line_before(source, index).strip(" -"))
