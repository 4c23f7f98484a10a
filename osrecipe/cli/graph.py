"""`osrecipe graph`: a plan as a graph."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from osrecipe.cli.options import InputFolders, RecipePath


class Format(StrEnum):
    """How the graph is written."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    HTML = "html"


def graph(
    recipe: RecipePath,
    *,
    inputs: InputFolders = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = Format.MERMAID,
) -> None:
    """Draw what `apply` would do: `mermaid` for pull requests, `dot` for Graphviz, `svg` and `html` for people.

    A plan of more than 60 tasks is drawn by lanes in Mermaid; the other formats show all of it.
    """
    from osrecipe.cli.comparing import plan_of

    made = plan_of(recipe, inputs or ())
    match output:
        case Format.MERMAID:
            from osrecipe.render.graph_mermaid import mermaid

            print(mermaid(made), end="")
        case Format.DOT:
            from osrecipe.render.graph_dot import dot

            print(dot(made), end="")
        case Format.SVG:
            from osrecipe.render.graph_svg import svg

            print(svg(made), end="")
        case Format.HTML:
            from osrecipe.render.graph_html import html

            print(html(made), end="")
