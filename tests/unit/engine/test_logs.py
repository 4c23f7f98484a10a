"""`osrecipe.engine.logs`: a file for each task, without secrets."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from osrecipe.engine.logs import MASK, MOST_KEPT, Logs, keep_log, mask
from osrecipe.engine.workspace import RunFolder
from osrecipe.model.events import LogLine, TaskFailed, TaskFinished, TaskProgress, UnitProgress, Warned
from osrecipe.model.names import TaskId, UnitId

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.events import Event

_U, _T = UnitId("a.b"), TaskId("a/b")


def test_one_file_for_each_task(tmp_path: Path) -> None:
    """Lines go to their task's file, those of no task to the unit's; a closed log is continued."""
    run = RunFolder(tmp_path)
    run.logs.mkdir()
    logs = Logs(run)
    assert "" == logs.path(_T)
    logs.write(LogLine(unit=_U, task=_T, text="één"))
    logs.write(LogLine(unit=_U, task=None, text="unit"))
    logs.close(_U)
    logs.write(LogLine(unit=_U, task=_T, text="two \ud800"))
    logs.close_all()

    assert ("één\ntwo ?\n", "unit\n") == (
        run.log(_T).read_text(encoding="utf-8"),
        run.log(_U).read_text(encoding="utf-8"),
    )
    assert "logs/a__b.log" == logs.path(_T)


@pytest.mark.parametrize(
    "event",
    [
        LogLine(unit=_U, task=_T, text="join with s3cret now"),
        Warned(unit=_U, text="join with s3cret now"),
        TaskProgress(unit=_U, task=_T, permille=1, text="join with s3cret now"),
        UnitProgress(unit=_U, permille=1, text="join with s3cret now"),
        TaskFinished(unit=_U, task=_T, status="done", detail="join with s3cret now"),
        TaskFailed(unit=_U, task=_T, slug="x", reason="join with s3cret now", remedy="use s3cret"),
    ],
    ids=lambda event: event.event,
)
def test_secrets_are_masked(event: Event) -> None:
    """No text of an event shows a secret, longer ones first; events without secrets are what they were."""
    masked = mask(event, ["", "s3", "s3cret"])

    assert "s3" not in masked.model_dump_json()
    assert MASK in masked.model_dump_json()
    assert event == mask(event, [])
    assert event == mask(event, ["other"])


def test_a_tool_s_log_is_kept_without_secrets(tmp_path: Path) -> None:
    """In either encoding that Windows' tools write."""
    kept = tmp_path / "a__b.dism.log"
    keep_log(BytesIO("join s3cret ü".encode() + "join s3cret ü".encode("utf-16-le")), kept, ["s3cret"])
    assert f"join {MASK} ü".encode() + f"join {MASK} ü".encode("utf-16-le") == kept.read_bytes()


def test_of_a_long_log_the_end_is_kept(tmp_path: Path) -> None:
    """Where the failure is."""
    kept = tmp_path / "a__b.dism.log"
    keep_log(BytesIO(b"start" + b"." * MOST_KEPT + b"end"), kept, [])
    assert (MOST_KEPT, True) == (kept.stat().st_size, kept.read_bytes().endswith(b"end"))
