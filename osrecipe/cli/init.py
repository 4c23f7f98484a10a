"""`osrecipe init`: a commented recipe to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to write.")] = Path("recipe.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented starter recipe that validates; then change it to what you want.

    The recipe's name is the file's. A file that is there is kept unless `--force` is given.
    """
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.names import slugify
    from osrecipe.model.problems import Place, error
    from osrecipe.recipe.starter import text

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text(slugify(path.stem)))
    except FileExistsError as exists:
        raise error(
            Slug.USAGE_FILE_EXISTS,
            "the file is there already",
            place=Place(path.as_posix()),
            hint="give another name, or `--force` to replace it",
            exit_code=ExitCode.USAGE,
        ) from exists
    print(f"wrote {path}")
    print(f"next: put the files it names beside it, then `osrecipe plan {path}`")
