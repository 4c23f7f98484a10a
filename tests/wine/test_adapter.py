"""The dism adapter on Windows CPython under Wine: whole test files run there, and what they came to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.wine.machine import Windows

pytestmark = pytest.mark.wine
FAULTS = (
    "a_failing_package and 0x800f081e or success_without or died_after or hanging or crash_in or leaves_nothing and crash"
    " or busy_folder or run_s_mount or another_start or mounts_of_others or killed_mount"
)
PACKAGES = "dism and (kb9000001 and (setup or install) or after_netfx3)"


@pytest.mark.parametrize(
    ("file", "chosen", "least"),
    [
        ("tests/wine/inside/test_programs.py", "", 8),
        ("tests/wine/inside/test_dism.py", "", 2),
        ("tests/windows/test_real_dism.py", "", 5),
        ("tests/contract/test_dism_faults.py", FAULTS, 12),
        ("tests/contract/test_packages.py", PACKAGES, 3),
    ],
    ids=["programs", "dism", "windows", "faults", "packages"],
)
def test_tests_pass_on_windows_python(
    windows: Windows, tmp_path: Path, file: str, chosen: str, least: int
) -> None:
    """Those of a file that are chosen, all of them where none is named: none fails, and so many are not skipped."""
    done = windows.pytest(tmp_path, file, *(("-k", chosen) if chosen else ()))
    assert 0 == done.code, done.out + done.err
    passed = re.search(r"(\d+) passed", done.out)
    assert passed is not None
    assert least <= int(passed[1]), done.out
