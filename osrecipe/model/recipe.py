"""The recipe after reading: every key the language knows, typed, with defaults filled in.

The field descriptions here are the one list from which the JSON schema, the editor's help and the reference page are
generated. Reading YAML, fragments and templates is the `recipe` room's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from osrecipe.model.frozen import Frozen, Sha256
from osrecipe.model.moments import MOMENT_PATTERN, require_moment
from osrecipe.model.names import ID_PATTERN, InputId, TweakId
from osrecipe.model.registry import RegistryChange
from osrecipe.model.version import Architecture, BuildText
from osrecipe.model.winpath import WinPath

SCHEMA = "osrecipe/1"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
InputName = Annotated[InputId, StringConstraints(pattern=ID_PATTERN)]
TweakName = Annotated[TweakId, StringConstraints(pattern=ID_PATTERN)]
HostPath = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

KindName = Literal[
    "servicing-stack",
    "cumulative",
    "checkpoint",
    "safe-os",
    "setup",
    "dotnet",
    "enablement",
    "flash",
    "secure-boot",
    "microcode",
    "defender",
    "language-pack",
    "feature-on-demand",
    "winpe-component",
    "optional",
]
"""The values of `model.facts.UpdateKind` (a test says so), written out because the schema needs them in place."""
Timestamp = Annotated[
    str,
    StringConstraints(pattern=MOMENT_PATTERN),
    AfterValidator(require_moment),
]
TargetName = Literal["install", "winre", "winpe", "setup"]
TARGETS: tuple[TargetName, ...] = ("install", "winre", "winpe", "setup")


class IsoInput(Frozen):
    """Installation media as an ISO file."""

    is_folder: ClassVar[bool] = False

    iso: HostPath = Field(description="Path of the ISO, found beside this file or under `--inputs`.")
    sha256: Sha256 | None = Field(default=None, description="Refuse the file unless it has this SHA-256.")

    @property
    def path(self) -> str:
        """Its path, whatever it is."""
        return self.iso


class UpdateInput(Frozen):
    """A Windows update package; its kind, KB, architecture and version are read from the file."""

    is_folder: ClassVar[bool] = False

    update: HostPath = Field(
        description="Path of the `.msu` or `.cab`, found beside this file or under `--inputs`."
    )
    checkpoints: tuple[InputName, ...] = Field(
        default=(),
        description="Ids of the checkpoint updates that this cumulative update builds on; they travel with it.",
    )
    kind: KindName | None = Field(
        default=None, description="Refuse the file unless it is an update of this kind."
    )
    sha256: Sha256 | None = Field(default=None, description="Refuse the file unless it has this SHA-256.")

    @property
    def path(self) -> str:
        """Its path, whatever it is."""
        return self.update


class FolderInput(Frozen):
    """A folder of files to copy into an image, or of packages that capabilities come from."""

    is_folder: ClassVar[bool] = True

    folder: HostPath = Field(description="Path of the folder, found beside this file or under `--inputs`.")

    @property
    def path(self) -> str:
        """Its path, whatever it is."""
        return self.folder


class DriversInput(Frozen):
    """A folder of driver packages: every INF below it, each with the files it names beside it."""

    is_folder: ClassVar[bool] = True

    drivers: HostPath = Field(
        description="Path of the folder of drivers, found beside this file or under `--inputs`."
    )

    @property
    def path(self) -> str:
        """Its path, whatever it is."""
        return self.drivers


class AnswerFileInput(Frozen):
    """An answer file for Windows Setup. What it says is never part of a plan, only its hash."""

    is_folder: ClassVar[bool] = False

    answer_file: HostPath = Field(
        alias="answer-file",
        description="Path of the answer file (`unattend.xml`), found beside this file or under `--inputs`.",
    )
    sha256: Sha256 | None = Field(default=None, description="Refuse the file unless it has this SHA-256.")

    @property
    def path(self) -> str:
        """Its path, whatever it is."""
        return self.answer_file


Input = IsoInput | UpdateInput | FolderInput | DriversInput | AnswerFileInput


class Move(Frozen):
    """One step placed elsewhere than its ordering puts it."""

    step: Id = Field(
        description="The step to move, as `osrecipe plan` names it: `netfx3`, `cleanup`, an update's id, `tweak-ID`."
    )
    target: TargetName = Field(description="The kind of image it is moved in.")
    before: Id = Field(description="The step it comes before: one of the same session.")
    because: Text = Field(description="Why; shown by `explain` beside the moved edge.")


class Ordering(Frozen):
    """Which published order to follow, and what to place differently."""

    use: Literal["auto", "classic"] = Field(
        default="auto",
        description="`classic`: the order for Windows 10 and Server 2016 to 2022. `auto` chooses by build.",
    )
    move: tuple[Move, ...] = Field(default=(), description="Steps to place elsewhere, each with its reason.")


class Updates(Frozen):
    """Updates and where they go; ids are those of `inputs`."""

    ordering: Ordering = Field(default=Ordering(), description="`auto`, `classic`, or `{use:, move:}`.")
    apply: Mapping[InputName, Literal["auto"] | tuple[TargetName, ...]] = Field(
        default={}, description="Update id → `auto` (the kind's own targets) or a list of targets."
    )


class Selector(Frozen):
    """Names install images; every field given must match. Globs (`*`, `?`) in text fields."""

    name: Text | None = Field(default=None, description="The image's name, a glob.")
    index: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="The image's number in the WIM."
    )
    edition: Text | None = Field(default=None, description="EDITIONID, a glob; several images can share one.")
    installation: Text | None = Field(
        default=None, description="INSTALLATIONTYPE: `Client`, `Server`, `Server Core`."
    )


class Netfx3(Frozen):
    """.NET Framework 3.5."""

    enable: bool = Field(description="Enable it in every selected install image.")
    from_: Literal["media"] = Field(
        default="media", alias="from", description="Where its payload comes from: the media's `sources\\sxs`."
    )


class CapabilityFrom(Frozen):
    """Where a capability's packages come from."""

    from_: InputName = Field(
        alias="from",
        description="Id of the folder input that holds its packages, as the features-on-demand disc does.",
    )


LOCALE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
KEYBOARDS_PATTERN = r"^[0-9a-fA-F]{4}:[0-9a-fA-F]{8}(;[0-9a-fA-F]{4}:[0-9a-fA-F]{8})*$"
CAPABILITY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]*~[A-Za-z0-9]*~[A-Za-z0-9]*~([A-Za-z0-9]+(-[A-Za-z0-9]+)*)?~([0-9]+(\.[0-9]+){0,3})?$"
CapabilityName = Annotated[str, StringConstraints(pattern=CAPABILITY_PATTERN)]
Locale = Annotated[str, StringConstraints(pattern=LOCALE_PATTERN)]
Keyboards = Annotated[str, StringConstraints(pattern=KEYBOARDS_PATTERN)]


class Settings(Frozen):
    """Languages, locales and time zone of an image. A language must be in the image before it can be chosen."""

    all: Locale | None = Field(
        default=None,
        description="Language for everything below but the time zone; the image must have it; what is stated beside it wins.",
    )
    ui_language: Locale | None = Field(
        default=None,
        alias="ui-language",
        description="Language of menus and messages; the image must have it.",
    )
    system_locale: Locale | None = Field(
        default=None, alias="system-locale", description="For programs that know no Unicode."
    )
    user_locale: Locale | None = Field(
        default=None, alias="user-locale", description="How dates, numbers and money are written."
    )
    keyboards: Keyboards | None = Field(
        default=None, description='Language and keyboard layout, several with `;`: `"0407:00000407"`.'
    )
    time_zone: Text | None = Field(
        default=None,
        alias="time-zone",
        description="The zone's name in the registry, such as `Pacific Standard Time`.",
    )


class Unattend(Frozen):
    """An answer file for the images."""

    from_: InputName = Field(alias="from", description="Id of the answer file among the inputs.")
    apply: bool | None = Field(
        default=None,
        description="Apply what it says for the pass `offlineServicing` now; when it is left out, if it says something.",
    )
    place: bool | None = Field(
        default=None,
        description="Put it into `Windows\\Panther` for the passes of Setup; when it is left out, if it has any of them.",
    )


class When(Frozen):
    """A closed vocabulary of conditions; all that are given must hold."""

    edition: tuple[Text, ...] | None = Field(default=None, description="EDITIONIDs, globs.")
    installation: tuple[Text, ...] | None = Field(default=None, description="INSTALLATIONTYPEs.")
    architecture: tuple[Architecture, ...] | None = Field(default=None, description="Architectures.")
    build: Annotated[str, StringConstraints(pattern=r"^(>=|<=|==|>|<)\s*\d{4,5}(\.\d{1,6})?$")] | None = (
        Field(
            default=None,
            description='A comparison with the source image\'s build: `">=17134"`, `"<22000.1"`.',
        )
    )


class Tweak(Frozen):
    """A named, reviewable change of the recipe's author."""

    because: Text | None = Field(default=None, description="Why; shown in plans, reports and reviews.")
    when: When | None = Field(default=None, description="Only in images for which this holds.")
    registry: tuple[RegistryChange, ...] = Field(
        default=(),
        description="Key → value name → value. int = dword, text = sz, list = multi-sz, `{qword:}`, `{expand:}`, "
        "`{hex:, type:}`, `{secret:}`; null deletes the value, or the key.",
    )
    reg_file: HostPath | None = Field(default=None, alias="reg-file", description="A `.reg` file to merge.")
    files: Mapping[WinPath, InputName | None] = Field(
        default={},
        description="Path in the image → id of a folder input whose content goes there; null deletes.",
    )


Cleanup = Literal["none", "superseded", "reset-base"]
Compress = Literal["none", "fast", "max"]


class Export(Frozen):
    """How the finished images are written."""

    compress: Compress = Field(default="max", description="`none`, `fast` (XPRESS) or `max` (LZX).")


class PeTarget(Frozen):
    """An image of the Windows PE family."""

    settings: Settings | None = Field(default=None, description="Languages, locales and time zone.")
    tweaks: Mapping[TweakName, Tweak] = Field(default={}, description="Changes by id.")
    cleanup: Cleanup = Field(default="reset-base", description="Component cleanup after the updates.")


class WinreTarget(PeTarget):
    """The recovery image inside each install image."""

    export: Export = Field(default=Export(), description="How the smaller WIM is written.")


class InstallTarget(Frozen):
    """The images that get installed."""

    select: tuple[Selector, ...] = Field(
        default=(), description="Which images; an image any entry matches is taken."
    )
    others: Literal["drop", "keep"] = Field(
        default="keep", description="Images not selected: `drop` from the media or `keep` as they are."
    )
    netfx3: Netfx3 | None = Field(
        default=None, description=".NET Framework 3.5; the cumulative update follows again."
    )
    features: Mapping[Text, Literal["enabled", "disabled"]] = Field(
        default={}, description="Optional feature → `enabled` or `disabled`."
    )
    capabilities: Mapping[CapabilityName, CapabilityFrom | Literal["removed"]] = Field(
        default={},
        description="Capability (feature on demand) → `{from: FOLDER}` to add it, or `removed`.",
    )
    appx: Mapping[Text, Literal["removed"]] = Field(
        default={}, description="Name of a provisioned app, a glob → `removed`."
    )
    settings: Settings | None = Field(default=None, description="Languages, locales and time zone.")
    unattend: Unattend | None = Field(
        default=None, description="An answer file: its input's id, or more exactly."
    )
    tweaks: Mapping[TweakName, Tweak] = Field(default={}, description="Changes by id.")
    cleanup: Cleanup = Field(default="superseded", description="Component cleanup after the updates.")
    export: Export = Field(default=Export(), description="How install.wim is written.")


class Targets(Frozen):
    """The four kinds of image. A target left out is serviced with its defaults."""

    install: InstallTarget
    winre: WinreTarget = Field(default=WinreTarget())
    winpe: PeTarget = Field(default=PeTarget())
    setup: PeTarget = Field(default=PeTarget())


class DriverUse(Frozen):
    """Where a folder of drivers goes."""

    targets: Annotated[tuple[TargetName, ...], Field(min_length=1)] = Field(
        description="The kinds of image that get them."
    )
    unsigned: bool = Field(default=False, description="Take drivers whose signature can't be verified, too.")


class SyncSources(Frozen):
    """Copy matching newer files from an install image's System32 to the media's `sources`."""

    from_: Text = Field(
        default="auto", alias="from", description="The image's name; `auto` is the first selected."
    )
    by: Literal["time", "version"] = Field(
        default="time", description="What is newer: the later write time, or the higher file version."
    )


class Media(Frozen):
    """What is done to the media tree."""

    sync_sources: SyncSources | Literal["none"] = Field(
        default=SyncSources(), alias="sync-sources", description="`{from:, by:}`, or `none`."
    )
    label: Annotated[str, StringConstraints(min_length=1, max_length=32)] = Field(
        default="auto",
        description="The ISO's volume label, or `source` for the source's, or `build` for one made of the images' build "
        "(`OSR_17134_228_X64_EN-US`); `auto` is `build` when an update raises the build, else `source`.",
    )
    timestamp: Timestamp | None = Field(
        default=None,
        description="The time of everything that is written and has none of its own, in UTC: `2018-08-14` or "
        "`2018-08-14T12:00:00Z`; when it is left out, the latest time on the source.",
    )


class Output(Frozen):
    """What comes out."""

    iso: HostPath = Field(description="The ISO to write; the report goes beside it.")
    writer: Literal["osrecipe", "oscdimg"] = Field(
        default="osrecipe",
        description="Who writes it: `osrecipe` itself, on any host, or `oscdimg` of the Windows ADK, which has to be on the "
        "host that carries the recipe out and gives every file of the disc one time.",
    )


class ExpectImage(Frozen):
    """What must be true of every finished image of a target."""

    build: BuildText | None = Field(default=None, description='`"10.0.17134.228"`, quoted.')
    registry: tuple[RegistryChange, ...] = Field(
        default=(), description="Key → value name → value, or null for a value that must be absent."
    )
    files: Mapping[WinPath, Literal["present", "absent"] | Sha256] = Field(
        default={}, description="Path in the image → `present`, `absent` or a SHA-256."
    )


class Expect(Frozen):
    """True of the finished media, or the run fails."""

    install: ExpectImage | None = None
    winre: ExpectImage | None = None
    winpe: ExpectImage | None = None
    setup: ExpectImage | None = None


class SecretSource(Frozen):
    """Where a secret comes from when `apply` runs; it is never in a plan, lock, log, key or report."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="Name of an environment variable."
    )


class Recipe(Frozen):
    """One build: what comes in, what happens to which images, what comes out."""

    schema_: Literal["osrecipe/1"] = Field(
        alias="schema", description="The language's version: `osrecipe/1`."
    )
    name: Id = Field(description="The recipe's name.")
    description: Text | None = Field(default=None, description="What it is for.")
    extends: tuple[HostPath, ...] = Field(
        default=(), description="Fragments this recipe is laid over, in order."
    )
    vars: Mapping[Id, str | int | bool] = Field(
        default={}, description="Values for `{{ vars.NAME }}` inside strings."
    )
    secrets: Mapping[Id, SecretSource] = Field(default={}, description="Secrets by name.")
    inputs: Mapping[InputName, Input] = Field(description="All that comes from outside, by id.")
    source: InputName = Field(description="Id of the ISO input that is serviced.")
    updates: Updates = Field(default=Updates(), description="Updates and where they go.")
    targets: Targets = Field(description="The images and what is done to them.")
    drivers: Mapping[InputName, DriverUse] = Field(
        default={}, description="Drivers input → list of targets, or `{targets:, unsigned:}`."
    )
    media: Media = Field(default=Media(), description="What is done to the media tree.")
    output: Output = Field(description="What comes out.")
    expect: Expect = Field(default=Expect(), description="True of the finished media, or the run fails.")
