"""Names Windows can't have, or reads as something else.

Format rules (no separators, no `.` and `..`) are in `metadata.py`; these are Windows' own, for names that are
new in an image or are about to be written on Windows.
"""

from __future__ import annotations

from typing import Final

from osrecipe.formats.errors import Fault, FormatError

_FORBIDDEN: Final = frozenset('<>:"|?*')
_DEVICES: Final = frozenset(
    ("CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)))
)


def check_windows_name(name: str) -> None:
    """Refuses a name that means a stream or a device to Windows, or loses its end there.

    Raises:
        FormatError: UNSAFE.
    """
    stem = name.partition(".")[0].rstrip().upper()
    if _FORBIDDEN & set(name) or min(name, default=" ") < " " or name[-1:] in (".", " ") or stem in _DEVICES:
        raise FormatError("wim", Fault.UNSAFE, f"Windows can't have a file of this name: {name!r}")
