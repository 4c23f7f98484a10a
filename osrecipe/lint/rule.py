"""What a rule is, what it finds, and the one table of all rules. Holds no rule itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.lint.subject import Subject
    from osrecipe.model.origins import Loc
    from osrecipe.model.problems import Place, Problem

PREFIX = "lint/"


class Severity(StrEnum):
    """How much it matters. Errors and warnings make `lint` end with 7, notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def fails(self) -> bool:
        """Whether it makes a check fail."""
        return self is not Severity.NOTE


class Facts(StrEnum):
    """Whether a rule looks at what the inputs hold."""

    NEVER = "the recipe's text is enough"
    HELPFUL = "the recipe's text tells some, a lock or the inputs tell all"
    NEEDED = "needs a lock or the inputs"


@dataclass(frozen=True)
class Hit:
    """One thing a rule found.

    Attributes:
        loc: where in the recipe, as written; what encloses it can waive it.
        reason: one sentence, as in `Problem`.
        place: where exactly, when that is not the key at `loc`.
        hushed: whether the source line may not be shown, because it holds what nobody should read.
    """

    loc: Loc
    reason: str
    hint: str = ""
    place: Place | None = None
    hushed: bool = False


Check = Callable[["Subject"], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A named rule.

    Attributes:
        name: stable, never reused; shown as `lint/NAME`.
        says: what it finds, in one sentence for a table.
        why: why that is seldom meant, and what to do instead.
        source: where that is known from.
    """

    name: str
    severity: Severity
    facts: Facts
    says: str
    why: str
    source: str
    check: Check

    @property
    def slug(self) -> str:
        """The name findings carry."""
        return PREFIX + self.name


@dataclass(frozen=True)
class Finding:
    """A hit with its rule, ready to be shown."""

    severity: Severity
    problem: Problem
    loc: Loc = ()

    @property
    def rule(self) -> str:
        """The rule's name, without `lint/`."""
        return self.problem.slug.removeprefix(PREFIX)


def rule(  # noqa: D417 - the rest are `Rule`'s own fields
    name: str,
    severity: Severity,
    facts: Facts = Facts.NEVER,
    *,
    says: str,
    why: str,
    source: str,
) -> Callable[[Check], Rule]:
    """Make a rule of a function.

    Args:
        name: the rule's name.
    """

    def make(check: Check) -> Rule:
        return Rule(name, severity, facts, says, why, source, check)

    return make
