"""`script/ci-review` on ten pull requests, each with the exact comment it gets; `OSRECIPE_REGOLD=1` writes them anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import reviewed
from support.command import environment
from support.shelf import shelf_of

from osrecipe.render.diff_markdown import MARKER
from osrecipe.render.plan_markdown import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "diff"
REVIEW = ROOT / "script" / "ci-review"


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, its branch `main` checked out."""
    return shelf_of(tmp_path_factory).take("reviewed", reviewed.repository)


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """A clone of one's own."""
    reviewed.git(tmp_path, "clone", "--quiet", str(repository), "clone")
    return tmp_path / "clone"


def command(tmp_path: Path) -> Path:
    """The command `osrecipe` of this checkout as a program."""
    path = tmp_path / "osrecipe"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m osrecipe.cli.main "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def review(
    clone: Path, head: str, *paths: str, base: str = "main", env: Mapping[str, str] | None = None
) -> int:
    """Run the script in a clone; what it writes is in `out` beside the clone."""
    out = clone.parent / "out"
    osrecipe = {"OSRECIPE": str(command(clone.parent)), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", str(REVIEW), base, head, str(out), *paths],
        cwd=clone,
        env=environment(osrecipe | reviewed.ENV | dict(env or {})),
        check=False,
        capture_output=True,
    )
    assert b"" == done.stderr
    return done.returncode


def steady(text: str, clone: Path, head: str) -> str:
    """A comment whose commits have names that don't depend on what is in them."""
    for name in ("main", head):
        text = text.replace(reviewed.git(clone, "rev-parse", name)[:8], f"{name[:4]:0<8}")
    return text


ALL_CHECKS = {"01-bump-the-lcu", "03-change-a-fragment"}
"""Pull requests that are also linted and whose locks are checked; the others are quicker."""


@pytest.mark.parametrize("name", reviewed.PULL_REQUESTS)
def test_comment(clone: Path, name: str) -> None:
    """Each kind of pull request gets, to the byte, the comment that was looked at and kept."""
    reviewed.branch(clone, name)
    checks = "validate lint lock" if name in ALL_CHECKS else "validate" if name in reviewed.BROKEN else ""
    code = review(clone, name, env={"CHECKS": checks})
    out = clone.parent / "out"
    said = steady((out / "comment.md").read_text(encoding="utf-8"), clone, name)
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")

    assert golden.read_text(encoding="utf-8") == said
    assert said.startswith(MARKER)
    assert len(said.encode()) < LIMIT
    assert (3 if name in reviewed.BROKEN else 0) == code, (out / "checks.txt").read_text()
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert MARKER not in summary
    validated = "**failed**" if name == "09-break-the-schema" else "passed"
    assert bool(checks) == (f"| validate | {validated} |" in summary)
    assert (name in ALL_CHECKS) == ("| lock --check | passed |" in summary)


def test_annotations_stand_at_the_lines(clone: Path) -> None:
    """What is wrong is put at the file and line it is written in, and a risk at its recipe."""
    reviewed.branch(clone, "09-break-the-schema")
    review(clone, "09-break-the-schema", env={"CHECKS": ""})
    wrong = (clone.parent / "out" / "annotations.txt").read_text(encoding="utf-8")
    reviewed.branch(clone, "07-drop-a-package")
    review(clone, "07-drop-a-package", env={"CHECKS": ""})
    risky = (clone.parent / "out" / "annotations.txt").read_text(encoding="utf-8")

    assert wrong.startswith(
        "::error file=recipes/desktop.yaml,line=33,col=11,title=recipe/unknown-key::`clean-up` "
    )
    assert "::warning file=recipes/desktop.yaml,title=look twice%3A cumulative-removed::" in risky


def test_what_happens_on_main_meanwhile_is_not_the_branch_s(clone: Path) -> None:
    """The comparison begins where the branch parted, so later commits on `main` are no part of it."""
    reviewed.branch(clone, "08-change-only-comments")
    reviewed.git(clone, "checkout", "--quiet", "main")
    (clone / "recipes" / "kiosk.yaml").unlink()
    reviewed.commit(clone, "No more kiosks")
    reviewed.git(clone, "checkout", "--quiet", "08-change-only-comments")
    review(clone, "08-change-only-comments", env={"CHECKS": ""})

    assert "nothing changes in 3 recipes" in (clone.parent / "out" / "comment.md").read_text(encoding="utf-8")


def test_a_revision_that_is_not_there(clone: Path) -> None:
    """The comment says that nothing could be compared, and why; the job fails."""
    code = review(clone, "HEAD", base="nowhere", env={"CHECKS": ""})
    said = (clone.parent / "out" / "comment.md").read_text(encoding="utf-8")

    assert 3 == code
    assert said.startswith(f"{MARKER}\n### osrecipe: the recipes could not be compared")
    assert "there is no revision `nowhere`" in said


def test_paths_with_spaces(clone: Path) -> None:
    """Folders and recipes may be called anything."""
    (clone / "more recipes").mkdir()
    (clone / "more recipes" / "a b.yaml").write_text("schema: osrecipe/1\nname: [\n", encoding="utf-8")
    reviewed.git(clone, "checkout", "--quiet", "-b", "more")
    reviewed.commit(clone, "More")
    code = review(clone, "more", "more recipes", "recipes/kiosk.yaml", env={"CHECKS": "validate"})
    out = clone.parent / "out"

    assert 3 == code
    assert "`more recipes/a b.yaml`" in (out / "comment.md").read_text(encoding="utf-8")
    assert "| validate | **failed** |" in (out / "summary.md").read_text(encoding="utf-8")
