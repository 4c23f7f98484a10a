"""`osrecipe plan`: what `apply` would do, in which order, and why."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.adapters import AdapterName, AdapterOption, DismOption, planning_adapter
from osrecipe.cli.options import InputFolders, LockedOnly, NoLock, RecipePath

if TYPE_CHECKING:
    from osrecipe.cli.prepare import Prepared
    from osrecipe.model.assessment import Assessment
    from osrecipe.model.plan import Plan


class Format(StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    POWERSHELL = "powershell"


def plan(
    recipe: RecipePath,
    *,
    inputs: InputFolders = None,
    output: Annotated[
        Format | None, typer.Option("--format", "-f", help="How to show it.  [default: text]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Save the plan; `apply FILE` carries it out. With `-f` text, markdown or powershell: write that to FILE.",
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="FILE", help="Exit with 7 when a saved plan is not what this one is."
        ),
    ] = None,
    status: Annotated[
        bool,
        typer.Option(
            "--status", help="Say what would run here and now, what is stored, why, and what it costs."
        ),
    ] = False,
    locked: LockedOnly = False,
    no_lock: NoLock = False,
    adapter: AdapterOption = AdapterName.AUTO,
    dism: DismOption = "",
) -> None:
    """Show what `apply` would do: every image, every task, in order, with reasons. Changes nothing.

    The same recipe and inputs give the same output, byte for byte. With a lock beside the recipe, what is not here is
    taken from it, and what is here must be what was locked. Exit codes: 0 done, 3 invalid, 7 an input is not what was
    locked, or `--check` found a difference.
    """
    from osrecipe.cli.guard import wants_color
    from osrecipe.cli.prepare import prepare, use_of
    from osrecipe.cli.writer import can_work, require_writer
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import error

    if check is not None and (out is not None or status):
        reason = "`--check` only compares, so it goes with neither `--out` nor `--status`"
        raise error(Slug.USAGE_ARGUMENT, reason, exit_code=ExitCode.USAGE)
    if output is Format.POWERSHELL and adapter is AdapterName.AUTO:
        adapter = AdapterName.DISM  # the script is of DISM's commands, wherever it is made
    chosen = planning_adapter(adapter, dism)
    prepared = prepare(recipe, inputs, use_of(locked=locked, no_lock=no_lock), chosen)
    if output is not Format.POWERSHELL and can_work(chosen):
        require_writer(prepared.plan, prepared.loaded.origins)
    if check is not None:
        _check(prepared.plan, recipe, check)
        return
    if out is not None and output in {None, Format.JSON}:
        _save(prepared.plan, recipe, out)
        return
    assessed = _assess(prepared) if status else None
    if out is not None and output is Format.POWERSHELL:
        _save_script(prepared.plan, out)
    elif out is not None:
        _write(out, _shown(prepared.plan, output, assessed, color=False).encode())
        print(f"written `{out.as_posix()}`")
    else:
        print(_shown(prepared.plan, output, assessed, color=wants_color(sys.stdout)), end="")


def _shown(made: Plan, output: Format | None, assessed: Assessment | None, *, color: bool) -> str:
    match output:
        case Format.MARKDOWN:
            from osrecipe.render import plan_markdown

            return plan_markdown.markdown(made, assessed)
        case Format.POWERSHELL:
            from osrecipe.render import powershell

            return powershell.printed(made)
        case Format.JSON:
            from osrecipe.render import plan_json

            return plan_json.dump(made) if assessed is None else plan_json.dump_assessed(made, assessed)
        case Format.TEXT | None:
            from osrecipe.render import plan_text

            return plan_text.text(made, assessed, color=color)


def _save_script(made: Plan, out: Path) -> None:
    from osrecipe.model.words import count
    from osrecipe.render import powershell

    _write(out, powershell.saved(made))
    print(f"written `{out.as_posix()}`: a script of {count(len(made.units), 'unit')}")
    print("next: read it, then in a PowerShell started as administrator, on Windows:")
    print(f"  {powershell.call(made, out.name)}")


def _write(out: Path, data: bytes) -> None:
    """Put a file in its place in one step.

    Raises:
        OsrecipeError: it can't be written.
    """
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import Place, error

    partial = out.with_name(f".{out.name}.part")
    try:
        partial.write_bytes(data)
        partial.replace(out)
    except OSError as cause:
        reason = f"the plan can't be saved: {cause.strerror or cause}"
        hint = "save it on the recipe's drive, in a folder that is there"
        raise error(
            Slug.PLAN_FILE, reason, place=Place(out.as_posix()), hint=hint, exit_code=ExitCode.USAGE
        ) from cause


def _save(made: Plan, recipe: Path, out: Path) -> None:
    """Save a plan so that its inputs and output are found from where it lies.

    Raises:
        OsrecipeError: it can't be written.
    """
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import Place, error
    from osrecipe.render import plan_json

    try:
        home = Path(os.path.relpath(recipe.parent, out.parent)).as_posix()
    except ValueError as cause:  # another drive
        hint = "save it on the recipe's drive, in a folder that is there"
        raise error(
            Slug.PLAN_FILE,
            f"the plan can't be saved: {cause}",
            place=Place(out.as_posix()),
            hint=hint,
            exit_code=ExitCode.USAGE,
        ) from cause
    _write(out, plan_json.dump(made.model_copy(update={"home": home})).encode())
    print(
        f"saved `{out.as_posix()}`: {len(made.units)} units, plan {made.digest.removeprefix('sha256:')[:12]}"
    )
    print(f"next: `osrecipe apply {out.as_posix()}`")


def _check(fresh: Plan, recipe: Path, file: Path) -> None:
    """Compare a fresh plan with a saved one, and say what differs.

    Raises:
        OsrecipeError: the saved plan can't be read.
        Exit: they differ.
    """
    from osrecipe.cli.prepare import load_plan
    from osrecipe.model.codes import ExitCode
    from osrecipe.model.diff import Comparison, RecipeDiff
    from osrecipe.plan.diff import diff_plans
    from osrecipe.plan.saved import differing_parts, same_work
    from osrecipe.render import diff_text

    saved = load_plan(file)
    if same_work(saved, fresh):
        print(f"{file.as_posix()}: up to date with `{recipe.as_posix()}`")
        return
    diff = diff_plans(saved, fresh)
    shown = RecipeDiff(path=recipe.as_posix(), state="same" if diff.is_empty else "changed", diff=diff)
    compared = Comparison(before=file.as_posix(), after=recipe.as_posix(), recipes=(shown,))
    print(diff_text.text(compared), end="")
    if diff.is_empty:
        print(f"what differs in the files: {', '.join(differing_parts(saved, fresh))}")
    raise typer.Exit(ExitCode.DIFFERENT)


def _assess(prepared: Prepared) -> Assessment:
    """What would run here and now, with its costs as far as they are known."""
    from osrecipe.engine.assess import assess
    from osrecipe.engine.costs import with_costs
    from osrecipe.engine.store import Store
    from osrecipe.engine.workspace import Workspace

    workspace = Workspace(prepared.ready.output.resolve(), prepared.plan.recipe)
    store = Store(workspace.store)
    assessed = assess(prepared.plan, prepared.adapter.version, store, workspace.previous_plan())
    sizes = {name: facts.size for name, facts in prepared.gathered.facts.inputs.items()}
    return with_costs(assessed, prepared.plan, store, workspace, sizes)
