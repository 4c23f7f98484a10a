"""Which DISM is used, and which images it may service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.standins import LAUNCHER, machine

from osrecipe.adapters.dism.families import FAMILIES, can_service, family
from osrecipe.adapters.dism.tool import find, is_there
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from pathlib import Path


def test_the_option_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each is named as the origin."""
    machine(tmp_path, monkeypatch)
    given = find(str(LAUNCHER), {"OSRECIPE_DISM": "/nowhere"})
    assert ("option", Version.parse("10.0.26100.1150")) == (given.origin, given.version)
    assert find("", {"OSRECIPE_DISM": str(LAUNCHER)}).origin == "OSRECIPE_DISM"


@pytest.mark.parametrize("wanted", ["", "system", "adk", "/no/such/dism"])
def test_a_dism_that_is_not_there_is_said(wanted: str) -> None:
    """With what to do."""
    with pytest.raises(OsrecipeError) as caught:
        find(wanted, {})
    assert caught.value.problems[0].slug == "run/tool-missing"
    assert "--dism" in caught.value.problems[0].hint


def test_the_system_s_is_seen_below_sysnative_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 32-bit Python sees its own System32 otherwise."""
    machine(tmp_path / "m", monkeypatch)
    for folder in ("System32", "Sysnative"):
        place = tmp_path / "windows" / folder / "dism.exe"
        place.parent.mkdir(parents=True)
        place.symlink_to(LAUNCHER)
        assert find("", {"SystemRoot": str(tmp_path / "windows")}).path == str(place)
    assert is_there({"SystemRoot": str(tmp_path / "windows")})
    assert not is_there({})


def version(build: int, revision: int) -> Version:
    """A Windows 10 or 11 version."""
    return Version(major=10, minor=0, build=build, revision=revision)


@pytest.mark.parametrize(
    ("tool", "image", "can"),
    [
        ((26100, 1150), (26100, 2033), True),
        ((19041, 844), (19045, 2006), True),
        ((22621, 1), (22631, 3155), True),
        ((26100, 1), (26200, 1), True),
        ((26100, 1), (17134, 1), True),
        ((19041, 844), (22621, 1), False),
        ((17763, 1), (19041, 1), False),
        ((22631, 1), (26100, 1), False),
        ((17134, 9999), (17763, 1), False),
    ],
)
def test_families_count_and_revisions_do_not(
    tool: tuple[int, int], image: tuple[int, int], *, can: bool
) -> None:
    """As public logs show it."""
    assert can == can_service(version(*tool), version(*image))


def test_families_do_not_overlap() -> None:
    """And each is its first build's."""
    edges = [edge for pair in FAMILIES for edge in pair]
    assert edges == sorted(edges)
    assert all(family(last) == first for first, last in FAMILIES)
    assert family(17134) == 17134
