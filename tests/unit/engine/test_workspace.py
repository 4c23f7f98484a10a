"""`osrecipe.engine.workspace`: where a recipe's runs live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.clock import stamp, unstamp
from osrecipe.engine.workspace import RunFolder, Workspace, workspace_for
from osrecipe.model.names import TaskId
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path


class _Still:
    """A clock that says what it is told."""

    def __init__(self, wall: int) -> None:
        self.now = wall

    def wall(self) -> int:
        return self.now

    def ticks(self) -> int:
        return self.now


def test_layout(tmp_path: Path) -> None:
    """Everything lies beside the output, so that publishing is a rename on one volume."""
    workspace = workspace_for(tmp_path / "out" / "x.iso", "corp")

    assert tmp_path / "out" / ".osrecipe" / "corp" / "store" == workspace.store
    assert tmp_path / "out" / ".osrecipe" / "corp" / "lock" == workspace.lock
    assert tmp_path / "out" / "x.report.json" == workspace.report


def test_run_ids_sort_by_time(tmp_path: Path) -> None:
    """A later run's name sorts after an earlier one's, also when the clock was set back."""
    workspace = workspace_for(tmp_path / "x.iso", "corp")
    clock = _Still(1_700_000_000_000)
    names = []
    for step in (0, 5, -1_000_000, 0, 10_000):
        clock.now += step
        run = workspace.new_run(clock, token=lambda: "00000000")
        run.path.mkdir(parents=True)
        names.append(run.id)

    assert sorted(set(names)) == names
    assert "20231114T221320.000Z-00000000" == names[0]


@pytest.mark.parametrize("wall", [0, 999, 1_700_000_000_123])
def test_stamps(wall: int) -> None:
    """A stamp reads back as its time; other names do not."""
    assert wall == unstamp(stamp(wall) + "-abcd")
    assert unstamp("not-a-run") is None


def test_logs_are_flat(tmp_path: Path) -> None:
    """A task's slash becomes two underscores in its log's name."""
    assert "install__lcu.log" == RunFolder(tmp_path / "r").log(TaskId("install/lcu")).name


@pytest.mark.parametrize("name", ["", ".locks", "..", "a/b", "a\\b", "a:b"])
def test_bad_recipe_names(tmp_path: Path, name: str) -> None:
    """A recipe's name that is no folder name makes no workspace."""
    with pytest.raises(OsrecipeError) as caught:
        workspace_for(tmp_path / "x.iso", name)
    assert "input/unsafe" == caught.value.problems[0].slug


def test_output_that_is_a_folder(tmp_path: Path) -> None:
    """The output names a file."""
    with pytest.raises(OsrecipeError) as caught:
        workspace_for(tmp_path, "corp")
    assert "input/unsafe" == caught.value.problems[0].slug


def test_previous_plan_skips_what_cannot_be_read(tmp_path: Path) -> None:
    """The last plan that can be read counts; a run that died while writing its own does not."""
    workspace = Workspace(tmp_path / "x.iso", "corp")
    assert workspace.previous_plan() is None
    plan = sample_plan(write_inputs(tmp_path / "in"))
    for name, text in (("1", plan.model_dump_json()), ("2", '{"format": ')):
        (workspace.runs_folder / name).mkdir(parents=True)
        (workspace.runs_folder / name / "plan.json").write_text(text)

    assert plan == workspace.previous_plan()
