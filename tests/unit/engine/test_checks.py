"""`osrecipe.engine.checks`: what an image is read back for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from support.dict_images import DictAdapter, DictImage, image_data
from support.engine_sessions import NTUSER, SOFTWARE, current_version, dword, hive, key

from osrecipe.engine.checks import Checker, evaluate
from osrecipe.formats.hive import ValueType
from osrecipe.formats.hive.data import encode_sz
from osrecipe.model.adapter import TaskError
from osrecipe.model.checks import (
    BuildIs,
    FeatureIs,
    FileIs,
    NothingPending,
    PackagePresent,
    RegistryKeyAbsent,
    RegistryValueIs,
)
from osrecipe.model.registry import RegistryData, RegistryRoot
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from osrecipe.model.checks import Check

_R = RegistryRoot
_BUILD = Version(major=10, minor=0, build=17134, revision=228)
_OLDER = Version(major=10, minor=0, build=17134, revision=1)


@pytest.fixture
def image() -> DictImage:
    """An image with a build, values, a file, a package and features."""
    values = current_version() | {
        "Contoso": {
            "n": (ValueType.DWORD, bytes([1, 0, 0, 0])),
            "s": (
                ValueType.SZ,
                "on".encode("utf-16-le"),
            ),  # without a terminator, as some installers write it
            "m": (ValueType.MULTI_SZ, encode_sz("a") + encode_sz("b") + b"\0\0"),
        }
    }
    made = DictImage(DictAdapter(), "x", image_data({SOFTWARE: hive(values), "Windows\\a.txt": b"abc"}), None)
    made.packages.append("P~1")
    return made


def _value(name: str, data: RegistryData | None, path: str = "Contoso") -> RegistryValueIs:
    return RegistryValueIs(key=key(_R.SOFTWARE, path), name=name, data=data)


_ABC = hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("check", "passed", "found"),
    [
        (PackagePresent(identity="P~1"), True, "installed"),
        (PackagePresent(identity="P~2"), False, "not recorded"),
        (FeatureIs(name="NetFx3", state="disabled"), True, "disabled"),
        (FeatureIs(name="NetFx3", state="enabled"), False, "disabled"),
        (FeatureIs(name="Other", state="disabled"), False, "no such feature"),
        (BuildIs(version=_BUILD), True, "10.0.17134.228"),
        (BuildIs(version=_OLDER), False, "10.0.17134.228"),
        (BuildIs(version=_OLDER, at_least=True), True, "10.0.17134.228"),
        (BuildIs(version=_BUILD, at_least=True), True, "10.0.17134.228"),
        (BuildIs(version=Version(major=10, build=19041), at_least=True), False, "10.0.17134.228"),
        (FileIs(path=WinPath("windows\\A.TXT"), state="present"), True, "present"),
        (FileIs(path=WinPath("Windows"), state="present"), True, "present"),
        (FileIs(path=WinPath("Windows\\b"), state="present"), False, "absent"),
        (FileIs(path=WinPath("Windows\\b"), state="absent"), True, "absent"),
        (FileIs(path=WinPath("Windows\\a.txt"), state="absent"), False, "present"),
        (FileIs(path=WinPath("Windows\\a.txt"), state=_ABC), True, _ABC),
        (FileIs(path=WinPath("Windows\\a.txt"), state="0" * 64), False, _ABC),
        (FileIs(path=WinPath("Windows"), state=_ABC), False, "a folder"),
        (FileIs(path=WinPath("Windows\\b"), state=_ABC), False, "absent"),
        (_value("n", dword(1)), True, "dword 1"),
        (_value("N", dword(1), "CONTOSO"), True, "dword 1"),
        (_value("n", dword(2)), False, "dword 1"),
        (_value("n", RegistryData(kind="qword", number=1)), False, "dword 1"),
        (_value("s", RegistryData(kind="sz", text="on")), True, 'sz "on"'),
        (_value("s", RegistryData(kind="sz", text="ON")), False, 'sz "on"'),
        (_value("m", RegistryData(kind="multi-sz", lines=("a", "b"))), True, 'multi-sz ["a", "b"]'),
        (_value("none", dword(1)), False, "absent"),
        (_value("none", None), True, "absent"),
        (_value("n", None), False, "dword 1"),
        (_value("n", None, "No\\Such"), True, "absent"),
        (RegistryKeyAbsent(key=key(_R.SOFTWARE, "Contoso")), False, "present"),
        (RegistryKeyAbsent(key=key(_R.SOFTWARE, "Contoso\\x")), True, "absent"),
        (RegistryKeyAbsent(key=key(_R.CURRENT_USER, "Contoso")), True, "absent"),
        (NothingPending(), True, "absent"),
    ],
)
def test_checks(image: DictImage, check: Check, passed: bool, found: str) -> None:
    """Each check passes exactly when what it states is so, and says what was found."""
    result = evaluate(check, image, "install")

    assert (check, passed, found) == (result.check, result.passed, result.found)


def test_pending(image: DictImage) -> None:
    """Pending actions are seen by the file that holds them."""
    from osrecipe.model.changes import PutFile

    image.apply((PutFile(WinPath("Windows\\winsxs\\Pending.xml"), b"x"),))
    assert not evaluate(NothingPending(), image, "install").passed


def test_secret_is_compared_and_not_shown(image: DictImage) -> None:
    """A secret's value is compared, and what was found is not shown, whether it matched or not."""
    check = _value("s", RegistryData(kind="secret", text="join"))
    good = Checker(image, "install", {"join": "on"}).evaluate(check)
    bad = Checker(image, "install", {"join": "off"}).evaluate(check)

    assert (True, False) == (good.passed, bad.passed)
    assert good.found == bad.found
    assert "on" not in good.found.split()[-1:]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"CurrentBuild": (ValueType.SZ, encode_sz("junk"))}, None),
        ({"CurrentBuild": (ValueType.DWORD, bytes(4))}, None),
        ({"UBR": (ValueType.SZ, encode_sz("1"))}, Version(major=10, build=17134)),
        (
            {
                "CurrentMajorVersionNumber": (ValueType.SZ, encode_sz("")),
                "CurrentVersion": (ValueType.SZ, encode_sz("6.3")),
            },
            Version(major=6, minor=3, build=17134, revision=228),
        ),
        (
            {
                "CurrentMajorVersionNumber": (ValueType.SZ, encode_sz("")),
                "CurrentVersion": (ValueType.SZ, encode_sz("six")),
            },
            None,
        ),
    ],
)
def test_odd_builds(changed: dict[str, tuple[int, bytes]], expected: Version | None) -> None:
    """A build is read from what is there, also before Windows 10; what is no number is no build."""
    values = current_version()
    values["Microsoft\\Windows NT\\CurrentVersion"] |= changed
    image = DictImage(DictAdapter(), "x", image_data({SOFTWARE: hive(values)}), None)

    assert expected == Checker(image, "install").build()
    if expected is None:
        assert "states no build" in evaluate(BuildIs(version=_BUILD), image, "install").found


def test_damaged_hive_names_its_file() -> None:
    """A hive that can't be read is a failure with its file's name, not a check that did not hold."""
    image = DictImage(DictAdapter(), "x", image_data({NTUSER: b"regf" + bytes(5000)}), None)
    with pytest.raises(TaskError) as caught:
        evaluate(RegistryKeyAbsent(key=key(_R.CURRENT_USER, "x")), image, "install")
    assert f"`{NTUSER}`" in caught.value.reason
