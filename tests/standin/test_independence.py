"""The stand-in is a witness only as long as it shares nothing with what it is a witness of."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

STANDIN = Path(__file__).parent
PROGRAM = [path for path in sorted(STANDIN.glob("*.py")) if not path.name.startswith(("test_", "conftest"))]
ALLOWED = {"standin", "defusedxml", "filelock"} | set(sys.stdlib_module_names)


def imported(path: Path) -> set[str]:
    """First names of the modules a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_it_imports_nothing_of_the_product_nor_of_the_other_tests() -> None:
    """Only itself, the standard library, a safe XML parser and a file lock."""
    assert {} == {path.name: more for path in PROGRAM if (more := imported(path) - ALLOWED)}
    assert len(PROGRAM) > 30


def test_it_runs_where_the_product_can_not_be_imported(tmp_path: Path) -> None:
    """With the product's package blocked, every module of it loads."""
    names = ", ".join(f"standin.{path.stem}" for path in PROGRAM if not path.stem.startswith("__"))
    code = f"import sys; sys.modules['osrecipe'] = None; import {names}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(STANDIN.parent)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (0, b"") == (done.returncode, done.stderr)


def test_one_module_starts_programs() -> None:
    """Everything the stand-in has done by others goes through `programs`."""
    assert ["programs.py"] == [path.name for path in PROGRAM if "subprocess" in imported(path)]
