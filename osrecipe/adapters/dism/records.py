"""What a serviced image records of packages and features, read from its files: for images that are not mounted.

States as in Microsoft's "CBS servicing states": 0x60 install pending, 0x65 partially installed, 0x70 installed, 0x80
permanent, 0x50 superseded. Offline, pending is the normal success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.windows.features import features_of
from osrecipe.windows.installed import installed_packages

if TYPE_CHECKING:
    from osrecipe.windows.image_files import ImageFiles


def package_state(files: ImageFiles, identity: str) -> str | None:
    """As `OpenImage.package_state`."""
    found = installed_packages(files).get(identity.lower())
    if found is None or found.state == "staged":
        return None
    return "superseded" if found.state == "superseded" else "installed"


def feature_state(files: ImageFiles, name: str) -> str | None:
    """As `OpenImage.feature_state`."""
    found = features_of(files, name, elements=False)
    return None if not found else "enabled" if found[0].enabled else "disabled"
