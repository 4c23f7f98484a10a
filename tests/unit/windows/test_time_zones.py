"""Which names of time zones a Windows may know, and what was meant by others."""

from __future__ import annotations

import pytest

from osrecipe.windows.time_zones import is_known, is_possible, meant_zone


@pytest.mark.parametrize(
    "name",
    ["UTC", "UTC-11", "W. Europe Standard Time", "w. europe STANDARD time", "Pacific Standard Time (Mexico)"],
)
def test_a_zone_of_windows_is_known(name: str) -> None:
    """Whatever its case: the registry does not tell case apart."""
    assert is_known(name)
    assert is_possible(name)


@pytest.mark.parametrize(
    "name", ["Mars Standard Time", "Russia Time Zone 12", "UTC+14", "Pacific Standard Time_dstoff"]
)
def test_a_zone_that_windows_may_get_is_possible(name: str) -> None:
    """Zones are added by updates, and all names have one of a few forms."""
    assert not is_known(name)
    assert is_possible(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("america/argentina/buenos_aires", "Argentina Standard Time"),
        ("America/Vancouver", "Pacific Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("Mars/Base", ""),
        ("W Europe Standard Time", "W. Europe Standard Time"),
        ("UTC-5", ""),
        ("W. Europe Standard Time ", "W. Europe Standard Time"),
        ("Pacific Standart Time", "Pacific Standard Time"),
        ("(UTC+01:00) Amsterdam, Berlin", ""),
    ],
)
def test_what_is_no_zone_of_windows_is_not_possible(name: str, meant: str) -> None:
    """Names of the IANA database, misspelt ones, those that people see; what was meant is said where it is sure enough."""
    assert not is_possible(name)
    assert meant == meant_zone(name)
