"""Changes single values in a recipe's text: nothing but their characters, so that comments, order and style stay.

What can't be changed without touching anything else is refused: templates, aliases, values that span lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import Place, Problem
from osrecipe.recipe import source
from osrecipe.recipe.nodes import Map, Scalar, find, walk
from osrecipe.recipe.parse import parse
from osrecipe.recipe.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.origins import Loc

_BOM = "\ufeff"
_NOT_PLAIN = set("\"'\\#{}[],&*!|>%@`:\n\r\t")
"""Characters that a new value may not hold: any of them could need other quotes than the old value has."""


@dataclass(frozen=True)
class Edit:
    """A value's location in the file, and the text it gets."""

    loc: Loc
    new: str


def apply_edits(text: str, shown: str, edits: Sequence[Edit]) -> str | Problem:
    """The text with each value changed, or the problem that one can't be.

    Args:
        text: the whole file; a byte order mark and line breaks stay as they are.
        shown: the file's name in messages.
        edits: values to change; all are at scalars of this very file.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    root = _parsed(body, shown)
    if root is None:
        return Problem(Slug.LOCK_BUMP, "the file is no recipe any more", Place(shown))
    spots: list[tuple[int, int, str]] = []
    for edit in edits:
        spot = _spot(body, shown, root, edit)
        if isinstance(spot, Problem):
            return spot
        spots.append((*spot, edit.new))
    for start, end, new in sorted(spots, reverse=True):
        body = body[:start] + new + body[end:]
    return _checked(mark + body, shown, root, edits)


def value_at(text: str, shown: str, loc: Loc) -> str | None:
    """The text at a location of one file, as written there; None where there is none."""
    root = _parsed(text.removeprefix(_BOM), shown)
    node = find(root, *loc) if root is not None else None
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def _parsed(body: str, shown: str) -> Map | None:
    sink = Sink()
    root = parse(source.from_text(body, shown), sink)
    return None if sink else root


def _spot(body: str, shown: str, root: Map, edit: Edit) -> tuple[int, int] | Problem:
    """From which character to which the value's text goes, quotes left out."""
    node = find(root, *edit.loc)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return Problem(Slug.LOCK_BUMP, f"`{edit.loc[-1]}` is not written here as text", Place(shown))
    place, old = node.span.place, node.value
    held = source.from_text(body, shown)
    line = held.lines[place.line - 1]

    def refused(reason: str, hint: str) -> Problem:
        return Problem(Slug.LOCK_BUMP, reason, place, hint, line)

    if "{{" in old:
        return refused("the value is a template", f"change its variables so that it becomes `{edit.new}`")
    if _NOT_PLAIN & set(edit.new) or edit.new != edit.new.strip() or not edit.new:
        return refused(f"`{edit.new}` would need other quotes", "change it by hand")
    start = held.starts[place.line - 1] + place.column - 1
    start += body[start : start + 1] in {"'", '"'}
    end = start + len(old)
    if body[start:end] != old:
        return refused("the value is not written in one piece", f"change it by hand to `{edit.new}`")
    return start, end


def _checked(text: str, shown: str, root: Map, edits: Sequence[Edit]) -> str | Problem:
    """The text, once it has been read again and nothing but the values wanted differs."""
    after = _parsed(text.removeprefix(_BOM), shown)
    wanted = _values(root) | {edit.loc: edit.new for edit in edits}
    if after is None or _values(after) != wanted:
        reason = "changing this value would change others, because it is used in several places"
        return Problem(Slug.LOCK_BUMP, reason, Place(shown), "change it by hand")
    return text


def _values(root: Map) -> dict[Loc, object]:
    return {
        loc: node.value if isinstance(node, Scalar) else type(node).__name__ for loc, _, node in walk(root)
    }
