"""Is a name from an archive safe to become a host path?

Judges and maps names; touches no disk. The rule is Windows' own on every host, so that an archive which is refused
there is refused everywhere.
"""

from __future__ import annotations

import re

from osrecipe.formats.errors import Fault, FormatError

# Devices answer to these names with any extension, in every folder.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\..*)?", re.IGNORECASE
)
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*]')
_DEEPEST = 64
_LONGEST = 255  # bytes of UTF-8, the least that any host's file system takes


def fold(name: str) -> str:
    """The form under which two names are the same file: backslashes, lower case."""
    return name.replace("/", "\\").lower()


def shown(name: str) -> str:
    """A name fit for a message: control and non-ASCII characters are escaped."""
    return ascii(name)[1:-1]


def safe_parts(name: str, *, format_: str = "cab") -> tuple[str, ...]:
    r"""Split an archive's path into folder and file names that stay inside the folder they are joined to.

    Args:
        name: path with `\` or `/`.
        format_: the format to name in errors.

    Returns:
        At least one part.

    Raises:
        FormatError: UNSAFE for absolute paths, drive letters, streams, `..`, device names, control characters,
            parts that end in a dot or a space, and parts too long for a file system.
    """
    parts = tuple(name.replace("/", "\\").split("\\"))
    if len(parts) > _DEEPEST or not all(_is_safe(part) for part in parts):
        raise FormatError(
            format_, Fault.UNSAFE, f"A name in the archive is not safe to write: `{shown(name)}`"
        )
    return parts


def _is_safe(part: str) -> bool:
    # An empty part is a leading, doubled or trailing separator; `.` and `..` end in a dot.
    if not part or part[-1] in ". " or _FORBIDDEN.search(part) or len(part.encode()) > _LONGEST:
        return False
    return _DEVICE.fullmatch(part) is None
