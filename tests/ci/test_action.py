"""The action's own file, and the guide that shows what it writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def action() -> Any:
    """`action.yml`, read."""
    return YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))


def test_no_expression_inside_a_script(action: Any) -> None:
    """What comes from a pull request reaches scripts as variables, never as text of theirs."""
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]

    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_inputs_and_scripts_are_there(action: Any) -> None:
    """Every input that is used is declared, and every script that is called exists and may be run."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    scripts = set(re.findall(r"\$GITHUB_ACTION_PATH/(script/[\w-]+)", text))

    assert set(re.findall(r"inputs\.(\w+)", text)) == set(action["inputs"])
    assert {"script/ci-review", "script/ci-comment"} == scripts
    assert all((ROOT / script).stat().st_mode & 0o111 for script in scripts)


def test_scripts_of_the_action_are_posix(action: Any, tmp_path: Path) -> None:
    """A shell without extensions reads them; where there is shellcheck, it has nothing to say."""
    files = [ROOT / "script" / "ci-review", ROOT / "script" / "ci-comment"]
    for number, step in enumerate(s for s in action["runs"]["steps"] if "run" in s):
        path = tmp_path / f"step-{number}"
        path.write_text("#!/bin/sh\n" + step["run"], encoding="utf-8")
        files.append(path)
    checks = [["sh", "-n", str(file)] for file in files]
    if shutil.which("shellcheck"):
        checks.append(["shellcheck", *map(str, files)])
    failed = [
        done.stdout
        for c in checks
        if (done := subprocess.run(c, check=False, capture_output=True)).returncode
    ]

    assert [] == failed


def test_the_guide_shows_a_real_comment() -> None:
    """What it shows is what the script wrote, to the byte."""
    guide = (ROOT / "docs" / "guides" / "review.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- (tests/golden/diff/\S+) -->\n(.*?)\n<!-- end -->", guide, re.DOTALL)

    assert 1 == len(found)
    for path, shown in found:
        _marker, _, comment = (ROOT / path).read_text(encoding="utf-8").partition("\n")
        assert comment.rstrip() == shown.rstrip()
