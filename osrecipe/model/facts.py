"""Facts: what was read from a recipe's inputs. All that `compile` knows of the outside world.

Facts are plain data with no host path in them, so that they are equal on every machine and a lock can be made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from osrecipe.model.frozen import Digest, Frozen, Sha256
from osrecipe.model.names import InputId
from osrecipe.model.registry import RegistryChange
from osrecipe.model.version import Architecture, Version


class UpdateKind(StrEnum):
    """What an update is, from its content. Not all can be applied: see `windows.targets.STEP_OF_KIND`."""

    SERVICING_STACK = "servicing-stack"
    CUMULATIVE = "cumulative"
    CHECKPOINT = "checkpoint"
    SAFE_OS = "safe-os"
    SETUP = "setup"
    DOTNET = "dotnet"
    ENABLEMENT = "enablement"
    FLASH = "flash"
    SECURE_BOOT = "secure-boot"
    MICROCODE = "microcode"
    DEFENDER = "defender"
    LANGUAGE_PACK = "language-pack"
    FEATURE_ON_DEMAND = "feature-on-demand"
    WINPE_COMPONENT = "winpe-component"
    OPTIONAL = "optional"


class BlobFacts(Frozen):
    """A file inside an image: its SHA-1 as the WIM records it, and its size in bytes."""

    sha1: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    size: int


class FeatureFacts(Frozen):
    """An optional feature of an image.

    Attributes:
        enabled: its state in the source image.
        package: identity of the package that declares it.
        elements: manifest elements its components use (see `UpdateFacts.elements`).
    """

    enabled: bool
    package: str
    elements: tuple[str, ...] = ()


VersionSource = Literal["xml", "registry", "packages"]
"""Who says which build an image is: the WIM's XML, the image's registry, the packages installed in it."""

Capture = Literal["captured", "uncaptured", "unknown"]
"""Whether an image was taken from a machine that ran, is as its maker built it, or could be either."""


class Trace(Frozen):
    """Something that a machine which ran leaves in an image.

    Attributes:
        cause: what left it; traces of one cause come together, so only different causes support each other.
        what: the file, key or value, in a few words.
    """

    cause: Literal["sysprep", "setup", "people", "devices"]
    what: str


class ImageFacts(Frozen):
    """One image of a WIM.

    Attributes:
        index: its number in the WIM, from 1.
        version: the build; `version_from` says who said so.
        also: the build as others have it, where they say another one: 19045 media has 19041 in its XML.
        capture: None where it was not looked for, as in images of Windows PE.
        traces: what `capture` was told by.
        winre: its recovery image, None when there is none.
        features: optional features by name (as written in the package).
        apps: whole names of the provisioned apps, sorted.
        capabilities: names of the capabilities that are installed, in lower case, sorted.
        size: bytes of all files together (TOTALBYTES).
    """

    index: int
    name: str
    description: str = ""
    edition: str = ""
    installation: str = ""
    architecture: Architecture
    version: Version
    version_from: VersionSource = "xml"
    also: Mapping[VersionSource, Version] = {}
    languages: tuple[str, ...] = ()
    default_language: str = ""
    winre: BlobFacts | None = None
    features: Mapping[str, FeatureFacts] = {}
    apps: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    capture: Capture | None = None
    traces: tuple[Trace, ...] = ()
    size: int = 0


class WimFacts(Frozen):
    """A WIM on the media: `boot_index` is 0 when none is marked bootable; `size` in bytes."""

    images: tuple[ImageFacts, ...]
    boot_index: int = 0
    compression: Literal["none", "xpress", "lzx", "lzms"]
    size: int


class PackageFacts(Frozen):
    """A package as its manifests describe it.

    Attributes:
        identity: `name~token~arch~lang~version`; empty for loose files, whose version is the highest of their programs.
        elements: every manifest element and payload form it uses, as adapters' allow-lists name them
            (`file`, `registryKeys`, `payload:whole`, `payload:delta-pe`, …), sorted.
        payload: bytes of payload, unpacked.
    """

    identity: str
    version: Version
    architecture: Architecture
    elements: tuple[str, ...] = ()
    payload: int = 0

    @property
    def is_differential(self) -> bool:
        """Whether some of its payload says only what differs from files an image has."""
        return any(e in {"payload:delta-pe", "payload:psf"} for e in self.elements)


class MediaFacts(Frozen):
    r"""An installation ISO.

    Attributes:
        boot: facts of boot.wim, None when the media has none.
        setup_files: which of `setup.exe` and `setuphost.exe` are in `sources`.
        netfx3: the package in `sources\sxs`, None when there is none.
        firmware: which El Torito entries it has.
        modified: latest file time in Unix seconds; the default time of what is written.
        features_read: whether the features of install images were looked at; they are when the recipe switches some.
        apps_read: whether their provisioned apps were looked at; they are when the recipe removes some.
        capabilities_read: whether their capabilities were looked at; they are when the recipe removes some.
    """

    kind: Literal["iso"] = "iso"
    sha256: Sha256
    size: int
    label: str
    install: WimFacts
    boot: WimFacts | None = None
    setup_files: tuple[str, ...] = ()
    netfx3: PackageFacts | None = None
    firmware: tuple[Literal["bios", "efi"], ...] = ()
    modified: int = 0
    features_read: bool = False
    apps_read: bool = False
    capabilities_read: bool = False


class UpdateFacts(Frozen):
    """An update package.

    Attributes:
        size: the file's, in bytes.
        container: what holds it, told by the file's first bytes.
        kb: digits only, empty when unknown.
        builds: the Windows builds it is for, as far as it says so, ascending.
        stack: identity of the servicing stack that travels with a combined update, else empty.
    """

    kind: Literal["update"] = "update"
    sha256: Sha256
    size: int
    container: Literal["cab", "msu-cab", "msu-wim"]
    update_kind: UpdateKind
    kb: str = ""
    builds: tuple[int, ...] = ()
    stack: str = ""
    package: PackageFacts


class FolderFacts(Frozen):
    """A folder: its tree digest over sorted relative paths, types and contents (no times); sizes in bytes.

    Attributes:
        capabilities: by the name of each that the recipe wants of it, in lower case: whether a package is that one,
            None where it can't be told.
    """

    kind: Literal["folder"] = "folder"
    tree: Digest
    files: int
    size: int
    capabilities: Mapping[str, bool | None] = {}


class CatalogFacts(Frozen):
    """A catalogue that a driver's INF names for its signature.

    Attributes:
        architecture: the one it is for; None where it is for all that have none of their own.
        there: whether it lies beside the INF.
    """

    name: str
    architecture: Architecture | None = None
    there: bool = True


class MissingFile(Frozen):
    """A file that a driver's INF lists as its own and that is not in the folder.

    Attributes:
        path: below the INF's folder, forward slashes, lower case.
        listed: the architectures it is listed for.
        copied: those where every model of the INF's copies it, so that no driver is complete without it.
    """

    path: str
    listed: tuple[Architecture, ...]
    copied: tuple[Architecture, ...] = ()


class DriverFacts(Frozen):
    """A driver package as its INF describes it.

    Attributes:
        inf: path of the INF below the folder, forward slashes.
        architectures: those its models are for; empty where it names none, which is for all.
        version: `DriverVer`'s number as written, empty when it states none.
        missing: no more than the first twenty.
    """

    inf: str
    provider: str = ""
    device_class: str = ""
    version: str = ""
    architectures: tuple[Architecture, ...] = ()
    catalogs: tuple[CatalogFacts, ...] = ()
    missing: tuple[MissingFile, ...] = ()

    def is_for(self, architecture: Architecture) -> bool:
        """Whether images of an architecture get it."""
        return not self.architectures or architecture in self.architectures

    def catalogs_of(self, architecture: Architecture) -> tuple[CatalogFacts, ...]:
        """The catalogues that hold its signature for an architecture: that one's own, or else those for all."""
        own = tuple(each for each in self.catalogs if each.architecture == architecture)
        return own or tuple(each for each in self.catalogs if each.architecture is None)


class DriversFacts(Frozen):
    """A folder of drivers: its tree digest as a `FolderFacts` has it, and the drivers in it by path.

    Attributes:
        others: INFs that describe no driver for any image, such as `autorun.inf`; they are left alone.
    """

    kind: Literal["drivers"] = "drivers"
    tree: Digest
    files: int
    size: int
    drivers: tuple[DriverFacts, ...]
    others: tuple[str, ...] = ()


class OfflineSetting(Frozen):
    """One setting an answer file has for the pass `offlineServicing`.

    Attributes:
        path: component and setting, such as `Microsoft-Windows-LUA-Settings/EnableLUA`.
        value: only of a setting that is no secret and can be read back; otherwise None.
    """

    path: str
    architecture: Architecture
    value: str | None = None


class AnswerFileFacts(Frozen):
    """An answer file. What it sets is not noted, for it may hold passwords.

    Attributes:
        size: bytes.
        passes: the passes it has settings for, in the order Setup runs them.
        offline: what it has for the pass `offlineServicing`.
        packages: whether it names packages or driver folders to install; they would be read from elsewhere, unhashed.
        architectures: by pass, those its settings are for; a pass that is not here may be for any.
    """

    kind: Literal["answer-file"] = "answer-file"
    sha256: Sha256
    size: int
    passes: tuple[str, ...] = ()
    offline: tuple[OfflineSetting, ...] = ()
    packages: bool = False
    architectures: Mapping[str, tuple[Architecture, ...]] = {}


class RegFileFacts(Frozen):
    """A `.reg` file, read into changes."""

    sha256: Sha256
    changes: tuple[RegistryChange, ...]


InputFacts = Annotated[
    MediaFacts | UpdateFacts | FolderFacts | DriversFacts | AnswerFileFacts, Field(discriminator="kind")
]


class Facts(Frozen):
    """What was read: inputs by id, `.reg` files by the path the recipe gives them."""

    inputs: Mapping[InputId, InputFacts]
    reg_files: Mapping[str, RegFileFacts] = {}
