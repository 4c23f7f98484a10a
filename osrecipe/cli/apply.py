"""`osrecipe apply`: carry the recipe out."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.adapters import AdapterName, AdapterOption, DismOption
from osrecipe.cli.options import InputFolders, NoLock

if TYPE_CHECKING:
    from osrecipe.cli.prepare import Ready
    from osrecipe.engine.runner import Options
    from osrecipe.engine.workspace import Workspace
    from osrecipe.model.monitor import Monitor
    from osrecipe.model.result import RunResult

_GIB = 1 << 30


class Progress(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    TTY = "tty"
    PLAIN = "plain"
    JSON = "json"


def apply(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE|PLAN", help="The recipe, or a plan that `plan --out` saved.")
    ],
    *,
    inputs: InputFolders = None,
    no_lock: NoLock = False,
    adapter: AdapterOption = AdapterName.AUTO,
    dism: DismOption = "",
    parallel: Annotated[
        int | None,
        typer.Option(
            "--parallel", "-p", min=1, max=64, help="Units at a time; one for each core by default."
        ),
    ] = None,
    progress: Annotated[
        Progress, typer.Option("--progress", help="Bars on a terminal, lines elsewhere, or JSON lines.")
    ] = Progress.AUTO,
    store_budget: Annotated[
        int, typer.Option("--store-budget", metavar="GIB", min=1, help="Space that kept artifacts may take.")
    ] = 50,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace an output that no earlier run is known to have written."),
    ] = False,
) -> None:
    """Carry the recipe out: plan, service every image, write and verify the ISO.

    Stops at the first failure and leaves nothing half-written. What was done before is taken from the store, by
    content. A saved plan is carried out exactly as it is. With a lock beside the recipe, other inputs than the locked
    ones are refused. Exit codes: 0 done, 3 invalid, 4 a task failed, 5 interrupted, 6 cleanup incomplete, 7 an input is
    not what was locked or planned.
    """
    from osrecipe.cli.adapters import running_adapter, undoers, worker_command
    from osrecipe.cli.guard import wants_color
    from osrecipe.cli.preflight import require_host
    from osrecipe.cli.prepare import Use, is_saved_plan, prepare, prepare_saved
    from osrecipe.cli.report import try_report
    from osrecipe.cli.writer import require_writer
    from osrecipe.engine.output import relocated
    from osrecipe.engine.runner import Options
    from osrecipe.engine.scheduler import default_parallel
    from osrecipe.render import summary
    from osrecipe.render.choose import monitor_for

    chosen = running_adapter(adapter, dism)
    if is_saved_plan(recipe):
        prepared = prepare_saved(recipe, inputs, chosen)
    else:
        prepared = prepare(recipe, inputs, Use.NONE if no_lock else Use.HERE, chosen).ready
    require_writer(prepared.plan, prepared.origins)
    secrets = _secrets(prepared)
    monitor = monitor_for(progress.value, sys.stdout, sys.stderr, os.environ)
    workspace = _workspace(prepared)
    require_host(prepared, workspace, dism, parallel or default_parallel())
    options = Options(parallel=parallel or 0, overwrite=overwrite, undoers=undoers(dism))
    command = worker_command(prepared.adapter.version.name, dism)
    result = _run(prepared, workspace, monitor, secrets, store_budget * _GIB, options, command)
    report = try_report(workspace, prepared.plan, result)
    if progress is not Progress.JSON:
        shown = relocated(result, os.path.relpath(workspace.output.parent))
        print(summary.text(shown, prepared.plan, color=wants_color(sys.stdout)), end="")
        for name, path in (("ISO", workspace.output if result.written else None), ("report", report)):
            if path is not None:
                print(f"{name + ':':8}{os.path.relpath(path)}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _workspace(prepared: Ready) -> Workspace:
    """Where the run works: beside the output, whose folder is made.

    Raises:
        OsrecipeError: it can't be made.
    """
    from osrecipe.engine.workspace import Workspace
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import OsrecipeError, Problem

    origins = prepared.origins
    # the file itself is not followed where it is a link: the link is replaced, never what it points to
    output = prepared.output.parent.resolve() / prepared.output.name
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        place = origins.at("output", "iso")
        reason = f"the output's folder can't be made: {cause.strerror}"
        hint = "name an output in a folder you may write to"
        problem = Problem(Slug.RUN_TASK_FAILED, reason, place, hint, origins.line(place))
        raise OsrecipeError(problem, exit_code=ExitCode.TASK) from cause
    return Workspace(output, prepared.plan.recipe)


def _run(
    prepared: Ready,
    workspace: Workspace,
    monitor: Monitor,
    secrets: dict[str, str],
    budget: int,
    options: Options,
    command: list[str],
) -> RunResult:
    from osrecipe.adapters.isolated import IsolatedExecutor
    from osrecipe.engine.runner import run
    from osrecipe.engine.store import Store

    with IsolatedExecutor(command, prepared.adapter.version) as executor:
        return run(
            prepared.plan,
            executor,
            workspace,
            Store(workspace.store, budget),
            monitor,
            resolve_inputs=prepared.gathered.paths,
            secrets=secrets,
            options=options,
        )


def _secrets(prepared: Ready) -> dict[str, str]:
    """The values of the recipe's secrets.

    Raises:
        OsrecipeError: an environment variable is not set; each at its recipe line.
    """
    from osrecipe.model.codes import Slug
    from osrecipe.model.problems import OsrecipeError, Problem

    origins = prepared.origins
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, variable in prepared.plan.secrets.items():
        value = os.environ.get(variable)
        if value:
            values[name] = value
            continue
        place = origins.at("secrets", name, "env")
        reason = f"secret `{name}`: the environment variable `{variable}` is not set"
        hint = f"set it for this command: `{variable}=… osrecipe apply …`"
        problems.append(Problem(Slug.INPUT_SECRET, reason, place, hint, origins.line(place)))
    if problems:
        raise OsrecipeError(*problems)
    return values
