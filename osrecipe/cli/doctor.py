"""`osrecipe doctor`: whether this host can do the work, and with a recipe, whether it can do that recipe's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.adapters import DismOption
from osrecipe.cli.options import InputFolders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.adapters.dism.preflight import Need

_WORK = Path(".osrecipe", "recipe")
"""Where the work of a recipe not named would lie, below the output's folder: a name of common length."""


def doctor(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="RECIPE", help="A recipe: space is compared with what its plan may need."),
    ] = None,
    *,
    inputs: InputFolders = None,
    folder: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="The folder where the output would go.")
    ] = Path(),
    dism: DismOption = "",
) -> None:
    """Look at this host: what the embedded adapter needs, and what the dism adapter needs. Changes nothing.

    The same checks on any platform, and the same that `apply` makes before it mounts anything. It also says whether
    `oscdimg` is there, for recipes that ask for it. Exit code 4 when neither adapter can work here.
    """
    from osrecipe.adapters.dism.host import probe
    from osrecipe.adapters.dism.preflight import Level, examine, libraries
    from osrecipe.cli.guard import wants_color
    from osrecipe.cli.writer import look
    from osrecipe.model.codes import ExitCode
    from osrecipe.render import host as shown_host

    work, need = (folder.absolute() / _WORK, None) if recipe is None else _planned(recipe, inputs)
    host = probe(work, dism)
    color = wants_color(sys.stdout)
    sections = (
        ("the embedded adapter, and reading images at all", libraries(host)),
        ("the dism adapter", examine(host, need=need, work=work)),
    )
    for title, found in sections:
        print(shown_host.text(title, found, color=color), end="")
    print(shown_host.text("recipes with `output.writer: oscdimg`", (look(),), color=color), end="")
    ready = [not any(one.level is Level.FAIL for one in found) for _, found in sections]
    can = [name for name, good in zip(("embedded", "dism"), (ready[0], all(ready)), strict=True) if good]
    print(f"adapters that can work here: {', '.join(can) or 'none'}")
    if not can:
        raise typer.Exit(ExitCode.TASK)


def _planned(recipe: Path, inputs: Sequence[Path] | None) -> tuple[Path, Need]:
    """Where a recipe's work would lie, and what its plan may need there.

    Raises:
        OsrecipeError: the recipe, an input or the plan is wrong.
    """
    from osrecipe.adapters.dism import DismAdapter
    from osrecipe.adapters.dism.preflight import need_of
    from osrecipe.cli.prepare import Use, prepare
    from osrecipe.engine.scheduler import default_parallel
    from osrecipe.engine.workspace import Workspace

    # without a DISM the adapter refuses nothing: whether this one can do the recipe is for `plan` to say
    ready = prepare(recipe, inputs, Use.AUTO, DismAdapter()).ready
    output = ready.output.parent.resolve() / ready.output.name
    need = need_of(ready.plan, ready.gathered.facts, default_parallel())
    return Workspace(output, ready.plan.recipe).folder, need
