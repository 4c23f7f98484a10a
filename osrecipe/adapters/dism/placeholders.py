"""Names in braces that stand for paths which are only known while a run is going on.

`{mount}` or `{input:ID}`; a brace that is meant as one is written twice, so that no text of a recipe or of an input can
pass for a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([a-z]+)(?::([^{}]+))?\}")


@dataclass(frozen=True)
class Placeholder:
    """`{name}` or `{name:rest}`."""

    name: str
    rest: str = ""


def literal(text: str) -> str:
    """A text that names nothing, whatever braces it has."""
    return text.replace("{", "{{").replace("}", "}}")


def pieces(text: str) -> Iterator[str | Placeholder]:
    """A text's parts in order: what is meant literally, with its braces as they were, and names."""
    end = 0
    for match in _PIECE.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield Placeholder(match[1], match[2] or "") if match[1] else match[0][0]
        end = match.end()
    if end < len(text):
        yield text[end:]
