"""Good recipes and their normal form: `NN-name.yaml` beside `NN-name.json`; `OSRECIPE_REGOLD=1` writes it anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from osrecipe.recipe import load

FOLDER = Path(__file__).parent / "recipe-good"
CASES = sorted(p.stem for p in FOLDER.glob("*.yaml"))


def normal(value: object) -> object:
    """JSON-like data without defaults; what kind of change a registry change is stays (`do` has a default)."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return {
            f.alias or n: normal(getattr(value, n))
            for n, f in fields
            if n == "do" or getattr(value, n) != f.default
        }
    if isinstance(value, dict):
        return {str(k): normal(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [normal(v) for v in value]
    return value


@pytest.mark.parametrize("case", CASES)
def test_normal_form(case: str) -> None:
    """Each good recipe loads as its known normal form: rendered, merged, defaults left out."""
    loaded = load(FOLDER / f"{case}.yaml", shown_as=f"{case}.yaml")
    said = json.dumps(normal(loaded.recipe), indent=1, ensure_ascii=False) + "\n"
    golden = FOLDER / f"{case}.json"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == said
