"""Waivers: `# lint: ignore[rule] because REASON`, on the line it is about, above it, or on a key around it.

Reads comments and says which findings they cover; a waiver that gives no reason, names no rule or covers nothing is a
finding itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.lint.rule import PREFIX
from osrecipe.model.problems import Place
from osrecipe.recipe.comments import comments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.lint.rule import Finding
    from osrecipe.model.origins import Origins

_FORM = re.compile(r"#\s*lint:\s*ignore\s*(?:\[(?P<rules>[^\]]*)\])?(?P<rest>.*)")
_REASON = re.compile(r"\s+because\s+(?P<reason>\S.*)")


@dataclass(frozen=True)
class Waiver:
    """One waiver comment.

    Attributes:
        place: where the comment is.
        line: the line it is about.
        rules: names without `lint/`; empty when the brackets are not there or hold nothing.
        reason: empty when it gives none.
        source: the comment's line.
    """

    place: Place
    line: int
    rules: tuple[str, ...]
    reason: str
    source: str

    def covers(self, finding: Finding, origins: Origins) -> bool:
        """Whether a finding is the waiver's business: a reason is given, the rule is named, the place is right."""
        if not self.reason or finding.rule not in self.rules:
            return False
        place = finding.problem.place
        if place is not None and (place.file, place.line) == (self.place.file, self.line):
            return True
        return any(
            (found.file, found.line) == (self.place.file, self.line)
            for end in range(1, len(finding.loc) + 1)
            for table in (origins.keys, origins.values)
            if (found := table.get(finding.loc[:end])) is not None
        )


def waivers(origins: Origins) -> tuple[Waiver, ...]:
    """The waivers of all files of a recipe that parses, in the order written."""
    return tuple(w for shown, lines in origins.lines.items() for w in _of_file(shown, lines))


def _of_file(shown: str, lines: Sequence[str]) -> Iterator[Waiver]:
    found = comments("\n".join(lines))
    alone = {c.line for c in found if c.alone}
    content = [n for n, line in enumerate(lines, start=1) if line.strip() and n not in alone]
    for comment in found:
        match = _FORM.match(comment.text)
        if match is None:
            continue
        source = lines[comment.line - 1]
        after = bisect_right(content, comment.line)
        below = content[after] if after < len(content) else comment.line
        reason = _REASON.fullmatch(match["rest"])
        yield Waiver(
            Place(shown, comment.line, comment.column),
            below if comment.alone else comment.line,
            tuple(n.strip().removeprefix(PREFIX) for n in (match["rules"] or "").split(",") if n.strip()),
            reason["reason"] if reason else "",
            source,
        )
