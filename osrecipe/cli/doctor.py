"""`osrecipe doctor`: whether this host can do the work, and with a recipe, whether it can do that recipe's."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.adapters import DismOption
from osrecipe.cli.options import InputFolders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osrecipe.adapters.dism.preflight import Finding, Need
    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.cli.prepare import Ready

_WORK = Path(".osrecipe", "recipe")
"""Where the work of a recipe not named would lie, below the output's folder: a name of common length."""


class Asked(StrEnum):
    """Which adapter is asked about."""

    ANY = "any"
    EMBEDDED = "embedded"
    DISM = "dism"


def doctor(
    recipe: Annotated[
        Path | None,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe: which adapter can do it here, and whether there is room for what its plan may need.",
        ),
    ] = None,
    *,
    inputs: InputFolders = None,
    folder: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="The folder where the output would go.")
    ] = Path(),
    adapter: Annotated[
        Asked, typer.Option("--adapter", help="Which adapter the exit code is about.")
    ] = Asked.ANY,
    dism: DismOption = "",
) -> None:
    """Look at this host: what the embedded adapter needs, and what the dism adapter needs. Changes nothing.

    The same checks on any platform, and the same that `apply` makes before it mounts anything. It also says whether
    `oscdimg` is there, for recipes that ask for it. Exit code 4 when no adapter can work here, or the one that
    `--adapter` names can't; 3 when the recipe, or an input of it, is wrong.
    """
    from osrecipe.adapters.dism.host import probe
    from osrecipe.adapters.dism.preflight import examine, libraries
    from osrecipe.cli.writer import look
    from osrecipe.model.codes import ExitCode
    from osrecipe.model.problems import OsrecipeError

    ready, wrong = None, None
    if recipe is not None:
        try:
            ready = _planned(recipe, inputs)
        except OsrecipeError as cause:
            wrong = cause  # what can be said of the host without a plan is said first
    work, need = (folder.absolute() / _WORK, None) if ready is None else _needed(ready)
    host = probe(work, dism)
    reading, mounting, iso = (
        libraries(host),
        examine(host, need=need, work=work),
        look(ready.plan if ready else None),
    )
    _show("the embedded adapter, and reading images at all", reading)
    _show("the dism adapter", mounting)
    _show("recipes with `output.writer: oscdimg`", (iso,))
    common = [*reading, iso]
    blocking = {Asked.EMBEDDED: common, Asked.DISM: [*common, *mounting]}
    if recipe is not None and ready is not None:
        refused = _judged(recipe, ready, host.tool)
        _show(f"the recipe `{recipe.as_posix()}`", refused.values())
        blocking = {name: [*found, refused[name]] for name, found in blocking.items()}
    if wrong is not None:
        raise wrong
    can = [name for name, found in blocking.items() if not _fails(found)]
    what = "work here" if recipe is None else "do this recipe here"
    print(f"adapters that can {what}: {', '.join(can) or 'none'}")
    if not can or (adapter is not Asked.ANY and adapter not in can):
        raise typer.Exit(ExitCode.TASK)


def _show(title: str, found: Iterable[Finding]) -> None:
    from osrecipe.cli.guard import wants_color
    from osrecipe.render import host as shown_host

    print(shown_host.text(title, tuple(found), color=wants_color(sys.stdout)), end="")


def _fails(found: Iterable[Finding]) -> bool:
    from osrecipe.adapters.dism.preflight import Level

    return any(one.level is Level.FAIL for one in found)


def _planned(recipe: Path, inputs: Sequence[Path] | None) -> Ready:
    """A recipe's plan, of which no adapter was asked yet.

    Raises:
        OsrecipeError: the recipe, an input or the plan is wrong.
    """
    from osrecipe.adapters.dism import DismAdapter
    from osrecipe.cli.prepare import Use, prepare

    return prepare(recipe, inputs, Use.AUTO, DismAdapter()).ready  # without a DISM it refuses nothing


def _needed(ready: Ready) -> tuple[Path, Need]:
    """Where a recipe's work would lie, and what its plan may need there."""
    from osrecipe.adapters.dism.preflight import need_of
    from osrecipe.engine.scheduler import default_parallel
    from osrecipe.engine.workspace import Workspace

    output = ready.output.parent.resolve() / ready.output.name
    need = need_of(ready.plan, ready.gathered.facts, default_parallel())
    return Workspace(output, ready.plan.recipe).folder, need


def _judged(recipe: Path, ready: Ready, tool: Tool | None) -> dict[Asked, Finding]:
    """What each adapter says of a recipe's tasks, whatever the host lacks."""
    from osrecipe.adapters.dism import DismAdapter
    from osrecipe.adapters.dism.preflight import Finding, Level
    from osrecipe.adapters.embedded import EmbeddedAdapter
    from osrecipe.model.words import count
    from osrecipe.plan import refusals

    found: dict[Asked, Finding] = {}
    for name, adapter in ((Asked.EMBEDDED, EmbeddedAdapter()), (Asked.DISM, DismAdapter(tool))):
        refused = refusals(ready.plan, ready.gathered.facts, adapter, ready.origins)
        if refused:
            more = f"; {len(refused) - 1} more" if len(refused) > 1 else ""
            text = (
                f"refuses {count(len(refused), 'line')} of it: {refused[0].place}: {refused[0].reason}{more}"
            )
            hint = f"`osrecipe plan {recipe.as_posix()} --adapter {name}` names every line"
            found[name] = Finding(name, Level.FAIL, text, hint)
        else:
            found[name] = Finding(name, Level.OK, "can do all of it")
    return found
