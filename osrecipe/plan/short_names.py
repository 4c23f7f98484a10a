"""Short names of steps for things that Windows calls by long ones: features, capabilities, apps."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

from osrecipe.plan.selection import MAX_SLUG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DIGITS = 8


def short_names(
    things: Iterable[str], front: str, said: Callable[[str], str] = lambda name: name
) -> dict[str, str]:
    """A step's name for each thing, all different; those that would be alike, or long, get digits of their own.

    Args:
        things: names, each once.
        front: what every step of the kind begins with.
        said: the part of a name that people know it by.
    """
    plain = {name: re.sub(r"[^a-z0-9._-]+", "-", said(name).lower()) for name in things}
    many = Counter(plain.values())
    made = {name: short for name, short in plain.items() if many[short] == 1 and len(short) <= MAX_SLUG}
    taken = set(made.values())
    for name, short in plain.items():
        if name not in made:
            made[name] = _numbered(short[:MAX_SLUG], name, taken)
            taken.add(made[name])
    return {name: f"{front}-{made[name]}" for name in plain}


def _numbered(short: str, name: str, taken: set[str]) -> str:
    """A name with as many digits of its hash as make it new."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return next(
        made
        for length in range(_DIGITS, len(digest) + 1)
        if (made := f"{short}-{digest[:length]}") not in taken
    )
