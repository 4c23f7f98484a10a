"""`osrecipe clean`: remove what dead runs left."""

from __future__ import annotations

from osrecipe.cli.adapters import DismOption
from osrecipe.cli.options import RecipePath


def clean(recipe: RecipePath, *, dism: DismOption = "") -> None:
    """Remove what dead runs of this recipe left, exactly as their journals say; a live run is left alone.

    `apply` does the same when it starts. Exit code 6 when something could not be removed.
    """
    import typer

    from osrecipe.cli.adapters import undoers
    from osrecipe.engine.clock import SystemClock
    from osrecipe.engine.janitor import clean_dead_runs
    from osrecipe.engine.lock import RunLock
    from osrecipe.engine.store import Store
    from osrecipe.engine.workspace import Workspace
    from osrecipe.model.codes import ExitCode
    from osrecipe.recipe import load

    loaded = load(recipe)
    output = loaded.folder / loaded.recipe.output.iso
    workspace = Workspace(output.parent.resolve() / output.name, loaded.recipe.name)
    if not workspace.folder.is_dir():
        print("nothing to clean: no run of this recipe is known")
        return
    with RunLock(workspace.lock, str(workspace.folder), "clean"):
        removed, left = clean_dead_runs(workspace, undoers(dism), SystemClock(), by="clean")
        swept = Store(workspace.store).sweep()
    for text in (*removed, *(f"store: {name}" for name in swept)):
        print(f"removed: {text}")
    for failure in left:
        print(f"left: {failure.reason}" + (f"\n  hint: {failure.remedy}" if failure.remedy else ""))
    if not (removed or swept or left):
        print("nothing to clean")
    if left:
        raise typer.Exit(ExitCode.CLEANUP)
