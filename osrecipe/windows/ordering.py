"""The order of servicing as a data table: which kind of step precedes which, what is repeated, and why.

Every row carries its reason and its source; `explain` prints them. A row that no plan uses fails a test, and so does
an edge of a plan that names no row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from osrecipe.model.names import RuleId

if TYPE_CHECKING:
    from osrecipe.model.recipe import TargetName

PROCESS = "the field's published process for Windows 10 and Server 2016 media, its numbered steps"
DYNAMIC_UPDATE = "Microsoft, `Update Windows installation media with Dynamic Update` (2024-10)"
CODES = "Microsoft's component-based servicing result codes"
PRACTICE = "what the maintained community integrators and deployment toolkits do"
FORMAT = "how the WIM format and this tool's plan work"


class StepKind(StrEnum):
    """What a step does, as far as its place in the order depends on it. Declared in the order shown to people."""

    SERVICING_STACK = "servicing-stack"
    STACK_ALONE = "stack-alone"
    CAPABILITY = "capability"
    CUMULATIVE = "cumulative"
    UPDATE = "update"
    CLEANUP = "cleanup"
    HARVEST_SOURCES = "harvest-sources"
    FEATURE = "feature"
    NETFX3 = "netfx3"
    DOTNET = "dotnet"
    CUMULATIVE_AGAIN = "cumulative-again"
    WINRE = "winre"
    APP = "app"
    DRIVER = "driver"
    SETTING = "setting"
    UNATTEND = "unattend"
    TWEAK = "tweak"
    HARVEST_SETUP = "harvest-setup"


@dataclass(frozen=True)
class Rule:
    """Why one thing comes before another. `reason` is one sentence for people, without a full stop."""

    id: RuleId
    reason: str
    source: str


@dataclass(frozen=True)
class Precedes:
    """A row of the order inside one image: every step of kind `before` comes before every step of kind `after`."""

    before: StepKind
    after: StepKind
    rule: Rule


@dataclass(frozen=True)
class RepeatAfter:
    """A row of repetition: `repeat` is done again when a step of kind `adds` comes after its last time."""

    repeat: StepKind
    adds: StepKind
    rule: Rule


@dataclass(frozen=True)
class Tolerates:
    """A code that may end a step of this kind on these targets without failing it; nowhere else is it tolerated."""

    step: StepKind
    targets: tuple[TargetName, ...]
    codes: tuple[str, ...]
    rule: Rule


def _rule(name: str, reason: str, source: str) -> Rule:
    return Rule(RuleId(name), reason, source)


STACK_FIRST = _rule(
    "stack-first",
    "the servicing stack installs all other updates: without the new one DISM answers 0x800f0823",
    CODES + "; " + DYNAMIC_UPDATE,
)
STACK_ALONE_FIRST = _rule(
    "stack-alone-first",
    "a combined update brings its servicing stack: that takes a pass of its own, and on images of the PE family "
    "this pass may end with 0x8007007e, because the new stack takes over in the middle of it",
    DYNAMIC_UPDATE,
)
CAPABILITY_BEFORE_CUMULATIVE = _rule(
    "capability-before-cumulative",
    "capabilities come at their first level: the cumulative update after them brings them up to date",
    DYNAMIC_UPDATE,
)
CAPABILITY_BEFORE_UPDATES = _rule(
    "capability-before-updates", "updates only bring up to date what is in the image already", DYNAMIC_UPDATE
)
CAPABILITY_BEFORE_CLEANUP = _rule(
    "capability-before-cleanup",
    "cleanup comes after everything that the cumulative update brings up to date",
    DYNAMIC_UPDATE,
)
CAPABILITY_BEFORE_FEATURE = _rule(
    "capability-before-feature", "a capability can bring the feature that is switched", PRACTICE
)
UPDATES_AFTER_CUMULATIVE = _rule(
    "cumulative-before-others",
    "other updates (Flash, optional ones) are made for the level the cumulative update brings",
    PROCESS,
)
UPDATES_BEFORE_CLEANUP = _rule(
    "updates-before-cleanup", "cleanup removes what these updates superseded, so it comes after them", PROCESS
)
CLEANUP_BEFORE_NETFX3 = _rule(
    "cleanup-before-netfx3",
    "enabling .NET 3.5 leaves actions pending, and cleanup with pending actions fails with 0x800f0806",
    DYNAMIC_UPDATE,
)
CLEANUP_BEFORE_FEATURE = _rule(
    "cleanup-before-feature",
    "a feature that is switched leaves actions pending, and cleanup with pending actions fails with 0x800f0806",
    PRACTICE,
)
CLEANUP_BEFORE_DOTNET = _rule(
    "cleanup-before-dotnet", ".NET updates can leave actions pending, which block cleanup", DYNAMIC_UPDATE
)
NETFX3_BEFORE_DOTNET = _rule(
    "netfx3-before-dotnet", "a .NET update before the feature it updates is refused with 0x8007371b", PRACTICE
)
CLEANUP_BEFORE_HARVEST = _rule(
    "cleanup-before-harvest",
    "the media gets the files the image keeps, so they are taken after cleanup",
    PROCESS,
)
HARVEST_BEFORE_NETFX3 = _rule(
    "harvest-before-netfx3",
    "the media's files are taken before .NET or optional payload is added to the image",
    PROCESS,
)
UPDATES_BEFORE_HARVEST = _rule(
    "updates-before-harvest", "the media's files are taken from the image once it is updated", PROCESS
)
CUMULATIVE_BEFORE_NETFX3 = _rule(
    "cumulative-before-netfx3", ".NET 3.5 is enabled in an image that is already at the new level", PROCESS
)
CUMULATIVE_BEFORE_FEATURE = _rule(
    "cumulative-before-feature",
    "features are switched in an image that is already at the new level",
    DYNAMIC_UPDATE,
)
PAYLOAD_BEFORE_AGAIN = _rule(
    "cumulative-again-last", "the repeated cumulative update must see everything added before it", PROCESS
)
SERVICE_BEFORE_CUSTOMIZE = _rule(
    "service-before-customize",
    "nothing that services the image may overwrite what its author customized",
    PRACTICE,
)
WINRE_BEFORE_TWEAKS = _rule(
    "winre-before-tweaks", "a tweak may change any file of the image, so what is placed comes first", FORMAT
)
PLACED_BEFORE_TWEAKS = _rule(
    "placed-before-tweaks",
    "a tweak may change any file or value of the image, so apps, drivers and settings come first",
    PRACTICE,
)
SETTINGS_BEFORE_UNATTEND = _rule(
    "settings-before-unattend",
    "an answer file can state languages and locales too, and is the more exact of the two: it comes last",
    PRACTICE,
)
HARVEST_SETUP_LAST = _rule(
    "setup-taken-last",
    "the media's setup.exe must equal the setup image's as it is saved, or Setup fails",
    DYNAMIC_UPDATE,
)
AS_WRITTEN = _rule("as-written", "steps of one kind follow the recipe's order, and a later one wins", FORMAT)

AGAIN_AFTER_NETFX3 = _rule(
    "lcu-after-netfx3",
    ".NET 3.5 comes from the media at its first level: the cumulative update brings it up to date",
    PROCESS + "; " + DYNAMIC_UPDATE,
)
AGAIN_AFTER_FEATURE = _rule(
    "lcu-after-feature",
    "a feature that is enabled late comes at its first level: the cumulative update brings it up to date",
    DYNAMIC_UPDATE,
)

AGAIN_AFTER_CAPABILITY = _rule(
    "lcu-after-capability",
    "a capability that is added late comes at its first level: the cumulative update brings it up to date",
    DYNAMIC_UPDATE,
)

# between units
IMAGES_FIRST = _rule(
    "images-taken-first",
    "images are taken out of the source ISO, which is never modified, before they are opened",
    FORMAT,
)
WINRE_TAKEN_FIRST = _rule(
    "winre-taken-first",
    "the recovery image is read from the source install image, so its lane need not wait for that image's session",
    FORMAT,
)
NETFX3_SOURCE = _rule("netfx3-from-media", "the payload comes from the media's `sources\\sxs`", PROCESS)
SAVED_BEFORE_EXPORT = _rule(
    "saved-before-export", "export drops what no image uses any more, so it takes saved images", PROCESS
)
WINRE_INTO_INSTALL = _rule(
    "winre-into-install", "every install image carries the serviced recovery image, stored once", PROCESS
)
COPIED_FIRST = _rule(
    "media-copied-first", "the working tree is there before anything is put into it", PROCESS
)
EXPORT_BEFORE_PLACE = _rule(
    "export-before-place", "a WIM is swapped in whole, once all its images are in it", PROCESS
)
PLACE_IN_ORDER = _rule("one-writer", "only one task at a time changes the media tree", FORMAT)
HARVEST_BEFORE_SYNC = _rule("harvest-before-sync", "the files to copy come from the serviced image", PROCESS)
SETUP_WINS = _rule(
    "setup-wins",
    "files of the setup image win over all others, or Setup meets its own parts at two levels",
    DYNAMIC_UPDATE,
)
TREE_BEFORE_ISO = _rule("tree-before-iso", "the ISO is written from the finished tree", PROCESS)
ISO_BEFORE_VERIFY = _rule("verify-last", "what is verified is the ISO itself, read back", FORMAT)
MOVED = _rule("recipe-move", "the recipe moves this step, and says why", "the recipe")

_K = StepKind
CLASSIC: tuple[Precedes, ...] = (
    *(
        Precedes(_K.SERVICING_STACK, after, STACK_FIRST)
        for after in (
            *(_K.STACK_ALONE, _K.CAPABILITY, _K.CUMULATIVE, _K.UPDATE, _K.DOTNET, _K.FEATURE, _K.NETFX3),
            _K.CLEANUP,
        )
    ),
    *(
        Precedes(_K.STACK_ALONE, after, STACK_ALONE_FIRST)
        for after in (_K.CAPABILITY, _K.CUMULATIVE, _K.UPDATE, _K.CLEANUP)
    ),
    Precedes(_K.CAPABILITY, _K.CUMULATIVE, CAPABILITY_BEFORE_CUMULATIVE),
    Precedes(_K.CAPABILITY, _K.UPDATE, CAPABILITY_BEFORE_UPDATES),
    Precedes(_K.CAPABILITY, _K.CLEANUP, CAPABILITY_BEFORE_CLEANUP),
    Precedes(_K.CAPABILITY, _K.FEATURE, CAPABILITY_BEFORE_FEATURE),
    Precedes(_K.CUMULATIVE, _K.UPDATE, UPDATES_AFTER_CUMULATIVE),
    Precedes(_K.CUMULATIVE, _K.CLEANUP, UPDATES_BEFORE_CLEANUP),
    Precedes(_K.UPDATE, _K.CLEANUP, UPDATES_BEFORE_CLEANUP),
    Precedes(_K.SERVICING_STACK, _K.HARVEST_SOURCES, UPDATES_BEFORE_HARVEST),
    Precedes(_K.CUMULATIVE, _K.HARVEST_SOURCES, UPDATES_BEFORE_HARVEST),
    Precedes(_K.UPDATE, _K.HARVEST_SOURCES, UPDATES_BEFORE_HARVEST),
    Precedes(_K.CLEANUP, _K.HARVEST_SOURCES, CLEANUP_BEFORE_HARVEST),
    Precedes(_K.HARVEST_SOURCES, _K.NETFX3, HARVEST_BEFORE_NETFX3),
    Precedes(_K.HARVEST_SOURCES, _K.FEATURE, HARVEST_BEFORE_NETFX3),
    Precedes(_K.HARVEST_SOURCES, _K.DOTNET, HARVEST_BEFORE_NETFX3),
    Precedes(_K.CUMULATIVE, _K.NETFX3, CUMULATIVE_BEFORE_NETFX3),
    Precedes(_K.CUMULATIVE, _K.FEATURE, CUMULATIVE_BEFORE_FEATURE),
    Precedes(_K.CLEANUP, _K.NETFX3, CLEANUP_BEFORE_NETFX3),
    Precedes(_K.CLEANUP, _K.FEATURE, CLEANUP_BEFORE_FEATURE),
    Precedes(_K.CLEANUP, _K.DOTNET, CLEANUP_BEFORE_DOTNET),
    Precedes(_K.NETFX3, _K.DOTNET, NETFX3_BEFORE_DOTNET),
    *(
        Precedes(before, _K.CUMULATIVE_AGAIN, PAYLOAD_BEFORE_AGAIN)
        for before in (
            _K.NETFX3,
            _K.FEATURE,
            _K.CAPABILITY,
            _K.DOTNET,
            _K.CLEANUP,
            _K.CUMULATIVE,
            _K.UPDATE,
            _K.HARVEST_SOURCES,
        )
    ),
    *(
        Precedes(before, _K.HARVEST_SETUP, HARVEST_SETUP_LAST)
        for before in (_K.SERVICING_STACK, _K.CUMULATIVE, _K.UPDATE, _K.CLEANUP, _K.DOTNET)
    ),
)
"""The classic order inside an image (Windows 10, Server 2016 to 2022)."""

CUSTOMIZE: tuple[Precedes, ...] = (
    Precedes(_K.WINRE, _K.TWEAK, WINRE_BEFORE_TWEAKS),
    *(
        Precedes(before, _K.TWEAK, PLACED_BEFORE_TWEAKS)
        for before in (_K.APP, _K.DRIVER, _K.SETTING, _K.UNATTEND)
    ),
    Precedes(_K.SETTING, _K.UNATTEND, SETTINGS_BEFORE_UNATTEND),
    *(Precedes(before, _K.HARVEST_SETUP, HARVEST_SETUP_LAST) for before in (_K.DRIVER, _K.SETTING, _K.TWEAK)),
)
"""The order inside a customizing session."""

REPEATS: tuple[RepeatAfter, ...] = (
    RepeatAfter(_K.CUMULATIVE, _K.NETFX3, AGAIN_AFTER_NETFX3),
    RepeatAfter(_K.CUMULATIVE, _K.FEATURE, AGAIN_AFTER_FEATURE),
    RepeatAfter(_K.CUMULATIVE, _K.CAPABILITY, AGAIN_AFTER_CAPABILITY),
)

TOLERATED: tuple[Tolerates, ...] = (
    Tolerates(_K.STACK_ALONE, ("winre", "winpe", "setup"), ("0x8007007e",), STACK_ALONE_FIRST),
)
"""What is tolerated where. Every other code of every other step fails its task."""

PENDS: frozenset[StepKind] = frozenset(
    {
        _K.SERVICING_STACK,
        _K.STACK_ALONE,
        _K.CAPABILITY,
        _K.CUMULATIVE,
        _K.UPDATE,
        _K.FEATURE,
        _K.NETFX3,
        _K.DOTNET,
        _K.CUMULATIVE_AGAIN,
    }
)
"""Steps that may leave actions pending until the system's first start; offline that is success."""

RULES: dict[RuleId, Rule] = {value.id: value for value in list(globals().values()) if isinstance(value, Rule)}
"""Every rule by id."""

DYNAMIC_UPDATE_FROM = 22000
"""The first build for which `auto` no longer means classic: from here on the recovery image has updates of its own."""
