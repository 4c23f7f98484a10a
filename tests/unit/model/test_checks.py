"""How a failed check is told."""

from __future__ import annotations

from osrecipe.model.checks import BuildIs, CheckResult, RegistryValueIs, difference
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot
from osrecipe.model.version import Version


def test_difference_names_image_expectation_and_place() -> None:
    """What was expected and found stand in the same notation, with the recipe line that asks for it."""
    check = BuildIs(version=Version.parse("10.0.17134.345"))
    result = CheckResult(check=check, passed=False, found="10.0.17134.228", subject="Sample 10")
    assert "`Sample 10`: expected build 10.0.17134.345, found 10.0.17134.228 (r.yaml:3:5)" == difference(
        result, "r.yaml:3:5"
    )


def test_difference_of_a_value() -> None:
    """Registry data is written as Windows has it; without image and line nothing is said of them."""
    key = RegistryKey(root=RegistryRoot.SOFTWARE, path="A")
    check = RegistryValueIs(key=key, name="B", data=RegistryData(kind="sz", text="C:\\temp"))
    result = CheckResult(check=check, passed=False, found="absent")
    assert r'expected `HKLM\SOFTWARE\A` `B` to be sz "C:\temp", found absent' == difference(result)
