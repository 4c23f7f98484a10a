"""Runs a command that takes one recipe once for each of several: `python -m osrecipe.cli.each lock --check FILE…`.

For pre-commit, which hands all changed files to one command. A `.lock` stands for the recipe beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RECIPES = (".yaml", ".yml")


def each(arguments: Sequence[str]) -> int:
    """Run the command for every recipe; the highest exit code.

    Args:
        arguments: a command with its options, then files; what ends in `.yaml`, `.yml` or `.lock` is a file.
    """
    from osrecipe.cli.main import app
    from osrecipe.model.codes import ExitCode

    files = [a for a in arguments if a.endswith((*_RECIPES, ".lock"))]
    command = [a for a in arguments if a not in files]
    worst = 0
    for recipe in dict.fromkeys(found for name in files for found in _recipes(Path(name))):
        try:
            app([*command, str(recipe)])
        except SystemExit as end:
            worst = max(worst, end.code if isinstance(end.code, int) else int(ExitCode.UNEXPECTED))
    return worst


def _recipes(path: Path) -> list[Path]:
    """The recipe a file is, or whose lock it is; none for a lock whose recipe is gone."""
    if path.suffix != ".lock":
        return [path]
    return [beside for end in _RECIPES if (beside := path.with_suffix(end)).is_file()][:1]


if __name__ == "__main__":
    sys.exit(each(sys.argv[1:]))
