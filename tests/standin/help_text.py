"""`/?`: which commands there are. The wording is the stand-in's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin import commands
from standin.grammar import conflict, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standin.console import Console
    from standin.grammar import Option


def show(console: Console, options: Sequence[Option]) -> None:
    """Print the commands, or the options of the one that stands beside `/?`.

    Raises:
        DismError: 87, `/English` stands beside `/?`, which DISM does not allow (dism fact sheet §2).
    """
    names = {option.name for option in options}
    if "?" in names and "english" in names:
        raise conflict("The english option cannot be used with the ? option.")
    asked = [option.name for option in options if option.name != "?" and option.name not in commands.GLOBALS]
    for name in asked:
        command = commands.find(name)
        if command is None:
            raise unknown(name)
        console.line(f"/{command.name}", *(f"    /{option}" for option in sorted(command.options)), "")
    if not asked:
        console.line("DISM.exe [global options] {command} [command arguments]", "", "COMMANDS:", "")
        console.line(*(f"  /{command.name}" for command in commands.COMMANDS), "")
