"""Checks: what must be true of an image. Post-conditions of tasks and `expect:` are the same type."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from osrecipe.model.frozen import Frozen, Sha256
from osrecipe.model.registry import RegistryData, RegistryKey
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath


class PackagePresent(Frozen):
    """The package is recorded in the image, by the adapter's own record."""

    check: Literal["package"] = "package"
    identity: str


class BuildIs(Frozen):
    """The image's build, read from its registry."""

    check: Literal["build"] = "build"
    version: Version
    at_least: bool = False


class RegistryValueIs(Frozen):
    """A registry value; `data` None means that it is absent."""

    check: Literal["registry"] = "registry"
    key: RegistryKey
    name: str
    data: RegistryData | None


class RegistryKeyAbsent(Frozen):
    """A registry key that is gone."""

    check: Literal["registry-key-absent"] = "registry-key-absent"
    key: RegistryKey


class FileIs(Frozen):
    """A file or folder: present, absent, or with this SHA-256."""

    check: Literal["file"] = "file"
    path: WinPath
    state: Literal["present", "absent"] | Sha256


class FeatureIs(Frozen):
    """An optional feature's state."""

    check: Literal["feature"] = "feature"
    name: str
    state: Literal["enabled", "disabled"]


class CapabilityIs(Frozen):
    """A capability's state."""

    check: Literal["capability"] = "capability"
    name: str
    state: Literal["installed", "removed"]


class AppAbsent(Frozen):
    """A provisioned app, by its whole name, that new users no longer get."""

    check: Literal["app-absent"] = "app-absent"
    package: str


class DriverPresent(Frozen):
    """A driver in the image's driver store: the INF's name and, where it states one, its version."""

    check: Literal["driver"] = "driver"
    inf: str
    version: str = ""


class SettingIs(Frozen):
    """A language, locale, keyboard or time zone, as the servicing tool reports it: only while the image is open."""

    check: Literal["setting"] = "setting"
    name: str
    value: str


class NothingPending(Frozen):
    """No pending actions are left in the image."""

    check: Literal["nothing-pending"] = "nothing-pending"


Check = Annotated[
    PackagePresent
    | BuildIs
    | RegistryValueIs
    | RegistryKeyAbsent
    | FileIs
    | FeatureIs
    | CapabilityIs
    | AppAbsent
    | DriverPresent
    | SettingIs
    | NothingPending,
    Field(discriminator="check"),
]


def sentence(what: Check) -> str:
    """What must be true, as a sentence without a full stop; values are as they are, for whoever shows them to clean."""
    match what:
        case BuildIs():
            return f"the build is {_build(what)}"
        case NothingPending():
            return "no actions are pending"
        case FileIs() if _is_hash(what):
            return f"`{what.path}` has SHA-256 {what.state}"
    subject, state = _subject(what)
    return f"{subject} is {state}"


def wanted(what: Check) -> str:
    """What must be true, as what follows `expected`: `build 10.0.17134.345`."""
    match what:
        case BuildIs():
            return f"build {_build(what)}"
        case NothingPending():
            return "no pending actions"
        case FileIs() if _is_hash(what):
            return f"`{what.path}` to have SHA-256 {what.state}"
    subject, state = _subject(what)
    return f"{subject} to be {state}"


def _build(what: BuildIs) -> str:
    return f"{what.version}" + (" or later" if what.at_least else "")


def _is_hash(what: FileIs) -> bool:
    return what.state not in {"present", "absent"}


def _subject(what: Check) -> tuple[str, str]:
    """What a check is about, and what that must be."""
    match what:
        case RegistryValueIs():
            value = f"`{what.key}` " + (f"`{what.name}`" if what.name else "(default)")
            return value, "absent" if what.data is None else str(what.data)
        case RegistryKeyAbsent():
            return f"`{what.key}`", "absent"
        case FileIs():
            return f"`{what.path}`", what.state
        case FeatureIs() | CapabilityIs():
            return f"{what.check} `{what.name}`", what.state
        case PackagePresent() | AppAbsent() | DriverPresent() | SettingIs():
            return _named(what)
        case BuildIs() | NothingPending():  # they have sentences of their own
            return "", ""


def _named(what: PackagePresent | AppAbsent | DriverPresent | SettingIs) -> tuple[str, str]:
    match what:
        case PackagePresent():
            return f"package `{what.identity}`", "recorded"
        case AppAbsent():
            return f"app `{what.package}`", "absent"
        case DriverPresent():
            return f"driver `{what.inf}`" + (
                f" {what.version}" if what.version else ""
            ), "in the driver store"
        case SettingIs():
            return what.name, what.value


class CheckResult(Frozen):
    """What reading back showed.

    Attributes:
        found: the value as text, for the report.
        subject: the image it was read from, where a task looks at several.
    """

    check: Check
    passed: bool
    found: str
    subject: str = ""


def difference(result: CheckResult, place: str = "") -> str:
    """A check that failed, for people: what it was about, what was expected, what was found, and who asked for it."""
    about = f"`{result.subject}`: " if result.subject else ""
    asked = f" ({place})" if place else ""
    return f"{about}expected {wanted(result.check)}, found {result.found or 'nothing'}{asked}"
