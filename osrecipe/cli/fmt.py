"""`osrecipe fmt`: one way to lay recipes out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from osrecipe.model.codes import ExitCode


@dataclass(frozen=True)
class _Laid:
    """A file before and after."""

    path: Path
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def fmt(
    recipes: Annotated[
        list[Path], typer.Argument(metavar="RECIPE...", help="Recipes or fragments, one or more files.")
    ],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 7 if a file would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
) -> None:
    """Lay recipes out: keys in the reference's order, two columns for each level, every comment kept.

    Values are never changed, and so is no plan. Files are replaced whole, or not at all. Exit codes: 0 done, 2 a
    file can't be written, 3 a file is no recipe, 7 with `--check` when a file would change.
    """
    from osrecipe.cli.guard import show, wants_color
    from osrecipe.model.codes import ExitCode
    from osrecipe.model.problems import OsrecipeError
    from osrecipe.render.differences import unified

    failures: list[ExitCode] = []
    changed = 0
    for path in recipes:
        try:
            laid = _lay_out(path)
            if laid.is_changed and not (check or diff):
                _write(laid)
        except OsrecipeError as error:
            show(error)
            failures.append(error.exit_code)
            continue
        changed += laid.is_changed
        if diff:
            print(unified(path.as_posix(), laid.before, laid.after, color=wants_color(sys.stdout)), end="")
        elif laid.is_changed:
            print(f"{'would change' if check else 'laid out'}: {path}")
    if failures:
        raise typer.Exit(max(failures))
    if check and changed:
        raise typer.Exit(ExitCode.DIFFERENT)


def _lay_out(path: Path) -> _Laid:
    """Read a file and lay it out.

    Raises:
        OsrecipeError: it can't be read, or is no recipe.
    """
    from osrecipe.recipe.format import format_text
    from osrecipe.recipe.source import read

    shown = path.as_posix()
    text = read(path, shown).text
    return _Laid(path, path.read_bytes().decode("utf-8"), format_text(text, shown))


def _write(laid: _Laid) -> None:
    """Replace the file; what a link points to is replaced, not the link, and who may do what stays.

    Raises:
        OsrecipeError: it can't be written.
    """
    import shutil

    from osrecipe.engine.files import write_durably
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import Place, error

    path = laid.path.resolve()
    temp = path.with_name(f".{path.name}.part")
    try:
        temp.touch()
        shutil.copymode(path, temp)
        write_durably(path, laid.after.encode("utf-8"), temp)
    except OSError as cause:
        temp.unlink(missing_ok=True)
        reason = f"the file can't be written: {cause.strerror or cause}"
        raise error(
            Slug.USAGE_ARGUMENT, reason, place=Place(laid.path.as_posix()), exit_code=ExitCode.USAGE
        ) from cause
