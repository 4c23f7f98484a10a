"""Which Windows an image's folder holds, and whether this DISM may service it.

Families are compared, not revisions (dism fact sheet §8); a tool older than the image is refused (§2, "General").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import Hive
from standin.imagetree import find

if TYPE_CHECKING:
    from pathlib import Path

SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
_KEY = "Microsoft\\Windows NT\\CurrentVersion"
_FAMILIES = (range(19041, 19046), range(22621, 22632), range(26100, 26201))


def registry_version(root: Path) -> str | None:
    """The version in the SOFTWARE hive, such as `10.0.17134.228`; None where there is no such hive or no such key."""
    path = find(root, SOFTWARE)
    if not path.is_file():
        return None
    with Hive(path) as hive:
        values = {name.lower(): value for name, value in hive.values(_KEY).items()}
    build = values.get("currentbuildnumber")
    if build is None or not build.text.isdecimal():
        return None

    def number(name: str) -> int:
        return values[name].number if name in values else 0

    major = number("currentmajorversionnumber")
    return f"{major}.{number('currentminorversionnumber')}.{build.text}.{number('ubr')}"


def image_version(root: Path) -> str:
    """The version of the image in a folder.

    Raises:
        DismError: 2, there is no Windows in it.
    """
    version = registry_version(root)
    if version is None:
        raise DismError(
            2,
            "Unable to access the image.\r\nMake sure that the image path and the Windows directory for the "
            "image exist and you have Read permissions on the folder.",
        )
    return version


def check_family(tool: str, image: str) -> None:
    """Refuse an image of a newer family than the tool's.

    Raises:
        DismError: 50, the tool is too old.
    """
    ours, theirs = (int(version.split(".")[2]) for version in (tool, image))
    if theirs > ours and not any(ours in family and theirs in family for family in _FAMILIES):
        raise DismError(50, "To service this Windows image requires the latest version of the DISM.")
