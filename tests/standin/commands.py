"""The commands: their names, their options, and what carries them out (dism fact sheet §2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin import (
    appx,
    capabilities,
    cleanup,
    drivers,
    edition,
    features,
    imageinfo,
    intl,
    mounts,
    packages,
    transfer,
    unattend,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from standin.job import Job

GLOBALS = frozenset(
    (
        *("?", "english", "logpath", "loglevel", "scratchdir", "quiet", "norestart", "format"),
        *("image", "online", "windir", "sysdrivedir"),
    )
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
    _writes("Enable-Feature", features.enable_feature, "featurename packagename source limitaccess all"),
    _writes("Disable-Feature", features.disable_feature, "featurename packagename remove"),
    _reads("Get-Features", features.get_features, "packagename"),
    _reads("Get-FeatureInfo", features.get_feature_info, "featurename packagename"),
    _writes("Add-Capability", capabilities.add_capability, "capabilityname source limitaccess"),
    _writes("Remove-Capability", capabilities.remove_capability, "capabilityname"),
    _reads("Get-Capabilities", capabilities.get_capabilities, "source limitaccess"),
    _reads("Get-CapabilityInfo", capabilities.get_capability_info, "capabilityname source limitaccess"),
    _writes("Add-Driver", drivers.add_driver, "driver recurse forceunsigned"),
    _writes("Remove-Driver", drivers.remove_driver, "driver"),
    _reads("Get-Drivers", drivers.get_drivers, "all"),
    _reads("Get-DriverInfo", drivers.get_driver_info, "driver"),
    _reads("Get-ProvisionedAppxPackages", appx.get_apps),
    _writes("Remove-ProvisionedAppxPackage", appx.remove_app, "packagename"),
    _writes("Apply-Unattend", unattend.apply_unattend, value=True),
    _reads("Get-Intl", intl.get_intl, "distribution"),
    _writes("Set-UILang", intl.set_ui_language, value=True),
    _writes("Set-UILangFallback", intl.set_ui_fallback, value=True),
    _writes("Set-SysLocale", intl.set_system_locale, value=True),
    _writes("Set-UserLocale", intl.set_user_locale, value=True),
    _writes("Set-InputLocale", intl.set_input_locale, value=True),
    _writes("Set-AllIntl", intl.set_all, value=True),
    _writes("Set-SKUIntlDefaults", intl.set_sku_defaults, value=True),
    _writes("Set-TimeZone", intl.set_time_zone, value=True),
    _writes("Set-LayeredDriver", intl.set_layered_driver, value=True),
    _writes("Set-SetupUILang", intl.set_setup_language, "distribution", value=True),
    _writes("Gen-LangINI", intl.gen_lang_ini, "distribution"),
    _reads("Get-CurrentEdition", edition.get_current_edition),
    _reads("Get-TargetEditions", edition.get_target_editions),
)
_BY_NAME = {name.lower(): command for command in COMMANDS for name in command.names}


def find(name: str) -> Command | None:
    """A command by any of its names, in any case."""
    return _BY_NAME.get(name.lower())
