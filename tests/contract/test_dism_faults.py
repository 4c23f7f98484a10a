"""The dism adapter when things go wrong: faults ordered from the stand-in, on real images. Nothing stays mounted."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
from support.inline import in_process
from support.servicing import NO_DIGEST, Bench, add, take_media
from support.standins import QUICK, Machine, machine

from osrecipe.adapters.dism import DismAdapter, command
from osrecipe.adapters.dism.calls import Watch
from osrecipe.adapters.dism.janitor import MountUndoer
from osrecipe.model.adapter import CancelledError, TaskError
from osrecipe.model.changes import MakeFolder, PutFile
from osrecipe.model.names import UnitId
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import (
    ArtifactRef,
    CleanupImage,
    ExportImages,
    ExportPart,
    ImageRef,
    SetFeature,
)
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.model.adapter import Context, OpenImage

pytest_plugins = ["support.fixtures"]
SSU, LCU = "kb9000001-x64", "kb9000002-x64"
MARK = WinPath("Windows\\mark.txt")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of this test's own."""
    return machine(tmp_path / "machine", monkeypatch)


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path, host: Machine) -> Bench:
    """A place to work in."""
    return Bench(tmp_path, samples, media, host.adapter)


def opened(bench: Bench) -> OpenImage:
    """The Windows PE image, mounted."""
    return bench.open("winpe")[0]


def add_stack(bench: Bench, image: OpenImage, tolerates: tuple[str, ...] = ()) -> Any:
    """Add the servicing stack."""
    op = add(SSU, bench.samples.answer(SSU)).model_copy(update={"tolerates": tolerates})
    return image.service(op, bench.context())


# -- servicing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "slug"),
    [
        ("0x800f0830", "run/task-failed"),
        ("0x800f0831", "run/task-failed"),
        ("0x800f081e", "run/not-applicable"),
        ("0x800f0806", "run/pending-actions"),
        ("112", "run/space"),
        ("0x8007007e", "run/task-failed"),
        ("0x80073712", "run/task-failed"),
    ],
)
def test_a_failing_package_fails_under_its_code(bench: Bench, host: Machine, code: str, slug: str) -> None:
    """Once, without another try; the image can be given up afterwards."""
    host.order({"command": "Add-Package", "do": "error", "code": code, "at": 50, "times": 9})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        add_stack(bench, image)
    assert caught.value.slug == slug
    assert int(caught.value.code, 16) & 0xFFFF == int(code, 0) & 0xFFFF
    assert caught.value.remedy
    assert 1 == sum("/Add-Package" in call for call in host.calls)
    image.discard()
    assert [] == host.mounts


def test_the_tools_own_logs_of_a_failure_are_kept(bench: Bench, host: Machine) -> None:
    """DISM's of the command that failed, and what the image's servicing stack wrote: both would go with the image."""
    image = opened(bench)
    source = bench.folder / "cbs.txt"
    source.write_bytes(b"2026-11-28 12:00:00, Info  CBS  Failed to install\r\n")
    logs = WinPath("Windows\\Logs\\CBS")
    image.apply(
        (MakeFolder(WinPath("Windows\\Logs")), MakeFolder(logs), PutFile(logs / "CBS.log", source, 0))
    )
    kept: dict[str, bytes] = {}

    def keep(name: str, file: BinaryIO) -> None:
        kept[name] = file.read()

    op = add(SSU, bench.samples.answer(SSU))
    image.service(op, replace(bench.context(), keep=keep))
    assert {} == kept
    host.order({"command": "Add-Package", "do": "error", "code": "0x800f0922"})
    with pytest.raises(TaskError):
        image.service(op, replace(bench.context(), keep=keep))
    assert ["dism.log", "cbs.log"] == list(kept)
    assert b"0x800f0922" in kept["dism.log"]
    assert source.read_bytes() == kept["cbs.log"]
    image.discard()


def test_what_the_plan_tolerates_does_not_fail(bench: Bench, host: Machine) -> None:
    """The code that a combined update gives on PE images, where the ordering says so; and only that one."""
    host.order({"command": "Add-Package", "do": "error", "code": "0x8007007e", "times": 2, "at": 100})
    image = opened(bench)
    outcome = add_stack(bench, image, ("0x8007007e",))
    assert outcome.status == "done"
    assert "0x8007007e, which the plan tolerates here" in outcome.detail
    with pytest.raises(TaskError):
        add_stack(bench, image, ("0x800f081e",))
    image.discard()


def test_success_without_the_package_is_a_failure(bench: Bench, host: Machine) -> None:
    """Banner, sentence, exit code 0, and nothing done: the list of packages says so."""
    host.order({"command": "Add-Package", "do": "nothing"})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        add_stack(bench, image)
    assert caught.value.slug == "run/check-failed"
    assert "not there" in caught.value.reason
    image.discard()


@pytest.mark.parametrize("fault", [{"do": "silent"}, {"do": "truncate", "bytes": 90}])
def test_success_without_words_is_a_failure(bench: Bench, host: Machine, fault: dict[str, Any]) -> None:
    """Exit code 0 and not one byte, or output that ends early."""
    host.order({"command": "Add-Package", **fault})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        add_stack(bench, image)
    assert "without" in caught.value.reason
    image.discard()
    assert [] == host.mounts


def test_a_switch_that_does_nothing_is_a_failure(bench: Bench, host: Machine) -> None:
    """The feature's state is read back."""
    host.order({"command": "Disable-Feature", "do": "nothing"})
    image, _ = bench.open("install")
    with pytest.raises(TaskError) as caught:
        image.service(SetFeature(feature="SMB1Protocol", state="disabled", package=""), bench.context())
    assert caught.value.slug == "run/check-failed"
    image.discard()


@pytest.mark.parametrize("code", ["1722", "1726", "0x800706ba", "0x800706be"])
def test_a_dead_servicing_process_is_asked_about(bench: Bench, host: Machine, code: str) -> None:
    """Died before the work: the image is asked, and it is done once more."""
    host.order({"command": "Add-Package", "do": "error", "code": code})
    image = opened(bench)
    assert add_stack(bench, image).status == "done"
    assert 2 == sum("/Add-Package" in call for call in host.calls)
    image.discard()


def test_a_servicing_process_that_died_after_the_work_had_done_it(bench: Bench, host: Machine) -> None:
    """The image says that the package is there: nothing is done twice."""
    host.order({"command": "Add-Package", "do": "error", "code": "1726", "at": 100})
    image = opened(bench)
    outcome = add_stack(bench, image)
    assert outcome.status == "done"
    assert bench.adapter.version.name == "dism"
    assert image.state("package", bench.samples.answer(SSU)["identity"]) == "installed"
    image.discard()


def test_a_servicing_process_that_keeps_dying_fails(bench: Bench, host: Machine) -> None:
    """After one more try."""
    host.order({"command": "Add-Package", "do": "error", "code": "1726", "times": 9})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        add_stack(bench, image)
    assert caught.value.code == "0x800706be"
    assert 2 == sum("/Add-Package" in call for call in host.calls)
    image.discard()


def test_other_servicing_is_waited_for(bench: Bench, host: Machine) -> None:
    """Busy twice, then done."""
    host.order({"command": "Add-Package", "do": "error", "code": "0x800f0902", "times": 2})
    image = opened(bench)
    assert add_stack(bench, image).status == "done"
    image.discard()


def test_pending_actions_stop_cleanup(bench: Bench, host: Machine) -> None:
    """Before DISM is started at all."""
    host.order({"command": "Add-Package", "do": "pending"})
    image = opened(bench)
    add_stack(bench, image)
    with pytest.raises(TaskError) as caught:
        image.service(CleanupImage(level="reset-base"), bench.context())
    assert caught.value.slug == "run/pending-actions"
    assert not any("/Cleanup-Image" in call for call in host.calls)
    image.discard()


def cancelling(bench: Bench, after: float) -> Context:
    """A context whose run is asked to stop after some seconds."""
    until = time.monotonic() + after

    def progress(_share: float, _text: str) -> None:
        if time.monotonic() > until:
            raise CancelledError

    return replace(bench.context(), progress=progress)


def test_a_hanging_command_can_be_cancelled(bench: Bench, host: Machine) -> None:
    """It is ended with its tree, and the image can be given up."""
    host.order({"command": "Add-Package", "do": "hang", "at": 50})
    image = opened(bench)
    started = time.monotonic()
    with pytest.raises(CancelledError):
        image.service(add(SSU, bench.samples.answer(SSU)), cancelling(bench, 2))
    assert time.monotonic() - started < 15
    image.discard()
    assert [] == host.mounts


def test_a_crash_in_the_middle_fails(bench: Bench, host: Machine) -> None:
    """The image is of no use then; it can be given up."""
    host.order({"command": "Add-Package", "do": "crash", "at": 50})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        add_stack(bench, image)
    assert ("0x80070001" if sys.platform == "win32" else "SIGKILL") in caught.value.reason
    image.discard()
    assert [] == host.mounts


# -- mounting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "error", "code": "0xC1420114"},
        {"do": "error", "code": "0xC1510111", "at": 50},
        {"do": "crash", "at": 60},
        {"do": "nothing"},
        {"do": "silent"},
    ],
)
def test_a_mount_that_fails_leaves_nothing(bench: Bench, host: Machine, fault: dict[str, Any]) -> None:
    """No record, and the journal was told before and after."""
    said: list[str] = []
    host.order({"command": "Mount-Image", **fault})
    from support.servicing import session_of

    ctx = replace(
        bench.context(),
        acquired=lambda kind, _name: said.append(f"+{kind}"),
        released=lambda kind, _name: said.append(f"-{kind}"),
    )
    with pytest.raises(TaskError):
        bench.adapter.open(session_of("winpe", "boot.wim", 1), ctx)
    assert ["+mount", "-mount"] == said
    assert [] == host.mounts


def test_nothing_is_mounted_before_the_journal_knows(bench: Bench, host: Machine) -> None:
    """An announcement that fails prevents the mount."""
    from support.servicing import session_of

    def refuse(_kind: str, _name: str) -> None:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        bench.adapter.open(session_of("winpe", "boot.wim", 1), replace(bench.context(), acquired=refuse))
    assert not any("/Mount-Image" in call for call in host.calls)


def test_an_export_that_does_nothing_is_a_failure(bench: Bench, host: Machine) -> None:
    """The WIM says how many images it has."""
    host.order({"command": "Export-Image", "do": "nothing"})
    with pytest.raises(TaskError) as caught:
        bench.open("winpe")
    assert caught.value.slug == "run/check-failed"


def test_a_busy_folder_is_tried_again(bench: Bench, host: Machine, tmp_path: Path) -> None:
    """Open files at the first unmount; the image was saved, and the second try lets go."""
    host.order({"command": "Unmount-Image", "do": "open-handle"})
    image = opened(bench)
    image.apply((PutFile(MARK, b"here"),))
    image.commit(tmp_path / "saved.wim")
    assert [] == host.mounts
    again, _ = bench.open(str(tmp_path / "saved.wim"))
    with again.read(MARK) as file:
        assert file.read() == b"here"
    again.discard()


@pytest.mark.skipif(sys.platform == "win32", reason="who holds files is not known on Windows")
def test_who_holds_a_folder_is_said(bench: Bench, host: Machine, tmp_path: Path) -> None:
    """A real open file in the mount folder: the unmount fails by name, and works once it is closed."""
    image = opened(bench)
    image.apply((PutFile(MARK, b"here"),))
    folder = next((tmp_path).glob("work-*/mount"))
    import subprocess

    with subprocess.Popen(
        ["tail", "-f", str(folder / "Windows" / "mark.txt")], stdout=subprocess.DEVNULL
    ) as other:
        time.sleep(0.3)
        try:
            with pytest.raises(TaskError) as caught:
                image.commit(tmp_path / "saved.wim")
        finally:
            other.terminate()  # or a failure here would wait for it for ever
        assert f"tail ({other.pid})" in caught.value.reason
        assert caught.value.code == "" or "c142" in caught.value.code
    image.discard()
    assert [] == host.mounts


def test_who_holds_a_folder_is_said_when_an_image_is_given_up(bench: Bench) -> None:
    """While it is tried again, and when it stays mounted: for the next run to find. By our own open file, too."""
    image = opened(bench)
    (folder,) = bench.folder.glob("work-*/mount")
    file = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    with file.open("rb"):
        image.discard()
    us = f"it is held by osrecipe itself ({os.getpid()})"
    tries = [line for line in bench.log if "tried again" in line]
    assert len(QUICK) == len(tries)
    assert us in tries[0]
    assert [f"still mounted, for `osrecipe clean` to give up: `{folder}`; {us}"] == bench.log[-1:]
    image.discard()


def test_a_save_that_does_nothing_is_a_failure(bench: Bench, host: Machine, tmp_path: Path) -> None:
    """It says saved and unmounted, but the list of mounts has it still."""
    host.order({"command": "Unmount-Image", "do": "nothing"})
    image = opened(bench)
    with pytest.raises(TaskError) as caught:
        image.commit(tmp_path / "saved.wim")
    assert "still mounted" in caught.value.reason
    assert not (tmp_path / "saved.wim").exists()
    image.discard()
    assert [] == host.mounts


def test_a_crash_while_saving_is_a_failure(bench: Bench, host: Machine, tmp_path: Path) -> None:
    """Nothing is taken for saved; the folder is let go."""
    host.order({"command": "Unmount-Image", "do": "crash", "at": 50})
    image = opened(bench)
    with pytest.raises(TaskError):
        image.commit(tmp_path / "saved.wim")
    assert not (tmp_path / "saved.wim").exists()
    image.discard()
    assert [] == host.mounts


@pytest.mark.parametrize(
    ("fault", "tries", "is_saved"),
    [
        ({"at": 0}, 2, True),
        ({"do": "exit"}, 1, True),
        ({"at": 8}, 1, False),
        ({"at": 100}, 1, False),
        ({"at": 0, "times": 2}, 2, False),
    ],
)
def test_a_servicing_process_that_dies_while_saving_is_asked_about(
    bench: Bench,
    host: Machine,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    tries: int,
    is_saved: bool,
) -> None:
    """Before anything was done it is saved once more, after everything it was saved; half way, or twice, it is given up."""
    if fault.get("do") == "exit":  # a program's exit code has 8 bits here
        in_process(monkeypatch)
    image, saved = opened(bench), bench.folder / "saved.wim"
    image.apply((PutFile(MARK, b"here"),))
    host.order({"command": "Unmount-Image", "match": "/Commit", "do": "error", "code": "1726", **fault})
    if is_saved:
        image.commit(saved)
        again, _ = bench.open(str(saved))
        with again.read(MARK) as file:
            assert file.read() == b"here"
        again.discard()
    else:
        with pytest.raises(TaskError) as caught:
            image.commit(saved)
        assert caught.value.code == "0x800706be"
        assert not saved.exists()
        image.discard()
    assert tries == sum("/Commit" in call for call in host.calls)
    assert [] == host.mounts


@pytest.mark.parametrize(
    ("verb", "fault", "tries"),
    [
        ("Mount-Image", {"at": 0}, 2),
        ("Mount-Image", {"do": "exit"}, 1),
        ("Export-Image", {"at": 0}, 3),
        ("Export-Image", {"do": "exit"}, 2),
    ],
)
def test_a_servicing_process_that_dies_while_mounting_or_exporting_is_asked_about(
    bench: Bench, host: Machine, monkeypatch: pytest.MonkeyPatch, verb: str, fault: dict[str, Any], tries: int
) -> None:
    """What is mounted and what is in the WIM says whether it was done; only what was not begun is done once more."""
    in_process(monkeypatch)
    if verb == "Mount-Image":
        host.order({"command": verb, "do": "error", "code": "1726", **fault})
        image = opened(bench)
        image.apply((PutFile(MARK, b"here"),))
        image.commit(bench.folder / "saved.wim")
    else:
        ref = ArtifactRef(unit=UnitId("take"), name="boot.wim", digest=NO_DIGEST)
        parts = tuple(ExportPart(image=ImageRef(wim=ref, index=i), refresh=True) for i in (1, 2))
        op = ExportImages(wim="boot.wim", parts=parts, compress="max", boot_index=2)
        host.order({"command": verb, "do": "error", "code": "1726", "call": 2, **fault})
        made = bench.adapter.export(op, bench.folder / "boot.wim", bench.context())
        assert 2 == len(made.versions)
    assert tries == sum(f"/{verb}" in call for call in host.calls)
    assert [] == host.mounts


def test_an_export_that_was_left_half_done_is_not_gone_on_with(
    bench: Bench, host: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is no WIM: whose process died fails, without another try on top of it."""
    in_process(monkeypatch)
    to = bench.folder / "boot.wim"
    to.write_bytes(b"half")
    host.order({"command": "Export-Image", "do": "error", "code": "1722", "times": 9})
    ref = ArtifactRef(unit=UnitId("take"), name="boot.wim", digest=NO_DIGEST)
    op = ExportImages(
        wim="boot.wim",
        parts=(ExportPart(image=ImageRef(wim=ref, index=1), refresh=True),),
        compress="max",
        boot_index=0,
    )
    with pytest.raises(TaskError) as caught:
        bench.adapter.export(op, to, bench.context())
    assert caught.value.code == "0x800706ba"
    assert 1 == sum("/Export-Image" in call for call in host.calls)


def test_giving_up_twice_is_fine(bench: Bench, host: Machine) -> None:
    """And leaves no folder."""
    image = opened(bench)
    image.discard()
    image.discard()
    assert [] == host.mounts


# -- the janitor -------------------------------------------------------------------------------------------------------


def abandoned(bench: Bench) -> str:
    """A mount whose owner forgot it."""
    opened(bench)
    return str(next(bench.folder.glob("work-*/mount")))


def undoer(host: Machine) -> MountUndoer:
    """The undoer of this machine."""
    return MountUndoer(lambda: host.tool, QUICK)


def test_a_dead_run_s_mount_is_undone(bench: Bench, host: Machine) -> None:
    """And again, without harm."""
    name = abandoned(bench)
    undoer(host).undo(name)
    assert [] == host.mounts
    undoer(host).undo(name)


def test_a_mount_of_another_start_of_the_machine_is_remounted_first(
    bench: Bench, host: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state is `Needs Remount`."""
    name = abandoned(bench)
    monkeypatch.setenv("STANDIN_BOOT", "after the restart")
    undoer(host).undo(name)
    assert any("/Remount-Image" in call for call in host.calls)
    assert [] == host.mounts


def test_mounts_of_others_are_never_touched(bench: Bench, host: Machine) -> None:
    """Neither is `/Cleanup-Mountpoints` run while there are any."""
    other, mine = abandoned(bench), None
    opened(bench)
    mine = next(str(p) for p in bench.folder.glob("work-*/mount") if str(p) != other)
    undoer(host).undo(mine)
    assert [other] == host.mounts
    assert not any("/Cleanup-Mountpoints" in call for call in host.calls)
    undoer(host).undo(other)


def test_damaged_records_are_cleaned_up_only_when_nothing_of_others_is_mounted(
    bench: Bench, host: Machine
) -> None:
    """`/Cleanup-Mountpoints` looks at all mounts: it is the last step, and not taken beside a mount of others."""
    other, _ = abandoned(bench), opened(bench)
    mine = next(str(p) for p in bench.folder.glob("work-*/mount") if str(p) != other)
    host.order({"command": "Unmount-Image", "do": "crash", "at": 50, "match": mine, "times": 9})
    with pytest.raises(OsrecipeError):
        undoer(host).undo(mine)
    assert {other, mine} == set(host.mounts)
    assert not any("/Cleanup-Mountpoints" in call for call in host.calls)
    host.order()
    undoer(host).undo(other)
    host.order({"command": "Unmount-Image", "do": "error", "code": "0xC142011C", "times": 9})
    tool = host.tool
    undo = MountUndoer(lambda: tool, QUICK)
    before = len(host.calls)
    undo.undo(mine)
    verbs = [next(word for word in call if word in VERBS) for call in host.calls[before:]]
    listing = "/Get-MountedImageInfo"
    assert [listing, "/Unmount-Image", listing, listing, "/Cleanup-Mountpoints", listing] == verbs
    assert [] == host.mounts


VERBS = {"/Get-MountedImageInfo", "/Unmount-Image", "/Cleanup-Mountpoints", "/Remount-Image"}


@pytest.mark.parametrize(("at", "unmounts", "cleanups"), [(0, 2, 0), (50, 1, 1)])
def test_a_dism_that_dies_while_it_lets_go_is_recovered(
    bench: Bench, host: Machine, at: int, unmounts: int, cleanups: int
) -> None:
    """Killed before it began: it is asked once more. In the middle: the record is damaged, and the last step removes it."""
    name = abandoned(bench)
    host.order({"command": "Unmount-Image", "do": "crash", "at": at})
    undoer(host).undo(name)
    assert [] == host.mounts
    assert unmounts == sum("/Unmount-Image" in call for call in host.calls)
    assert cleanups == sum("/Cleanup-Mountpoints" in call for call in host.calls)


def test_someone_else_s_image_in_a_folder_of_ours_is_left_alone(
    bench: Bench, host: Machine, tmp_path: Path
) -> None:
    """The journal names a folder; what is mounted there now is not the image that was: nothing is done to it."""
    name = abandoned(bench)
    undoer(host).undo(name)
    shutil.copyfile(bench.media / "boot.wim", tmp_path / "theirs.wim")
    host.dism.run(command.mount(str(tmp_path / "theirs.wim"), 1, name), Watch())
    tool = host.tool
    undo = MountUndoer(lambda: tool, QUICK)
    before = len(host.calls)
    with pytest.raises(OsrecipeError) as caught:
        undo.undo(name)
    assert f"someone else's image is mounted in the folder: `{tmp_path / 'theirs.wim'}`" == (
        caught.value.problems[0].reason
    )
    assert [["/Get-MountedImageInfo"]] == [
        [word for word in call if word in VERBS] for call in host.calls[before:]
    ]
    assert [name] == host.mounts


def test_a_failure_is_not_hidden_by_what_cleaning_up_meets(bench: Bench, host: Machine) -> None:
    """The mount fails, and then DISM can't even list mounts: the first reason is told, and the journal keeps the mount."""
    said: list[str] = []
    host.order(
        {"command": "Mount-Image", "do": "error", "code": "0xC1510111", "at": 50},
        {"command": "Get-MountedImageInfo", "do": "error", "code": "1726", "times": 9},
    )
    from support.servicing import session_of

    ctx = replace(
        bench.context(),
        acquired=lambda kind, _name: said.append(f"+{kind}"),
        released=lambda kind, _name: said.append(f"-{kind}"),
    )
    with pytest.raises(TaskError) as caught:
        bench.adapter.open(session_of("winpe", "boot.wim", 1), ctx)
    assert "0xc1510111" == caught.value.code
    assert ["+mount"] == said
    host.order()
    for name in host.mounts:
        undoer(host).undo(name)
    assert [] == host.mounts


def test_a_killed_mount_is_cleaned_up(bench: Bench, host: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """DISM killed while it mounted: an invalid record, removed when nothing else is mounted."""
    host.order({"command": "Mount-Image", "do": "crash", "at": 50})
    monkeypatch.setattr("osrecipe.adapters.dism.mounting.let_go", lambda *_: False)
    with pytest.raises(TaskError):
        opened(bench)
    monkeypatch.undo()
    for name, value in host.environment.items():
        monkeypatch.setenv(name, value)
    assert 1 == len(host.mounts)
    undoer(host).undo(host.mounts[0])
    assert [] == host.mounts


def test_what_can_t_be_undone_is_said(bench: Bench, host: Machine) -> None:
    """With the command that does it, for a person to paste."""
    name = abandoned(bench)
    host.order({"command": "Unmount-Image", "do": "error", "code": "0xC1420117", "times": 99})
    with pytest.raises(OsrecipeError) as caught:
        undoer(host).undo(name)
    assert caught.value.problems[0].slug == "run/cleanup"
    assert "/Unmount-Image" in undoer(host).command(name)
    assert "/Discard" in undoer(host).command(name)
    host.order()
    undoer(host).undo(name)


def test_who_is_in_the_way_of_undoing_is_said(bench: Bench, host: Machine) -> None:
    """Of a mount that a dead run left; when the file is closed it goes."""
    name = abandoned(bench)
    file = next(path for path in sorted(Path(name).rglob("*")) if path.is_file())
    with file.open("rb"), pytest.raises(OsrecipeError) as caught:
        undoer(host).undo(name)
    (problem,) = caught.value.problems
    assert problem.reason.startswith(f"DISM still lists it as mounted: `{name}`; it is held by ")
    assert f"({os.getpid()})" in problem.reason
    undoer(host).undo(name)
    assert [] == host.mounts


def test_a_dism_that_is_gone_is_said() -> None:
    """The mount can't be undone without one."""

    def missing() -> Tool:
        from osrecipe.adapters.dism.tool import find

        return find("/no/such/dism", {})

    with pytest.raises(OsrecipeError):
        MountUndoer(missing).undo("/somewhere")


def test_two_images_at_a_time(bench: Bench, host: Machine, tmp_path: Path) -> None:
    """Lanes run in parallel: each saves its own."""
    failures: list[BaseException] = []

    def work(kind: str) -> None:
        try:
            image, _ = bench.open(kind)
            image.apply((PutFile(MARK, kind.encode()),))
            image.commit(tmp_path / f"{kind}.wim")
        except BaseException as cause:  # noqa: BLE001 - shown by the assertion
            failures.append(cause)

    threads = [threading.Thread(target=work, args=(kind,)) for kind in ("winpe", "setup")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [] == failures
    assert [] == host.mounts
    for kind in ("winpe", "setup"):
        image, _ = bench.open(str(tmp_path / f"{kind}.wim"))
        with image.read(MARK) as file:
            assert file.read() == kind.encode()
        image.discard()


def test_an_adapter_without_a_dism_can_only_speak(bench: Bench) -> None:
    """It plans and describes; opening says what is missing."""
    from support.servicing import session_of

    with pytest.raises(TaskError) as caught:
        DismAdapter().open(session_of("winpe", "boot.wim", 1), bench.context())
    assert caught.value.slug == "run/tool-missing"
    assert () == DismAdapter().version.tools
