r"""Drivers in an image's driver store, by their INFs: `System32\DriverStore\FileRepository\NAME.inf_ARCH_HASH`.

Reads only. Which devices a driver serves is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.formats.inf import read_inf
from osrecipe.model.winpath import WinPath, upcase

if TYPE_CHECKING:
    from osrecipe.windows.image_files import ImageFiles

REPOSITORY: Final = WinPath("Windows\\System32\\DriverStore\\FileRepository")
_VERSION_PARTS: Final = 4
_MAX_DIGITS: Final = 10
"""Of a number of a version: Windows takes 65535 at most."""


def driver_versions(files: ImageFiles, inf: str) -> tuple[str, ...]:
    """Versions of the packages of an INF that are in the store, as their INFs have them; `` for one without.

    Args:
        files: the image.
        inf: the INF's file name, such as `netkvm.inf`.

    Raises:
        FormatError: an INF in the store is no text.
    """
    front = upcase(f"{inf}_")
    found: list[str] = []
    for folder in files.names_in(REPOSITORY):
        if upcase(folder).startswith(front):
            data = files.read_bytes(REPOSITORY / folder / inf)
            read = None if data is None else read_inf(data)
            if read is not None:
                found.append(read.version)
    return tuple(found)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are one: missing numbers are 0, leading zeros do not count; texts that are none as they are."""
    return _numbers(one) == _numbers(other)


def _numbers(text: str) -> tuple[int, ...] | str:
    parts = text.strip().split(".")
    if (
        not text.strip()
        or len(parts) > _VERSION_PARTS
        or not all(p.isascii() and p.isdecimal() and len(p) <= _MAX_DIGITS for p in parts)
    ):
        return text.strip()
    return tuple(int(p) for p in parts) + (0,) * (_VERSION_PARTS - len(parts))
