"""Lays one file's map over another's: maps by key, `null` drops, everything else replaces, `!append` appends.

Where a value came from travels with the value. What a `registry:` or `files:` map of a tweak says with `null` is a
deletion in the image, so there it is a value like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.recipe.nodes import Entry, Map, Node, Seq, Span, is_null
from osrecipe.recipe.words import dotted

if TYPE_CHECKING:
    from osrecipe.model.origins import Loc
    from osrecipe.recipe.sink import Sink

_ANY = "*"
_REGISTRY: tuple[Loc, ...] = (("targets", _ANY, "tweaks", _ANY, "registry"), ("expect", _ANY, "registry"))
_FILES: Loc = ("targets", _ANY, "tweaks", _ANY, "files")
_WHOLE: tuple[Loc, ...] = (("inputs", _ANY), ("secrets", _ANY), *((*r, _ANY, _ANY) for r in _REGISTRY))
"""Maps that are one value, such as `{qword: 1}`: half of one and half of another means nothing."""


def matches(loc: Loc, pattern: Loc) -> bool:
    """Whether a location has exactly the form of a pattern, in which `*` stands for any one part."""
    return len(loc) == len(pattern) and all(p in (_ANY, part) for part, p in zip(loc, pattern, strict=True))


def null_deletes(loc: Loc) -> bool:
    """Whether `null` at this location says something about the image and so is kept."""
    if matches(loc[:-1], _FILES):
        return True
    return any(matches(loc[:n], r) and len(loc) in (n + 1, n + 2) for r in _REGISTRY for n in (len(r),))


def lay_over(base: Map, over: Map, sink: Sink, loc: Loc = ()) -> Map:
    """The map that results when `over` is laid over `base`; what can't be is in `sink`."""
    merged = dict(base.entries)
    for key, entry in over.entries.items():
        at = (*loc, key)
        below = merged.get(key)
        if is_null(entry.value) and not null_deletes(at):
            _drop(merged, entry, at, sink)
        else:
            value = _combine(below.value if below else None, entry.value, at, sink)
            merged[key] = Entry(key, entry.span, value)
    return Map(merged, over.span)


def _drop(merged: dict[str, Entry], entry: Entry, at: Loc, sink: Sink) -> None:
    if merged.pop(entry.key, None) is None:
        sink.add(
            Slug.RECIPE_BAD_VALUE,
            f"`{dotted(at)}` has no value, and no fragment gives it one to drop",
            entry.span,
            "remove the line, or write `{}` for an empty map",
        )


def _combine(below: Node | None, over: Node, at: Loc, sink: Sink) -> Node:
    if isinstance(over, Map):
        whole = any(matches(at, w) for w in _WHOLE)
        base = below if isinstance(below, Map) and not whole else Map()
        return lay_over(base, over, sink, at)
    if isinstance(over, Seq) and over.append and below is not None:
        if isinstance(below, Seq):
            return Seq((*below.items, *over.items), over.span)
        _bad_append(below, over.span, at, sink)
    return over


def _bad_append(below: Node, span: Span, at: Loc, sink: Sink) -> None:
    sink.add(
        Slug.RECIPE_WRONG_TYPE,
        f"`!append` needs a list to append to, and `{dotted(at)}` is none so far",
        span,
        f"it is written at {below.span.place}",
    )
