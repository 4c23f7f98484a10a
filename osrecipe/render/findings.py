"""How lint findings look: for people, as JSON, and as annotations of a GitHub workflow.

Returns text, prints nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Severity
from osrecipe.render.problems import as_data, block
from osrecipe.render.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import JsonValue

    from osrecipe.lint.rule import Finding, Rule
    from osrecipe.lint.run import Report
    from osrecipe.model.problems import Problem

FORMAT: Final = "osrecipe-lint/1"
_PLURAL: Final = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
_GITHUB: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MOST: Final = 400
"""Characters of an annotation's message; GitHub shows few, and a recipe's text may be long."""


@dataclass(frozen=True)
class Linted:
    """What came of one recipe.

    Attributes:
        recipe: its name as the user gave it.
        report: None when the recipe is not valid.
        problems: what `validate` or `plan` would say.
        blind: why rules that need facts were left out; empty when they were not.
    """

    recipe: str
    report: Report | None
    problems: tuple[Problem, ...] = ()
    blind: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings; none of a recipe that is not valid."""
        return self.report.findings if self.report else ()


def text(results: Sequence[Linted], *, color: bool = False) -> str:
    """A block for each finding, then what was counted, then what could not be judged."""
    lines: list[str] = []
    for finding in _all(results):
        lines += block(finding.problem, level=finding.severity.value, color=color)
    lines.append(_summary(results))
    lines += [
        f"{clean(r.recipe)}: without facts, only the text was judged: {r.blind}" for r in results if r.blind
    ]
    return "\n".join(lines) + "\n"


def _all(results: Sequence[Linted]) -> Iterator[Finding]:
    """Every finding once: recipes share fragments."""
    yield from dict.fromkeys(finding for result in results for finding in result.findings)


def _summary(results: Sequence[Linted]) -> str:
    found = Counter(finding.severity for finding in _all(results))
    waived = sum(len(r.report.waived) for r in results if r.report)
    counts = [
        f"{found[severity]} {severity.value if found[severity] == 1 else _PLURAL[severity]}"
        for severity in Severity
        if found[severity]
    ]
    invalid = sum(1 for r in results if r.report is None)
    counts += [f"{waived} waived"] if waived else []
    counts += [f"{invalid} not valid"] if invalid else []
    number = f"{len(results)} recipe{'' if len(results) == 1 else 's'}"
    return f"{number}: {', '.join(counts) or 'nothing found'}"


def as_json(results: Sequence[Linted]) -> str:
    """One object; keys are only ever added within a format's version."""
    data: JsonValue = {"format": FORMAT, "recipes": [_data(result) for result in results]}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _data(result: Linted) -> JsonValue:
    waived = result.report.waived if result.report else ()
    return {
        "recipe": result.recipe,
        "valid": result.report is not None,
        "without_facts": result.blind or None,
        "problems": [as_data(p) for p in result.problems],
        "findings": [_finding(f) for f in result.findings],
        "waived": [{**_finding(w.finding), "because": w.reason} for w in waived],
    }


def _finding(finding: Finding) -> dict[str, JsonValue]:
    return {"severity": finding.severity.value, **as_data(finding.problem)}


def github(results: Sequence[Linted]) -> str:
    """Workflow commands, one line for each finding and each problem."""
    lines = [_annotation("error", p) for result in results for p in result.problems]
    lines += [_annotation(_GITHUB[f.severity], f.problem) for f in _all(results)]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _annotation(level: str, problem: Problem) -> str:
    place = problem.place
    where = {}
    if place is not None:
        where = {"file": place.file, "line": place.line, "endLine": place.line, "col": place.column}
    where = {name: value for name, value in where.items() if value}
    named = {**where, "title": problem.slug}
    properties = ",".join(
        f"{name}={_escaped(str(value), property_too=True)}" for name, value in named.items()
    )
    message = problem.reason + (f" (hint: {problem.hint})" if problem.hint else "")
    return f"::{level} {properties}::{_escaped(clean(message)[:_MOST])}"


def _escaped(raw: str, *, property_too: bool = False) -> str:
    """As the runner's own toolkit escapes: `%` and breaks everywhere, `:` and `,` in properties."""
    made = raw.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return made.replace(":", "%3A").replace(",", "%2C") if property_too else made


def rules(known: Sequence[Rule]) -> str:
    """A line for each rule: name, severity, what it finds."""
    width = max(len(rule.name) for rule in known)
    return "".join(f"{rule.name:{width}}  {rule.severity.value:7}  {rule.says}\n" for rule in known)
