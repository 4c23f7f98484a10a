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


class CheckResult(Frozen):
    """What reading back showed: `found` is the value as text, for the report."""

    check: Check
    passed: bool
    found: str
