"""`osrecipe.windows.hives`: names people use, and the files they are in."""

from __future__ import annotations

import pytest

from osrecipe.model.registry import RegistryRoot
from osrecipe.windows.hives import HivePlace, hive_place


@pytest.mark.parametrize("root", RegistryRoot)
@pytest.mark.parametrize("target", ["install", "winre", "winpe", "setup"])
def test_every_root_has_a_place(root: RegistryRoot, target: str) -> None:
    """Every root a recipe can name is in some file of every kind of image; only HKCU's depends on the kind."""
    place = hive_place(root, target)  # type: ignore[arg-type]  # parametrized

    if root is RegistryRoot.CURRENT_USER and target == "install":
        assert "Users\\Default\\NTUSER.DAT" == str(place.file)
    else:
        assert str(place.file).startswith("Windows\\System32\\config\\")
    assert ("Classes" if root is RegistryRoot.CLASSES else "") == place.below


def test_logs_lie_beside() -> None:
    """A hive's logs have its name and an ending."""
    place = HivePlace(hive_place(RegistryRoot.SYSTEM, "install").file)

    assert ["SYSTEM.LOG1", "SYSTEM.LOG2"] == [log.name for log in place.logs]
