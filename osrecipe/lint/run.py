"""Runs rules over a recipe, takes out what is waived, and judges the waivers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import PREFIX, Facts, Finding, Rule, Severity
from osrecipe.lint.rules import RULES
from osrecipe.lint.waivers import Waiver, waivers
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import Place, Problem, error
from osrecipe.recipe.words import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osrecipe.lint.rule import Hit
    from osrecipe.lint.subject import Subject

_MOST: Final = 200
"""Findings of one rule in one recipe; more of the same tell nothing new."""


def _no_check(_subject: Subject) -> Iterator[Hit]:
    yield from ()


UNUSED_WAIVER: Final = Rule(
    "unused-waiver",
    Severity.WARNING,
    Facts.NEVER,
    "a waiver covers nothing",
    "What it was for is gone, or it stands at the wrong line. Left there it would hide the next finding. Waivers of rules "
    "that were not run, or that need a lock or inputs which were not there, are not counted.",
    "this tool's design: what is written in a recipe has an effect",
    _no_check,
)
BAD_WAIVER: Final = Rule(
    "bad-waiver",
    Severity.WARNING,
    Facts.NEVER,
    "a waiver names no rule that exists, or gives no reason",
    "Such a waiver is void: what it stands at is reported. The form is `# lint: ignore[rule] because REASON`.",
    "this tool's design: a waiver is a reviewed decision",
    _no_check,
)
ALL: Final[tuple[Rule, ...]] = (*RULES, UNUSED_WAIVER, BAD_WAIVER)
"""Every rule, in the order of the reference page."""
BY_NAME: Final = {rule.name: rule for rule in ALL}


@dataclass(frozen=True)
class Waived:
    """A finding that a waiver covers, and the waiver's reason."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Report:
    """What was found in one recipe, in reading order."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]

    @property
    def fails(self) -> bool:
        """Whether a finding is severe enough for a check to fail."""
        return any(finding.severity.fails for finding in self.findings)


def choose(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    """The rules to run: those selected, or all, without those ignored.

    Raises:
        OsrecipeError: there is no such rule (`usage/argument`).
    """
    wanted = {_named(name) for name in select} or set(BY_NAME)
    unwanted = {_named(name) for name in ignore}
    return tuple(rule for rule in ALL if rule.name in wanted - unwanted)


def _named(text: str) -> str:
    name = text.removeprefix(PREFIX)
    if name not in BY_NAME:
        meant = near(name, BY_NAME)
        hint = f"did you mean `{meant}`?" if meant else f"the rules: {', '.join(BY_NAME)}"
        raise error(Slug.USAGE_ARGUMENT, f"there is no rule `{text}`", hint=hint, exit_code=ExitCode.USAGE)
    return name


def lint(subject: Subject, rules: Sequence[Rule] = ALL) -> Report:
    """Run rules over one recipe."""
    written = waivers(subject.origins)
    findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[tuple[Waiver, str]] = set()
    for finding in _found(subject, rules):
        covering = [w for w in written if w.covers(finding, subject.origins)]
        used |= {(w, finding.rule) for w in covering}
        if covering:
            waived.append(Waived(finding, covering[0].reason))
        else:
            findings.append(finding)
    findings += _bad(written, rules)
    findings += _unused(written, used, rules, blind=subject.facts is None)
    return Report(tuple(sorted(findings, key=_order)), tuple(sorted(waived, key=lambda w: _order(w.finding))))


def _order(finding: Finding) -> tuple[Place, str, str]:
    problem = finding.problem
    return problem.place or Place(""), problem.slug, problem.reason


def _found(subject: Subject, rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if rule.facts is Facts.NEEDED and subject.facts is None:
            continue
        seen: set[Problem] = set()
        for hit in rule.check(subject):
            problem = _problem(subject, rule, hit)
            if problem not in seen and len(seen) < _MOST:
                seen.add(problem)
                yield Finding(rule.severity, problem, hit.loc)


def _problem(subject: Subject, rule: Rule, hit: Hit) -> Problem:
    of_item = bool(hit.loc) and isinstance(hit.loc[-1], int)
    place = hit.place or (subject.origins.at(*hit.loc) if of_item else subject.origins.key(*hit.loc))
    source = subject.origins.line(place)
    if hit.hushed:
        return Problem(rule.slug, hit.reason, place, hit.hint)
    last = hit.loc[-1] if hit.loc else ""
    marked = last if isinstance(last, str) and source[max(place.column - 1, 0) :].startswith(last) else ""
    return Problem(rule.slug, hit.reason, place, hit.hint, source, max(len(marked), 1))


def _bad(written: Sequence[Waiver], rules: Sequence[Rule]) -> Iterator[Finding]:
    if BAD_WAIVER not in rules:
        return
    for waiver in written:
        if not waiver.rules:
            yield _about(
                waiver, BAD_WAIVER, "the waiver names no rule", "write `ignore[rule] because REASON`"
            )
        for name in waiver.rules:
            if name not in BY_NAME:
                meant = near(name, BY_NAME)
                hint = f"did you mean `{meant}`?" if meant else "`osrecipe lint --rules` lists the rules"
                yield _about(waiver, BAD_WAIVER, f"the waiver names no rule: {name}", hint)
        if waiver.rules and not waiver.reason:
            hint = f"write `# lint: ignore[{', '.join(waiver.rules)}] because REASON`"
            yield _about(waiver, BAD_WAIVER, "the waiver gives no reason, so it is void", hint)


def _unused(
    written: Sequence[Waiver], used: set[tuple[Waiver, str]], rules: Sequence[Rule], *, blind: bool
) -> Iterator[Finding]:
    if UNUSED_WAIVER not in rules:
        return
    for waiver in written:
        for name in waiver.rules if waiver.reason else ():
            rule = BY_NAME.get(name)
            ran = rule in rules and not (blind and rule is not None and rule.facts is not Facts.NEVER)
            if rule is not None and ran and (waiver, name) not in used:
                yield _about(waiver, UNUSED_WAIVER, f"nothing here is waived: {name}", "remove the waiver")


def _about(waiver: Waiver, rule: Rule, reason: str, hint: str) -> Finding:
    return Finding(rule.severity, Problem(rule.slug, reason, waiver.place, hint, waiver.source))
