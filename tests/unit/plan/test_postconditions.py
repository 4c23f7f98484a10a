"""What must be true after each kind of task."""

from __future__ import annotations

import pytest
from support.plans import image, update

from osrecipe.model.checks import BuildIs, FileIs, PackagePresent, RegistryKeyAbsent, RegistryValueIs
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.recipe import ExpectImage, TargetName
from osrecipe.model.registry import (
    CreateKey,
    DeleteKey,
    DeleteValue,
    RegistryChange,
    RegistryData,
    RegistryKey,
    RegistryRoot,
    SetValue,
)
from osrecipe.model.tasks import CopyFolder, InputRef
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath
from osrecipe.plan.postconditions import after_files, after_package, after_registry, expected


def _key(path: str, root: RegistryRoot = RegistryRoot.SOFTWARE) -> RegistryKey:
    return RegistryKey(root=root, path=path)


def _set(path: str, name: str = "v", number: int = 1, root: RegistryRoot = RegistryRoot.SOFTWARE) -> SetValue:
    return SetValue(key=_key(path, root), name=name, data=RegistryData(kind="dword", number=number))


def _left(*changes: RegistryChange, target: TargetName = "install") -> list[str]:
    """The checks in a few words: `A v=1`, `A v gone`, `A gone`."""
    said = []
    for check in after_registry(changes, target):
        match check:
            case RegistryValueIs(data=None):
                said.append(f"{check.key.path} {check.name} gone")
            case RegistryValueIs(data=data) if data is not None:
                said.append(f"{check.key.path} {check.name}={data.number}")
            case RegistryKeyAbsent():
                said.append(f"{check.key.path} gone")
    return said


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([_set("A"), _set("A", number=2)], ["A v=2"]),
        ([_set("A"), _set("a", "V", 2)], ["a V=2"]),
        ([_set("A"), _set("B")], ["A v=1", "B v=1"]),
        ([_set("A"), DeleteValue(key=_key("A"), name="v")], ["A v gone"]),
        ([DeleteValue(key=_key("A"), name="v"), _set("A")], ["A v=1"]),
        ([_set("A"), _set("A\\B"), DeleteKey(key=_key("a"))], ["a gone"]),
        ([_set("AB"), DeleteKey(key=_key("A"))], ["AB v=1", "A gone"]),
        ([DeleteKey(key=_key("A")), _set("A")], ["A v=1"]),
        ([DeleteKey(key=_key("A")), _set("A\\B\\C")], ["A\\B\\C v=1"]),
        ([DeleteKey(key=_key("A")), CreateKey(key=_key("A\\B"))], []),
        ([DeleteKey(key=_key("A\\B")), _set("A")], ["A\\B gone", "A v=1"]),
        ([DeleteKey(key=_key("A\\B")), DeleteKey(key=_key("A"))], ["A gone"]),
        ([DeleteKey(key=_key("A")), _set("A"), DeleteKey(key=_key("A"))], ["A gone"]),
        ([CreateKey(key=_key("A"))], []),
    ],
)
def test_the_last_change_to_a_value_or_key_counts(changes: list[RegistryChange], left: list[str]) -> None:
    """Later changes replace earlier ones, a deleted key takes all below along, writing below brings it back."""
    assert left == _left(*changes)


@pytest.mark.parametrize(
    ("first", "second", "target"),
    [
        ((RegistryRoot.CLASSES, ".txt"), (RegistryRoot.SOFTWARE, "Classes\\.txt"), "install"),
        ((RegistryRoot.CURRENT_USER, "A"), (RegistryRoot.DEFAULT_USER, "A"), "winpe"),
    ],
)
def test_two_names_of_one_key_are_one_key(
    first: tuple[RegistryRoot, str], second: tuple[RegistryRoot, str], target: TargetName
) -> None:
    """What the second writes is what is left, though the first calls the key otherwise."""
    changes = [_set(path, number=n, root=root) for n, (root, path) in enumerate((first, second))]
    assert [f"{second[1]} v=1"] == _left(*changes, target=target)


def test_two_users_of_an_install_image_are_two() -> None:
    """The default user's hive and LocalSystem's are different files there."""
    changes = [
        _set("A", number=n, root=r) for n, r in enumerate((RegistryRoot("HKCU"), RegistryRoot.DEFAULT_USER))
    ]
    assert ["A v=0", "A v=1"] == _left(*changes)


def test_secrets_are_not_read_back() -> None:
    """No check holds a secret, nor what the value was before it."""
    secret = SetValue(key=_key("A"), name="v", data=RegistryData(kind="secret", text="join"))
    assert [] == _left(_set("A"), secret)
    assert ["A v=3"] == _left(secret, _set("A", number=3))


def test_a_cumulative_update_raises_the_revision() -> None:
    """Its package's version carries it; other updates promise only that they are recorded."""
    lcu = update("cumulative", "1", "17134.228.1.0")
    ssu = update("servicing-stack", "2", "17134.226.1.0")
    own = image(1, "Pro")
    assert (
        PackagePresent(identity=lcu.package.identity),
        BuildIs(version=Version.parse("10.0.17134.228"), at_least=True),
    ) == after_package(lcu, own, "install")
    assert (PackagePresent(identity=ssu.package.identity),) == after_package(ssu, own, "install")


@pytest.mark.parametrize(
    ("target", "build"),
    [("install", "10.0.19045.2006"), ("setup", "10.0.19045.2006"), ("winre", "10.0.19041.2006")],
)
def test_the_build_of_a_family(target: TargetName, build: str) -> None:
    """The update names the family's base; an image keeps its own build, winre's is only known to be in the family."""
    lcu = update("cumulative", "1", "19041.2006.1.7")
    checks = after_package(lcu, image(1, "Pro", build="10.0.19045.1826"), target)
    assert BuildIs(version=Version.parse(build), at_least=True) == checks[1]


def _copy(to: str) -> CopyFolder:
    return CopyFolder(to=WinPath(to), source=InputRef(input=InputId("oem"), digest=Digest("sha256:0")))


def test_files_that_were_deleted_are_gone_and_folders_are_there() -> None:
    """Deletions come before copies: a path that a copy brings back is not expected to be gone."""
    checks = after_files([WinPath("A"), WinPath("B"), WinPath("C")], [_copy("a"), _copy("B\\D")])
    assert (
        FileIs(path=WinPath("C"), state="absent"),
        FileIs(path=WinPath("a"), state="present"),
        FileIs(path=WinPath("B\\D"), state="present"),
    ) == checks


def test_an_expectation_is_made_of_checks() -> None:
    """The build is exact, registry and files as written; nothing written expects nothing."""
    expect = ExpectImage(build="10.0.17134.228", registry=(_set("A"),), files={WinPath("Windows"): "present"})
    build, value, file = expected(expect, "install")
    assert BuildIs(version=Version.parse("10.0.17134.228")) == build
    assert isinstance(value, RegistryValueIs)
    assert FileIs(path=WinPath("Windows"), state="present") == file
    assert () == expected(None, "install")
