r"""What an unmounted image says of itself: its build by its registry and by its packages, and whether it was captured.

A captured image was taken from a machine that ran; it can't be used for an upgrade. No single trace proves it:
Microsoft's own media carry some of sysprep's. Traces that have one cause come together, so an image counts as captured
when traces of at least two causes are there, as uncaptured when there are none, and as unknown in between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import decode_sz
from osrecipe.model.facts import Trace
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath
from osrecipe.windows.component_store import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.formats.hive import Key
    from osrecipe.model.facts import Capture
    from osrecipe.windows.image_files import ImageFiles

_CONFIG: Final = WinPath("Windows\\System32\\config")
_CURRENT_VERSION: Final = "Microsoft\\Windows NT\\CurrentVersion"
_STATE: Final = "Microsoft\\Windows\\CurrentVersion\\Setup\\State"
_ROLLUP: Final = re.compile(
    r"package_for_rollupfix~[^~]*~[^~]*~[^~]*~(\d{4,5})\.(\d{1,6})\.\d+\.\d+\.mum", re.IGNORECASE
)
_MOST_PEOPLE: Final = 3
_OWN_PROFILES: Final = frozenset({"default", "public", "all users", "default user", "desktop.ini"})
_ACCOUNT: Final = "S-1-5-21-"
_WINDOWS_10: Final = 10
CAUSES_NEEDED: Final = 2


@dataclass(frozen=True)
class ImageState:
    """What was found.

    Attributes:
        registry: the build as SOFTWARE has it, None where it says none.
        packages: the build of the newest cumulative update, None without one.
        capture: see the module.
        traces: in a steady order.
    """

    registry: Version | None
    packages: Version | None
    capture: Capture
    traces: tuple[Trace, ...]


def image_state(files: ImageFiles) -> ImageState:
    """Look at an image; a hive that is missing or damaged leaves its questions open."""
    hives = _Hives.of(files)
    registry = hives.build()
    traces = (*_traces_of_files(files), *hives.traces())
    return ImageState(registry, _newest_rollup(files), _capture(traces, sure=hives.whole), traces)


def _capture(traces: tuple[Trace, ...], *, sure: bool) -> Capture:
    causes = {trace.cause for trace in traces}
    if len(causes) >= CAUSES_NEEDED:
        return "captured"
    return "uncaptured" if not causes and sure else "unknown"


def _newest_rollup(files: ImageFiles) -> Version | None:
    """The build of the highest `Package_for_RollupFix`, whose version begins with build and revision."""
    found = [
        Version(major=_WINDOWS_10, build=int(match[1]), revision=int(match[2]))
        for name in files.names_in(PACKAGES)
        if (match := _ROLLUP.fullmatch(name))
    ]
    return max(found, key=lambda version: version.key, default=None)


def _traces_of_files(files: ImageFiles) -> Iterator[Trace]:
    for folder, name, trace in (
        ("Windows\\System32\\Sysprep\\Panther", "setupact.log", "sysprep"),
        ("Windows\\System32\\Sysprep", "Sysprep_succeeded.tag", "sysprep"),
        ("Windows\\Panther", "setupact.log", "setup"),
        ("Windows\\Panther\\UnattendGC", "setupact.log", "setup"),
    ):
        if name.lower() in (each.lower() for each in files.names_in(WinPath(folder))):
            yield Trace.model_validate({"cause": trace, "what": f"file {folder}\\{name}"})
    people = [name for name in files.names_in(WinPath("Users")) if name.lower() not in _OWN_PROFILES]
    for name in sorted(people, key=str.lower)[:_MOST_PEOPLE]:
        yield Trace(cause="people", what=f"profile Users\\{name}")


@dataclass(frozen=True)
class _Hives:
    """The two hives that are asked; None where one can't be read."""

    software: Hive | None
    system: Hive | None

    @classmethod
    def of(cls, files: ImageFiles) -> _Hives:
        return cls(_load(files, "SOFTWARE"), _load(files, "SYSTEM"))

    @property
    def whole(self) -> bool:
        return self.software is not None and self.system is not None

    def build(self) -> Version | None:
        key = self.software.key(_CURRENT_VERSION) if self.software else None
        build = _text(key, "CurrentBuild")
        if key is None or not build.isdecimal() or len(build) > 5:  # noqa: PLR2004 - no build has more digits
            return None
        return Version(
            major=_number(key, "CurrentMajorVersionNumber") or _WINDOWS_10,
            minor=_number(key, "CurrentMinorVersionNumber") or 0,
            build=int(build),
            revision=_number(key, "UBR") or 0,
        )

    def traces(self) -> Iterator[Trace]:
        """What the hives hold of a machine that ran."""
        if self.software is not None:
            yield from _software_traces(self.software)
        if self.system is not None:
            yield from _system_traces(self.system)


def _software_traces(hive: Hive) -> Iterator[Trace]:
    state = _text(hive.key(_STATE), "ImageState")
    if state == "IMAGE_STATE_COMPLETE":
        yield Trace(cause="setup", what=f"ImageState {state}")
    elif "_RESEAL_" in state:
        yield Trace(cause="sysprep", what=f"ImageState {state}")
    profiles = hive.key(rf"{_CURRENT_VERSION}\ProfileList")
    accounts = [key.name for key in profiles.subkeys() if key.name.startswith(_ACCOUNT)] if profiles else []
    if accounts:
        yield Trace(cause="people", what=f"ProfileList has {len(accounts)} accounts of this machine")


def _system_traces(hive: Hive) -> Iterator[Trace]:
    generalized = _number(hive.key(r"Setup\Status\SysprepStatus"), "GeneralizationState")
    if generalized is not None:
        yield Trace(cause="sysprep", what=f"SysprepStatus GeneralizationState {generalized}")
    if _number(hive.key(r"Setup\Status"), "AuditBoot"):
        yield Trace(cause="setup", what="Setup\\Status AuditBoot")
    mounted = hive.key("MountedDevices")
    count = sum(1 for _ in mounted.values()) if mounted else 0
    if count:
        yield Trace(cause="devices", what=f"MountedDevices has {count} values")


def _load(files: ImageFiles, name: str) -> Hive | None:
    logs: Mapping[str, bytes | None] = {
        suffix: files.read_bytes(_CONFIG / f"{name}.{suffix}") for suffix in ("LOG1", "LOG2")
    }
    data = files.read_bytes(_CONFIG / name)
    try:
        return None if data is None else Hive.load(data, log1=logs["LOG1"], log2=logs["LOG2"])
    except FormatError:
        return None  # the hive answers nothing; whoever has to write it will say what is wrong with it


def _text(key: Key | None, name: str) -> str:
    value = key.value(name) if key else None
    return decode_sz(value.data) if value is not None and value.type == ValueType.SZ else ""


def _number(key: Key | None, name: str) -> int | None:
    value = key.value(name) if key else None
    if value is None or value.type != ValueType.DWORD:
        return None
    return int.from_bytes(value.data[:4], "little")
