"""The stand-in for oscdimg is a witness only as long as it shares nothing with what it is a witness of."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
FOLDER = Path(__file__).parent
PROGRAM = FOLDER / "oscdimg"


def said(*arguments: str, cwd: Path) -> tuple[int, str]:
    """The exit code of a call and all that it printed."""
    done = subprocess.run(
        [str(PROGRAM), *arguments], cwd=cwd, capture_output=True, check=False, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_it_imports_the_standard_library_alone() -> None:
    """Nothing of the product nor of the other tests."""
    tree = ast.parse((FOLDER / "program.py").read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert set() == {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)


def test_without_arguments_it_says_what_it_is(tmp_path: Path) -> None:
    """The banner with its version, and how it is used."""
    code, text = said(cwd=tmp_path)
    assert 1 == code
    assert "OSCDIMG 2.56 CD-ROM" in text


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("-q1", ".", "x.iso"), "Invalid option"),
        (("-t2018-07-29", ".", "x.iso"), "Invalid time"),
        (("-bootdata:2#p0,e,bboot.bin", ".", "x.iso"), "number of boot entries"),
        (("-bootdata:1#p0,e,ba,b.bin", ".", "x.iso"), "Invalid boot entry"),
        (("-bootdata:1#p0,e,bmissing.bin", ".", "x.iso"), "boot sector file"),
        (("nowhere", "x.iso"), "Could not open directory"),
        ((".",), "a source and a target"),
    ],
)
def test_a_wrong_command_line_ends_with_1(tmp_path: Path, arguments: tuple[str, ...], error: str) -> None:
    """With a line that says why, and no disc."""
    (tmp_path / "boot.bin").write_bytes(b"boot")
    code, text = said(*arguments, cwd=tmp_path)
    assert 1 == code
    assert error in text
    assert ["boot.bin"] == [path.name for path in tmp_path.iterdir()]
