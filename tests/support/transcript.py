"""Sessions at a terminal as one text: each command with all it prints and its exit code, for comparison with a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support.cli import run
from support.golden import masked

if TYPE_CHECKING:
    from pathlib import Path

_SHORT = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b")
_LONG = re.compile(r"\b[0-9a-f]{20,}\b")
_SIZES = re.compile(r"\b[\d,.]+ (bytes|KiB|MiB)\b")
_TAKES = re.compile(r"\b\d+(\.\d)? (ms|s)\b( of work)?")

_BUG = 1
"""The exit code of a bug, which must never become what is expected."""


class Transcript:
    """What was typed and printed so far.

    Args:
        folders: paths to show by these names.
    """

    def __init__(self, **folders: Path) -> None:
        self._folders = folders
        self._parts: list[str] = []

    def type(self, *arguments: object) -> int:
        """Run a command; its exit code."""
        done = run(*arguments)
        assert done.code != _BUG, done.err
        said = f"$ osrecipe {' '.join(map(str, arguments))}\n{done.out}{done.err}exit: {done.code}\n"
        self._parts.append(said)
        return done.code

    def note(self, text: str) -> None:
        """Say what is done between commands."""
        self._parts.append(f"# {text}\n")

    def show(self, text: str) -> None:
        """Add lines that are no command's."""
        self._parts.append(text)

    @property
    def text(self) -> str:
        """All of it, without what differs from machine to machine."""
        shown = masked("\n".join(self._parts), **self._folders)
        for pattern, name in (
            (_TAKES, "<time>"),
            (_LONG, "<digest>"),
            (_SHORT, "<digest>"),
            (_SIZES, "<size>"),
        ):
            shown = pattern.sub(name, shown)
        return shown
