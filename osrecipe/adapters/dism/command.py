"""DISM's command lines: one servicing command each, in the one spelling used here.

Pure: it builds lists of arguments; quoting is the business of whoever starts or shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GLOBAL: Final = ("/English", "/NoRestart")
"""With every command: labels in English, and never a question about a restart."""
HOUR: Final = 3600.0


@dataclass(frozen=True)
class Verb:
    """One DISM command without the global options.

    Attributes:
        arguments: the command and its options.
        mount: the mounted folder it services (`/Image:`), or empty.
        doing: for people, while it is going on.
        hours: the wall budget; a bar that stands still for half an hour is normal.
        remedies: what to do about a code after this command, where that is not what the table of codes says.
    """

    arguments: tuple[str, ...]
    doing: str
    mount: str = ""
    hours: float = 6
    remedies: tuple[tuple[int, str], ...] = ()

    @property
    def seconds(self) -> float:
        """The wall budget in seconds."""
        return self.hours * HOUR


def line(program: str, verb: Verb, *, log: str = "", scratch: str = "") -> tuple[str, ...]:
    """The whole command line.

    Args:
        program: dism.exe's path.
        verb: what to do.
        log: the file DISM writes its own log to; empty for its default.
        scratch: a folder on a local disk, which exists; empty for DISM's default.
    """
    argv = [program, *GLOBAL]
    argv += [f"/LogPath:{log}", "/LogLevel:3"] if log else []
    argv += [f"/ScratchDir:{scratch}"] if scratch else []
    argv += [f"/Image:{verb.mount}"] if verb.mount else []
    return (*argv, *verb.arguments)


def mount(wim: str, index: int, folder: str) -> Verb:
    """Mount an image for change."""
    arguments = ("/Mount-Image", f"/ImageFile:{wim}", f"/Index:{index}", f"/MountDir:{folder}")
    return Verb(arguments, "mount the image")


def unmount(folder: str, *, commit: bool) -> Verb:
    """Save or give up what is mounted."""
    return Verb(
        ("/Unmount-Image", f"/MountDir:{folder}", "/Commit" if commit else "/Discard"),
        "save the image" if commit else "give the image up",
    )


def remount(folder: str) -> Verb:
    """Make a mount usable again after a restart of the host."""
    return Verb(("/Remount-Image", f"/MountDir:{folder}"), "mount the image again", hours=1)


def cleanup_mountpoints() -> Verb:
    """Remove damaged mounts; good and recoverable ones are left alone by DISM."""
    return Verb(("/Cleanup-Mountpoints",), "remove damaged mounts", hours=1)


def mounted() -> Verb:
    """List what is mounted on this host."""
    return Verb(("/Get-MountedImageInfo",), "list mounts", hours=0.5)


def export(source: str, index: int, to: str, *, compress: str = "", bootable: bool = False) -> Verb:
    """Append an image to a WIM; `compress` only where the WIM does not exist yet."""
    arguments = [
        "/Export-Image",
        f"/SourceImageFile:{source}",
        f"/SourceIndex:{index}",
        f"/DestinationImageFile:{to}",
    ]
    arguments += [f"/Compress:{compress}"] if compress else []
    arguments += ["/Bootable"] if bootable else []
    return Verb(tuple(arguments), "export the image")


def add_package(folder: str, package: str) -> Verb:
    """Add one package."""
    return Verb(("/Add-Package", f"/PackagePath:{package}"), "add the package", folder, hours=8)


def enable_feature(folder: str, feature: str, source: str = "") -> Verb:
    """Enable a feature and those it is part of, never from the network."""
    arguments = ["/Enable-Feature", f"/FeatureName:{feature}", "/All", "/LimitAccess"]
    arguments += [f"/Source:{source}"] if source else []
    return Verb(tuple(arguments), f"enable {feature}", folder, hours=3)


def disable_feature(folder: str, feature: str) -> Verb:
    """Disable a feature; its payload stays in the image."""
    return Verb(("/Disable-Feature", f"/FeatureName:{feature}"), f"disable {feature}", folder, hours=3)


_NO_SOURCE: Final = 0x800F_081F
_NO_PACKAGE: Final = (
    "compare the capability's name and version with the folder it comes `from`, which must hold the packages of "
    "the features-on-demand disc of the image's build and architecture, those of its language, too"
)


def add_capability(folder: str, capability: str, source: str) -> Verb:
    """Add a capability from a folder of its packages, never from the network."""
    arguments = ("/Add-Capability", f"/CapabilityName:{capability}", f"/Source:{source}", "/LimitAccess")
    remedies = ((_NO_SOURCE, _NO_PACKAGE),)
    return Verb(arguments, f"add {capability}", folder, hours=3, remedies=remedies)


def remove_capability(folder: str, capability: str) -> Verb:
    """Remove a capability."""
    arguments = ("/Remove-Capability", f"/CapabilityName:{capability}")
    return Verb(arguments, f"remove {capability}", folder, hours=3)


def remove_app(folder: str, package: str) -> Verb:
    """Remove a provisioned app by its whole name."""
    arguments = ("/Remove-ProvisionedAppxPackage", f"/PackageName:{package}")
    return Verb(arguments, f"remove {package.partition('_')[0]}", folder, hours=1)


def add_drivers(
    folder: str, paths: tuple[str, ...], *, recurse: bool = False, unsigned: bool = False
) -> Verb:
    """Add drivers: INFs, or with `recurse` everything below folders."""
    arguments = ["/Add-Driver", *(f"/Driver:{path}" for path in paths)]
    arguments += ["/Recurse"] if recurse else []
    arguments += ["/ForceUnsigned"] if unsigned else []
    return Verb(tuple(arguments), "add drivers", folder, hours=4)


_INTL: Final = {
    "all": "/Set-AllIntl",
    "ui-language": "/Set-UILang",
    "system-locale": "/Set-SysLocale",
    "user-locale": "/Set-UserLocale",
    "keyboards": "/Set-InputLocale",
    "time-zone": "/Set-TimeZone",
}
_NO_LANGUAGE: Final = "name a language that Windows knows; for menus and messages, one that is in the image"
_NOT_TAKEN: Final = {
    "keyboards": "name languages and layouts that Windows knows",
    "time-zone": "name a zone that the image knows, as its registry spells it",
}


def set_intl(folder: str, setting: str, value: str) -> Verb:
    """Choose a language, locale, keyboard or time zone, by the recipe's name of it."""
    argument = f"{_INTL[setting]}:{value}"
    remedies = ((87, _NOT_TAKEN.get(setting, _NO_LANGUAGE)),)
    return Verb((argument,), f"carry out `{argument}`", folder, hours=1, remedies=remedies)


def apply_unattend(folder: str, file: str) -> Verb:
    """Apply the pass `offlineServicing` of an answer file."""
    return Verb((f"/Apply-Unattend:{file}",), "apply the answer file", folder, hours=4)


def cleanup(folder: str, *, reset_base: bool) -> Verb:
    """Remove superseded components."""
    arguments = ("/Cleanup-Image", "/StartComponentCleanup", *(("/ResetBase",) if reset_base else ()))
    return Verb(arguments, "clean up the component store", folder, hours=8)


def get_packages(folder: str) -> Verb:
    """List packages with their states."""
    return Verb(("/Get-Packages",), "list packages", folder, hours=1)


def get_features(folder: str) -> Verb:
    """List features with their states."""
    return Verb(("/Get-Features",), "list features", folder, hours=1)


def get_capabilities(folder: str) -> Verb:
    """List capabilities with their states."""
    return Verb(("/Get-Capabilities",), "list capabilities", folder, hours=1)


def get_apps(folder: str) -> Verb:
    """List provisioned apps."""
    return Verb(("/Get-ProvisionedAppxPackages",), "list apps", folder, hours=1)


def get_drivers(folder: str) -> Verb:
    """List third-party drivers."""
    return Verb(("/Get-Drivers",), "list drivers", folder, hours=1)


def get_intl(folder: str) -> Verb:
    """Report languages, locales, keyboards and the time zone."""
    return Verb(("/Get-Intl",), "read languages and time zone", folder, hours=1)
