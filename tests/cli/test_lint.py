"""`osrecipe lint`: whole outputs and exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.lint_cases import write_lock
from typer.testing import CliRunner

from osrecipe.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = """schema: osrecipe/1
name: clean
inputs: {media: {iso: w.iso}} # lint: ignore[unpinned-input] because it is only a test
source: media
targets: {install: {}}
output: {iso: out/clean.iso}
expect: {install: {build: "10.0.17134.1"}}
"""
FOUND = CLEAN.replace("clean", "found").replace(
    "{install: {}}", "{install: {cleanup: reset-base, tweaks: {t: {reg-file: x.reg}}}}"
)
BROKEN = CLEAN.replace("source: media", "source: medai")
LEFT_OUT = "without facts, only the text was judged: there is no lock\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("clean", CLEAN), ("found", FOUND), ("broken", BROKEN)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")


def lint(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `osrecipe lint`."""
    done = CliRunner().invoke(app, ["lint", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_clean() -> None:
    """A clean recipe ends with 0; what is waived and what could not be judged is said."""
    assert (0, "1 recipe: 1 waived\nclean.yaml: " + LEFT_OUT, "") == lint("clean.yaml")


def test_found() -> None:
    """Findings show line, caret and hint, and end with 7."""
    code, out, err = lint("found.yaml")
    assert (7, "") == (code, err)
    assert (
        out
        == """\
found.yaml:5:21: warning[lint/reset-base-on-install]: with `reset-base` the updates in the install images can't be removed any more
    5 | targets: {install: {cleanup: reset-base, tweaks: {t: {reg-file: x.reg}}}}
      |                     ^^^^^^^
  hint: write `cleanup: superseded`
found.yaml:5:51: note[lint/tweak-without-because]: the tweak `t` does not say why it is there
    5 | targets: {install: {cleanup: reset-base, tweaks: {t: {reg-file: x.reg}}}}
      |                                                   ^
  hint: add `because: …`
1 recipe: 1 warning, 1 note, 1 waived
found.yaml: """
        + LEFT_OUT
    )


def test_notes_do_not_fail() -> None:
    """Notes alone end with 0."""
    code, out, _ = lint("found.yaml", "--ignore", "reset-base-on-install")
    assert 0 == code
    assert "1 note" in out


def test_select() -> None:
    """Only the selected rules run."""
    assert (0, "1 recipe: nothing found\nfound.yaml: " + LEFT_OUT, "") == lint(
        "found.yaml", "--select", "when-never"
    )


def test_broken() -> None:
    """A recipe that is not valid ends with 3, and the others are judged all the same."""
    code, out, err = lint("broken.yaml", "found.yaml")
    assert 3 == code
    assert err.startswith("broken.yaml:4:9: error[recipe/unknown-input]: `source` names no input: medai\n")
    assert "2 recipes: 1 warning, 1 note, 1 waived, 1 not valid\n" in out


def test_github() -> None:
    """Findings and problems are workflow commands, and nothing else is printed."""
    code, out, err = lint("found.yaml", "broken.yaml", "--format", "github")
    assert (3, "") == (code, err)
    assert (
        out
        == """\
::error file=broken.yaml,line=4,endLine=4,col=9,title=recipe/unknown-input::`source` names no input: medai (hint: did you mean `media`?)
::warning file=found.yaml,line=5,endLine=5,col=21,title=lint/reset-base-on-install::with `reset-base` the updates in the install images can't be removed any more (hint: write `cleanup: superseded`)
::notice file=found.yaml,line=5,endLine=5,col=51,title=lint/tweak-without-because::the tweak `t` does not say why it is there (hint: add `because: …`)
"""
    )


def test_github_escapes(tmp_path: Path) -> None:
    """What a recipe says can't become a workflow command of its own."""
    hostile = FOUND.replace("output: {iso: out/found.iso}", 'output: {iso: "a%0A::error,x::b.iso"}')
    (tmp_path / "found.yaml").write_text(hostile, encoding="utf-8")
    _, out, _ = lint("found.yaml", "-f", "github", "--select", "output-beside-recipe")
    assert 1 == len(out.splitlines())
    assert "a%250A::error,x::b.iso" in out


def test_json() -> None:
    """The JSON form has findings, waivers with their reasons, and problems, for each recipe."""
    code, out, err = lint("found.yaml", "broken.yaml", "-f", "json")
    assert (3, "") == (code, err)
    data = json.loads(out)
    assert "osrecipe-lint/1" == data["format"]
    found, broken = data["recipes"]
    assert {
        "severity": "warning",
        "slug": "lint/reset-base-on-install",
        "reason": "with `reset-base` the updates in the install images can't be removed any more",
        "hint": "write `cleanup: superseded`",
        "file": "found.yaml",
        "line": 5,
        "column": 21,
        "width": 7,
    } == found["findings"][0]
    assert [("lint/unpinned-input", "it is only a test")] == [
        (w["slug"], w["because"]) for w in found["waived"]
    ]
    assert (True, "there is no lock", []) == (found["valid"], found["without_facts"], found["problems"])
    assert (False, ["recipe/unknown-input"]) == (broken["valid"], [p["slug"] for p in broken["problems"]])


def test_with_a_lock(tmp_path: Path) -> None:
    """A lock beside the recipe tells what the inputs hold; the waiver it makes needless is found."""
    write_lock(tmp_path / "clean.yaml")
    code, out, _ = lint("clean.yaml")
    assert 7 == code
    assert "clean.yaml:3:31: warning[lint/unused-waiver]: nothing here is waived: unpinned-input\n" in out
    assert out.endswith("1 recipe: 1 warning\n")


def test_unknown_rule() -> None:
    """A rule that does not exist is a usage error."""
    said = "error[usage/argument]: there is no rule `reset-bse-on-install`\n  hint: did you mean `reset-base-on-install`?\n"
    assert (2, "", said + "1 problem\n") == lint("found.yaml", "--ignore", "reset-bse-on-install")


def test_rules() -> None:
    """The rules can be listed without a recipe."""
    code, out, _ = lint("--rules")
    assert 0 == code
    assert (
        "plain-secret               error    a value that looks like a secret stands in plain text\n" in out
    )
