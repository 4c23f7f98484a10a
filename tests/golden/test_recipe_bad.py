"""Bad recipes and the exact words they are answered with: `NN-name.yaml` beside `NN-name.err`.

`.bin` is a recipe that is no text, an `.err` alone is a recipe that is not there; `NN-name.d/` holds what a case extends.
`OSRECIPE_REGOLD=1` writes the answers anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import load
from osrecipe.render import problems

FOLDER = Path(__file__).parent / "recipe-bad"
CASES = sorted({p.stem for p in FOLDER.iterdir() if p.suffix in {".yaml", ".bin", ".err"}})


def answer(case: str) -> tuple[OsrecipeError, str]:
    """What loading a case says, as a user sees it."""
    binary = FOLDER / f"{case}.bin"
    path = binary if binary.exists() else FOLDER / f"{case}.yaml"
    with pytest.raises(OsrecipeError) as caught:
        load(path, shown_as=f"{case}.yaml")
    shown = problems.text(caught.value.problems, color=False)
    return caught.value, f"{shown}exit: {caught.value.exit_code.value}\n"


@pytest.mark.parametrize("case", CASES)
def test_answer(case: str) -> None:
    """Each bad recipe is answered with its known text and exit code."""
    golden = FOLDER / f"{case}.err"
    error, said = answer(case)
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == said
    assert error.exit_code is ExitCode.INVALID


def test_every_slug_of_recipes_has_a_case() -> None:
    """No kind of recipe problem goes without a golden answer."""
    seen = {p.slug for case in CASES for p in answer(case)[0].problems}
    assert {s.value for s in Slug if s.value.startswith("recipe/")} <= seen | {"recipe/too-large"}


def test_there_are_enough_cases() -> None:
    """The issue asks for at least forty."""
    assert len(CASES) >= 40
