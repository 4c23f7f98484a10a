"""The deployment kit's `oscdimg`: which one is used, which version it is, and how it is called to write a disc.

The command line is pure, so that what a script shows is what a run starts. It reads no recipe and judges no result:
the media room runs it and looks at what it wrote.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import kits
from osrecipe.adapters.dism.output import encoding
from osrecipe.adapters.process import run
from osrecipe.formats.errors import FormatError
from osrecipe.formats.pe import read_version
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.tasks import WriteIso

VARIABLE: Final = "OSRECIPE_OSCDIMG"
"""The environment variable that names an oscdimg; it wins over the deployment kit's."""
INSTALL: Final = (
    f"install the Deployment Tools of the Windows ADK, or name an oscdimg with the variable {VARIABLE}"
)
BOOT_FILES: Final = {"bios": "boot\\etfsboot.com", "efi": "efi\\microsoft\\boot\\efisys.bin"}
"""The boot images in the media's tree."""
_PLATFORMS: Final = {"bios": "p0", "efi": "pEF"}
_BANNER_SECONDS: Final = 60.0
_BANNER: Final = re.compile(r"^\s*OSCDIMG\s+(\d+(?:\.\d+)+)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Tool:
    """An oscdimg that was found.

    Attributes:
        path: as it is started.
        origin: how it was chosen, for people.
        version: None when it does not say one; such a program is never used.
    """

    path: str
    origin: str
    version: str | None


def find(environ: Mapping[str, str] | None = None) -> Tool:
    """The oscdimg to use: the one the environment names, or else the deployment kit's.

    Raises:
        OsrecipeError: there is none, or what is there is no oscdimg (`run/tool-missing`).
    """
    environ = os.environ if environ is None else environ
    if named := environ.get(VARIABLE):
        path, origin = shutil.which(named), VARIABLE
        missing = f"there is no oscdimg where {VARIABLE} says: `{named}`"
    else:
        found = kits.program("Oscdimg", "oscdimg.exe", emulated=True)
        path, origin = None if found is None else str(found), "the ADK's"
        missing = "there is no oscdimg on this host"
    if path is None:
        raise error(Slug.RUN_TOOL_MISSING, missing, hint=INSTALL, exit_code=ExitCode.TASK)
    # It is started in another folder than ours, where a relative path would name another program.
    tool = Tool(str(Path(path).absolute()), origin, version_of(path))
    if tool.version is None:
        reason = f"this is no oscdimg, or it can't run here: `{tool.path}` prints no banner"
        raise error(Slug.RUN_TOOL_MISSING, reason, hint=INSTALL, exit_code=ExitCode.TASK)
    return tool


def version_of(path: str) -> str | None:
    """An oscdimg's version: from its file, or from its banner where it is no Windows program."""
    try:
        found = read_version(Path(path))
    except (OSError, FormatError):
        found = None
    return _banner(path) if found is None else ".".join(map(str, found.file_version))


def _banner(path: str) -> str | None:
    """Without arguments it prints its banner and how it is used."""
    said: list[str] = []
    run([path], said.append, encoding=encoding(), timeout=_BANNER_SECONDS)
    return next((match[1] for line in said if (match := _BANNER.match(line))), None)


def options(op: WriteIso, boot_files: Mapping[str, str] | None = None) -> tuple[str, ...]:
    r"""All but the two paths, for a program that is started in the media's tree.

    In `-bootdata` a number sign separates entries and a comma their parts, and nothing says how to quote either: boot
    images are therefore named by their path in the tree, so that no folder of the host is ever part of it.

    Args:
        op: what to write.
        boot_files: by firmware the boot image's path below the tree; `BOOT_FILES` by default.
    """
    files = BOOT_FILES if boot_files is None else boot_files
    entries = [f"{_PLATFORMS[one]},e,b{files[one]}" for one in op.firmware]
    boot = ["-bootdata:" + "#".join([str(len(entries)), *entries])] if entries else []
    return (
        "-m",  # whatever its size
        "-o",  # equal files once
        "-h",  # hidden files too, or they would be left out
        "-u2",
        "-udfver102",
        f"-t{_time(op.timestamp)}",
        f"-l{op.label}",
        *boot,
    )


def argv(tool: Tool, arguments: Sequence[str], tree: Path, to: Path) -> list[str]:
    """The whole command line. Paths are absolute and have no separator at their end, which would escape a quote."""
    return [tool.path, *arguments, str(tree.absolute()), str(to.absolute())]


def _time(timestamp: int) -> str:
    """As oscdimg takes it, in UTC."""
    return f"{datetime.fromtimestamp(timestamp, UTC):%m/%d/%Y,%H:%M:%S}"
