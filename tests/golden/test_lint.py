"""Every lint rule: `lint/RULE/fires.yaml` beside what it says in `fires.txt`, and `clean.yaml`, of which nothing is said.

All rules run over every case. `OSRECIPE_REGOLD=1` writes the texts anew.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support.lint_cases import write_lock

from osrecipe.lint import gather, lint
from osrecipe.lint.run import ALL
from osrecipe.render.findings import Linted, text

FOLDER = Path(__file__).parent / "lint"
ROOT = Path(__file__).parents[2]
RULES = [rule.name for rule in ALL]
WITHOUT_LOCK = {"unpinned-input"}


def linted(rule: str, case: str, tmp_path: Path) -> Linted:
    """All findings in a case, with a lock beside it."""
    here = shutil.copytree(FOLDER / rule, tmp_path / rule)
    path = here / f"{case}.yaml"
    if rule not in WITHOUT_LOCK:
        write_lock(path)
    other = here / f"{case}.other.yaml"
    before = [gather(other, None, shown_as=other.name).subject.loaded] if other.exists() else []
    outcome = gather(path, None, before, shown_as=path.name)
    assert () == outcome.problems
    return Linted(path.name, lint(outcome.subject), (), outcome.blind)


@pytest.mark.parametrize("rule", RULES)
def test_rule_fires(rule: str, tmp_path: Path) -> None:
    """A rule finds its own case, in its known words, and no other rule finds anything there."""
    result = linted(rule, "fires", tmp_path)
    said = text([result])
    golden = FOLDER / rule / "fires.txt"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == said
    assert {rule} == {finding.rule for finding in result.findings}


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_silent(rule: str, tmp_path: Path) -> None:
    """The same case, mended, is clean to all rules."""
    assert [] == [f.problem for f in linted(rule, "clean", tmp_path).findings]


def test_every_folder_is_a_rule() -> None:
    """No case is left over from a rule that is gone, and names of rules are not reused."""
    assert set(RULES) == {p.name for p in FOLDER.iterdir()}
    assert len(RULES) == len(set(RULES))
