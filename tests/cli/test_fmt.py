"""`osrecipe fmt`: whole outputs, exit codes, and what is on the disk afterwards."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from osrecipe.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

TIDY = "schema: osrecipe/1\nname: tidy\n"
SCRUFFY = "name:   scruffy # the name\nschema: osrecipe/1\n"
LAID_OUT = "schema: osrecipe/1\nname: scruffy # the name\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("tidy", TIDY), ("scruffy", SCRUFFY), ("broken", "a: [1\n")):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")


def fmt(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `osrecipe fmt`."""
    done = CliRunner().invoke(app, ["fmt", *arguments])
    return done.exit_code, done.stdout, done.stderr


def files(folder: Path) -> dict[str, str]:
    """All that is in a folder."""
    return {p.name: p.read_bytes().decode() for p in folder.iterdir()}


def test_write(tmp_path: Path) -> None:
    """A file is laid out and named; a tidy one is left alone and not named; nothing else is left behind."""
    before = (tmp_path / "tidy.yaml").stat().st_mtime_ns
    assert (0, "laid out: scruffy.yaml\n", "") == fmt("scruffy.yaml", "tidy.yaml")
    assert {"tidy.yaml": TIDY, "scruffy.yaml": LAID_OUT, "broken.yaml": "a: [1\n"} == files(tmp_path)
    assert before == (tmp_path / "tidy.yaml").stat().st_mtime_ns
    assert (0, "", "") == fmt("scruffy.yaml", "tidy.yaml")


def test_check(tmp_path: Path) -> None:
    """With `--check` nothing is written, and what would change ends with 7."""
    assert (7, "would change: scruffy.yaml\n", "") == fmt("--check", "scruffy.yaml", "tidy.yaml")
    assert (0, "", "") == fmt("--check", "tidy.yaml")
    assert SCRUFFY == files(tmp_path)["scruffy.yaml"]


def test_diff(tmp_path: Path) -> None:
    """With `--diff` nothing is written, and the change is shown; with `--check` as well it ends with 7."""
    shown = """\
--- a/scruffy.yaml
+++ b/scruffy.yaml
@@ -1,2 +1,2 @@
-name:   scruffy # the name
 schema: osrecipe/1
+name: scruffy # the name
"""
    assert (0, shown, "") == fmt("--diff", "scruffy.yaml", "tidy.yaml")
    assert (7, shown, "") == fmt("--diff", "--check", "scruffy.yaml")
    assert SCRUFFY == files(tmp_path)["scruffy.yaml"]


def test_diff_of_the_last_line_break(tmp_path: Path) -> None:
    """A line break that is missing at the end is said as git says it."""
    (tmp_path / "open.yaml").write_text(TIDY.rstrip(), encoding="utf-8")
    _, out, _ = fmt("--diff", "open.yaml")
    assert "-name: tidy\n\\ No newline at end of file\n+name: tidy\n" in out


def test_broken(tmp_path: Path) -> None:
    """A file that is no YAML ends with 3 and stays as it is; the others are laid out."""
    code, out, err = fmt("broken.yaml", "scruffy.yaml", "missing.yaml")
    assert (3, "laid out: scruffy.yaml\n") == (code, out)
    assert (
        "broken.yaml:1:4: error[recipe/syntax]: the bracket that opens here is never closed: `]` is missing\n"
        in err
    )
    assert "missing.yaml: error[recipe/missing]: `missing.yaml` does not exist\n" in err
    assert "a: [1\n" == files(tmp_path)["broken.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's here")
def test_modes_and_links_stay(tmp_path: Path) -> None:
    """What a link names is laid out, the link stays one, and so do the file's permissions."""
    (tmp_path / "scruffy.yaml").chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("scruffy.yaml")
    assert (0, "laid out: link.yaml\n", "") == fmt("link.yaml")
    assert (tmp_path / "link.yaml").is_symlink()
    assert LAID_OUT == files(tmp_path)["scruffy.yaml"]
    assert 0o640 == (tmp_path / "scruffy.yaml").stat().st_mode & 0o777


def test_a_write_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file can't be replaced it stays as it was, and no part of the new one is left."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, out, err = fmt("scruffy.yaml")
    assert (2, "") == (code, out)
    assert "scruffy.yaml: error[usage/argument]: the file can't be written: No space left on device\n" in err
    assert {"tidy.yaml": TIDY, "scruffy.yaml": SCRUFFY, "broken.yaml": "a: [1\n"} == files(tmp_path)
