"""One golden transcript for each kind of task: the arguments DISM got, what it printed, what the adapter made of it.

A case is `tests/golden/dism/NAME.txt`. DISM is the stand-in; `OSRECIPE_REGOLD=1` writes them anew for review.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from support.house import ROOT
from support.samples.extras import CAPABILITIES, DRIVERS, OPEN_SSH
from support.samples.names import APPS
from support.samples.packages import write_package
from support.samples.updates import checkpointed
from support.servicing import NETFX3, NO_DIGEST, Bench, add, enable_netfx3, take_media
from support.standins import machine

from osrecipe.adapters.dism.calls import Dism, Watch
from osrecipe.adapters.dism.mounting import listed
from osrecipe.model.adapter import TaskError
from osrecipe.model.names import InputId, UnitId
from osrecipe.model.tasks import (
    AddDrivers,
    ApplyUnattend,
    ArtifactRef,
    ChangeSettings,
    CleanupImage,
    DriverInf,
    ExportImages,
    ExportPart,
    ImageRef,
    InputRef,
    RemoveApp,
    SetCapability,
    SetFeature,
    Setting,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.tasks import Servicing

pytest_plugins = ["support.fixtures"]
GOLDEN = ROOT / "tests" / "golden" / "dism"
SSU, LCU = "kb9000001-x64", "kb9000002-x64"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A place to work in, on a machine of its own."""
    return Bench(tmp_path, samples, media, machine(tmp_path / "machine", monkeypatch).adapter)


def opened_and_discarded(bench: Bench) -> str:
    """Export, mount, list, unmount without saving."""
    bench.open("winpe")[0].discard()
    return "opened and given up"


def saved(bench: Bench) -> str:
    """Unmount with saving."""
    image, _ = bench.open("winpe")
    bench.log.clear()
    image.commit(bench.folder / "saved.wim")
    return "saved"


def package(bench: Bench) -> str:
    """A package is added."""
    image, _ = bench.open("winpe")
    bench.log.clear()
    outcome = image.service(add(SSU, bench.samples.answer(SSU)), bench.context())
    return f"{outcome.status}: {outcome.detail}"


def refused_package(bench: Bench) -> str:
    """A package whose servicing stack is missing."""
    image, _ = bench.open("winpe")
    bench.log.clear()
    with pytest.raises(TaskError) as caught:
        image.service(add(LCU, bench.samples.answer(LCU)), bench.context())
    return f"{caught.value.slug} {caught.value.code}: {caught.value.reason}\nremedy: {caught.value.remedy}"


def netfx3(bench: Bench) -> str:
    """.NET Framework 3.5 from the media."""
    image, _ = bench.open("install")
    bench.log.clear()
    outcome = image.service(enable_netfx3(), bench.context())
    return f"{outcome.status}: {outcome.detail}; {image.state('package', NETFX3)}"


def feature(bench: Bench) -> str:
    """A feature is switched off."""
    image, _ = bench.open("install")
    bench.log.clear()
    op = SetFeature(feature="SMB1Protocol", state="disabled", package="")
    outcome = image.service(op, bench.context())
    return f"{outcome.status}: {outcome.detail}"


def cleanup(bench: Bench) -> str:
    """Superseded components are removed and the base reset."""
    image, _ = bench.open("winpe")
    bench.log.clear()
    outcome = image.service(CleanupImage(level="reset-base"), bench.context())
    return f"{outcome.status}: {outcome.detail}"


def export(bench: Bench) -> str:
    """Two images appended to a new WIM, the second bootable."""
    ref = ArtifactRef(unit=UnitId("take"), name="boot.wim", digest=NO_DIGEST)
    parts = tuple(ExportPart(image=ImageRef(wim=ref, index=index), refresh=True) for index in (1, 2))
    op = ExportImages(wim="boot.wim", parts=parts, compress="max", boot_index=2)
    made = bench.adapter.export(op, bench.folder / "boot.wim", bench.context())
    return f"exported: {', '.join(map(str, made.versions))}"


def serviced(bench: Bench, op: Servicing, kind: str = "install") -> str:
    """One operation on an image, and what became of it."""
    image, _ = bench.open(kind)
    bench.packages |= {name: bench.samples.folder / name for name in (DRIVERS, CAPABILITIES)}
    bench.log.clear()
    outcome = image.service(op, bench.context())
    return f"{outcome.status}: {outcome.detail}"


def ref(name: str) -> InputRef:
    """An input by its name."""
    return InputRef(input=InputId(name), digest=NO_DIGEST)


def capability(bench: Bench) -> str:
    """A capability from a folder."""
    return serviced(bench, SetCapability(capability=OPEN_SSH, source=ref(CAPABILITIES)))


def app(bench: Bench) -> str:
    """A provisioned app is removed."""
    return serviced(bench, RemoveApp(package=APPS[0]))


def drivers(bench: Bench) -> str:
    """Two drivers by their INFs, because the folder holds others."""
    op = AddDrivers(
        source=ref(DRIVERS),
        drivers=(DriverInf(inf="network/e1/connet.inf"), DriverInf(inf="storage/constor.inf")),
        whole=False,
        unsigned=True,
    )
    return serviced(bench, op, "winpe")


def settings(bench: Bench) -> str:
    """Languages and the time zone, one command for each."""
    wanted = (Setting(name="all", value="en-US"), Setting(name="time-zone", value="UTC"))
    return serviced(bench, ChangeSettings(settings=wanted))


def unattend(bench: Bench) -> str:
    """An answer file's pass `offlineServicing`."""
    bench.packages["answers"] = ROOT / "recipes" / "unattend" / "desk.xml"
    names = ("Microsoft-Windows-LUA-Settings/EnableLUA",)
    return serviced(bench, ApplyUnattend(source=ref("answers"), settings=names))


def checkpoint(bench: Bench) -> str:
    """A cumulative update with the checkpoint it builds on beside it."""
    base, target = checkpointed()
    bench.packages |= {made.stem: write_package(made, bench.folder) for made in (base, target)}
    image, _ = bench.open("winpe")
    image.service(add(SSU, bench.samples.answer(SSU)), bench.context())
    bench.log.clear()
    op = add(target.stem, {"identity": target.identity.package_name, "kb": target.kb})
    outcome = image.service(op.model_copy(update={"checkpoints": (ref(base.stem),)}), bench.context())
    return f"{outcome.status}: {outcome.detail}"


def stack_alone(bench: Bench) -> str:
    """The pass for a combined update's stack ends with the code that is tolerated there, and the stack is there."""
    faults = [{"command": "Add-Package", "do": "error", "code": "0x8007007e", "at": 100}]
    (bench.folder / "machine" / "faults.json").write_text(json.dumps(faults), encoding="utf-8")
    image, _ = bench.open("winre")
    bench.log.clear()
    op = add(SSU, bench.samples.answer(SSU))
    op = op.model_copy(update={"stack_only": True, "tolerates": ("0x8007007e",)})
    outcome = image.service(op, bench.context())
    return f"{outcome.status}: {outcome.detail}"


def undone(bench: Bench) -> str:
    """A mount that a dead run left is listed, and given up."""
    from support.standins import LAUNCHER, QUICK

    from osrecipe.adapters.dism.mounting import let_go
    from osrecipe.adapters.dism.tool import find

    bench.open("winpe")
    bench.log.clear()
    folder = next(bench.folder.glob("work-*/mount"))
    dism = Dism(find(str(LAUNCHER)), QUICK)
    gone = let_go(dism, folder, Watch(log=bench.log.append))
    return f"gone: {gone}, left: {len(listed(dism, Watch()))}"


CASES: dict[str, Callable[[Bench], str]] = {
    "01-open-and-give-up": opened_and_discarded,
    "02-save": saved,
    "03-add-package": package,
    "04-add-package-refused": refused_package,
    "05-enable-netfx3": netfx3,
    "06-switch-feature": feature,
    "07-cleanup": cleanup,
    "08-export": export,
    "09-undo": undone,
    "10-add-capability": capability,
    "11-remove-app": app,
    "12-add-drivers": drivers,
    "13-settings": settings,
    "14-apply-unattend": unattend,
    "15-checkpoint": checkpoint,
    "16-stack-alone": stack_alone,
}


def steady(text: str, bench: Bench) -> str:
    """Without what differs between machines and days."""
    for folder, name in ((ROOT, "<checkout>"), (bench.media, "<media>"), (bench.folder, "<work>")):
        text = text.replace(str(folder), name)
    text = text.replace(str(bench.samples.folder), "<samples>")
    return re.sub(r"(Install Time : ).+", r"\1<time>", text)


@pytest.mark.parametrize("name", CASES)
def test_a_task_s_transcript(name: str, bench: Bench) -> None:
    """Arguments in, output in, result out."""
    result = CASES[name](bench)
    got = steady("\n".join([*bench.log, "", f"=> {result}"]) + "\n", bench)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("OSRECIPE_REGOLD"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(got, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == got


def test_no_transcript_is_left_over() -> None:
    """Each belongs to a case."""
    assert sorted(CASES) == sorted(path.stem for path in GOLDEN.glob("*.txt"))
