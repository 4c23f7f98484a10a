"""Commands run inside the tests' own process: quick, for all that starts no worker."""

from __future__ import annotations

import re

import typer
from support.command import Done
from typer.testing import CliRunner

from osrecipe.cli.main import app

_SIZE = re.compile(r"\b\d+(\.\d+)? (bytes|KiB|MiB|GiB)|\b\d{6,}\b|\b[0-9a-f]{32}\b")
_GAPS = re.compile(r"(?<=\S) {2,}|-{3,}")


def run(*arguments: object) -> Done:
    """Run `osrecipe` with these arguments here; what it raises that is no exit is raised."""
    made = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="osrecipe", catch_exceptions=False)
    return Done(made.exit_code, made.stdout, made.stderr)


def commands() -> list[str]:
    """The names of all commands."""
    group = typer.main.get_command(app)
    return sorted(getattr(group, "commands", {}))


def unsized(text: str) -> str:
    """A table without sizes, which depend on the libraries that made a file, and without the widths that follow them."""
    text = _SIZE.sub("<size>", text)
    return "\n".join(
        _GAPS.sub(lambda gap: "---" if gap[0][0] == "-" else "  ", line) for line in text.split("\n")
    )
