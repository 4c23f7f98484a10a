"""The reference page of the order is generated and current."""

from __future__ import annotations

import os
import re

from support.house import ROOT

from osrecipe.render.ordering_reference import ordering_reference
from osrecipe.windows.ordering import CLASSIC, CUSTOMIZE, REPEATS, RULES, StepKind

PAGE = ROOT / "docs" / "reference" / "ordering.md"


def test_the_page_is_current() -> None:
    """What is in docs is what the table says; `OSRECIPE_REGOLD=1` writes it anew."""
    if os.environ.get("OSRECIPE_REGOLD"):
        PAGE.write_text(ordering_reference(), encoding="utf-8", newline="\n")
    assert ordering_reference() == PAGE.read_text(encoding="utf-8")


def test_the_page_holds_every_rule_row_and_step() -> None:
    """Nothing of the table is left out, and nothing is said twice."""
    page = ordering_reference()
    assert all(
        f"`{rule.id}`" in page and rule.reason in page and rule.source in page for rule in RULES.values()
    )
    assert all(f"| `{kind}` |" in page for kind in StepKind)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(set(rows))
    for again in REPEATS:
        assert any(r.startswith(f"| `{again.repeat}` | `{again.adds}` | {again.rule.reason}") for r in rows)


def test_a_line_says_exactly_the_rows_of_its_rule() -> None:
    """Each on the left comes before each on the right: no pair is implied that the table does not hold."""
    said = {
        (first, then, rule)
        for line in ordering_reference().splitlines()
        if line.startswith("| `") and line.count(" | ") == 3
        for left, right, why, _source in [line.strip("| ").split(" | ")]
        for first in re.findall(r"`([^`]+)`", left)
        for then in re.findall(r"`([^`]+)`", right)
        for rule in re.findall(r"\(`([^`]+)`\)$", why)
    }
    within = {(str(row.before), str(row.after), row.rule.id) for row in (*CLASSIC, *CUSTOMIZE)}
    assert within | {(str(r.repeat), str(r.adds), r.rule.id) for r in REPEATS} == said
