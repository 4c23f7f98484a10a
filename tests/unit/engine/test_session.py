"""`osrecipe.engine.session`: open, do, read back, save once or give up once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine_sessions import DIGEST, SOFTWARE, Sitting, dword, hive, input_ref, key

from osrecipe.engine.clock import filetime
from osrecipe.model.adapter import CancelledError, TaskError
from osrecipe.model.checks import FileIs, NothingPending, PackagePresent, RegistryValueIs
from osrecipe.model.events import LogLine, TaskChecked, TaskFinished, TaskStarted, Warned
from osrecipe.model.facts import UpdateKind
from osrecipe.model.names import InputId, UnitId
from osrecipe.model.registry import RegistryData, RegistryRoot, SetValue
from osrecipe.model.tasks import (
    AddPackage,
    ApplyTweak,
    ArtifactRef,
    CleanupImage,
    CopyFolder,
    HarvestSetup,
    InjectWinre,
    SetFeature,
)
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGE = "Package_for_KB1~x~amd64~~10.0.1.1"
_ADD = AddPackage(
    input=InputId("lcu"), package=_PACKAGE, update_kind=UpdateKind.CUMULATIVE, kb="1", content=DIGEST
)
_CONTOSO = key(RegistryRoot.SOFTWARE, "Contoso")
_SET = ApplyTweak(tweak="set", registry=(SetValue(key=_CONTOSO, name="On", data=dword(1)),))
_DELETE = ApplyTweak(tweak="delete", delete=(WinPath("Windows\\old"),))


@pytest.fixture
def sitting(tmp_path: Path) -> Sitting:
    """An image with a hive and an old file, and an update."""
    update = tmp_path / "lcu.msu"
    update.write_bytes(b"payload")
    files = {SOFTWARE: hive({"Microsoft": {}}), "Windows\\old": b"old"}
    return Sitting(tmp_path, files, inputs={"lcu": update})


def test_good_session(sitting: Sitting) -> None:
    """Tasks run in order, checks are read back before saving, and the image is saved once."""
    done = sitting.run(
        [
            ("lcu", _ADD, (PackagePresent(identity=_PACKAGE),)),
            ("set", _SET, (RegistryValueIs(key=_CONTOSO, name="On", data=dword(1)),)),
            ("delete", _DELETE, (FileIs(path=WinPath("Windows\\old"), state="absent"),)),
        ]
    )

    assert ("done", ["commit"]) == (done.status, sitting.ends)
    assert WinPath("Windows\\old") not in sitting.saved
    kinds = [type(e) for e in sitting.events if isinstance(e, TaskStarted | TaskFinished | TaskChecked)]
    assert [TaskStarted, TaskFinished] * 3 + [TaskChecked] * 3 == kinds
    assert all(c.passed for e in sitting.events if isinstance(e, TaskChecked) for c in e.checks)
    assert [] == [p.name for p in (sitting.folder / "work").iterdir() if p.name != "image"]
    assert ["image.wim"] == [p.name for p in (sitting.folder / "artifacts").iterdir()]


def test_log_lines_belong_to_their_task(sitting: Sitting) -> None:
    """What an adapter logs is told with its task; several lines become several events."""
    sitting.run([("lcu", _ADD, ())])

    assert [("lane/lcu", "servicing: add-package")] == [
        (e.task, e.text) for e in sitting.events if isinstance(e, LogLine)
    ]


def test_failed_check_discards(sitting: Sitting) -> None:
    """A check that does not hold fails its task with what was found, and the image is given up, not saved."""
    done = sitting.run(
        [("lcu", _ADD, ()), ("set", _SET, (RegistryValueIs(key=_CONTOSO, name="On", data=dword(2)),))]
    )

    assert ("failed", ["discard"]) == (done.status, sitting.ends)
    assert ("lane/set", "run/check-failed") == (sitting.failure.task, sitting.failure.slug)
    assert ["dword 1"] == [c.found for c in sitting.failure.checks]
    assert not (sitting.folder / "artifacts" / "image.wim").exists()


def test_later_task_may_undo_an_earlier_one(sitting: Sitting) -> None:
    """A check whose subject a later task changes on purpose is not held against the earlier one."""
    again = ApplyTweak(tweak="again", registry=(SetValue(key=_CONTOSO, name="on", data=dword(5)),))
    done = sitting.run(
        [
            ("set", _SET, (RegistryValueIs(key=_CONTOSO, name="On", data=dword(1)),)),
            ("again", again, (RegistryValueIs(key=_CONTOSO, name="on", data=dword(5)),)),
        ]
    )
    assert "done" == done.status


def test_saved_image_is_read_again(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that loses what was there is noticed by reading what was saved."""
    from support.dict_images import DictImage

    original = DictImage.commit

    def forgetful(self: DictImage, to: Path) -> None:
        self.packages.clear()
        original(self, to)

    monkeypatch.setattr(DictImage, "commit", forgetful)
    done = sitting.run([("lcu", _ADD, (PackagePresent(identity=_PACKAGE),))])

    assert ("failed", ["commit"]) == (done.status, sitting.ends)
    assert "in the saved image" in sitting.failure.reason


def test_cleanup_with_pending_actions(sitting: Sitting) -> None:
    """Cleanup is refused while actions are pending; the adapter is not even asked."""
    sitting.files = {**sitting.files, "Windows\\WinSxS\\pending.xml": b"<x/>"}
    done = sitting.run([("cleanup", CleanupImage(level="superseded"), ())])

    assert ("failed", "run/pending-actions", ["discard"]) == (done.status, sitting.failure.slug, sitting.ends)
    said = [e.text for e in sitting.events if isinstance(e, LogLine)]
    assert [f"failed: {sitting.failure.reason}"] == said


def test_cleanup_without(sitting: Sitting) -> None:
    """Without pending actions cleanup runs."""
    assert "done" == sitting.run([("cleanup", CleanupImage(level="superseded"), (NothingPending(),))]).status


def test_tweak_order(sitting: Sitting, tmp_path: Path) -> None:
    """Registry first, then deletions, then files: a deleted folder can be filled anew by the same tweak."""
    oem = tmp_path / "oem"
    (oem / "deep").mkdir(parents=True)
    (oem / "deep" / "new").write_text("new")
    sitting.inputs["oem"] = oem
    sitting.files = {**sitting.files, "Windows\\OEM\\stale": b"stale"}
    place = WinPath("Windows\\OEM")
    op = ApplyTweak(
        tweak="oem", delete=(place,), copy_folders=(CopyFolder(to=place, source=input_ref("oem")),)
    )
    done = sitting.run([("oem", op, (FileIs(path=place / "deep" / "new", state="present"),))])

    assert "done" == done.status
    assert b"new" == sitting.saved[place / "deep" / "new"]
    assert place / "stale" not in sitting.saved
    finished = next(e for e in sitting.events if isinstance(e, TaskFinished))
    assert (("deletions", 1), ("files", 1)) == finished.figures


def test_winre_is_injected(sitting: Sitting) -> None:
    """The recovery image takes its place with the run's time, so that the result is repeatable."""
    (sitting.folder / "winre.wim").write_bytes(b"serviced")
    winre = ArtifactRef(unit=UnitId("winre.export"), name="winre.wim", digest=DIGEST)
    done = sitting.run([("winre", InjectWinre(winre=winre), ())])

    from support.dict_images import read_wim

    files = read_wim(sitting.folder / "artifacts" / "image.wim")[0]["files"]
    assert isinstance(files, dict)
    assert ("done", [b"serviced".hex(), filetime(1_600_000_000)]) == (
        done.status,
        files["Windows\\System32\\Recovery\\winre.wim"],
    )


def test_secret_value(sitting: Sitting) -> None:
    """A secret's value is written as text; the check on it shows nothing."""
    sitting.secrets = {"join": "hunter2"}
    data = RegistryData(kind="secret", text="join")
    op = ApplyTweak(tweak="join", registry=(SetValue(key=_CONTOSO, name="Join", data=data),))
    done = sitting.run([("join", op, (RegistryValueIs(key=_CONTOSO, name="Join", data=data),))])

    assert "done" == done.status
    assert "hunter2".encode("utf-16-le") in sitting.saved[WinPath(SOFTWARE)]
    assert not any("hunter2" in repr(event) for event in sitting.events)


def test_failed_open_has_nothing_to_give_up(sitting: Sitting) -> None:
    """An image that can't be opened is neither saved nor given up; the first task is blamed."""
    sitting.adapter.faults["open", "lane.service"] = TaskError(
        "wim/corrupt", "the WIM is damaged", code="0xd"
    )
    done = sitting.run([("set", _SET, ())])

    assert ("failed", [], "lane/set", "0xd") == (
        done.status,
        sitting.ends,
        sitting.failure.task,
        sitting.failure.code,
    )


def test_discard_that_fails_hides_nothing(sitting: Sitting) -> None:
    """When giving up fails too, the first cause is still what is reported; the second is told."""
    sitting.adapter.faults["service", "lane.service"] = TaskError("run/task-failed", "the first cause")
    sitting.adapter.faults["discard", "lane.service"] = OSError(16, "busy")
    done = sitting.run([("lcu", _ADD, ())])

    assert ("failed", ["discard"], "the first cause") == (done.status, sitting.ends, sitting.failure.reason)
    assert ["busy" in e.text for e in sitting.events if isinstance(e, Warned)] == [True]


def test_bug_in_an_adapter(sitting: Sitting) -> None:
    """Whatever an adapter raises, the image is given up and the task blamed, with the trace in its log."""
    sitting.adapter.faults["service", "lane.service"] = ZeroDivisionError("by zero")
    done = sitting.run([("lcu", _ADD, ())])

    assert ("failed", ["discard"], "internal/bug") == (done.status, sitting.ends, sitting.failure.slug)
    assert any("Traceback" in e.text for e in sitting.events if isinstance(e, LogLine))


def test_process_that_ends_gives_up_first(sitting: Sitting) -> None:
    """Even what is no error (the process is told to exit) gives the image up before it goes on."""
    sitting.adapter.faults["service", "lane.service"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        sitting.run([("lcu", _ADD, ())])
    assert ["discard"] == sitting.ends


@pytest.mark.parametrize("calls", range(1, 9))
def test_cancelled_at_every_question(sitting: Sitting, calls: int) -> None:
    """Asked to give up at any point before saving, the session gives the image up, once, and reports no failure."""
    count = itertools.count(1)
    sitting.cancelled = lambda: next(count) >= calls
    done = sitting.run([("lcu", _ADD, ()), ("set", _SET, ()), ("delete", _DELETE, ())])

    assert "cancelled" == done.status
    assert sitting.ends == (["discard"] if sitting.adapter.notes else [])


_OPS = {
    "lcu": _ADD,
    "feature": SetFeature(feature="NetFx3", state="enabled", package="p"),
    "cleanup": CleanupImage(level="superseded"),
    "set": _SET,
    "delete": _DELETE,
    "setup": HarvestSetup(),
}
_CAUSES = (
    TaskError("run/task-failed", "no"),
    OSError(5, "no"),
    ZeroDivisionError(),
    CancelledError(),
    MemoryError(),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ops=st.lists(st.sampled_from(sorted(_OPS)), min_size=1, max_size=4, unique=True),
    faults=st.dictionaries(
        st.sampled_from(["open", "service", "commit", "discard"]), st.sampled_from(_CAUSES), max_size=3
    ),
    bad_check=st.booleans(),
    pending=st.booleans(),
    cancel_at=st.none() | st.integers(1, 20),
)
def test_saved_or_given_up_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    ops: list[str],
    faults: dict[str, BaseException],
    bad_check: bool,
    pending: bool,
    cancel_at: int | None,
) -> None:
    """On every path an opened image is given up once, or saved once; a save that failed is given up after it."""
    folder = tmp_path_factory.mktemp("sitting")
    (folder / "lcu.msu").write_bytes(b"payload")
    files = {SOFTWARE: hive(), "Windows\\old": b"old", "sources\\setup.exe": b"MZ"}
    if pending:
        files["Windows\\WinSxS\\pending.xml"] = b"x"
    sitting = Sitting(folder, files, inputs={"lcu": folder / "lcu.msu"})
    sitting.adapter.faults = {(step, "lane.service"): cause for step, cause in faults.items()}
    count = itertools.count(1)
    sitting.cancelled = lambda: cancel_at is not None and next(count) >= cancel_at
    check = (FileIs(path=WinPath("Windows\\none"), state="present"),) if bad_check else ()
    done = sitting.run([(name, _OPS[name], check if name == ops[-1] else ()) for name in ops])

    opened = ("open", "lane.service") in sitting.adapter.notes and "open" not in faults
    saved = (folder / "artifacts" / "image.wim").exists()
    assert saved == (done.status == "done")
    if not opened:
        assert [] == sitting.ends
    elif saved:
        assert ["commit"] == sitting.ends
    else:
        assert 1 == sitting.ends.count("discard")
        assert sitting.ends in (["discard"], ["commit", "discard"])
    failures = [e for e in sitting.events if e.event == "task-failed"]
    assert (1 if done.status == "failed" else 0) == len(failures)
