"""Cleaning up: what goes, what stays, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.expected import Expected, wrong_files
from support.registry import values
from support.standin import apply_image

from standin.console import bar

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples
    from support.standin import Standin

SSU, LCU, NEXT_LCU = "kb9000001-x64", "kb9000002-x64", "kb9000003-x64"
CBS = "microsoft\\windows\\currentversion\\component based servicing"


@pytest.fixture
def root(dism: Standin, tmp_path: Path, media: Path, samples: Samples) -> Path:
    """An install image with two cumulative updates, one after the other."""
    folder = apply_image(media / "install.wim", 1, tmp_path / "image")
    packages = [f"/PackagePath:{samples.package(stem)}" for stem in (SSU, LCU, NEXT_LCU)]
    assert 0 == dism(f"/Image:{folder}", "/Add-Package", *packages).code
    return folder


def stored(root: Path, form: str) -> bool:
    """Whether the store has a component: its manifest, and its folder if it ever had one."""
    store = root / "Windows/WinSxS"
    return (store / f"Manifests/{form}.manifest").exists() or (store / form).exists()


def clean(dism: Standin, root: Path, *options: str) -> int | None:
    """Clean up and return the code."""
    return dism(f"/Image:{root}", "/Cleanup-Image", *options).code


def test_superseded_versions_go(dism: Standin, root: Path, samples: Samples) -> None:
    """What only the superseded update had goes, but not what nothing newer replaces; the base stays."""
    first, second = (samples.answer(stem) for stem in (LCU, NEXT_LCU))
    forms = {row["key_form"] for row in second["images"]["install"]["components"]}
    old = [row for row in first["images"]["install"]["components"] if row["key_form"] not in forms]
    assert 0 == clean(dism, root, "/StartComponentCleanup")
    left = {row["name"] for row in old if stored(root, row["key_form"])}
    assert set(second["dropped_components"]) == left
    assert [] == wrong_files(Expected().add(second["images"]["install"]), root)
    assert first["identity"] not in dism(f"/Image:{root}", "/Get-Packages").text
    assert second["images"]["install"]["kept"]


def test_resetting_the_base_removes_every_old_version(dism: Standin, root: Path, samples: Samples) -> None:
    """What is installed stays, what is switched off stays, and the hive says when it was."""
    answer = samples.answer(NEXT_LCU)["images"]["install"]
    assert 0 == clean(dism, root, "/StartComponentCleanup", "/ResetBase", "/Defer")
    kept = [row["path"].replace("\\", "/") for row in answer["kept"]]
    assert [] == [path for path in kept if (root / path).exists()]
    assert [] == wrong_files(Expected(files={r["path"].lower(): r["sha256"] for r in answer["files"]}), root)
    assert list((root / "Windows/WinSxS").glob("*telnet*"))
    hive = values(root / "Windows/System32/config/SOFTWARE")
    assert (CBS, "lastresetbase_utc") in hive


def test_pending_actions_are_in_the_way(dism: Standin, root: Path) -> None:
    """Cleaning up is refused until they are reverted, which is not for Windows PE."""
    dism(f"/Image:{root}", "/Disable-Feature", "/FeatureName:SMB1Protocol")
    assert 0x800F0806 == clean(dism, root, "/StartComponentCleanup")
    assert 0 == clean(dism, root, "/RevertPendingActions")
    assert 0 == clean(dism, root, "/StartComponentCleanup")


def test_windows_pe_can_not_revert(dism: Standin, media: Path, tmp_path: Path) -> None:
    """Reverting is answered with not supported."""
    folder = apply_image(media / "boot.wim", 1, tmp_path / "pe")
    assert 50 == clean(dism, folder, "/RevertPendingActions")


def test_one_form_at_a_time(dism: Standin, root: Path) -> None:
    """No form, two forms, `/Defer` alone, `/ResetBase` elsewhere."""
    for options in (
        [],
        ["/StartComponentCleanup", "/CheckHealth"],
        ["/StartComponentCleanup", "/Defer"],
        ["/CheckHealth", "/ResetBase"],
    ):
        assert 87 == clean(dism, root, *options)


def test_analysis(dism: Standin, root: Path) -> None:
    """It counts what can be reclaimed, and nothing afterwards."""
    line = [f"/Image:{root}", "/Cleanup-Image", "/AnalyzeComponentStore"]
    before = dism(*line).lines
    assert "Number of Reclaimable Packages : 1" in before
    assert "Component Store Cleanup Recommended : Yes" in before
    clean(dism, root, "/StartComponentCleanup")
    assert "Component Store Cleanup Recommended : No" in dism(*line).lines


def test_health(dism: Standin, root: Path) -> None:
    """A whole store, then one with a file missing that there is no source for."""
    line = [f"/Image:{root}", "/Cleanup-Image"]
    assert "No component store corruption detected." in dism(*line, "/ScanHealth").lines
    restored = dism(*line, "/RestoreHealth").text
    assert f"{bar(100)} The restore operation completed successfully.\n" in restored
    next((root / "Windows/WinSxS").glob("amd64_*calc*/calc.exe")).unlink()
    assert "The component store is repairable." in dism(*line, "/CheckHealth").lines
    assert 0x800F081F == dism(*line, "/RestoreHealth", "/LimitAccess").code
