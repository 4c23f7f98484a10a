"""Sizes, durations, checks and changes in words."""

from __future__ import annotations

import pytest

from osrecipe.model.checks import (
    BuildIs,
    Check,
    CheckResult,
    FeatureIs,
    FileIs,
    NothingPending,
    PackagePresent,
    RegistryKeyAbsent,
    RegistryValueIs,
)
from osrecipe.model.codes import ExitCode
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
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath
from osrecipe.render import words

KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies\\Example")
ONE = RegistryData(kind="dword", number=1)
BUILD = Version.parse("10.0.17134.228")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (4_404_019, "4.2 MiB"),
        (1 << 30, "1.0 GiB"),
    ],
)
def test_size(number: int, expected: str) -> None:
    """Sizes use binary units with one decimal."""
    assert expected == words.size(number)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (0, "0 ms"),
        (99, "99 ms"),
        (349, "0.3 s"),
        (9_999, "9.9 s"),
        (42_000, "42 s"),
        (185_000, "3 min 05 s"),
        (3_720_000, "1 h 02 min"),
    ],
)
def test_duration(milliseconds: int, expected: str) -> None:
    """Durations have the two units that matter and are rounded down."""
    assert expected == words.duration(milliseconds)


def test_clock_has_one_width_for_an_hour() -> None:
    """Elapsed times line up below each other."""
    assert ["00:00.0", "00:42.3", "59:59.9", "1:00:00"] == [
        words.clock(t) for t in (0, 42_399, 3_599_999, 3_600_000)
    ]


def test_lists_say_how_many_they_leave_out() -> None:
    """A long list is cut, not silently."""
    assert "a, b" == words.listed(["a", "b"], 2)
    assert "a, b and 1,000 more" == words.listed(["a", "b", *["x"] * 1000], 2)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (PackagePresent(identity="P~1"), "package `P~1` is recorded"),
        (BuildIs(version=BUILD), "the build is 10.0.17134.228"),
        (BuildIs(version=BUILD, at_least=True), "the build is 10.0.17134.228 or later"),
        (RegistryValueIs(key=KEY, name="A", data=ONE), r"`HKLM\SOFTWARE\Policies\Example` `A` is dword 1"),
        (
            RegistryValueIs(key=KEY, name="", data=None),
            r"`HKLM\SOFTWARE\Policies\Example` (default) is absent",
        ),
        (RegistryKeyAbsent(key=KEY), r"`HKLM\SOFTWARE\Policies\Example` is absent"),
        (FileIs(path=WinPath("a/b"), state="present"), r"`a\b` is present"),
        (FileIs(path=WinPath("a"), state="0" * 64), f"`a` has SHA-256 {'0' * 64}"),
        (FeatureIs(name="NetFx3", state="enabled"), "feature `NetFx3` is enabled"),
        (NothingPending(), "no actions are pending"),
    ],
)
def test_check(check: Check, expected: str) -> None:
    """Every kind of check is a sentence."""
    assert expected == words.check(check)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (SetValue(key=KEY, name="A", data=ONE), r"set `HKLM\SOFTWARE\Policies\Example` `A` = dword 1"),
        (DeleteValue(key=KEY, name="A"), r"delete `HKLM\SOFTWARE\Policies\Example` `A`"),
        (CreateKey(key=KEY), r"make sure `HKLM\SOFTWARE\Policies\Example` is there"),
        (DeleteKey(key=KEY), r"delete `HKLM\SOFTWARE\Policies\Example` with all below it"),
    ],
)
def test_change(change: RegistryChange, expected: str) -> None:
    """Every kind of registry change is a sentence."""
    assert expected == words.change(change)


def test_secret_is_shown_by_its_name_only() -> None:
    """What a tweak sets from a secret names the secret."""
    change = SetValue(key=KEY, name="Join", data=RegistryData(kind="secret", text="join-password"))

    assert words.change(change).endswith("= secret `join-password`")


def test_what_was_found_is_told_when_it_adds_something() -> None:
    """A check that held says no number twice; one that failed always says what was found."""
    good, bad = BuildIs(version=BUILD), FeatureIs(name="X", state="enabled")

    assert "the build is 10.0.17134.228" == words.found(
        CheckResult(check=good, passed=True, found="10.0.17134.228")
    )
    assert words.found(CheckResult(check=good, passed=False, found="10.0.17134.1")).endswith(
        "; found: 10.0.17134.1"
    )
    assert words.found(CheckResult(check=bad, passed=False, found="")).endswith("; found: nothing")
    several = CheckResult(check=good, passed=True, found="10.0.17134.228", subject="Windows 10 Pro")
    assert "Windows 10 Pro: the build is 10.0.17134.228" == words.found(several)


def test_figures() -> None:
    """Bytes become sizes, other figures keep their names, and one is one."""
    pairs = (("files", 120), ("bytes", 5_000_000), ("bytes-reclaimed", 1024), ("registry-values", 1))

    assert "120 files, 4.8 MiB, 1.0 KiB reclaimed, 1 registry value" == words.figures(pairs)


def test_figures_repeat_nothing() -> None:
    """What a task says of itself already is left out."""
    assert "4.8 MiB" == words.figures((("files", 120), ("bytes", 5_000_000)), "wrote 120 files")


def test_every_exit_code_has_words() -> None:
    """No exit code is left unexplained."""
    assert set(ExitCode) == set(words.ENDS)
