"""Checks read back from an image that is open, whichever adapter opened it: post-conditions and `expect:` alike.

A check says what was found, for the report; the value of a secret is never shown. Nothing is changed here.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from osrecipe.engine.hivefiles import HiveFiles, Readable, encode, same_data
from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import ValueType
from osrecipe.formats.hive.data import decode_multi_sz, decode_sz, describe
from osrecipe.model.checks import (
    AppAbsent,
    BuildIs,
    CapabilityIs,
    CheckResult,
    DriverPresent,
    FeatureIs,
    FileIs,
    NothingPending,
    PackagePresent,
    RegistryKeyAbsent,
    RegistryValueIs,
    SettingIs,
)
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, quoted
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath
from osrecipe.windows.driver_store import same_version
from osrecipe.windows.international import same_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.hive.values import Value
    from osrecipe.model.adapter import StateKind
    from osrecipe.model.checks import Check
    from osrecipe.windows.hives import Target

PENDING = WinPath("Windows\\WinSxS\\pending.xml")
"""Where the servicing stack keeps actions that are left for the next start."""
_WIDTHS: dict[int, int] = {ValueType.DWORD: 4, ValueType.QWORD: 8}
_CURRENT_VERSION = RegistryKey(root=RegistryRoot.SOFTWARE, path="Microsoft\\Windows NT\\CurrentVersion")


Stated = PackagePresent | FeatureIs | CapabilityIs | AppAbsent | DriverPresent | SettingIs
"""Checks that ask an image about something by its name."""


class Checkable(Readable, Protocol):
    """What an image must offer to be checked; `OpenImage` and `ReadImage` both do."""

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`."""


class Checker:
    """Checks of one image as it is now; its hives are read once.

    Args:
        image: the image.
        target: its kind, for what `HKCU` means.
        secrets: values by name, for checks on secret values.
    """

    def __init__(self, image: Checkable, target: Target, secrets: Mapping[str, str] | None = None) -> None:
        self._image = image
        self._hives = HiveFiles(image, target)
        self._secrets = secrets or {}

    def evaluate(self, check: Check) -> CheckResult:
        """Whether a check holds, and what was found.

        Raises:
            TaskError: a hive that must be read is damaged.
            OSError: the image can't be read.
        """
        passed, found = self._evaluate(check)
        return CheckResult(check=check, passed=passed, found=found)

    def _evaluate(self, check: Check) -> tuple[bool, str]:
        match check:
            case (
                PackagePresent() | FeatureIs() | CapabilityIs() | AppAbsent() | DriverPresent() | SettingIs()
            ):
                return self._state(check)
            case BuildIs():
                return self._build(check)
            case RegistryValueIs():
                return self._value(check)
            case FileIs():
                return self._file(check)
            case RegistryKeyAbsent() | NothingPending():
                return self._absence(check)

    def _absence(self, check: RegistryKeyAbsent | NothingPending) -> tuple[bool, str]:
        if isinstance(check, NothingPending):
            there = self._image.info(PENDING) is not None
        else:
            there = self._hives.has_key(check.key)
        return not there, "present" if there else "absent"

    def _state(self, check: Stated) -> tuple[bool, str]:
        """What the image itself says by name: whoever opened it asks it in its own way."""
        ask = self._image.state
        match check:
            case PackagePresent():
                state = ask("package", check.identity)
                return state is not None, state or "not recorded"
            case FeatureIs():
                state = ask("feature", check.name)
                return state == check.state, state or "no such feature"
            case CapabilityIs():
                state = ask("capability", check.name) or "removed"
                return state == check.state, state
            case AppAbsent():
                state = ask("app", check.package)
                return state is None, state or "absent"
            case DriverPresent():
                return _driver(check, ask("driver", check.inf))
            case SettingIs():
                state = ask("setting", check.name)
                return state is not None and same_setting(
                    check.name, check.value, state
                ), state or "not known"

    def build(self) -> Version | None:
        """The image's build as its registry says, or None when it does not."""
        build = self._text("CurrentBuild") or self._text("CurrentBuildNumber")
        if build is None or not build.isascii() or not build.isdigit():
            return None
        major, minor = self._number("CurrentMajorVersionNumber"), self._number("CurrentMinorVersionNumber")
        if major is None or minor is None:  # before Windows 10 there is only a text such as `6.3`
            first, _, second = (self._text("CurrentVersion") or "").partition(".")
            if not (first.isdecimal() and second.isdecimal()):
                return None
            major, minor = int(first), int(second)
        return Version(major=major, minor=minor, build=int(build), revision=self._number("UBR") or 0)

    def _build(self, check: BuildIs) -> tuple[bool, str]:
        found = self.build()
        if found is None:
            return False, "the image's registry states no build"
        return (check.version <= found if check.at_least else check.version == found), str(found)

    def _text(self, name: str) -> str | None:
        value = self._hives.value(_CURRENT_VERSION, name)
        return decode_sz(value.data) if value is not None and value.type == ValueType.SZ else None

    def _number(self, name: str) -> int | None:
        value = self._hives.value(_CURRENT_VERSION, name)
        return int.from_bytes(value.data, "little") if value and value.type == ValueType.DWORD else None

    def _value(self, check: RegistryValueIs) -> tuple[bool, str]:
        value = self._hives.value(check.key, check.name)
        if value is None:
            return check.data is None, "absent"
        if check.data is None:
            return False, _shown(value)
        secret = check.data.kind == "secret"
        try:
            type_, data = encode(check.data, self._secrets)
        except FormatError as cause:
            return False, f"what is expected can't be stored: {cause.reason}"
        return same_data(value, type_, data), "a value that is not shown" if secret else _shown(value)

    def _file(self, check: FileIs) -> tuple[bool, str]:
        info = self._image.info(check.path)
        there = "absent" if info is None else "present"
        if check.state in {"present", "absent"}:
            return there == check.state, there
        if info is None or info.is_folder:
            return False, "a folder" if info else "absent"
        with self._image.read(check.path) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file does
        return found == check.state, found


def _driver(check: DriverPresent, found: str | None) -> tuple[bool, str]:
    if found is None:
        return False, "absent"
    fits = not check.version or any(same_version(check.version, one) for one in found.split(", "))
    return fits, found or "without a version"


def _shown(value: Value) -> str:
    """A value in the notation of what is expected; binary data as hive files are described."""
    match value.type:
        case ValueType.SZ | ValueType.EXPAND_SZ:
            kind = "sz" if value.type == ValueType.SZ else "expand-sz"
            return f"{kind} {quoted(decode_sz(value.data))}"
        case ValueType.MULTI_SZ:
            return str(RegistryData(kind="multi-sz", lines=decode_multi_sz(value.data)))
        case ValueType.DWORD | ValueType.QWORD if len(value.data) == _WIDTHS[value.type]:
            kind = "dword" if value.type == ValueType.DWORD else "qword"
            return f"{kind} {int.from_bytes(value.data, 'little')}"
    return describe(value)


def evaluate(check: Check, image: Checkable, target: Target) -> CheckResult:
    """Evaluate a single check; for several, a `Checker` reads each hive once."""
    return Checker(image, target).evaluate(check)
