"""`osrecipe diff`: what a change of recipes does to every image."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from osrecipe.cli.options import InputFolders


class Format(StrEnum):
    """How a difference is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    GITHUB = "github"


def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A recipe, a plan file or a folder of recipes; or `git:REV`, `git:REV:PATH`, `git:A..B`, `git:A...B`.",
        ),
    ],
    after: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[B]...",
            help="The other side; after a revision one or more files or folders, the current folder when left out.",
        ),
    ] = None,
    *,
    inputs: InputFolders = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TEXT,
    annotations: Annotated[
        Path | None,
        typer.Option(
            "--annotations",
            metavar="FILE",
            help="Also write there what `--format github` shows, for a CI's next step.",
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 7 when there is a difference.")
    ] = False,
) -> None:
    """Compare compiled plans: tasks added, removed, changed and moved, inputs bumped, what is rebuilt, and risks.

    Works from locks (`osrecipe lock`), so neither Windows nor media are needed. `osrecipe diff git:main recipes/`
    compares a folder with a branch, `osrecipe diff git:main...HEAD recipes/` as a pull request does.

    Exit codes: 0 done, 3 a recipe has no plan on the side of B (what can be compared is shown), 7 with `--exit-code` a
    difference.
    """
    from osrecipe.cli.comparing import compare, sides
    from osrecipe.cli.guard import wants_color
    from osrecipe.model.codes import ExitCode

    with sides(before, after or [], [Path(folder) for folder in inputs or ()]) as pairs:
        compared = compare(pairs)
    if annotations is not None:
        from osrecipe.render import diff_github

        annotations.write_text(diff_github.text(compared), encoding="utf-8", newline="\n")
    match output:
        case Format.TEXT:
            from osrecipe.render import diff_text

            print(diff_text.text(compared, color=wants_color(sys.stdout)), end="")
        case Format.MARKDOWN:
            from osrecipe.render import diff_markdown

            print(diff_markdown.markdown(compared), end="")
        case Format.JSON:
            from osrecipe.render import diff_json

            print(diff_json.dump(compared), end="")
        case Format.GITHUB:
            from osrecipe.render import diff_github

            print(diff_github.text(compared), end="")
    if any(recipe.state == "broken" for recipe in compared.recipes):
        raise typer.Exit(ExitCode.INVALID)  # as `plan` ends for it, so it is no difference that was looked at
    if exit_code and compared.differing:
        raise typer.Exit(ExitCode.DIFFERENT)
