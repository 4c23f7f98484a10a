"""The reference page of the rules, `docs/reference/lint.md`, made from the rules so that it can't go stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Severity
from osrecipe.lint.run import ALL

if TYPE_CHECKING:
    from osrecipe.lint.rule import Rule

_HEAD: Final = """# Lint rules

<!-- Made by `osrecipe.lint.reference` from the rules; a test fails when it is not current. -->

`osrecipe lint RECIPE…` finds what is valid and still probably not meant. Errors and warnings make it end with 7, notes do
not; a recipe that is not valid makes it end with 3. How to use it, and how to waive a finding, is in
[the guide](../guides/lint-and-format.md).

Every rule has a case that it finds, and the same case mended, in `tests/golden/lint/`.
"""
_MARKS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def text() -> str:
    """The whole page."""
    table = "\n".join(f"| [`{r.name}`](#{r.name}) | {_MARKS[r.severity]} | {_cell(r.says)} |" for r in ALL)
    sections = "\n".join(_section(rule) for rule in ALL)
    return f"{_HEAD}\n| rule | | finds |\n|---|---|---|\n{table}\n\n{sections}"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _section(rule: Rule) -> str:
    first = rule.says[:1].upper() + rule.says[1:]
    return (
        f"## {rule.name}\n\n{first}.\n\n{rule.why}\n\n"
        f"- severity: {_MARKS[rule.severity]}\n- looks at: {rule.facts.value}\n- source: {rule.source}\n"
    )
