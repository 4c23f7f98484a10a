"""Checks: what must be true of an image. Post-conditions of tasks and `expect:` are the same type."""

from __future__ import annotations

from typing import Annotated, Literal, assert_never

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


class NothingPending(Frozen):
    """No pending actions are left in the image."""

    check: Literal["nothing-pending"] = "nothing-pending"


Check = Annotated[
    PackagePresent | BuildIs | RegistryValueIs | RegistryKeyAbsent | FileIs | FeatureIs | NothingPending,
    Field(discriminator="check"),
]


def sentence(what: Check) -> str:
    """What must be true, as a sentence without a full stop; values are as they are, for whoever shows them to clean."""
    match what:
        case PackagePresent():
            said = f"package `{what.identity}` is recorded"
        case BuildIs():
            said = f"the build is {what.version}" + (" or later" if what.at_least else "")
        case RegistryValueIs():
            value = f"`{what.key}` " + (f"`{what.name}`" if what.name else "(default)")
            said = f"{value} is absent" if what.data is None else f"{value} is {what.data}"
        case RegistryKeyAbsent():
            said = f"`{what.key}` is absent"
        case FileIs():
            is_hash = what.state not in {"present", "absent"}
            said = f"`{what.path}` " + (f"has SHA-256 {what.state}" if is_hash else f"is {what.state}")
        case FeatureIs():
            said = f"feature `{what.name}` is {what.state}"
        case NothingPending():
            said = "no actions are pending"
        case _:
            assert_never(what)
    return said


def wanted(what: Check) -> str:
    """What must be true, as what follows `expected`: `build 10.0.17134.345`."""
    match what:
        case BuildIs():
            said = f"build {what.version}" + (" or later" if what.at_least else "")
        case PackagePresent():
            said = f"package `{what.identity}` to be recorded"
        case RegistryValueIs():
            value = f"`{what.key}` " + (f"`{what.name}`" if what.name else "(default)")
            said = f"{value} to be " + ("absent" if what.data is None else str(what.data))
        case FeatureIs():
            said = f"feature `{what.name}` to be {what.state}"
        case FileIs():
            is_hash = what.state not in {"present", "absent"}
            said = f"`{what.path}` to " + (f"have SHA-256 {what.state}" if is_hash else f"be {what.state}")
        case RegistryKeyAbsent():
            said = f"`{what.key}` to be absent"
        case NothingPending():
            said = "no pending actions"
        case _:
            assert_never(what)
    return said


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
