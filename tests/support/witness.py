"""Runs independent programs that read back what we wrote: wimlib-imagex, 7z, cabextract, hivexget.

The one place of the test support that starts programs. A witness that is not installed skips the test by name.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

_SECONDS = 120


def witness(*command: str) -> str:
    """What the program prints; fails the test when it exits with anything but 0."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"the witness is not installed: `{command[0]}`")
    done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)}: {text}{done.stderr.decode(errors='replace')}"
    return text
