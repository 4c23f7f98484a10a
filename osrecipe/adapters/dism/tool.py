"""Which DISM is used: the one that is named, the system's, or the one of the Windows Assessment and Deployment Kit.

Its version comes from its file where that is a Windows program, so that asking needs no elevation; a program of
another kind is asked for its banner. It services nothing.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import kits
from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.output import Transcript, encoding
from osrecipe.adapters.process import run
from osrecipe.formats.errors import FormatError
from osrecipe.formats.pe import read_version
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "OSRECIPE_DISM"
"""The environment variable that names a DISM; an option given on the command line wins."""
SYSTEM: Final = "system"
ADK: Final = "adk"
_BANNER_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Tool:
    """A DISM that was found.

    Attributes:
        path: as it is started.
        origin: how it was chosen, for people.
        version: None when it does not say one; such a program is never used.
    """

    path: str
    origin: str
    version: Version | None


def find(wanted: str = "", environ: Mapping[str, str] | None = None) -> Tool:
    """The DISM to use.

    Args:
        wanted: a path, `system` or `adk`; empty for the environment's wish, or else the system's.
        environ: the environment; ours by default.

    Raises:
        OsrecipeError: there is none (`run/tool-missing`).
    """
    environ = os.environ if environ is None else environ
    asked = wanted or environ.get(VARIABLE, "") or SYSTEM
    origin = "option" if wanted else VARIABLE if environ.get(VARIABLE) else "the system's"
    path = _system(environ) if asked == SYSTEM else _adk() if asked == ADK else shutil.which(asked)
    if path is None:
        raise error(
            Slug.RUN_TOOL_MISSING,
            "there is no DISM on this host" if asked == SYSTEM else f"this DISM is not there: `{asked}`",
            hint=f"the dism adapter works on Windows; name a DISM with `--dism PATH` or {VARIABLE}",
            exit_code=ExitCode.TASK,
        )
    return Tool(path, "the ADK's" if asked == ADK else origin, version_of(path))


def is_there(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a DISM is named by the environment, or this is a host that has one."""
    environ = os.environ if environ is None else environ
    return bool(environ.get(VARIABLE)) or _system(environ) is not None


def version_of(path: str) -> Version | None:
    """A DISM's version: from its file, or from its banner where it is no Windows program."""
    try:
        found = read_version(Path(path))
    except (OSError, FormatError):
        return _banner(path)
    if found is None:
        return _banner(path)
    return Version.parse(".".join(map(str, found.file_version)))


def _banner(path: str) -> Version | None:
    said = Transcript()
    run(
        command.line(path, command.mounted()),
        lambda text: _take(said, text),
        encoding=encoding(),
        timeout=_BANNER_SECONDS,
    )
    return said.tool


def _take(said: Transcript, text: str) -> None:
    said.add(text)


def _system(environ: Mapping[str, str]) -> str | None:
    """The system's own; a 32-bit Python sees it below `Sysnative` only."""
    root = environ.get("SystemRoot") or environ.get("WINDIR")
    if root is None:
        return None
    windows = Path(root)
    candidates = [windows / folder / "dism.exe" for folder in ("Sysnative", "System32")]
    return next((str(path) for path in candidates if path.is_file()), None)


def _adk() -> str | None:
    """The deployment kit's, for this host's processor."""
    found = kits.program("DISM", "dism.exe")
    return None if found is None else str(found)
