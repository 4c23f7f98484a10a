"""Facts and recipes for plan tests, made by hand: what media and updates of several shapes look like once read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osrecipe.model.facts import (
    BlobFacts,
    Facts,
    FeatureFacts,
    FolderFacts,
    ImageFacts,
    MediaFacts,
    PackageFacts,
    UpdateFacts,
    UpdateKind,
    WimFacts,
)
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.origins import Origins
from osrecipe.model.recipe import Recipe
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.facts import InputFacts

BUILD = Version(major=10, minor=0, build=17134, revision=1)


def sha(text: str) -> str:
    """A made-up content hash that depends on `text` alone."""
    return hashlib.sha256(text.encode()).hexdigest()


def package(name: str, version: str, elements: tuple[str, ...] = ("file",)) -> PackageFacts:
    """A package's facts."""
    return PackageFacts(
        identity=f"{name}~31bf3856ad364e35~amd64~~{version}",
        version=Version.parse(version),
        architecture="amd64",
        elements=elements,
        payload=1000,
    )


def update(kind: UpdateKind, kb: str, version: str = "17134.228.1.0") -> UpdateFacts:
    """An update of a kind, named as its kind is in the field."""
    name = {
        UpdateKind.CUMULATIVE: "Package_for_RollupFix",
        UpdateKind.SERVICING_STACK: "Package_for_ServicingStack",
    }.get(kind, f"Package_for_KB{kb}")
    return UpdateFacts(
        sha256=sha(kb + version),
        size=5000,
        container="msu-cab",
        update_kind=kind,
        kb=kb,
        package=package(name, version),
    )


def image(
    index: int,
    name: str,
    edition: str = "",
    *,
    winre: str | None = None,
    features: Mapping[str, FeatureFacts] | None = None,
) -> ImageFacts:
    """One image; `winre` is any text that stands for the recovery image's content."""
    return ImageFacts(
        index=index,
        name=name,
        edition=edition,
        installation="Client",
        architecture="amd64",
        version=BUILD,
        winre=BlobFacts(sha1=hashlib.sha1(winre.encode(), usedforsecurity=False).hexdigest(), size=10)
        if winre
        else None,
        features=features or {},
    )


FEATURES = {"SMB1Protocol": FeatureFacts(enabled=True, package="Foundation", elements=("file",))}


def media(
    editions: Sequence[tuple[str, str]] = (("Pro", "re"), ("Enterprise", "re")), *, netfx3: bool = True
) -> MediaFacts:
    """An ISO with an image for each edition (its name and what its winre holds) and a two-image boot.wim."""
    images = tuple(
        image(n, f"Windows 10 {name}", name, winre=winre or None, features=FEATURES)
        for n, (name, winre) in enumerate(editions, start=1)
    )
    boot = WimFacts(images=(image(1, "PE"), image(2, "Setup")), boot_index=2, compression="lzx", size=100)
    return MediaFacts(
        sha256=sha(f"media {editions} {netfx3}"),
        size=10_000,
        label="OSR_X64",
        install=WimFacts(images=images, compression="lzx", size=1000),
        boot=boot,
        setup_files=("setup.exe", "setuphost.exe"),
        netfx3=package("Microsoft-Windows-NetFx3-OnDemand-Package", "10.0.17134.1") if netfx3 else None,
        firmware=("bios", "efi"),
        modified=1_500_000_000,
    )


def facts(**inputs: InputFacts) -> Facts:
    """Facts with the usual media, stack, cumulative update and folder, and what is given."""
    usual: dict[str, InputFacts] = {
        "media": media(),
        "ssu": update(UpdateKind.SERVICING_STACK, "4343669", "17134.226.1.0"),
        "lcu": update(UpdateKind.CUMULATIVE, "4343909"),
        "oem": FolderFacts(tree=Digest("sha256:" + sha("oem")), files=3, size=30),
    }
    return Facts(inputs={InputId(name): each for name, each in (usual | inputs).items()})


def recipe(**changes: object) -> Recipe:
    """The usual recipe in model form, with top-level keys replaced."""
    usual: dict[str, object] = {
        "schema": "osrecipe/1",
        "name": "usual",
        "inputs": {
            "media": {"iso": "media.iso"},
            "ssu": {"update": "ssu.msu"},
            "lcu": {"update": "lcu.msu"},
            "oem": {"folder": "oem"},
        },
        "source": "media",
        "updates": {"apply": {"ssu": "auto", "lcu": "auto"}},
        "targets": {
            "install": {
                "netfx3": {"enable": True},
                "tweaks": {"oem-files": {"files": {"Windows\\OEM": "oem"}}},
            }
        },
        "output": {"iso": "out/usual.iso"},
    }
    return Recipe.model_validate(usual | changes, strict=False)


def origins() -> Origins:
    """No places: everything is at the recipe as a whole."""
    return Origins("recipe.yaml")
