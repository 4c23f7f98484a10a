"""The tree a recipe's text is read into: maps, lists and scalars that know where they were written.

Nothing here knows YAML or the recipe's language. Trees are immutable; aliases and merges share branches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.model.origins import Loc

ScalarValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Span:
    """A place and how many characters of its line belong to it."""

    place: Place
    width: int = 1


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value.

    Attributes:
        value: what YAML 1.2 makes of the text.
        text: the text as written, without quotes.
        plain: written without quotes.
        failed: its template could not be rendered, which is reported; nothing more can be said of it.
    """

    value: ScalarValue
    text: str
    span: Span
    plain: bool = True
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Seq:
    """A list; `append` says it was tagged `!append`."""

    items: tuple[Node, ...]
    span: Span
    append: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value`; `span` is the key's."""

    key: str
    span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class Map:
    """Entries by key, in the order written."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    span: Span = Span(Place(""))


Node = Scalar | Seq | Map


def find(node: Node | None, *loc: str | int) -> Node | None:
    """The node at a location below `node`, or None."""
    for part in loc:
        if isinstance(node, Map) and isinstance(part, str) and part in node.entries:
            node = node.entries[part].value
        elif isinstance(node, Seq) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def entries(node: Node | None) -> Iterator[Entry]:
    """The entries of a map; none for anything else."""
    if isinstance(node, Map):
        yield from node.entries.values()


def text_of(node: Node | None) -> str | None:
    """The value of a text scalar; None for anything else, and where a template failed."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.failed:
        return node.value
    return None


def is_null(node: Node | None) -> bool:
    """Whether this is a scalar without a value."""
    return isinstance(node, Scalar) and node.value is None


def walk(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Entry | None, Node]]:
    """Every node with its location and, below a map, its entry; depth first."""
    stack: list[tuple[Loc, Entry | None, Node]] = [(loc, None, node)]
    while stack:
        here = stack.pop()
        yield here
        at, _, value = here
        if isinstance(value, Map):
            stack += [((*at, e.key), e, e.value) for e in reversed(list(value.entries.values()))]
        elif isinstance(value, Seq):
            stack += [((*at, i), None, v) for i, v in reversed(list(enumerate(value.items)))]
