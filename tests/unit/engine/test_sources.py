"""`osrecipe.engine.sources`: inputs are there, are not the output, and don't change during a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.sources import Sources
from osrecipe.model.names import InputId
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path

MEDIA = InputId("media")
LCU = InputId("lcu")


def test_missing_input(tmp_path: Path) -> None:
    """An input without a path, or without a file, is named."""
    inputs = write_inputs(tmp_path)
    plan = sample_plan(inputs)
    for paths in ({MEDIA: inputs[MEDIA]}, inputs | {LCU: tmp_path / "gone.msu"}):
        with pytest.raises(OsrecipeError) as caught:
            Sources(plan, paths)
        assert "input/missing" == caught.value.problems[0].slug
        assert "`lcu`" in caught.value.problems[0].reason


@pytest.mark.parametrize("change", ["content", "time", "gone"])
def test_drift_of_a_file(tmp_path: Path, change: str) -> None:
    """A file that is longer, was written again or is gone has drifted; others have not."""
    inputs = write_inputs(tmp_path)
    sources = Sources(sample_plan(inputs), inputs)
    assert sources.drifted(sources.names) is None
    match change:
        case "content":
            inputs[LCU].write_bytes(b"payload and more")
        case "time":
            os.utime(inputs[LCU], ns=(1, 1))
        case "gone":
            inputs[LCU].unlink()

    assert LCU == sources.drifted(sources.names)
    assert sources.drifted([MEDIA]) is None


def test_drift_of_a_folder(tmp_path: Path) -> None:
    """A folder drifts with any file in it, at any depth."""
    inputs = write_inputs(tmp_path / "in")
    plan = sample_plan(inputs)
    folder = tmp_path / "drivers"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.inf").write_text("a")
    sources = Sources(plan, inputs | {LCU: folder})
    assert sources.drifted([LCU]) is None
    (folder / "deep" / "b.inf").write_text("b")

    assert LCU == sources.drifted([LCU])


def test_output_in_an_input(tmp_path: Path) -> None:
    """An output that is an input, also by another name, or lies in one, would modify a source."""
    inputs = write_inputs(tmp_path / "in")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    sources = Sources(sample_plan(inputs), inputs | {LCU: tmp_path / "in"})
    for output in (inputs[MEDIA], tmp_path / "link" / "new.iso", tmp_path / "in" / "out" / "x.iso"):
        with pytest.raises(OsrecipeError) as caught:
            sources.require_apart(output)
        assert "input/unsafe" == caught.value.problems[0].slug
    sources.require_apart(tmp_path / "out" / "x.iso")
