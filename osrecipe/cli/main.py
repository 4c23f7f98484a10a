"""The command `osrecipe`."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from osrecipe import __version__
from osrecipe.cli import (
    apply,
    clean,
    diff,
    doctor,
    explain,
    fmt,
    graph,
    init,
    inspect,
    lint,
    lock,
    plan,
    schema,
    show,
    validate,
)
from osrecipe.cli.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(
    name="osrecipe",
    help="Build serviced Windows installation media from a recipe kept in git.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich help costs as much time as all the rest of `--help`
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"osrecipe {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    _version_option: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Build serviced Windows installation media from a recipe kept in git."""


for _name, _command in (
    ("init", init.init),
    ("validate", validate.validate),
    ("lint", lint.lint),
    ("fmt", fmt.fmt),
    ("show", show.show),
    ("lock", lock.lock),
    ("plan", plan.plan),
    ("diff", diff.diff),
    ("graph", graph.graph),
    ("explain", explain.explain),
    ("apply", apply.apply),
    ("inspect", inspect.inspect),
    ("clean", clean.clean),
    ("doctor", doctor.doctor),
    ("schema", schema.schema),
):
    app.command(_name)(guarded(_command))


def steady(stream: io.TextIOWrapper, environ: Mapping[str, str], platform: str) -> None:
    """A terminal that can't show a character must not end a run; files and pipes get UTF-8 on Windows too.

    There Python would take the ANSI code page, and nobody who reads a plan's JSON expects it. What the environment
    asks Python for is respected.
    """
    asked = environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8")
    ours = platform == "win32" and not asked and not stream.isatty()
    stream.reconfigure(encoding="utf-8" if ours else None, errors="backslashreplace")


def run() -> None:
    """The console script's entry point."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            steady(stream, os.environ, sys.platform)
    # On Windows the shell does not expand globs, and a recipe's name may hold `*`: nothing else should expand them.
    app(windows_expand_args=False) if sys.platform == "win32" else app()


if __name__ == "__main__":
    run()
