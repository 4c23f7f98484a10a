r"""Provisioned apps of an image: what every new user gets. From the registry, where Windows keeps them.

`SOFTWARE\…\Appx\AppxAllUserStore\Applications` has a key for each, named by the package's whole name:
`NAME_VERSION_ARCHITECTURE_RESOURCE_PUBLISHER`. Reads only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.formats.hive import Hive
from osrecipe.windows.component_registry import SOFTWARE

if TYPE_CHECKING:
    from osrecipe.windows.image_files import ImageFiles

_APPLICATIONS: Final = r"Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore\Applications"
_PARTS: Final = 5


def provisioned_apps(files: ImageFiles) -> tuple[str, ...]:
    """Whole names of the provisioned apps, sorted; none in an image without such a key.

    Raises:
        FormatError: the SOFTWARE hive is damaged.
    """
    data = files.read_bytes(SOFTWARE)
    if data is None or SOFTWARE.parent is None:
        return ()
    logs = [files.read_bytes(SOFTWARE.parent / f"{SOFTWARE.name}{suffix}") for suffix in (".LOG1", ".LOG2")]
    key = Hive.load(data, log1=logs[0], log2=logs[1]).key(_APPLICATIONS)
    names = [one.name for one in key.subkeys()] if key is not None else []
    return tuple(sorted((name for name in names if is_whole_name(name)), key=str.lower))


def is_whole_name(text: str) -> bool:
    """Whether a text has the five parts of a package's whole name."""
    return text.count("_") == _PARTS - 1 and all(
        part or number == 3  # noqa: PLR2004 - only the fourth part, the resource, may be empty
        for number, part in enumerate(text.split("_"))
    )
