"""`osrecipe plan`: what `apply` would do, in which order, and why."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from osrecipe.cli.options import InputFolders, RecipePath


class Format(StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def plan(
    recipe: RecipePath,
    *,
    inputs: InputFolders = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TEXT,
) -> None:
    """Show what `apply` would do: every image, every task, in order, with reasons. Changes nothing.

    The same recipe and inputs give the same output, byte for byte.
    """
    from osrecipe.cli.guard import wants_color
    from osrecipe.cli.prepare import prepare

    made = prepare(recipe, inputs).plan
    match output:
        case Format.TEXT:
            from osrecipe.render import plan_text

            print(plan_text.text(made, color=wants_color(sys.stdout)), end="")
        case Format.MARKDOWN:
            from osrecipe.render import plan_markdown

            print(plan_markdown.markdown(made), end="")
        case Format.JSON:
            from osrecipe.render import plan_json

            print(plan_json.dump(made), end="")
