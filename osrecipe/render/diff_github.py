"""A comparison as workflow commands of GitHub Actions: problems and risks at the lines of the files under review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.style import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.diff import Comparison, DiffProblem, Risk

_MOST = 50
"""Annotations; a run shows ten of each kind and a forge drops what is beyond its own bound."""
_WIDE = 500


def text(comparison: Comparison) -> str:
    """One line for each problem of the new side (an error) and each risk (a warning); empty when there is neither."""
    lines: list[str] = []
    for recipe in comparison.recipes:
        if recipe.state == "broken":
            lines += [_problem(p, recipe.path) for p in recipe.problems]
        elif recipe.diff is not None and recipe.state != "removed":
            lines += [_risk(risk, recipe.path) for risk in recipe.diff.risks]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines[:_MOST]))


def _problem(problem: DiffProblem, path: str) -> str:
    origin = problem.origin
    fields = {
        "file": origin.file if origin else path,
        "line": str(origin.line) if origin and origin.line else "",
        "col": str(origin.column) if origin and origin.column else "",
        "title": problem.slug,
    }
    hint = f"; {problem.hint}" if problem.hint else ""
    return _command("error", fields, problem.reason + hint)


def _risk(risk: Risk, path: str) -> str:
    where = ", ".join(risk.where)
    return _command(
        "warning", {"file": path, "title": f"look twice: {risk.kind.value}"}, f"{risk.text} ({where})"
    )


def _command(kind: str, fields: dict[str, str], message: str) -> str:
    listed = ",".join(_fields(fields))
    return f"::{kind} {listed}::{_escaped(message)}"


def _fields(fields: dict[str, str]) -> Iterator[str]:
    for name, value in fields.items():
        if value:
            yield f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}"


def _escaped(raw: str) -> str:
    """As the runner reads it back; text never holds a line break of its own, so no command can begin inside it."""
    return cut(clean(raw), _WIDE).replace("%", "%25")
