"""The commands: their names, their options, and what carries them out (dism fact sheet §2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin import cleanup, imageinfo, mounts, packages, transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from standin.job import Job

GLOBALS = frozenset(
    "? english logpath loglevel scratchdir quiet norestart format image online windir sysdrivedir".split()
)
"""Options that every command takes."""
ALIASES = {"wimfile": "imagefile"}
"""Old names of options."""


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        names: how it may be called, the present name first.
        options: its own options, in lower case.
        on_image: whether it works on the image `/Image` names.
        writes: whether it changes that image.
        takes_value: whether a value follows its own switch.
    """

    names: tuple[str, ...]
    run: Callable[[Job], None]
    options: frozenset[str]
    on_image: bool = False
    writes: bool = False
    takes_value: bool = False

    @property
    def name(self) -> str:
        """Its present name."""
        return self.names[0]


def _whole(names: str, run: Callable[[Job], None], options: str = "") -> Command:
    """A command about image files."""
    return Command(tuple(names.split()), run, frozenset(options.split()))


def _reads(name: str, run: Callable[[Job], None], options: str = "") -> Command:
    """A command that reads an image."""
    return Command(tuple(name.split()), run, frozenset(options.split()), on_image=True)


def _writes(name: str, run: Callable[[Job], None], options: str = "", *, value: bool = False) -> Command:
    """A command that changes an image."""
    return Command(tuple(name.split()), run, frozenset(options.split()), True, True, value)  # noqa: FBT003


_INDEX = "imagefile index name"
COMMANDS = (
    _whole("Get-ImageInfo Get-WimInfo", imageinfo.get_image_info, _INDEX),
    _whole(
        "Mount-Image Mount-Wim",
        mounts.mount_image,
        f"{_INDEX} mountdir readonly optimize checkintegrity",
    ),
    _whole("Remount-Image Remount-Wim", mounts.remount_image, "mountdir"),
    _whole("Commit-Image Commit-Wim", mounts.commit_image, "mountdir checkintegrity append"),
    _whole(
        "Unmount-Image Unmount-Wim", mounts.unmount_image, "mountdir commit discard checkintegrity append"
    ),
    _whole("Get-MountedImageInfo Get-MountedWimInfo", mounts.list_mounts),
    _whole("Cleanup-Mountpoints Cleanup-Wim", mounts.clean_up),
    _whole(
        "Export-Image",
        transfer.export_image,
        "sourceimagefile sourceindex sourcename destinationimagefile destinationname compress bootable "
        "checkintegrity swmfile",
    ),
    _whole("Delete-Image", transfer.delete_image, f"{_INDEX} checkintegrity"),
    _whole("Split-Image", transfer.split_image, "imagefile swmfile filesize checkintegrity"),
    _whole("List-Image", transfer.list_image, _INDEX),
    _whole(
        "Capture-Image",
        transfer.capture_image,
        "imagefile capturedir name description configfile compress bootable checkintegrity verify norpfix ea",
    ),
    _whole(
        "Append-Image",
        transfer.append_image,
        "imagefile capturedir name description configfile checkintegrity verify norpfix ea",
    ),
    _whole(
        "Apply-Image",
        transfer.apply_image,
        f"{_INDEX} swmfile applydir checkintegrity verify norpfix confirmtrustedfile compact ea",
    ),
    _writes("Add-Package", packages.add_package, "packagepath ignorecheck preventpending"),
    _writes("Remove-Package", packages.remove_package, "packagename packagepath"),
    _reads("Get-Packages", packages.get_packages),
    _reads("Get-PackageInfo", packages.get_package_info, "packagename packagepath"),
    _writes(
        "Cleanup-Image",
        cleanup.cleanup_image,
        "revertpendingactions spsuperseded hidesp startcomponentcleanup resetbase defer analyzecomponentstore "
        "checkhealth scanhealth restorehealth source limitaccess",
    ),
)
_BY_NAME = {name.lower(): command for command in COMMANDS for name in command.names}


def find(name: str) -> Command | None:
    """A command by any of its names, in any case."""
    return _BY_NAME.get(name.lower())
