"""Whole outputs of the commands at a fixed width, with their exit codes: `golden/cli/NAME.txt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.cli import commands, run, unsized
from support.golden import masked, same

from osrecipe import __version__

if TYPE_CHECKING:
    from support.samples import Samples

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
BROKEN = (
    "schema: osrecipe/1\nname: broken\ninputs: {media: {iso: m.iso}}\nsource: medium\noutput: {iso: o.iso}\n"
)
AGAIN = "install-professional/lcu-after-netfx3"
INPUTS = {"plan", "explain"}
CASES = {
    "none": [],
    "unknown-command": ["aply"],
    "missing-argument": ["plan"],
    "unknown-option": ["apply", "recipes/quickstart.yaml", "--paralel", "2"],
    "bad-choice": ["plan", "recipes/quickstart.yaml", "--format", "yaml"],
    "bad-number": ["apply", "recipes/quickstart.yaml", "--parallel", "0"],
    "validate-good": [
        "validate",
        *(f"recipes/{name}.yaml" for name in ("quickstart", "corporate", "monthly-updates", "tweaks-only")),
    ],
    "validate-mixed": ["validate", "recipes/quickstart.yaml", "broken.yaml", "missing.yaml"],
    "plan-text": ["plan", "recipes/quickstart.yaml"],
    "plan-markdown": ["plan", "recipes/corporate.yaml", "--format", "markdown"],
    "plan-without-inputs": ["plan", "recipes/tweaks-only.yaml"],
    "explain-repeated": ["explain", AGAIN, "recipes/quickstart.yaml"],
    "explain-tweak": ["explain", "install-enterprise/tweak-oem-information", "recipes/corporate.yaml"],
    "explain-media": ["explain", "media/sync-sources", "recipes/quickstart.yaml"],
    "explain-unknown": ["explain", "install-professional/lcuu", "recipes/quickstart.yaml"],
    "clean-nothing": ["clean", "recipes/quickstart.yaml"],
    "clean-broken": ["clean", "broken.yaml"],
    "inspect-missing": ["inspect", "nowhere.iso"],
    "inspect-folder": ["inspect", "recipes"],
    "inspect-text": ["inspect", "recipes/quickstart.yaml"],
}
MEASURED = {
    "inspect-iso": "sample-media.iso",
    "inspect-msu": "kb9000002-x64.msu",
    "inspect-cab": "kb9000005-x64.cab",
    "inspect-loose-cab": "kb9000007-x64.cab",
}


def whole(*arguments: object, **folders: Path) -> str:
    """All a command prints, and its exit code."""
    done = run(*arguments)
    return masked(f"{done.out}{done.err}exit: {done.code}\n", **folders)


@pytest.mark.parametrize("name", commands())
def test_help(name: str) -> None:
    """Each command says what it does, and what it takes."""
    same(GOLDEN / f"help-{name}.txt", whole(name, "--help"))
    assert whole(name, "--help") == whole(name, "-h")


def test_help_of_all() -> None:
    """The list of the commands."""
    same(GOLDEN / "help.txt", whole("--help"))


def test_version() -> None:
    """The version is that of the package."""
    assert f"osrecipe {__version__}\nexit: 0\n" == whole("--version")


@pytest.mark.parametrize("case", sorted(CASES))
def test_output(case: str, here: Path, samples: Samples) -> None:
    """The whole output and the exit code are as written; nothing is made."""
    (here / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    before = sorted(here.rglob("*"))
    inputs = ["-i", samples.folder] if set(CASES[case]) & INPUTS and case != "plan-without-inputs" else []
    same(GOLDEN / f"{case}.txt", whole(*CASES[case], *inputs, here=here, samples=samples.folder))
    assert before == sorted(here.rglob("*"))


@pytest.mark.parametrize("case", sorted(MEASURED))
def test_inspect(case: str, samples: Samples) -> None:
    """What is in a file is told in full, sizes aside."""
    said = whole("inspect", samples.folder / MEASURED[case], samples=samples.folder)
    told, _, by_size = unsized(said).partition("largest files")
    same(GOLDEN / f"{case}.txt", told)
    assert ("install.wim" in by_size) == (case == "inspect-iso")


def test_every_golden_file_has_its_case() -> None:
    """No output is kept that nothing is compared with."""
    names = {"help", *(f"help-{name}" for name in commands()), *CASES, *MEASURED}
    assert names == {path.stem for path in GOLDEN.glob("*.txt")}
