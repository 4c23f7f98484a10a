"""`osrecipe.engine.runner`: whole runs over dictionary images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.dict_images import LocalExecutor
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.runner import Options, run
from osrecipe.engine.store import Store
from osrecipe.engine.workspace import workspace_for
from osrecipe.model.codes import ExitCode
from osrecipe.model.monitor import Monitor

if TYPE_CHECKING:
    from pathlib import Path


def test_good_run(tmp_path: Path) -> None:
    """A run leaves the ISO and its report, and nothing else outside its own folder."""
    inputs = write_inputs(tmp_path / "in")
    plan = sample_plan(inputs)
    workspace = workspace_for(tmp_path / "out" / "sample.iso", plan.recipe)
    executor = LocalExecutor()
    result = run(
        plan, executor, workspace, Store(workspace.store), Monitor(), resolve_inputs=inputs, options=Options()
    )
    print(result.model_dump_json(indent=1))
    assert ExitCode.DONE == result.exit_code
    assert json.loads(workspace.output.read_text())["label"] == "SAMPLE"
