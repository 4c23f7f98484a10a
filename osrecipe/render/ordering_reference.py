"""The reference page of the order of servicing, as Markdown, from the table in `windows.ordering`. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.reference_table import table
from osrecipe.windows.ordering import (
    CLASSIC,
    CUSTOMIZE,
    DYNAMIC_UPDATE_FROM,
    MOVED,
    PENDS,
    REPEATS,
    RULES,
    StepKind,
)
from osrecipe.windows.targets import DEFAULT_TARGETS, STEP_OF_KIND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osrecipe.windows.ordering import Precedes, RepeatAfter, Rule

_HEAD = """\
# The order of servicing

Generated from `osrecipe/windows/ordering.py`; a test says that it is current. `osrecipe explain TASK` prints the same
reasons for one task of one plan.
"""
_STEPS = """\
## Steps

Steps of one image are done in this order, as far as the recipe asks for them. Steps of one kind follow the recipe's order.
"""
_WITHIN = """\
## Within an image

Each row is an edge of the plan for every pair of steps it speaks of, each on the left before each on the right. A `move` of the recipe puts a step before another;
the rows that say otherwise give way, and the plan names the move instead.
"""
_AGAIN = """\
## Again

A step is repeated when something comes after its last time that it has to bring up to date. A feature that is switched
off, or is on already, adds nothing. What the recipe moves before the step needs no repetition either.
"""


def ordering_reference() -> str:
    """The page."""
    return (
        "\n".join(
            (
                _HEAD,
                _auto(),
                _STEPS,
                *table(("step", "updates of kind", "may leave actions pending"), map(_step, StepKind)),
                _WITHIN,
                *table(("first", "then", "why", "source"), _rows((*CLASSIC, *CUSTOMIZE))),
                _AGAIN,
                *table(("again", "after", "why", "source"), _repeats(REPEATS)),
                "## Between images, jobs and the media\n",
                *table(("rule", "why", "source"), _others()),
                "## Where updates go by default\n",
                *table(("kind", "targets"), _targets()),
            )
        ).rstrip("\n")
        + "\n"
    )


def _auto() -> str:
    return f"`ordering: auto` follows it for builds before {DYNAMIC_UPDATE_FROM}; from there on an order has to be stated.\n"


def _step(kind: StepKind) -> tuple[str, ...]:
    updates = ", ".join(f"`{k.value}`" for k, step in STEP_OF_KIND.items() if step is kind)
    return f"`{kind}`", updates, "yes" if kind in PENDS else ""


def _rows(table: Iterable[Precedes]) -> Iterator[tuple[str, ...]]:
    """One line for each rule: all it puts first, and all that follows each of them."""
    rules: dict[str, list[Precedes]] = {}
    for row in table:
        rules.setdefault(row.rule.id, []).append(row)
    for rows in rules.values():
        first = dict.fromkeys(f"`{row.before}`" for row in rows)
        then = dict.fromkeys(f"`{row.after}`" for row in rows)
        yield ", ".join(first), ", ".join(then), *_why(rows[0].rule)


def _repeats(table: Iterable[RepeatAfter]) -> Iterator[tuple[str, ...]]:
    for row in table:
        yield f"`{row.repeat}`", f"`{row.adds}`", *_why(row.rule)


def _others() -> Iterator[tuple[str, ...]]:
    """The rules that stand in neither table, the recipe's own last."""
    inside = {row.rule.id for row in (*CLASSIC, *CUSTOMIZE)} | {row.rule.id for row in REPEATS}
    for rule in RULES.values():
        if rule.id not in inside and rule is not MOVED:
            yield f"`{rule.id}`", rule.reason, rule.source
    yield f"`{MOVED.id}`", MOVED.reason, MOVED.source


def _why(rule: Rule) -> tuple[str, str]:
    return f"{rule.reason} (`{rule.id}`)", rule.source


def _targets() -> Iterator[tuple[str, ...]]:
    for kind, targets in DEFAULT_TARGETS.items():
        yield f"`{kind.value}`", ", ".join(targets)
