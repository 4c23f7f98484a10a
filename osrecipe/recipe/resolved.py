"""A loaded recipe as one YAML text: fragments laid in, templates rendered, paths as seen from the recipe's folder.

Lines with the place each value was written at; the text reads back as the same recipe.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.recipe import Recipe
from osrecipe.recipe import paths
from osrecipe.recipe.convert import HOST_PATHS
from osrecipe.recipe.merge import matches
from osrecipe.recipe.nodes import Map, Scalar, Seq
from osrecipe.recipe.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.origins import Loc
    from osrecipe.model.problems import Place
    from osrecipe.recipe.loading import LoadedRecipe
    from osrecipe.recipe.nodes import Node, ScalarValue

_STEP = "  "
_UNSAFE = re.compile(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`=~<]|: |:$| #|\s$|\t")
"""What plain text may not begin with or hold in YAML; more is quoted than would be needed."""

_OPENER = re.compile(r"\{(?=[{%#])")
"""What would begin a template if it were written as it is."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WIDE = 0x10000


@dataclass(frozen=True)
class Line:
    """A line of the text; `place` where it has a value of its own."""

    text: str
    place: Place | None


def resolved_lines(loaded: LoadedRecipe) -> Iterator[Line]:
    """The recipe's lines, in block style and the language's order; `extends` has done its work and is left out."""
    root = loaded.written
    known = [info.alias or name for name, info in Recipe.model_fields.items()]
    entries = {key: root.entries[key] for key in known if key in root.entries and key != "extends"}
    yield from _Writer(loaded).map(Map(entries, root.span), (), "")


class _Writer:
    def __init__(self, loaded: LoadedRecipe) -> None:
        self._folders = loaded.folders

    def map(self, node: Map, loc: Loc, indent: str) -> Iterator[Line]:
        for key, entry in node.entries.items():
            yield from self.entry(f"{indent}{_quoted(key)}:", entry.value, (*loc, key), indent + _STEP)

    def entry(self, head: str, node: Node, loc: Loc, indent: str) -> Iterator[Line]:
        """A key or a list's dash, with its value behind or below it."""
        if isinstance(node, Map) and node.entries:
            yield Line(head, None)
            yield from self.map(node, loc, indent)
        elif isinstance(node, Seq) and node.items:
            yield Line(head, None)
            for number, item in enumerate(node.items):
                yield from self.item(item, (*loc, number), indent)
        elif isinstance(node, Scalar):
            yield Line(f"{head} {self.scalar(node, loc)}", node.span.place)
        else:
            yield Line(f"{head} {'{}' if isinstance(node, Map) else '[]'}", node.span.place)

    def item(self, node: Node, loc: Loc, indent: str) -> Iterator[Line]:
        """A list's item: a map or a list begins on the line of its dash."""
        if isinstance(node, Scalar) or not (node.entries if isinstance(node, Map) else node.items):
            yield from self.entry(f"{indent}-", node, loc, indent + _STEP)
            return
        below = (
            list(self.map(node, loc, indent + _STEP))
            if isinstance(node, Map)
            else [
                line
                for n, each in enumerate(node.items)
                for line in self.item(each, (*loc, n), indent + _STEP)
            ]
        )
        yield Line(f"{indent}- {below[0].text.lstrip()}", below[0].place)
        yield from below[1:]

    def scalar(self, node: Scalar, loc: Loc) -> str:
        value = node.value
        if isinstance(value, str) and any(matches(loc, pattern) for pattern in HOST_PATHS):
            value = paths.rebase(value, self._folders.get(node.span.place.file, ""))
        if isinstance(value, str):
            return _quoted(_OPENER.sub("{{ '{' }}", value))
        return node.text if node.plain and resolve(node.text) == value else _word(value)


def _word(value: ScalarValue) -> str:
    return json.dumps(value)


def _quoted(text: str) -> str:
    """Text in YAML: plain where nobody could take it for something else, else in double quotes."""
    if text and text.isprintable() and not _UNSAFE.search(text) and resolve(text) == text:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < _WIDE else f"\\U{ord(char):08x}"
