r"""Paths of a command line as paths of this machine.

On POSIX a drive letter is Wine's: `Z:` is the root. Paths inside images are not for here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from standin.codes import DismError

_DRIVE = re.compile(r"([A-Za-z]):[\\/]?")


def host_path(text: str) -> Path:
    """An absolute path for what a caller wrote, without asking whether it exists.

    Raises:
        DismError: 3, a drive this machine does not have.
    """
    if os.name == "nt":
        return Path(os.path.abspath(text))  # noqa: PTH100 - resolve() would follow links
    if drive := _DRIVE.match(text):
        if drive[1].upper() != "Z":
            raise DismError(3)
        text = "/" + text[drive.end() :]
    return Path(os.path.abspath(text.replace("\\", "/")))  # noqa: PTH100 - as above


def shown_path(text: str) -> str:
    """A path as it is listed later: as written, but whole."""
    return text if _DRIVE.match(text) or text.startswith("/") else str(host_path(text))


def existing_file(text: str) -> Path:
    """A file that is there.

    Raises:
        DismError: 2 or 3, the file or its folder is not.
    """
    path = host_path(text)
    if not path.is_file():
        raise DismError(2 if path.parent.is_dir() else 3)
    return path


def existing_folder(text: str) -> Path:
    """A folder that is there.

    Raises:
        DismError: 3, it is not.
    """
    path = host_path(text)
    if not path.is_dir():
        raise DismError(3)
    return path
