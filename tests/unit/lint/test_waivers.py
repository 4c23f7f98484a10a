"""Which findings a waiver covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.recipes import MINIMAL

from osrecipe.lint import gather, lint
from osrecipe.lint.run import choose

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.lint.run import Report

REASON = "because it is only a test"
HEAD = MINIMAL.replace("targets: {install: {}}\n", "").replace("  oem: {folder: files/oem}\n", "")
EXPECT = 'updates: {apply: {lcu: auto}}\nexpect: {install: {build: "10.0.17134.1"}}\n'


def linted(folder: Path, targets: str, *only: str) -> Report:
    """What lint finds in a recipe with these targets."""
    path = folder / "recipe.yaml"
    path.write_text(HEAD + EXPECT + targets, encoding="utf-8")
    rules = choose(only or ("tweak-without-because", "unused-waiver", "bad-waiver"), ())
    return lint(gather(path, None, shown_as="recipe.yaml").subject, rules)


def tweak(above: str = "", on: str = "", around: str = "") -> str:
    """Targets with a tweak that gives no reason, and comments above, on and around it."""
    return (
        f"targets:{around}\n  install:\n    tweaks:\n{above}      one:{on}\n"
        "        registry: {HKLM\\SOFTWARE\\A: {B: 1}}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        tweak(on=f" # lint: ignore[tweak-without-because] {REASON}"),
        tweak(on=f" # lint: ignore[lint/tweak-without-because] {REASON}"),
        tweak(on=f" #lint:ignore [tweak-without-because] {REASON}"),
        tweak(above=f"      # lint: ignore[tweak-without-because] {REASON}\n"),
        tweak(above=f"# lint: ignore[tweak-without-because] {REASON}\n\n      # a word on it\n"),
        tweak(around=f" # lint: ignore[tweak-without-because] {REASON}"),
    ],
    ids=[
        "on-the-line",
        "with-prefix",
        "with-blanks",
        "above",
        "above-with-others-between",
        "on-a-key-around",
    ],
)
def test_covers(tmp_path: Path, text: str) -> None:
    """A waiver on the line, above it or on a key around it covers the finding, which is kept with the reason."""
    report = linted(tmp_path, text)
    assert () == report.findings
    assert [("tweak-without-because", "it is only a test")] == [
        (w.finding.rule, w.reason) for w in report.waived
    ]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (tweak(on=" # lint: ignore[tweak-without-because]"), ["bad-waiver", "tweak-without-because"]),
        (tweak(on=" # lint: ignore[tweak-without-because] because"), ["bad-waiver", "tweak-without-because"]),
        (tweak(on=" # lint: ignore because I say so"), ["bad-waiver", "tweak-without-because"]),
        (tweak(on=f" # lint: ignore[no-such-rule] {REASON}"), ["bad-waiver", "tweak-without-because"]),
        (tweak(on=f" # lint: ignore[unused-waiver] {REASON}"), ["tweak-without-because", "unused-waiver"]),
        (
            tweak() + f"  winre: {{}} # lint: ignore[tweak-without-because] {REASON}\n",
            ["tweak-without-because", "unused-waiver"],
        ),
        (
            tweak().replace("{B: 1}", f'{{B: "# lint: ignore[tweak-without-because] {REASON}"}}'),
            ["tweak-without-because"],
        ),
    ],
    ids=[
        "no-reason",
        "empty-reason",
        "no-rule",
        "unknown-rule",
        "other-rule",
        "other-line",
        "inside-a-value",
    ],
)
def test_does_not_cover(tmp_path: Path, text: str, rules: list[str]) -> None:
    """A waiver that is void, about another rule or elsewhere covers nothing; nor does text that only looks like one."""
    report = linted(tmp_path, text)
    assert rules == sorted(f.rule for f in report.findings)
    assert () == report.waived


def test_waiver_of_a_rule_that_was_not_run(tmp_path: Path) -> None:
    """A waiver is not called unused when its rule was left out, or could not be judged without facts."""
    text = tweak(on=f" # lint: ignore[tweak-without-because, when-never] {REASON}")
    assert () == linted(tmp_path, text, "unused-waiver").findings
    assert () == linted(tmp_path, text, "unused-waiver", "when-never").findings


def test_waiver_in_a_fragment(tmp_path: Path) -> None:
    """A waiver stands in the file that has what is waived, and counts in every recipe that takes it."""
    waiver = f" # lint: ignore[tweak-without-because] {REASON}"
    (tmp_path / "shared.yaml").write_text(tweak(on=waiver), encoding="utf-8")
    report = linted(tmp_path, "extends: [shared.yaml]\n")
    assert () == report.findings
    assert ["shared.yaml"] == [w.finding.problem.place.file for w in report.waived if w.finding.problem.place]


def test_two_rules_in_one_waiver(tmp_path: Path) -> None:
    """Each rule of a waiver is counted by itself."""
    text = tweak(on=f" # lint: ignore[tweak-without-because, reset-base-on-install] {REASON}")
    report = linted(tmp_path, text, "tweak-without-because", "reset-base-on-install", "unused-waiver")
    assert ["nothing here is waived: reset-base-on-install"] == [f.problem.reason for f in report.findings]
