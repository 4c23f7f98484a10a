"""`osrecipe explain`: why a task is in the plan, and exactly what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osrecipe.cli.adapters import AdapterName, AdapterOption, DismOption, planning_adapter
from osrecipe.cli.options import InputFolders, LockedOnly, NoLock, RecipePath


def explain(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task's id, as `plan` shows it.")],
    recipe: RecipePath,
    *,
    inputs: InputFolders = None,
    locked: LockedOnly = False,
    no_lock: NoLock = False,
    adapter: AdapterOption = AdapterName.AUTO,
    dism: DismOption = "",
) -> None:
    """Explain one task: what it does, what it follows and precedes with the rules' reasons and sources, its checks."""
    from osrecipe.cli.prepare import prepare, use_of
    from osrecipe.plan.explain import explain as explained
    from osrecipe.render import explanation

    _check_order(task, recipe)
    use = use_of(locked=locked, no_lock=no_lock)
    prepared = prepare(recipe, inputs, use, planning_adapter(adapter, dism))
    print(explanation.text(explained(prepared.plan, task, prepared.adapter)), end="")


def _check_order(task: str, recipe: Path) -> None:
    """Notice the recipe where the task belongs: no task's id is a file's name."""
    if recipe.is_file() or not Path(task).is_file():
        return
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import error

    reason = f"the task comes first, then the recipe: `{task}` is a file, and `{recipe}` is none"
    hint = f"write `osrecipe explain {recipe} {task}`"
    raise error(Slug.USAGE_ARGUMENT, reason, hint=hint, exit_code=ExitCode.USAGE)
