"""`script/ci-comment`: one comment, found again by its marker. A stand-in for `gh` writes down what it is asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from osrecipe.model.diff import Comparison
from osrecipe.render.diff_markdown import MARKER, markdown

SCRIPT = Path(__file__).parents[2] / "script" / "ci-comment"
GH = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case $* in *--paginate*) printf '%s' "$FOUND" ;; esac
"""


def post(
    folder: Path, found: str, text: str = "<!-- osrecipe:diff -->\nhello\n", number: str = "7"
) -> tuple[int, list[str]]:
    """Run the script where earlier comments with the marker have these ids; what it asked of `gh`."""
    (folder / "gh").write_text(GH, encoding="utf-8")
    (folder / "gh").chmod(0o755)
    (folder / "comment.md").write_text(text, encoding="utf-8")
    calls = folder / "calls"
    calls.touch()
    env = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "FOUND": found}
    done = subprocess.run(
        ["sh", str(SCRIPT), str(folder / "comment.md"), "o/r", number],
        env=env,
        check=False,
        capture_output=True,
    )
    return done.returncode, calls.read_text(encoding="utf-8").splitlines()


def test_the_first_time_a_comment_is_made(tmp_path: Path) -> None:
    """Where there is none yet, one is posted."""
    code, calls = post(tmp_path, "")

    assert 0 == code
    assert "--method POST repos/o/r/issues/7/comments" in calls[1]
    assert calls[1].endswith(f"body=@{tmp_path / 'comment.md'}")


def test_afterwards_it_is_replaced(tmp_path: Path) -> None:
    """The first one with the marker is patched, so that there is ever one."""
    code, calls = post(tmp_path, "11\n12\n")

    assert 0 == code
    assert "--method PATCH repos/o/r/issues/comments/11" in calls[1]
    assert 2 == len(calls)


def test_only_a_bot_s_comment_is_asked_for(tmp_path: Path) -> None:
    """Somebody who quotes the marker keeps their words."""
    _, calls = post(tmp_path, "")

    assert 'select(.user.type == "Bot" and (.body | startswith(env.MARKER)))' in calls[0]


@pytest.mark.parametrize(("text", "number"), [("no marker\n", "7"), ("<!-- osrecipe:diff -->\n", "7; rm")])
def test_nothing_is_posted_blindly(tmp_path: Path, text: str, number: str) -> None:
    """Neither a text without a marker nor something that is no number."""
    assert (2, []) == post(tmp_path, "", text, number)


def test_the_marker_is_the_renderer_s() -> None:
    """The first line of every comment is what the script looks for."""
    first = markdown(Comparison(before="a", after="b", recipes=())).splitlines()[0]

    assert MARKER == first
