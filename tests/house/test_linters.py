"""The linters and the type checker are tests like all others."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.house import ROOT

pytestmark = pytest.mark.lint


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_nothing_to_complain_about(command: list[str]) -> None:
    """Package, tests and scripts are clean, as pyproject.toml says."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"
