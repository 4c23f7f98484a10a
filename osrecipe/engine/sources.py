"""The run's inputs on this host: they are read, never written, and must not change while a run reads them.

Content was verified when the plan was made; here size and time of change are enough to notice interference.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError, Problem, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan, PlannedInput

Signature = tuple[tuple[str, int, int], ...]
"""Relative path, bytes and time of change (ns) of each file; a file input has one, named by an empty string."""


class Sources:
    """Where each input of a plan lies, and what it looked like when the run began.

    Raises:
        OsrecipeError: `input/missing`, naming each input that is not there.
    """

    def __init__(self, plan: Plan, paths: Mapping[InputId, Path]) -> None:
        missing = [p for known in plan.inputs if (p := _missing(known, paths)) is not None]
        if missing:
            raise OsrecipeError(*missing)
        self._paths = {known.id: paths[known.id].absolute() for known in plan.inputs}
        self._before = {name: _signature(path) for name, path in self._paths.items()}

    def path(self, name: InputId) -> Path:
        """The host path of an input."""
        return self._paths[name]

    def require_apart(self, output: Path) -> None:
        """Refuse an output that is an input or would be written into one.

        Raises:
            OsrecipeError: `input/unsafe`.
        """
        place = output.resolve()
        for name, path in self._paths.items():
            if place.is_relative_to(path.resolve()):
                raise error(
                    Slug.INPUT_UNSAFE,
                    f"the output would change input `{name}`: `{output}`",
                    hint="inputs are never modified; write the output elsewhere",
                )

    def drifted(self, names: Iterable[InputId]) -> InputId | None:
        """The first of these inputs that has changed since the run began, or None."""
        for name in names:
            try:
                if _signature(self._paths[name]) != self._before[name]:
                    return name
            except OSError:
                return name
        return None

    @property
    def names(self) -> tuple[InputId, ...]:
        """Every input."""
        return tuple(self._paths)


def _missing(known: PlannedInput, paths: Mapping[InputId, Path]) -> Problem | None:
    path = paths.get(known.id)
    if path is not None and path.exists():
        return None
    reason = f"input `{known.id}` is not there: `{path or known.path}`"
    return Problem(Slug.INPUT_MISSING, reason, hint="put it there or name its folder with `--inputs`")


def _signature(path: Path) -> Signature:
    if not path.is_dir():
        return (_entry("", path),)
    return tuple(
        sorted(
            _entry(os.path.relpath(found, path), found)
            for parent, _folders, files in os.walk(path)
            for found in (path / parent / file for file in files)
        )
    )


def _entry(name: str, path: Path) -> tuple[str, int, int]:
    info = path.lstat() if path.is_symlink() and not path.exists() else path.stat()
    return (name, info.st_size, info.st_mtime_ns)
