"""Every code of the table through the adapter: ordered from the stand-in in every spelling, judged by what is done about it.

The stand-in is called in this process, so that all 32 bits of an exit code arrive, as they do on Windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from support.inline import in_process
from support.servicing import NOW, Bench, add, session_of, take_media
from support.standins import Machine, machine

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.calls import MARK, Dism, DismError, Watch, marked
from osrecipe.adapters.dism.codes import TABLE, Kind, lookup
from osrecipe.adapters.dism.command import mounted
from osrecipe.adapters.dism.mounting import Mounted, listed
from osrecipe.engine.session import carry_out
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.changes import PutFile
from osrecipe.model.events import LogLine, ResourceAcquired, ResourceReleased, TaskFailed
from osrecipe.model.execution import ResolvedRef, UnitRequest
from osrecipe.model.names import InputId, TaskId
from osrecipe.model.plan import Task
from osrecipe.model.tasks import CleanupImage, SetFeature
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.adapters.dism.codes import Code
    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.model.adapter import OpenImage
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome
    from osrecipe.model.tasks import Servicing

pytest_plugins = ["support.fixtures"]
SSU = "kb9000001-x64"
AT_ONCE = (0.0, 0.0, 0.0)
"""Delays between tries, for cases by the hundred."""
FAILING = [row for row in TABLE if row.kind not in {Kind.SUCCESS, Kind.PENDING}]
TRIES = {Kind.TRANSIENT: 1 + len(AT_ONCE), Kind.PROBE: 2}
"""How often a servicing command is started that always ends with a code of this class; 1 for all others."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of this test's own, whose stand-in is called here."""
    made = machine(tmp_path / "machine", monkeypatch)
    in_process(monkeypatch)
    return made


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The stand-in, asked for its version once."""
    with pytest.MonkeyPatch.context() as patch:
        return machine(tmp_path_factory.mktemp("asked"), patch).tool


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path, host: Machine, tool: Tool) -> Bench:
    """A place to work in, on this test's machine."""
    assert [] == host.mounts
    return Bench(tmp_path, samples, media, DismAdapter(tool, AT_ONCE))


@dataclass(frozen=True)
class Shared:
    """One mounted image for all the commands that end before they changed anything."""

    bench: Bench
    host: Machine
    image: OpenImage
    dism: Dism


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, samples: Samples, media: Path, tool: Tool
) -> Iterator[Shared]:
    """An image that stays as it was: the test after the last case says so."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        host = machine(folder / "machine", patch)
        in_process(patch)
        bench = Bench(folder, samples, media, DismAdapter(tool, AT_ONCE))
        image = bench.open("winpe")[0]
        yield Shared(bench, host, image, Dism(tool, AT_ONCE))
        host.order()
        assert image.state("package", samples.answer(SSU)["identity"]) is None
        image.discard()
        assert [] == host.mounts


def spellings(row: Code) -> dict[str, str | None]:
    """How the error line may spell a code; "" for no error line, so that only the exit code tells."""
    return {
        "as DISM prints it": None,
        "by the exit code alone": "",
        "hexadecimal": row.text,
        "hexadecimal in capitals": f"0x{row.text[2:].upper()}",
        "negative, as .NET has it": str(int(row.text, 16) - (1 << 32)),
        "decimal": str(int(row.text, 16)),
    }


@pytest.mark.parametrize("row", FAILING, ids=lambda row: row.text)
def test_a_code_that_fails_servicing(row: Code, shared: Shared) -> None:
    """As many tries as its class has, then its slug, its remedy, DISM's code and meaning in the error; nothing is there."""
    before = len(shared.host.calls)
    shared.host.order({"command": "Add-Package", "do": "error", "code": row.text, "times": 99})
    with pytest.raises(TaskError) as caught:
        shared.image.service(add(SSU, shared.bench.samples.answer(SSU)), shared.bench.context())
    tries = sum("/Add-Package" in call for call in shared.host.calls[before:])
    expected = (row.text, row.slug, row.remedy, TRIES.get(row.kind, 1))
    assert expected == (caught.value.code, caught.value.slug, caught.value.remedy, tries)
    assert row.meaning in caught.value.reason


@pytest.mark.parametrize("row", FAILING, ids=lambda row: row.text)
def test_a_code_is_one_row_in_every_spelling(row: Code, shared: Shared) -> None:
    """As DISM prints it, hexadecimal, decimal, negative, or by the exit code alone; tolerated it ends the command only."""
    for name, printed in spellings(row).items():
        fault = {"command": "Get-MountedImageInfo", "do": "error", "code": row.text, "printed": printed}
        shared.host.order({**fault, "times": 99})
        with pytest.raises(DismError) as caught:
            shared.dism.run(mounted(), Watch())
        assert row == caught.value.row, name
        done = shared.dism.run(mounted(), Watch(), tolerated={row.number})
        assert (True, False, row) == (done.is_tolerated, done.is_pending, done.row), name
        other = 0x800F0825 if row.number != 0x800F0825 else 0x800F081E
        with pytest.raises(DismError):
            shared.dism.run(mounted(), Watch(), tolerated={other})


@pytest.mark.parametrize("row", FAILING, ids=lambda row: row.text)
def test_a_code_while_mounting_leaves_nothing(row: Code, shared: Shared, tmp_path: Path) -> None:
    """The journal heard of the mount before and after, nothing is mounted, only what may pass is tried again."""
    said: list[str] = []
    calls, mounts = len(shared.host.calls), shared.host.mounts
    shared.host.order({"command": "Mount-Image", "do": "error", "code": row.text, "times": 99})
    ctx = replace(
        shared.bench.context(),
        acquired=lambda kind, _name: said.append(f"+{kind}"),
        released=lambda kind, _name: said.append(f"-{kind}"),
    )
    (tmp_path / "mount").mkdir()
    with pytest.raises(TaskError) as caught:
        Mounted(shared.dism, tmp_path / "image.wim", tmp_path / "mount", ctx).mount(1, 0, 1)
    tries = sum("/Mount-Image" in call for call in shared.host.calls[calls:])
    assert (row.text, ["+mount", "-mount"], mounts) == (caught.value.code, said, shared.host.mounts)
    assert TRIES.get(row.kind, 1) == tries


AT_UNMOUNT = [row for row in TABLE if row.kind in {Kind.TRANSIENT, Kind.BUSY}]


@pytest.mark.parametrize("row", AT_UNMOUNT, ids=lambda row: row.text)
def test_a_code_that_may_pass_is_waited_for_when_saving(
    row: Code, bench: Bench, host: Machine, tmp_path: Path
) -> None:
    """Twice in the way, then saved: busy codes too, which nothing but an unmount is tried again for."""
    image, _ = bench.open("winpe")
    image.apply((PutFile(WinPath("Windows\\mark.txt"), b"here"),))
    host.order({"command": "Unmount-Image", "do": "error", "code": row.text, "times": 2})
    image.commit(tmp_path / "saved.wim")
    commits = sum("/Commit" in call for call in host.calls)
    assert (3, []) == (commits, host.mounts)
    assert (tmp_path / "saved.wim").is_file()


def carried_out(bench: Bench, folder: Path) -> tuple[UnitOutcome, list[Event]]:
    """A whole session that adds one package, with what it reported."""
    op = add(SSU, bench.samples.answer(SSU))
    base = session_of("winpe", "boot.wim", 1)
    task = Task(id=TaskId("test/ssu"), op=op, title="add the stack", digest=base.digest)
    for name in ("work", "artifacts", "tree"):
        (folder / name).mkdir(parents=True)
    request = UnitRequest(
        unit=base.model_copy(update={"tasks": (task,)}),
        adapter="dism",
        resolved=(
            ResolvedRef(key="artifact:take:boot.wim", path=bench.media / "boot.wim"),
            ResolvedRef(key=f"input:{InputId(SSU)}", path=bench.samples.package(SSU)),
        ),
        work=folder / "work",
        artifacts=folder / "artifacts",
        tree=folder / "tree",
        now=NOW,
    )
    events: list[Event] = []
    done = carry_out(request, bench.adapter, secrets={}, emit=events.append, cancelled=lambda: False)
    return done, events


SPOILT = [row for row in FAILING if row.kind is Kind.FATAL]
ONE_OF_EACH = list({row.kind: row for row in FAILING}.values())


@pytest.mark.parametrize("row", [*SPOILT, *ONE_OF_EACH], ids=lambda row: f"{row.kind}-{row.text}")
def test_an_image_with_a_failure_is_never_saved(
    row: Code, bench: Bench, host: Machine, tmp_path: Path
) -> None:
    """A whole session, the work half done: no `/Commit` at all, no artifact, given up, and the failure says the code."""
    host.order({"command": "Add-Package", "do": "error", "code": row.text, "at": 50, "times": 99})
    done, events = carried_out(bench, tmp_path / "unit")
    if row.kind is Kind.PROBE:  # the work was done before the process died: the image says so
        assert "done" == done.status
        return
    assert "failed" == done.status
    assert row.text == next(event.code for event in events if isinstance(event, TaskFailed))
    assert [] == [call for call in host.calls if "/Commit" in call]
    assert ([], []) == (host.mounts, list((tmp_path / "unit/artifacts").iterdir()))
    held = [type(event) for event in events if isinstance(event, ResourceAcquired | ResourceReleased)]
    assert [ResourceAcquired, ResourceReleased] == held


@pytest.mark.parametrize(
    "fault", [{"do": "exit"}, {"do": "error", "at": 100}, {"do": "error", "at": 100, "printed": ""}]
)
def test_a_restart_that_is_required_is_success(
    fault: dict[str, object], bench: Bench, host: Machine, tmp_path: Path
) -> None:
    """3010 with the sentence, or as an error line; not without either. The task's log says what is left."""
    host.order({"command": "Add-Package", "code": "3010", "times": 99, **fault})
    done, events = carried_out(bench, tmp_path / "unit")
    if fault.get("printed") == "":
        assert "failed" == done.status
        return
    assert "done" == done.status
    assert (tmp_path / "unit/artifacts/image.wim").is_file()
    logged = [event.text for event in events if isinstance(event, LogLine)]
    assert f"0x80070bc2: {lookup(3010).meaning}" in logged


MARKED = (
    ("Add-Package", "winpe"),
    ("Cleanup-Image", "winpe"),
    ("Disable-Feature", "install"),
)


@pytest.mark.parametrize(("verb", "kind"), MARKED)
def test_a_pending_command_marks_its_task(verb: str, kind: str, bench: Bench, host: Machine) -> None:
    """As a figure, which goes into the report, and in words; the next task without it is not marked."""
    ops: dict[str, Servicing] = {
        "Add-Package": add(SSU, bench.samples.answer(SSU)),
        "Cleanup-Image": CleanupImage(level="superseded"),
        "Disable-Feature": SetFeature(feature="SMB1Protocol", state="disabled", package=""),
    }
    image, _ = bench.open(kind)
    host.order({"command": verb, "do": "exit", "code": 3010})
    outcome = image.service(ops[verb], bench.context())
    assert "done" == outcome.status
    assert outcome.detail.endswith("; something is left for the first start (0x80070bc2)")
    assert (MARK, 1) in outcome.figures
    again = image.service(ops["Add-Package"], bench.context())
    assert ("first start" in again.detail, MARK in dict(again.figures)) == (False, False)
    image.discard()


def test_an_outcome_without_words_is_marked_too() -> None:
    """It says nothing else then; one with nothing left stays as it is."""
    assert Outcome() == marked(Outcome(), [])
    assert Outcome(
        detail="something is left for the first start (0x80070bc2)", figures=((MARK, 2),)
    ) == marked(Outcome(), [lookup(3010)] * 2)


@pytest.mark.parametrize("times", [1, 2])
def test_a_cleanup_whose_process_died_is_done_once_more(times: int, bench: Bench, host: Machine) -> None:
    """Nothing tells whether it was done: packages are asked for, as DISM needs it then, and it is started again, once."""
    image, _ = bench.open("winpe")
    before = len(host.calls)
    host.order({"command": "Cleanup-Image", "do": "error", "code": "1726", "times": times})
    if times == 1:
        image.service(CleanupImage(level="reset-base"), bench.context())
    else:
        with pytest.raises(TaskError):
            image.service(CleanupImage(level="reset-base"), bench.context())
    verbs = [
        word for call in host.calls[before:] for word in call if word in {"/Get-Packages", "/Cleanup-Image"}
    ]
    assert ["/Get-Packages", "/Cleanup-Image", "/Get-Packages", "/Cleanup-Image", "/Get-Packages"] == verbs
    image.discard()


def test_success_is_one_row() -> None:
    """0, and nothing else; 3010 is the one that is success with a mark."""
    assert ([0], [3010]) == (
        [row.number for row in TABLE if row.kind is Kind.SUCCESS],
        [row.number for row in TABLE if row.kind is Kind.PENDING],
    )
    assert len(TABLE) == len(FAILING) + 2


def test_a_code_without_a_row_fails_under_its_own_number(host: Machine, tool: Tool) -> None:
    """Nothing is guessed from its neighbours."""
    host.order({"command": "Get-MountedImageInfo", "do": "error", "code": "0x80004005"})
    with pytest.raises(DismError) as caught:
        listed(Dism(tool, AT_ONCE), Watch())
    assert ("unknown", "0x80004005") == (caught.value.row.name, caught.value.code)
