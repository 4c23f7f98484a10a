"""`osrecipe lint`: what is valid in recipes and still probably not meant."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.options import InputFolders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.lint.rule import Rule
    from osrecipe.recipe import LoadedRecipe
    from osrecipe.render.findings import Linted


class Format(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def _list_rules(asked: bool) -> None:
    if asked:
        from osrecipe.lint.run import ALL
        from osrecipe.render.findings import rules

        print(rules(ALL), end="")
        raise typer.Exit


def lint(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="One or more recipes.")],
    *,
    inputs: InputFolders = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to show findings.")] = Format.TEXT,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="RULE", help="Run this rule only. Can be given more than once."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="RULE", help="Leave this rule out. Can be given more than once."),
    ] = None,
    _rules: Annotated[
        bool, typer.Option("--rules", callback=_list_rules, is_eager=True, help="List the rules and exit.")
    ] = False,
) -> None:
    """Find what is valid in recipes and still probably not meant, by named rules with reasons.

    Rules about the inputs' content take it from the lock beside the recipe, or with `--inputs` from the inputs
    themselves; without either they are left out. `# lint: ignore[rule] because REASON` on a line, or above it, waives a
    finding there. Exit codes: 0 clean or notes only, 7 a warning or an error was found, 3 a recipe is not valid.
    """
    from osrecipe.cli.guard import wants_color
    from osrecipe.lint.run import choose
    from osrecipe.model.codes import ExitCode
    from osrecipe.render import findings

    results = _lint_all(recipes, inputs, choose(select or (), ignore or ()))
    match output:
        case Format.TEXT:
            _show_problems(results)
            print(findings.text(results, color=wants_color(sys.stdout)), end="")
        case Format.JSON:
            print(findings.as_json(results), end="")
        case Format.GITHUB:
            print(findings.github(results), end="")
    if any(result.problems for result in results):
        raise typer.Exit(ExitCode.INVALID)
    if any(result.report is not None and result.report.fails for result in results):
        raise typer.Exit(ExitCode.DIFFERENT)


def _lint_all(
    recipes: Sequence[Path], inputs: list[Path] | None, rules: Sequence[Rule]
) -> tuple[Linted, ...]:
    from osrecipe.lint import gather
    from osrecipe.lint.run import lint as run
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.render.findings import Linted

    seen: list[LoadedRecipe] = []
    results: list[Linted] = []
    for path in recipes:
        try:
            outcome = gather(path, inputs, seen)
        except OsrecipeError as error:
            results.append(Linted(path.as_posix(), None, error.problems))
            continue
        seen.append(outcome.subject.loaded)
        results.append(Linted(path.as_posix(), run(outcome.subject, rules), outcome.problems, outcome.blind))
    return tuple(results)


def _show_problems(results: Sequence[Linted]) -> None:
    from osrecipe.cli.guard import show
    from osrecipe.model.problems import OsrecipeError

    for result in results:
        if result.problems:
            show(OsrecipeError(*result.problems))
