"""Facts of an installation ISO, read in place: no WIM is taken out of the ISO to be looked at."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Literal

from osrecipe.formats.iso import IsoReader, Platform
from osrecipe.formats.wim.layout import Codec
from osrecipe.formats.wim.reader import WimReader
from osrecipe.inputs.packages import package_facts
from osrecipe.model.codes import Slug
from osrecipe.model.facts import BlobFacts, FeatureFacts, ImageFacts, MediaFacts, WimFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Version
from osrecipe.windows.capabilities import capabilities
from osrecipe.windows.features import list_features
from osrecipe.windows.image_files import WimFiles
from osrecipe.windows.image_state import image_state
from osrecipe.windows.provisioned_apps import provisioned_apps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.wim.xmlinfo import ImageInfo
    from osrecipe.model.facts import PackageFacts, VersionSource
    from osrecipe.model.version import Architecture
    from osrecipe.windows.image_state import ImageState

WINRE = "Windows\\System32\\Recovery\\winre.wim"
INSTALL = "sources\\install.wim"
BOOT = "sources\\boot.wim"
NETFX3 = "sources\\sxs\\microsoft-windows-netfx3-ondemand-package.cab"
_SETUP_FILES = ("setup.exe", "setuphost.exe")
_ARCHITECTURES: dict[str, Architecture] = {"x86": "x86", "amd64": "amd64", "arm": "arm", "arm64": "arm64"}
_FIRMWARE: dict[Platform, Literal["bios", "efi"]] = {Platform.BIOS: "bios", Platform.EFI: "efi"}
_COMPRESSION: dict[Codec, Literal["none", "xpress", "lzx", "lzms"]] = {
    Codec.NONE: "none",
    Codec.XPRESS: "xpress",
    Codec.LZX: "lzx",
    Codec.LZMS: "lzms",
}


@dataclass(frozen=True)
class Wanted:
    """What of install images is looked at only where a recipe needs it, because it takes time.

    Attributes:
        features: optional features; when the recipe switches some.
        apps: provisioned apps; when the recipe removes some.
        capabilities: those that are installed; when the recipe removes some.
    """

    features: bool = False
    apps: bool = False
    capabilities: bool = False


def media_facts(path: Path, sha256: str, wanted: Wanted) -> MediaFacts:
    """Read an ISO's facts.

    Args:
        path: the ISO.
        sha256: its hash, computed by the caller.
        wanted: what else of install images is to be listed.

    Raises:
        FormatError: the ISO or a WIM in it is damaged.
        OsrecipeError: it is not installation media (`input/not-media`).
    """
    with IsoReader(path) as iso:
        files = {entry.path.lower(): entry for entry in iso.entries() if not entry.is_dir}
        if INSTALL not in files:
            raise OsrecipeError(_not_media(files))
        times = [entry.modified // 10**9 for entry in files.values() if entry.modified is not None]
        return MediaFacts(
            sha256=sha256,
            size=path.stat().st_size,
            label=iso.label,
            install=_wim(iso, INSTALL, wanted, state=True),
            boot=_wim(iso, BOOT, Wanted(), state=False) if BOOT in files else None,
            setup_files=tuple(name for name in _SETUP_FILES if f"sources\\{name}" in files),
            netfx3=_netfx3(iso) if NETFX3 in files else None,
            firmware=tuple(
                dict.fromkeys(_FIRMWARE[e.platform] for e in iso.boot_entries() if e.platform in _FIRMWARE)
            ),
            modified=max(times, default=0),
            features_read=wanted.features,
            apps_read=wanted.apps,
            capabilities_read=wanted.capabilities,
        )


def _not_media(files: Mapping[str, object]) -> Problem:
    other = "sources\\install.esd"
    if other in files:
        hint = f"export the image you need from `{other}` to `{INSTALL}` first"
    elif "sources\\install.swm" in files:
        hint = "join the split WIM first: `wimlib-imagex join install.wim install*.swm`"
    else:
        hint = "take an ISO from which Windows can be installed"
    return Problem(Slug.INPUT_NOT_MEDIA, f"the ISO has no `{INSTALL}`", hint=hint)


def _wim(iso: IsoReader, name: str, wanted: Wanted, *, state: bool) -> WimFacts:
    with iso.open(name) as stream, WimReader(stream) as wim:
        size = stream.seek(0, 2)
        return WimFacts(
            images=tuple(_image(wim, info, wanted, state=state) for info in wim.infos()),
            boot_index=wim.boot_index,
            compression=_COMPRESSION[wim.header.codec],
            size=size,
        )


def _image(wim: WimReader, info: ImageInfo, wanted: Wanted, *, state: bool) -> ImageFacts:
    architecture = _ARCHITECTURES.get(info.architecture)
    if architecture is None:
        reason = (
            f"image {info.index} (`{info.name}`) has no architecture osrecipe knows: `{info.architecture}`"
        )
        raise OsrecipeError(Problem(Slug.INPUT_NOT_MEDIA, reason))
    winre = wim.tree(info.index).find(WINRE)
    found = image_state(WimFiles(wim, info.index)) if state or info.build is None else None
    versions = _versions(info, found)
    source, version = next(iter(versions.items()))
    return ImageFacts(
        index=info.index,
        name=info.name,
        description=info.description,
        edition=info.edition,
        installation=info.installation,
        architecture=architecture,
        version=version,
        version_from=source,
        also={who: other for who, other in versions.items() if other != version},
        languages=info.languages,
        default_language=info.default_language,
        winre=BlobFacts(sha1=winre.sha1.hex(), size=winre.size or 0) if winre is not None else None,
        features=_features(wim, info.index) if wanted.features else {},
        apps=provisioned_apps(WimFiles(wim, info.index)) if wanted.apps else (),
        capabilities=tuple(sorted(capabilities(WimFiles(wim, info.index)))) if wanted.capabilities else (),
        capture=found.capture if found and state else None,
        traces=found.traces if found and state else (),
        size=info.total_bytes or 0,
    )


def _versions(info: ImageInfo, found: ImageState | None) -> dict[VersionSource, Version]:
    """The image's build by who says it, the one that counts first."""
    known: dict[VersionSource, Version | None] = {
        "xml": _from_xml(info) if info.build is not None else None,
        "registry": found.registry if found else None,
        "packages": found.packages if found else None,
    }
    versions = {who: version for who, version in known.items() if version is not None}
    if not versions:
        reason = f"neither XML nor registry nor packages of image {info.index} say which build it is"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_MEDIA, reason))
    return versions


def _from_xml(info: ImageInfo) -> Version:
    return Version(
        major=info.major or 0, minor=info.minor or 0, build=info.build or 0, revision=info.spbuild or 0
    )


def _features(wim: WimReader, index: int) -> dict[str, FeatureFacts]:
    return {
        feature.name: FeatureFacts(
            enabled=feature.enabled, package=feature.package, elements=feature.elements
        )
        for feature in list_features(wim, index)
    }


def _netfx3(iso: IsoReader) -> PackageFacts:
    """The .NET 3.5 package: a cab of some tens of MB, copied out because cabinets are read from files."""
    with tempfile.TemporaryDirectory(prefix="osrecipe-") as folder:
        cab = Path(folder) / "netfx3.cab"
        with iso.open(NETFX3) as source, cab.open("wb") as target:
            copyfileobj(source, target)
        return package_facts(cab)
