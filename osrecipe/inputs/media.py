"""Facts of an installation ISO, read in place: no WIM is taken out of the ISO to be looked at."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Literal

from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.data import decode_sz
from osrecipe.formats.iso import IsoReader, Platform
from osrecipe.formats.wim.layout import Codec
from osrecipe.formats.wim.reader import WimReader
from osrecipe.inputs.packages import package_facts
from osrecipe.model.codes import Slug
from osrecipe.model.facts import BlobFacts, FeatureFacts, ImageFacts, MediaFacts, WimFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Version
from osrecipe.windows.features import list_features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.wim.xmlinfo import ImageInfo
    from osrecipe.model.facts import PackageFacts
    from osrecipe.model.version import Architecture

WINRE = "Windows\\System32\\Recovery\\winre.wim"
INSTALL = "sources\\install.wim"
BOOT = "sources\\boot.wim"
NETFX3 = "sources\\sxs\\microsoft-windows-netfx3-ondemand-package.cab"
_SETUP_FILES = ("setup.exe", "setuphost.exe")
_SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
_CURRENT_VERSION = "Microsoft\\Windows NT\\CurrentVersion"
_ARCHITECTURES: dict[str, Architecture] = {"x86": "x86", "amd64": "amd64", "arm": "arm", "arm64": "arm64"}
_FIRMWARE: dict[Platform, Literal["bios", "efi"]] = {Platform.BIOS: "bios", Platform.EFI: "efi"}
_COMPRESSION: dict[Codec, Literal["none", "xpress", "lzx", "lzms"]] = {
    Codec.NONE: "none",
    Codec.XPRESS: "xpress",
    Codec.LZX: "lzx",
    Codec.LZMS: "lzms",
}


def media_facts(path: Path, sha256: str, *, features: bool) -> MediaFacts:
    """Read an ISO's facts.

    Args:
        path: the ISO.
        sha256: its hash, computed by the caller.
        features: whether the recipe switches features, so that each image's are to be listed.

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
            install=_wim(iso, INSTALL, features=features),
            boot=_wim(iso, BOOT, features=False) if BOOT in files else None,
            setup_files=tuple(name for name in _SETUP_FILES if f"sources\\{name}" in files),
            netfx3=_netfx3(iso) if NETFX3 in files else None,
            firmware=tuple(
                dict.fromkeys(_FIRMWARE[e.platform] for e in iso.boot_entries() if e.platform in _FIRMWARE)
            ),
            modified=max(times, default=0),
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


def _wim(iso: IsoReader, name: str, *, features: bool) -> WimFacts:
    with iso.open(name) as stream, WimReader(stream) as wim:
        size = stream.seek(0, 2)
        return WimFacts(
            images=tuple(_image(wim, info, features=features) for info in wim.infos()),
            boot_index=wim.boot_index,
            compression=_COMPRESSION[wim.header.codec],
            size=size,
        )


def _image(wim: WimReader, info: ImageInfo, *, features: bool) -> ImageFacts:
    architecture = _ARCHITECTURES.get(info.architecture)
    if architecture is None:
        reason = (
            f"image {info.index} (`{info.name}`) has no architecture osrecipe knows: `{info.architecture}`"
        )
        raise OsrecipeError(Problem(Slug.INPUT_NOT_MEDIA, reason))
    stated = info.build is not None
    winre = wim.tree(info.index).find(WINRE)
    return ImageFacts(
        index=info.index,
        name=info.name,
        description=info.description,
        edition=info.edition,
        installation=info.installation,
        architecture=architecture,
        version=_from_xml(info) if stated else _from_registry(wim, info.index),
        version_from="xml" if stated else "registry",
        languages=info.languages,
        default_language=info.default_language,
        winre=BlobFacts(sha1=winre.sha1.hex(), size=winre.size or 0) if winre is not None else None,
        features=_features(wim, info.index) if features else {},
        size=info.total_bytes or 0,
    )


def _from_xml(info: ImageInfo) -> Version:
    return Version(
        major=info.major or 0, minor=info.minor or 0, build=info.build or 0, revision=info.spbuild or 0
    )


def _from_registry(wim: WimReader, index: int) -> Version:
    """The build as the image's own registry has it, for images whose XML says nothing."""
    key = Hive.load(wim.read_file(index, _SOFTWARE)).key(_CURRENT_VERSION)
    build = key.value("CurrentBuild") if key else None
    revision = key.value("UBR") if key else None
    if build is None:
        reason = f"neither XML nor registry of image {index} says which build it is"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_MEDIA, reason))
    return Version(
        major=10,
        build=int(decode_sz(build.data)),
        revision=int.from_bytes(revision.data[:4], "little") if revision else 0,
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
