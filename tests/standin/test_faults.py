"""Faults: each does what it says, at the call it is ordered for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples
    from support.standin import Standin

LIST = "/Get-MountedImageInfo"


@pytest.mark.parametrize("code", ["0x800f0922", "1726", "0x8007007e"])
def test_any_code_at_any_call(dism: Standin, code: str) -> None:
    """The second and third of these calls fail, the first and fourth do not."""
    dism.faults(
        {"command": "get-mountedimageinfo", "call": 2, "times": 2, "do": "error", "code": code},
    )
    wanted = 126 if code == "0x8007007e" else int(code, 0)
    assert [0, wanted, wanted, 0] == [dism(LIST).code for _ in range(4)]


def test_calls_are_counted_by_what_they_name(
    mounted: Callable[..., Path], dism: Standin, samples: Samples
) -> None:
    """Only command lines with the text count."""
    folder = mounted()
    dism.faults({"command": "Add-Package", "match": "kb9000005", "do": "error", "code": "0x800f0902"})
    line = [f"/Image:{folder}", "/Add-Package"]
    assert 0 == dism(*line, f"/PackagePath:{samples.package('kb9000001-x64')}").code
    five = f"/PackagePath:{samples.package('kb9000005-x64')}"
    assert [0x800F0902, 0] == [dism(*line, five).code for _ in range(2)]


def test_a_crash_leaves_half_of_the_work(
    mounted: Callable[..., Path], dism: Standin, samples: Samples
) -> None:
    """Some of the update's components are in the store, the update is not recorded."""
    folder = mounted()
    add = [f"/Image:{folder}", "/Add-Package"]
    assert 0 == dism(*add, f"/PackagePath:{samples.package('kb9000001-x64')}").code
    dism.faults({"command": "Add-Package", "do": "crash", "at": 40})
    killed = dism.program(*add, f"/PackagePath:{samples.package('kb9000002-x64')}")
    assert killed.code is None
    assert b"Error" not in killed.raw
    forms = [row["key_form"] for row in samples.answer("kb9000002-x64")["images"]["winpe"]["components"]]
    there = [form for form in forms if (folder / f"Windows/WinSxS/Manifests/{form}.manifest").exists()]
    assert 0 < len(there) < len(forms)
    assert "17134.228" not in dism(f"/Image:{folder}", "/Get-Packages").text.partition("listing:")[2]


def test_a_hang_is_silent_until_it_is_killed(dism: Standin) -> None:
    """It stands still; a short one goes on and does its work."""
    dism.faults({"command": "*", "do": "hang"}, {"command": "*", "call": 2, "do": "hang", "seconds": 0.1})
    with pytest.raises(subprocess.TimeoutExpired):
        dism.program(LIST, timeout=1.5)
    assert 0 == dism(LIST).code


def test_success_with_nothing_done(mounted: Callable[..., Path], dism: Standin) -> None:
    """Banner, text of success, exit code 0; the mount is still there."""
    folder = mounted()
    dism.faults({"command": "Unmount-Image", "do": "nothing"})
    done = dism("/Unmount-Image", f"/MountDir:{folder}", "/Discard")
    assert (0, "The operation completed successfully.") == (done.code, done.lines[-1])
    assert "Status : Ok" in dism(LIST).lines


def test_silence_is_what_wines_stub_says(dism: Standin) -> None:
    """Exit code 0 and not one byte."""
    dism.faults({"command": "Mount-Image", "do": "silent"})
    done = dism("/Mount-Image", "/ImageFile:/no.wim", "/Index:1", "/MountDir:/no")
    assert (0, b"") == (done.code, done.raw)


def test_truncated_output(dism: Standin) -> None:
    """The work is done, the words stop in the middle."""
    dism.faults({"command": "*", "do": "truncate", "bytes": 30})
    done = dism(LIST)
    assert (0, 30) == (done.code, len(done.raw))


def test_a_code_after_the_work(mounted: Callable[..., Path], dism: Standin) -> None:
    """The work is done, the text says so, the code is another one: restart required."""
    folder = mounted()
    dism.faults({"command": "Unmount-Image", "do": "exit", "code": 3010})
    done = dism("/Unmount-Image", f"/MountDir:{folder}", "/Discard")
    assert (3010, "The operation completed successfully.") == (done.code, done.lines[-1])
    assert "No mounted images found." in dism(LIST).lines


def test_open_handles_for_some_tries(mounted: Callable[..., Path], dism: Standin) -> None:
    """Two tries end with open files, the third goes through."""
    folder = mounted()
    dism.faults({"command": "Unmount-Image", "times": 2, "do": "open-handle"})
    tries = [dism("/Unmount-Image", f"/MountDir:{folder}", "/Discard").code for _ in range(3)]
    assert [0xC1420117, 0xC1420117, 0] == tries


def test_a_package_that_leaves_pending_actions(
    mounted: Callable[..., Path], dism: Standin, samples: Samples
) -> None:
    """The work is done, and cleaning up is refused afterwards."""
    folder = mounted()
    dism.faults({"command": "Add-Package", "do": "pending"})
    line = [f"/Image:{folder}", "/Add-Package", f"/PackagePath:{samples.package('kb9000001-x64')}"]
    assert 0 == dism(*line).code
    assert 0x800F0806 == dism(f"/Image:{folder}", "/Cleanup-Image", "/StartComponentCleanup").code


def test_the_launcher_and_the_record_of_calls(dism: Standin) -> None:
    """As a program it says the same; POSIX keeps 8 bits of the code, the record all of them."""
    dism.faults({"command": "*", "do": "error", "code": "0x800f0800"})
    assert 0x800F0800 == dism.program(LIST).code
    assert 0 == dism.program(LIST).code
