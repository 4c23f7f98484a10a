"""`osrecipe lock`: write down what a recipe's inputs are, check that it is still so, take newer updates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe.cli.options import InputFolders, RecipePath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.inputs.locate import Search
    from osrecipe.inputs.lock import Lock
    from osrecipe.recipe import LoadedRecipe


def lock(
    recipe: RecipePath,
    *,
    inputs: InputFolders = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit code 7 when the lock is not what it should be."),
    ] = False,
    bump: Annotated[
        Path | None,
        typer.Option(
            "--bump",
            metavar="DIR",
            help="Take newer updates of the same kinds from DIR into recipe and lock.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
    ] = False,
) -> None:
    """Write every input's hash, size and what was read from it beside the recipe, one line for each input.

    With the lock in git, `plan`, `explain` and `diff` work where the inputs are not, and `apply` refuses other files
    than the locked ones. An input that is not here keeps its line.

    Exit codes: 0 done, 3 the recipe or an input is invalid, 7 `--check` found a difference.
    """
    from osrecipe.cli.bump import bump_updates
    from osrecipe.inputs.locate import Search
    from osrecipe.inputs.lock import lock_path
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import error
    from osrecipe.recipe import load

    if check and (bump is not None or dry_run):
        reason = "`--check` writes nothing, so it goes with neither `--bump` nor `--dry-run`"
        raise error(Slug.USAGE_ARGUMENT, reason, exit_code=ExitCode.USAGE)
    loaded = load(recipe)
    path = lock_path(recipe)
    search = Search(loaded.folder, tuple(inputs or ()))
    if check:
        _check(loaded, search, path)
    elif bump is not None:
        bump_updates(loaded, path, bump, dry_run=dry_run)
    else:
        _write(loaded, search, path, dry_run=dry_run)


def _write(loaded: LoadedRecipe, search: Search, path: Path, *, dry_run: bool) -> None:
    from osrecipe.cli.prepare import hash_progress
    from osrecipe.inputs.lock import dump
    from osrecipe.inputs.relock import changes, make_lock, write_lock
    from osrecipe.render import locking

    before = _before(path)
    made = make_lock(loaded.recipe, loaded.origins, search, before, hash_progress())
    if before is not None and dump(made.lock).encode() == path.read_bytes():
        end = "nothing to write"
    elif dry_run:
        end = "not written: a dry run"
    else:
        write_lock(path, made.lock)
        end = "written"
    print(locking.changes(changes(before, made), name=path.as_posix(), end=end), end="")


def _before(path: Path) -> Lock | None:
    """The lock there is; one that can't be read is said to be, and then replaced."""
    from osrecipe.cli.guard import show
    from osrecipe.inputs.lock import load_lock
    from osrecipe.model.problems import OsrecipeError

    if not path.is_file():
        return None
    try:
        return load_lock(path)
    except OsrecipeError as error:
        show(error)
        print("note: this lock can't be read, so all its lines are made anew", file=sys.stderr)
        return None


def _check(loaded: LoadedRecipe, search: Search, path: Path) -> None:
    from osrecipe.cli.prepare import hash_progress
    from osrecipe.inputs.lock import load_lock
    from osrecipe.inputs.relock import check_lock
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import Place, error

    shown = path.as_posix()
    if not path.is_file():
        hint = "write it with `osrecipe lock RECIPE`"
        raise error(
            Slug.LOCK_MISSING, "there is no lock", place=Place(shown), hint=hint, exit_code=ExitCode.DIFFERENT
        )
    known = load_lock(path)
    text = path.read_bytes().decode("utf-8-sig")
    absent = check_lock(loaded.recipe, loaded.origins, search, known, text, shown, hash_progress())
    print(f"{shown}: up to date{_taken(absent)}")


def _taken(absent: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in absent)
    return f"; not here, so only covered: {names}" if absent else ""
