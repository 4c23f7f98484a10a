"""What is known of answer files: where Setup looks for one in an image, and which settings can be read back.

Knowledge only. Source: Microsoft, "Windows Setup automation overview" (implicit search order) and "Unattended
Windows Setup Reference".
"""

from __future__ import annotations

from typing import Final

from osrecipe.model.checks import RegistryValueIs
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot
from osrecipe.model.winpath import WinPath

PLACE: Final = WinPath("Windows\\Panther\\unattend.xml")
"""Where an answer file in an image lies for the passes after it was applied."""

_POLICIES: Final = RegistryKey(
    root=RegistryRoot.SOFTWARE, path="Microsoft\\Windows\\CurrentVersion\\Policies\\System"
)
READABLE: Final = {"Microsoft-Windows-LUA-Settings/EnableLUA": (_POLICIES, "EnableLUA")}
"""Offline settings that end as one registry value and are no secret: key and value name. The value is true or false."""


def read_back(path: str, value: str) -> RegistryValueIs | None:
    """What a setting leaves in the registry; None where that is not known.

    Args:
        path: component and setting.
        value: as the answer file has it.
    """
    place = READABLE.get(path)
    if place is None or value.lower() not in {"true", "false"}:
        return None
    number = int(value.lower() == "true")
    return RegistryValueIs(key=place[0], name=place[1], data=RegistryData(kind="dword", number=number))
