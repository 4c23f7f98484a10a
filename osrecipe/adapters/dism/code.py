"""A code of DISM: its spellings and its classes. The rows are in `codes` and `mount_codes`.

Exit codes come as unsigned or negative numbers, errors in texts as decimal or hexadecimal ones, and a Win32 error
also as its HRESULT `0x8007nnnn`: all of them meet in one canonical number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from osrecipe.model.codes import Slug

_WIN32: Final = 0x8007_0000
_WIN32_MASK: Final = 0xFFFF_0000
_WIN32_LAST: Final = 0xFFFF
_LIMIT: Final = 0xFFFF_FFFF
_NUMBER: Final = re.compile(r"(-?)(0[xX][0-9a-fA-F]{1,8}|\d{1,10})$")

# Where a row's meaning was read. Nothing was confirmed on Windows by us.
LOG: Final = "public logs of DISM runs"
WIMGAPI: Final = "message tables of wimgapi.dll and WimProvider.dll, as published"
CBS: Final = "component-based servicing result codes, as published"
WINERROR: Final = "winerror.h, not looked up again"
HARDWARE: Final = "Microsoft, Windows hardware documentation (2018)"
DYNAMIC_UPDATE: Final = "Microsoft, `Update Windows installation media with Dynamic Update` (2024-10)"
INTEGRATORS: Final = "behaviour of maintained community integrators"
WEAK: Final = "single public mention; weak"


class Kind(StrEnum):
    """What to do about a code.

    SUCCESS: it went well.
    PENDING: it went well, and something is left for the first start.
    TRANSIENT: trying again later can help.
    PROBE: the servicing process died; what the image says decides.
    BUSY: files of the mount folder are open; trying again later can help an unmount.
    NOT_APPLICABLE: this package is not for this image.
    FOLDER: the mount or its folder is not as it must be.
    FATAL: the image can't be used any more.
    FAILURE: it failed, and would again.
    """

    SUCCESS = "success"
    PENDING = "pending"
    TRANSIENT = "transient"
    PROBE = "probe"
    BUSY = "busy"
    NOT_APPLICABLE = "not-applicable"
    FOLDER = "folder"
    FATAL = "fatal"
    FAILURE = "failure"


@dataclass(frozen=True)
class Code:
    """One row: the canonical number, and what it means in a few words."""

    number: int
    name: str
    meaning: str
    kind: Kind
    remedy: str
    source: str
    slug: Slug = Slug.RUN_TASK_FAILED

    @property
    def text(self) -> str:
        """The code as it is shown: `0x800f081e`."""
        return shown(self.number)

    @property
    def is_hresult(self) -> bool:
        """Whether DISM prints it in hexadecimal; a Win32 error it prints as a decimal number."""
        return self.number > _WIN32_LAST


def normal(code: int) -> int:
    """One number for all spellings of a code: unsigned, a Win32 error without its HRESULT dress.

    >>> hex(normal(-2146498530))
    '0x800f081e'
    >>> normal(0x800702E4)
    740
    """
    unsigned = code & _LIMIT
    return unsigned & 0xFFFF if unsigned & _WIN32_MASK == _WIN32 else unsigned


def shown(code: int) -> str:
    """A code as people look it up: an HRESULT in lower-case hexadecimal; 0 stays 0."""
    number = normal(code)
    if number == 0:
        return "0"
    return f"0x{number | _WIN32:08x}" if number <= _WIN32_LAST else f"0x{number:08x}"


def parse(text: str) -> int | None:
    """The canonical number of a code in text, decimal or hexadecimal; None when it is none."""
    match = _NUMBER.match(text.strip())
    if match is None:
        return None
    number = int(match[2], 16 if match[2][:2].lower() == "0x" else 10)
    if number > _LIMIT:
        return None
    return normal(-number if match[1] else number)


def spellings(text: str) -> tuple[int, ...]:
    """The exit codes, unsigned, that a code in text may come as: a Win32 error as itself or as its HRESULT.

    >>> spellings("0x8007007e")
    (126, 2147942526)
    """
    number = parse(text)
    if number is None:
        return ()
    return (number, number | _WIN32) if 0 < number <= 0xFFFF else (number,)  # noqa: PLR2004 - Win32's range


# Remedies that several rows share.
SEE_LOG: Final = "the task's log and DISM's own log beside it say more"
SPACE: Final = "free space on the volumes of the work folder and of the output"
PRISTINE: Final = "start again from the source image"
CLOSE: Final = (
    "close what has files of the mount folder open (Explorer, an editor, a scanner), then run again"
)
RESTORE: Final = "repair the image with /RestoreHealth from matching media, or start from a pristine image"
SOURCE: Final = "name a source of the same build (the media's `sources\\sxs`)"
CLEAN: Final = "`osrecipe clean` removes what dead runs left; `dism /Get-MountedImageInfo` lists the rest"
LOCAL: Final = "let the output, and so the work folder, lie on a fixed local NTFS volume"
