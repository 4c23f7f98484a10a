"""Operations: the closed set of things a plan can do, and the references between units.

Fields named in `outside_digest` say what a thing is called or where it stands; all others say what is done.
`STEP_VERSION` is raised when the meaning of an operation changes, so that old artifacts are not used for it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from osrecipe.model.checks import Check
from osrecipe.model.facts import UpdateKind
from osrecipe.model.frozen import Digest, Frozen
from osrecipe.model.names import InputId, UnitId
from osrecipe.model.registry import RegistryChange
from osrecipe.model.winpath import WinPath


class InputRef(Frozen):
    """One of the recipe's inputs, by id; `digest` is its content's."""

    outside_digest = frozenset({"input"})

    ref: Literal["input"] = "input"
    input: InputId
    digest: Digest


class ArtifactRef(Frozen):
    """A file or folder that another unit produces; `digest` is the unit's."""

    outside_digest = frozenset({"unit"})

    ref: Literal["artifact"] = "artifact"
    unit: UnitId
    name: str
    digest: Digest


Ref = Annotated[InputRef | ArtifactRef, Field(discriminator="ref")]


class ImageRef(Frozen):
    """One image of a WIM file."""

    wim: ArtifactRef
    index: int


class Operation(Frozen):
    """What all operations share."""

    STEP_VERSION: ClassVar[int] = 1


# --- inside an image -------------------------------------------------------------------------------------------------


class AddPackage(Operation):
    """Add an update package to the image.

    Attributes:
        stack_only: whether only the servicing stack of a combined update is wanted; `package` is then the stack's.
        checkpoints: updates that must lie beside it; they are added as far as the image lacks them.
        tolerates: codes that may end the task without failing it, by the ordering rule that places it here: a combined
            update that only brings a PE image's servicing stack up to date answers 0x8007007e.
    """

    outside_digest = frozenset({"input"})

    op: Literal["add-package"] = "add-package"
    input: InputId
    package: str
    update_kind: UpdateKind
    kb: str = ""
    content: Digest
    stack_only: bool = False
    checkpoints: tuple[InputRef, ...] = ()
    tolerates: tuple[str, ...] = ()


class EnableNetfx3(Operation):
    r"""Enable .NET Framework 3.5 from the package in the media's `sources\sxs`."""

    op: Literal["enable-netfx3"] = "enable-netfx3"
    source: ArtifactRef
    package: str


class SetFeature(Operation):
    """Enable or disable an optional feature from the payload in the image."""

    op: Literal["set-feature"] = "set-feature"
    feature: str
    state: Literal["enabled", "disabled"]
    package: str


class SetCapability(Operation):
    """Add a capability (feature on demand) from a folder of its packages, or remove one."""

    op: Literal["set-capability"] = "set-capability"
    capability: str
    source: InputRef | None = None
    """The folder; None to remove it."""

    @property
    def state(self) -> Literal["installed", "removed"]:
        """What it is to be."""
        return "removed" if self.source is None else "installed"


class CleanupImage(Operation):
    """Remove superseded components; `reset-base` also makes installed updates permanent."""

    op: Literal["cleanup"] = "cleanup"
    level: Literal["superseded", "reset-base"]


class HarvestSources(Operation):
    """Take from the image's System32 what the media's `sources` has an older copy of, by relative path.

    `media` is the source ISO; the result is the artifact `sources` (a folder).
    """

    op: Literal["harvest-sources"] = "harvest-sources"
    media: InputRef
    by: Literal["time", "version"]


class HarvestSetup(Operation):
    r"""Take `sources\setup.exe` and, where there is one, `setuphost.exe` out of the setup image: artifact `setup`."""

    op: Literal["harvest-setup"] = "harvest-setup"


class InjectWinre(Operation):
    """Put the serviced recovery image in its place."""

    op: Literal["inject-winre"] = "inject-winre"
    winre: ArtifactRef


class RemoveApp(Operation):
    """Remove a provisioned app, so that no new user gets it; `package` is its whole name."""

    op: Literal["remove-app"] = "remove-app"
    package: str

    @property
    def app(self) -> str:
        """The name people know it by: what stands before the version."""
        return self.package.partition("_")[0]


class DriverInf(Frozen):
    """One driver of a folder.

    Attributes:
        inf: path of its INF below the folder, forward slashes.
        version: as the INF gives it, or empty.
    """

    inf: str
    version: str = ""


class AddDrivers(Operation):
    """Add drivers to the image.

    Attributes:
        drivers: those for the image's architecture.
        whole: whether these are all INFs of the folder, so that it can be named instead of each.
        unsigned: whether drivers without a valid signature are taken.
    """

    op: Literal["add-drivers"] = "add-drivers"
    source: InputRef
    drivers: tuple[DriverInf, ...]
    whole: bool = True
    unsigned: bool = False

    @property
    def infs(self) -> tuple[str, ...]:
        """Paths of the INFs below the folder."""
        return tuple(each.inf for each in self.drivers)


SettingName = Literal["all", "ui-language", "system-locale", "user-locale", "keyboards", "time-zone"]


class Setting(Frozen):
    """One language, locale, keyboard or time zone."""

    name: SettingName
    value: str


class ChangeSettings(Operation):
    """Choose languages, locales and the time zone, in the order given."""

    op: Literal["change-settings"] = "change-settings"
    settings: tuple[Setting, ...]


class ApplyUnattend(Operation):
    """Apply what an answer file says for the pass `offlineServicing`; `settings` names what that is."""

    op: Literal["apply-unattend"] = "apply-unattend"
    source: InputRef
    settings: tuple[str, ...] = ()


class PlaceUnattend(Operation):
    r"""Put an answer file into `Windows\Panther`, where Setup looks for it in its later passes."""

    op: Literal["place-unattend"] = "place-unattend"
    source: InputRef


class CopyFolder(Frozen):
    """The content of a folder input goes to `to`."""

    to: WinPath
    source: InputRef


class ApplyTweak(Operation):
    """One tweak of the recipe: registry changes in order, then deletions, then files."""

    outside_digest = frozenset({"tweak", "because"})

    op: Literal["tweak"] = "tweak"
    tweak: str
    because: str = ""
    registry: tuple[RegistryChange, ...] = ()
    delete: tuple[WinPath, ...] = ()
    copy_folders: tuple[CopyFolder, ...] = ()


# --- outside an image ------------------------------------------------------------------------------------------------


class TakeImages(Operation):
    """Take files out of the source ISO: artifacts named as the file (`install.wim`, `boot.wim`, `netfx3.cab`)."""

    op: Literal["take-images"] = "take-images"
    media: InputRef
    paths: tuple[WinPath, ...]


class TakeWinre(Operation):
    """Take the recovery image out of an install image, read-only: artifact `winre.wim`."""

    op: Literal["take-winre"] = "take-winre"
    image: ImageRef


class ExportPart(Frozen):
    """One image of an exported WIM, in order; `refresh` writes build and revision as read from the serviced image."""

    image: ImageRef
    refresh: bool


class ExportImages(Operation):
    """Write a WIM of the parts in order: artifact `wim` (`install.wim`, `boot.wim`, `winre.wim`)."""

    op: Literal["export"] = "export"
    wim: str
    parts: tuple[ExportPart, ...]
    compress: Literal["none", "fast", "max", "keep"]
    boot_index: int = 0


class CopyMedia(Operation):
    """Copy the ISO's files to the working tree, without those that are replaced."""

    op: Literal["copy-media"] = "copy-media"
    media: InputRef
    without: tuple[WinPath, ...] = ()


class PlaceFile(Operation):
    """Put an exported WIM into the working tree."""

    op: Literal["place-file"] = "place-file"
    source: ArtifactRef
    to: WinPath


class SyncSources(Operation):
    """Copy harvested files over the older ones in the tree's `sources`."""

    op: Literal["sync-sources"] = "sync-sources"
    harvest: ArtifactRef


class PlaceSetup(Operation):
    r"""Make the tree's `sources\setup.exe` (and `setuphost.exe`) those of the serviced setup image."""

    op: Literal["place-setup"] = "place-setup"
    harvest: ArtifactRef


class WriteIso(Operation):
    """Write the working tree as a bootable ISO; `timestamp` in Unix seconds is given to what has no time of its own.

    Attributes:
        writer: the deployment kit's `oscdimg`, which gives everything `timestamp`; None for this program itself.
    """

    outside_digest = frozenset({"output"})

    op: Literal["write-iso"] = "write-iso"
    label: str
    firmware: tuple[Literal["bios", "efi"], ...]
    timestamp: int
    output: str
    writer: Literal["oscdimg"] | None = None


class Expectation(Frozen):
    """Checks on one image of the finished media.

    Attributes:
        path: the WIM's, in `winre`'s case the install WIM's.
        name: what people call the image.
        places: for each check the recipe line that states it; an empty text for what a task promised.
    """

    outside_digest = frozenset({"name", "places"})

    target: Literal["install", "winre", "winpe", "setup"]
    path: WinPath
    index: int
    checks: tuple[Check, ...]
    name: str = ""
    places: tuple[str, ...] = ()


class VerifyMedia(Operation):
    """Open the finished ISO and check what the recipe expects and what the plan promises.

    Attributes:
        expectations: checks on images of the ISO.
        same_setup: names in `sources` that must equal the setup image's (`setup.exe`).
        source: the source ISO, whose boot entries and other files must be there again.
        iso: what is checked.
    """

    op: Literal["verify-media"] = "verify-media"
    expectations: tuple[Expectation, ...] = ()
    same_setup: tuple[str, ...] = ()
    source: InputRef
    iso: ArtifactRef


SessionOp = (
    AddPackage
    | EnableNetfx3
    | SetFeature
    | SetCapability
    | CleanupImage
    | HarvestSources
    | HarvestSetup
    | InjectWinre
    | RemoveApp
    | AddDrivers
    | ChangeSettings
    | ApplyUnattend
    | PlaceUnattend
    | ApplyTweak
)
JobOp = (
    TakeImages
    | TakeWinre
    | ExportImages
    | CopyMedia
    | PlaceFile
    | SyncSources
    | PlaceSetup
    | WriteIso
    | VerifyMedia
)
Op = Annotated[SessionOp | JobOp, Field(discriminator="op")]
Servicing = (
    AddPackage
    | EnableNetfx3
    | SetFeature
    | SetCapability
    | CleanupImage
    | RemoveApp
    | AddDrivers
    | ChangeSettings
    | ApplyUnattend
)
"""The operations an adapter carries out in its own way; all others are written once, for every adapter."""
