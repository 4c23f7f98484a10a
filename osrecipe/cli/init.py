"""`osrecipe init`: a commented recipe to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from osrecipe.model.codes import Slug
    from osrecipe.model.problems import OsrecipeError

_LONGEST = 63
"""Characters of a recipe's name."""


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to write.")] = Path("recipe.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented starter recipe that validates; then change it to what you want.

    The recipe's name is the file's. A file that is there is kept unless `--force` is given.
    """
    from osrecipe.model.codes import Slug
    from osrecipe.recipe.starter import text

    starter = text(_name(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(starter)
    except FileExistsError as exists:
        hint = "give another name, or `--force` to replace it"
        raise _refused(path, Slug.USAGE_FILE_EXISTS, "the file is there already", hint) from exists
    except OSError as cause:
        reason = f"the recipe can't be written: {cause.strerror}"
        raise _refused(
            path, Slug.USAGE_ARGUMENT, reason, "give a file in a folder you may write to"
        ) from cause
    print(f"wrote {path}")
    print(f"next: put the files it names beside it, then `osrecipe plan {path}`")


def _name(path: Path) -> str:
    """The file's name as a recipe's: in lower case, starting with a letter, not too long."""
    from osrecipe.model.names import slugify

    name = slugify(path.stem)
    named = name if name[0].isalpha() else f"recipe-{name}"
    return named[:_LONGEST].rstrip("-")


def _refused(path: Path, slug: Slug, reason: str, hint: str) -> OsrecipeError:
    from osrecipe.model.codes import ExitCode
    from osrecipe.model.problems import Place, error

    return error(slug, reason, place=Place(path.as_posix()), hint=hint, exit_code=ExitCode.USAGE)
