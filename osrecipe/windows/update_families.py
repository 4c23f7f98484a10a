"""Which update replaces which: same kind, machine and family, and newer. Pure rules over facts.

A family is what a machine would be offered the one after the other in: the builds it is for, the language, and the
package's name without what changes each month.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osrecipe.model.facts import UpdateKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.model.facts import UpdateFacts

_KB = re.compile(r"_?kb\d+", re.IGNORECASE)
_NUMBERED_BY_KB = frozenset({UpdateKind.FLASH, UpdateKind.SECURE_BOOT, UpdateKind.MICROCODE})
"""Kinds whose packages all count from 10.0.1.0, each under its own KB: the later KB is the newer one."""
_LANGUAGE = 3
"""Which part of an identity is the language."""


def replaces(candidate: UpdateFacts, current: UpdateFacts) -> bool:
    """Whether a recipe that has `current` could take `candidate` in its place, and would be newer for it."""
    return (
        _family(candidate) == _family(current)
        and _share_builds(candidate, current)
        and _is_newer(candidate, current)
    )


def newest(current: UpdateFacts, candidates: Iterable[UpdateFacts]) -> UpdateFacts | None:
    """The newest of those that replace `current`, or None; of equals the first."""
    best: UpdateFacts | None = None
    for candidate in candidates:
        if replaces(candidate, current) and (best is None or _is_newer(candidate, best)):
            best = candidate
    return best


def _family(facts: UpdateFacts) -> tuple[str, ...]:
    parts = facts.package.identity.split("~")
    language = parts[_LANGUAGE].lower() if len(parts) > _LANGUAGE else ""
    return (facts.update_kind, facts.package.architecture, language, _stem(facts, parts[0]))


def _stem(facts: UpdateFacts, name: str) -> str:
    """The package's name without what each issue of it has of its own."""
    match facts.update_kind:
        case UpdateKind.SERVICING_STACK:
            return ""  # `Package_for_ServicingStack_191` has its revision in its name, older ones their KB
        case UpdateKind.OPTIONAL:
            return name.lower()  # two KBs of this kind have nothing to do with each other
        case _:
            return _KB.sub("", name).lower()


def _share_builds(one: UpdateFacts, other: UpdateFacts) -> bool:
    """Whether they are for a build in common; one that names none is for all that its name allows."""
    return not one.builds or not other.builds or bool(set(one.builds) & set(other.builds))


def _is_newer(one: UpdateFacts, other: UpdateFacts) -> bool:
    return _age(one) > _age(other)


def _age(facts: UpdateFacts) -> tuple[int, ...]:
    kb = int(facts.kb) if facts.update_kind in _NUMBERED_BY_KB and facts.kb else 0
    return (kb, *facts.package.version.key)
