"""What an image records of packages, features and the like, read from its files: for images that are not mounted.

States as in Microsoft's "CBS servicing states": 0x60 install pending, 0x65 partially installed, 0x70 installed, 0x80
permanent, 0x50 superseded. Offline, pending is the normal success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.windows.capabilities import capabilities
from osrecipe.windows.driver_store import driver_versions
from osrecipe.windows.features import features_of
from osrecipe.windows.installed import installed_packages
from osrecipe.windows.provisioned_apps import provisioned_apps

if TYPE_CHECKING:
    from osrecipe.model.adapter import StateKind
    from osrecipe.windows.image_files import ImageFiles


def state(files: ImageFiles, kind: StateKind, name: str) -> str | None:
    """As `ReadImage.state`.

    Raises:
        FormatError: a file of the image that has to be read is damaged.
    """
    match kind:
        case "package":
            return _package(files, name)
        case "feature":
            found = features_of(files, name, elements=False)
            return None if not found else "enabled" if found[0].enabled else "disabled"
        case "capability":
            return "installed" if name.lower() in capabilities(files) else None
        case "app":
            there = {whole.lower() for whole in provisioned_apps(files)}
            return "provisioned" if name.lower() in there else None
        case "driver":
            versions = driver_versions(files, name)
            return ", ".join(versions) if versions else None
        case "setting":
            return None


def _package(files: ImageFiles, identity: str) -> str | None:
    found = installed_packages(files).get(identity.lower())
    if found is None or found.state == "staged":
        return None
    return "superseded" if found.state == "superseded" else "installed"
