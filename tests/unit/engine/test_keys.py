"""`osrecipe.engine.keys`: store keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osrecipe.engine.keys import key_folder, store_key
from osrecipe.model.adapter import AdapterVersion
from osrecipe.model.frozen import Digest

_ANSWERS = Path(__file__).parents[2] / "golden" / "keys" / "known-answers.json"
_CASES = json.loads(_ANSWERS.read_text())
_UNIT = Digest("sha256:" + "0" * 64)


def _adapter(case: dict[str, object]) -> AdapterVersion:
    return AdapterVersion.model_validate_json(json.dumps(case["adapter"]))


@pytest.mark.parametrize("case", _CASES, ids=[case["case"] for case in _CASES])
def test_known_answers(case: dict[str, str]) -> None:
    """Keys never change silently: a change here throws every store away and needs a reason."""
    assert case["key"] == store_key(Digest(case["unit"]), _adapter(case))  # type: ignore[arg-type]  # JSON


def test_every_part_counts() -> None:
    """Unit, adapter name, its version and each tool's version all change the key."""
    base = AdapterVersion(name="a", version="1", tools=(("t", "1"),))
    others = [
        base.model_copy(update=change)
        for change in ({"name": "b"}, {"version": "2"}, {"tools": (("t", "2"),)}, {"tools": ()})
    ]
    keys = {store_key(_UNIT, adapter) for adapter in (base, *others)}
    keys.add(store_key(Digest("sha256:" + "1" * 64), base))

    assert 6 == len(keys)


def test_order_of_tools_does_not_count() -> None:
    """An adapter may list its tools in any order."""
    one = AdapterVersion(name="a", version="1", tools=(("x", "1"), ("y", "2")))
    two = AdapterVersion(name="a", version="1", tools=(("y", "2"), ("x", "1")))

    assert store_key(_UNIT, one) == store_key(_UNIT, two)


def test_folder() -> None:
    """A key's folder has no character that a file system minds."""
    assert "0" * 64 == key_folder(_UNIT)
