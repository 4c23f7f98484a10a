"""Recipes before and after `osrecipe fmt`: `NN-name.in.yaml` beside `NN-name.out.yaml`; `OSRECIPE_REGOLD=1` writes anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from osrecipe.recipe.format import format_text

FOLDER = Path(__file__).parent / "fmt"
CASES = sorted(p.name.removesuffix(".in.yaml") for p in FOLDER.glob("*.in.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_laid_out(case: str) -> None:
    """Each file is laid out in its known way, and stays so."""
    made = format_text((FOLDER / f"{case}.in.yaml").read_text(encoding="utf-8"), f"{case}.yaml")
    golden = FOLDER / f"{case}.out.yaml"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == made
    assert made == format_text(made, f"{case}.yaml")
