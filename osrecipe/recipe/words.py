"""The small words of messages: how a place, a type or a choice is called, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from osrecipe.recipe.nodes import Map, Node, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.model.origins import Loc

_PLAIN_PART = re.compile(r"[A-Za-z0-9_-]+")

LATER = frozenset(
    {
        "dynamic-update",
        "fallback-language",
        "languages",
    }
)
"""Keys people will look for that this version does not know; they are unknown, and said to be."""


def dotted(loc: Loc) -> str:
    """`targets.install.select[0].name`; a part that is no plain word stands in quotes."""
    out = ""
    for part in loc:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            word = part if _PLAIN_PART.fullmatch(part) else f'"{clip(part)}"'
            out += f".{word}" if out else word
    return out


def clip(text: str, most: int = 60) -> str:
    """One line of a text that may be long or hold breaks."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return line if len(line) <= most else line[: most - 1] + "…"


def kind(node: Node) -> str:
    """What a value is, for `…, not a list`."""
    if isinstance(node, Map):
        return "a map"
    if isinstance(node, Seq):
        return "a list"
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return f"`{node.text}`"
    return f"the number {clip(node.text)}"


def choice(words: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{w}`" for w in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def near(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that was probably meant, or None."""
    by_form = {_form(v): v for v in valid}
    if _form(word) in by_form:
        return by_form[_form(word)]
    close = difflib.get_close_matches(_form(word)[:80], by_form, n=1, cutoff=0.65)
    return by_form[close[0]] if close else None


def _form(word: str) -> str:
    return word.lower().replace("_", "-").strip()
