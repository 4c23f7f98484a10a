"""Names inside an ISO: what one component may be, and when two paths are the same.

Image paths only; nothing here touches the host's file system.
"""

from __future__ import annotations

from osrecipe.formats.errors import Fault, FormatError

DEPTH_MAX = 64  # folders; retail media stay below 12
_SEPARATORS = frozenset("\\/\0")


def fold(path: str) -> str:
    """Give the form in which paths are compared: Windows tells no case apart, one UTF-16 unit at a time."""
    tidy = path.replace("/", "\\").strip("\\")
    return "".join(upper if len(upper := char.upper()) == 1 else char for char in tidy)


def check_component(name: str) -> str:
    """Return `name`, or refuse it when it is not the name of one entry.

    Raises:
        FormatError: `iso/unsafe`.
    """
    if not name or name.strip(". ") == "" or not _SEPARATORS.isdisjoint(name):
        raise FormatError("iso", Fault.UNSAFE, f"A name on the disc would leave its folder: {name!r}")
    return name


def check_depth(depth: int) -> None:
    """Refuse folders nested beyond any real disc.

    Raises:
        FormatError: `iso/too-large`.
    """
    if depth > DEPTH_MAX:
        raise FormatError(
            "iso", Fault.TOO_LARGE, f"Folders are nested too deep: at most {DEPTH_MAX} are read"
        )


def check_host_path(path: str) -> tuple[str, ...]:
    """Split a path of the disc into components that are safe to append to a host folder.

    Raises:
        FormatError: `iso/unsafe` for anything absolute, with a drive or stream (`:`), `..`, NUL or an empty name.
    """
    parts = tuple(path.split("\\"))
    for part in parts:
        check_component(part)
        if ":" in part:
            raise FormatError("iso", Fault.UNSAFE, f"A name on the disc holds a colon: `{path}`")
    return parts
