"""`--help` comes at once: it loads none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.house import ROOT

HEAVY = ("jinja2", "networkx", "pycdlib", "pydantic", "pefile", "rich", "ruamel")


def _loaded(*arguments: str) -> set[str]:
    """The top-level packages a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "osrecipe.cli.main", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_loads_no_heavy_library(argument: str) -> None:
    """Commands import what they need when they run."""
    loaded = _loaded(argument)
    assert "typer" in loaded
    assert set() == loaded & set(HEAVY)


@pytest.mark.parametrize("command", ["apply", "plan", "validate"])
def test_a_command_s_help_loads_no_heavy_library_of_ours(command: str) -> None:
    """Of typer alone pydantic may come, which converts parameters; nothing else comes along."""
    assert set() == _loaded(command, "--help") & set(HEAVY) - {"pydantic"}
