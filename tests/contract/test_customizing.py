"""Drivers, capabilities, apps, languages, answer files and checkpoints on real images, compared with the samples' answer keys.

The dism adapter does them; the embedded one refuses those that only Windows can do, by name, when planning, and does the
rest alike. The stand-in shares no code with either.
"""

from __future__ import annotations

import json
import shutil
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from support.samples import names as n
from support.samples.extras import CAPABILITIES, DRIVERS, LANGUAGE, OPEN_SSH
from support.samples.packages import write_package
from support.samples.updates import checkpointed
from support.servicing import NO_DIGEST, Bench, add, sha256, take_media, value
from support.standins import Machine, machine

from osrecipe.adapters.dism.packages import alone
from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.engine.checks import evaluate
from osrecipe.model.adapter import TaskError
from osrecipe.model.checks import AppAbsent, CapabilityIs, DriverPresent, SettingIs
from osrecipe.model.facts import Facts
from osrecipe.model.names import InputId, TaskId
from osrecipe.model.plan import Task
from osrecipe.model.tasks import (
    AddDrivers,
    ApplyUnattend,
    ChangeSettings,
    DriverInf,
    InputRef,
    RemoveApp,
    Servicing,
    SetCapability,
    Setting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.engine.checks import Checkable
    from osrecipe.model.adapter import OpenImage, ReadImage
    from osrecipe.model.checks import Check

pytest_plugins = ["support.fixtures"]
SSU, COMBINED = "kb9000001-x64", "kb9000002-x64"
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="offlineServicing">
    <component name="Microsoft-Windows-LUA-Settings" processorArchitecture="amd64"><EnableLUA>false</EnableLUA></component>
  </settings>
</unattend>
"""


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
    """A place to work in with the dism adapter; folders are inputs by their names."""
    made = Bench(tmp_path, samples, media, host.adapter)
    made.packages |= {name: samples.folder / name for name in (DRIVERS, CAPABILITIES)}
    return made


@pytest.fixture
def image(bench: Bench) -> Iterator[OpenImage]:
    """The install image, open; discarded afterwards."""
    opened, _ = bench.open("install")
    yield opened
    opened.discard()


def ref(name: str) -> InputRef:
    """An input by its name."""
    return InputRef(input=InputId(name), digest=NO_DIGEST)


def drivers(*infs: str, whole: bool = False) -> AddDrivers:
    """The operation that adds sample drivers."""
    return AddDrivers(source=ref(DRIVERS), drivers=tuple(DriverInf(inf=inf) for inf in infs), whole=whole)


def holds(image: Checkable, *checks: Check) -> bool:
    """Whether an image says that all of these are so."""
    return all(evaluate(check, image, "install").passed for check in checks)


@contextmanager
def reopened(bench: Bench, image: OpenImage) -> Iterator[ReadImage]:
    """An image as it was saved, for reading."""
    saved = bench.folder / "saved.wim"
    image.commit(saved)
    with saved.open("rb") as wim, closing(bench.adapter.open_read(wim, 1)) as again:
        yield again


def answer(samples: Samples, name: str) -> dict[str, Any]:
    """An answer key of the extras."""
    made: dict[str, Any] = json.loads((samples.folder / f"{name}.answer.json").read_text(encoding="utf-8"))
    return made


# -- drivers -----------------------------------------------------------------------------------------------------------


def test_drivers_are_in_the_store_as_the_answer_key_says(bench: Bench, image: OpenImage) -> None:
    """Those for the image's architecture, with their versions, while it is open and after it was saved."""
    known = [row for row in answer(bench.samples, DRIVERS)["drivers"] if "amd64" in row["architectures"]]
    outcome = image.service(drivers(*(row["inf"] for row in known)), bench.context())
    assert ("done", (("drivers", 2),)) == (outcome.status, outcome.figures)
    checks = [DriverPresent(inf=row["inf"].rpartition("/")[2], version=row["version"]) for row in known]
    assert holds(image, *checks)
    assert not holds(image, DriverPresent(inf="connet.inf", version="9.1.0.0"))  # the one for x86
    assert not holds(image, DriverPresent(inf="other.inf"))
    with reopened(bench, image) as again:
        assert holds(again, *checks)


def test_a_whole_folder_goes_on_one_line(bench: Bench, host: Machine, image: OpenImage) -> None:
    """With `/Recurse`; drivers that are there already are no news."""
    named = ("network/e1/connet.inf", "storage/constor.inf")
    image.service(drivers(*named), bench.context())
    before = len([call for call in host.calls if "/Add-Driver" in call])
    whole = drivers(*named, "network/old/connet.inf", whole=True)
    outcome = image.service(whole, bench.context())
    lines = [call for call in host.calls if "/Add-Driver" in call][before:]
    assert 1 == len(lines)
    assert [f"/Driver:{bench.samples.folder / DRIVERS}", "/Recurse"] == lines[0][-2:]
    assert (("drivers", 1),) == outcome.figures
    assert "nothing-to-do" == image.service(whole, bench.context()).status


def test_a_driver_dism_could_not_use_is_a_failure(bench: Bench, image: OpenImage) -> None:
    """DISM reports an INF it can't use and ends with success; the list says which one is missing."""
    folder = bench.folder / "mixed"
    shutil.copytree(bench.samples.folder / DRIVERS / "storage", folder / "good")
    (folder / "bad").mkdir()
    (folder / "bad" / "bad.inf").write_bytes(b"no INF")
    bench.packages["mixed"] = folder
    op = AddDrivers(
        source=ref("mixed"), drivers=(DriverInf(inf="bad/bad.inf"), DriverInf(inf="good/constor.inf"))
    )
    with pytest.raises(TaskError) as caught:
        image.service(op, bench.context())
    assert "run/check-failed" == caught.value.slug
    assert "does not list `bad/bad.inf`" in caught.value.reason


@pytest.mark.parametrize(("lacking", "unsigned"), [("cat", False), ("sys", True)])
def test_a_package_that_is_not_complete_is_a_failure(
    bench: Bench, image: OpenImage, lacking: str, unsigned: bool
) -> None:
    """Without its catalogue it is taken only where the task says so, without its files never."""
    folder = shutil.copytree(bench.samples.folder / DRIVERS / "storage", bench.folder / "partly")
    bench.packages["partly"] = folder
    op = AddDrivers(source=ref("partly"), drivers=(DriverInf(inf="constor.inf"),), unsigned=unsigned)
    (folder / f"constor.{lacking}").unlink()
    with pytest.raises(TaskError):
        image.service(op, bench.context())
    if not unsigned:
        assert "done" == image.service(op.model_copy(update={"unsigned": True}), bench.context()).status


def test_drivers_go_into_windows_pe(bench: Bench) -> None:
    """The same operation on an image of another kind."""
    opened, _ = bench.open("winpe")
    first, again = (opened.service(drivers("storage/constor.inf"), bench.context()) for _ in range(2))
    assert holds(opened, DriverPresent(inf="CONSTOR.INF", version="1.2.3.4"))
    assert ["1 driver in the driver store, new", "1 driver in the driver store, not new"] == [
        first.detail,
        again.detail,
    ]
    opened.discard()


# -- capabilities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LANGUAGE, OPEN_SSH])
def test_a_capability_comes_from_its_folder_and_goes(bench: Bench, image: OpenImage, name: str) -> None:
    """Its files are those of the answer key; it is known in any case of letters; removed, it is gone."""
    op = SetCapability(capability=name.lower(), source=ref(CAPABILITIES))
    assert "done" == image.service(op, bench.context()).status
    files = answer(bench.samples, CAPABILITIES)["capabilities"][name]["files"]
    assert files
    assert files == {path: sha256(image, path) for path in files}
    assert holds(image, CapabilityIs(name=name, state="installed"))
    assert "nothing-to-do" == image.service(op, bench.context()).status
    image.service(SetCapability(capability=name), bench.context())
    assert {None} == {sha256(image, path) for path in files}
    assert holds(image, CapabilityIs(name=name, state="removed"))


def test_a_saved_image_says_which_capabilities_it_has(bench: Bench, image: OpenImage) -> None:
    """By the descriptions of its packages, without DISM."""
    image.service(SetCapability(capability=LANGUAGE, source=ref(CAPABILITIES)), bench.context())
    with reopened(bench, image) as again:
        assert holds(again, CapabilityIs(name=LANGUAGE, state="installed"))
        assert holds(again, CapabilityIs(name=OPEN_SSH, state="removed"))


def test_a_capability_no_source_has_fails(bench: Bench, host: Machine, image: OpenImage) -> None:
    """It is never asked of the network, and the remedy names what to do."""
    op = SetCapability(capability="Language.OCR~~~de-DE~0.0.1.0", source=ref(CAPABILITIES))
    with pytest.raises(TaskError) as caught:
        image.service(op, bench.context())
    assert caught.value.code in {"0x800f081f", "0x800f0950"}
    assert "features-on-demand disc of the image's build" in caught.value.remedy
    assert "sxs" not in caught.value.remedy
    (line,) = [call for call in host.calls if "/Add-Capability" in call]
    assert "/LimitAccess" in line


def test_success_without_the_capability_is_a_failure(bench: Bench, host: Machine, image: OpenImage) -> None:
    """Banner, sentence, exit code 0 and nothing done."""
    host.order({"command": "Add-Capability", "do": "nothing"})
    with pytest.raises(TaskError) as caught:
        image.service(SetCapability(capability=OPEN_SSH, source=ref(CAPABILITIES)), bench.context())
    assert "run/check-failed" == caught.value.slug


# -- apps --------------------------------------------------------------------------------------------------------------


def test_an_app_is_no_longer_provisioned(bench: Bench, image: OpenImage) -> None:
    """It is gone from DISM's list and from the saved image's registry; the others stay."""
    gone, *kept = n.APPS
    assert not holds(image, AppAbsent(package=gone))
    outcome = image.service(RemoveApp(package=gone), bench.context())
    assert "new users no longer get `Contoso.Player`" == outcome.detail
    assert holds(image, AppAbsent(package=gone))
    with reopened(bench, image) as again:
        assert holds(again, AppAbsent(package=gone))
        assert not any(holds(again, AppAbsent(package=whole)) for whole in kept)


def test_an_app_that_is_not_there_or_stays_fails(bench: Bench, host: Machine, image: OpenImage) -> None:
    """Nothing is asked of DISM for one that it does not list; one it lists afterwards was not removed."""
    with pytest.raises(TaskError, match="lists no provisioned app"):
        image.service(RemoveApp(package="Contoso.Nothing_1.0.0.0_x64__8wekyb3d8bbwe"), bench.context())
    assert [] == [call for call in host.calls if "/Remove-ProvisionedAppxPackage" in call]
    host.order({"command": "Remove-ProvisionedAppxPackage", "do": "nothing"})
    with pytest.raises(TaskError, match="lists it still"):
        image.service(RemoveApp(package=n.APPS[0]), bench.context())


# -- languages, time zone ----------------------------------------------------------------------------------------------


def settings(**values: str) -> ChangeSettings:
    """The operation; underscores stand for hyphens."""
    made = [{"name": name.replace("_", "-"), "value": text} for name, text in values.items()]
    return ChangeSettings(settings=tuple(Setting.model_validate(one) for one in made))


def test_settings_are_set_one_by_one_and_read_back(bench: Bench, host: Machine, image: OpenImage) -> None:
    """`all` first; what is stated beside it wins; DISM reports the values."""
    op = settings(all="en-US", user_locale="de-DE", keyboards="0407:00000407", time_zone="UTC")
    outcome = image.service(op, bench.context())
    assert (("settings", 4),) == outcome.figures
    ran = [call[-1] for call in host.calls if call[-1].startswith("/Set-")]
    assert [
        "/Set-AllIntl:en-US",
        "/Set-UserLocale:de-DE",
        "/Set-InputLocale:0407:00000407",
        "/Set-TimeZone:UTC",
    ] == ran
    wanted = {
        "ui-language": "en-us",
        "user-locale": "de-DE",
        "keyboards": "0407:00000407",
        "time-zone": "UTC",
    }
    assert holds(image, *(SettingIs(name=name, value=text) for name, text in wanted.items()))
    assert not holds(image, SettingIs(name="user-locale", value="en-US"))


def test_a_language_that_is_not_in_the_image_fails(bench: Bench, image: OpenImage) -> None:
    """DISM refuses it with 87, and says why."""
    with pytest.raises(TaskError) as caught:
        image.service(settings(ui_language="ja-JP"), bench.context())
    assert "0x80070057" == caught.value.code
    assert caught.value.reason.startswith("DISM could not carry out `/Set-UILang:ja-JP`: ")
    assert "not know an option, or does not take its value" in caught.value.reason
    assert "ADK" not in caught.value.remedy
    assert "one that is in the image" in caught.value.remedy


def test_a_time_zone_that_is_not_in_the_image_fails(bench: Bench, image: OpenImage) -> None:
    """One that Windows has, but not this image: DISM refuses it, and the remedy speaks of zones."""
    with pytest.raises(TaskError) as caught:
        image.service(settings(time_zone="Qyzylorda Standard Time"), bench.context())
    assert "0x80070057" == caught.value.code
    assert "`/Set-TimeZone:Qyzylorda Standard Time`" in caught.value.reason
    assert caught.value.remedy.startswith("name a zone that the image knows")


def test_a_setting_that_did_not_take_fails(bench: Bench, host: Machine, image: OpenImage) -> None:
    """What DISM reports afterwards decides."""
    host.order({"command": "Set-TimeZone", "do": "nothing"})
    with pytest.raises(TaskError, match="time-zone is UTC, but reports"):
        image.service(settings(time_zone="UTC"), bench.context())


# -- answer files ------------------------------------------------------------------------------------------------------


def test_an_answer_file_is_applied(bench: Bench, image: OpenImage) -> None:
    """Its settings are in the registry of the image."""
    path = bench.folder / "unattend.xml"
    path.write_text(ANSWERS, encoding="utf-8")
    bench.packages["answers"] = path
    op = ApplyUnattend(source=ref("answers"), settings=("Microsoft-Windows-LUA-Settings/EnableLUA",))
    outcome = image.service(op, bench.context())
    assert "1 setting given to DISM: Microsoft-Windows-LUA-Settings/EnableLUA" == outcome.detail
    key = "Microsoft\\Windows\\CurrentVersion\\Policies\\System"
    assert (4, "00000000") == value(image, SOFTWARE, key, "EnableLUA")


# -- combined updates and checkpoints ----------------------------------------------------------------------------------


def test_checkpoints_travel_with_the_update_that_builds_on_them(
    bench: Bench, host: Machine, image: OpenImage
) -> None:
    """Both lie alone in one folder, one line names the target, and both packages are there; without it, 0x800f0838."""
    checkpoint, target = checkpointed()
    for made in (checkpoint, target):
        bench.packages[made.stem] = write_package(made, bench.folder)
    image.service(add(SSU, bench.samples.answer(SSU)), bench.context())
    op = add(target.stem, {"identity": target.identity.package_name, "kb": target.kb})
    with pytest.raises(TaskError) as caught:
        image.service(op, bench.context())
    assert "0x800f0838" == caught.value.code
    assert "checkpoint" in caught.value.reason + caught.value.remedy
    together = op.model_copy(update={"checkpoints": (ref(checkpoint.stem),)})
    assert "done" == image.service(together, bench.context()).status
    line = [call for call in host.calls if "/Add-Package" in call][-1]
    assert [target.file_name] == [a.rpartition("/")[2] for a in line if a.startswith("/PackagePath")]
    assert "installed" == image.state("package", target.identity.package_name)


def test_inputs_of_one_name_travel_together_and_stay_as_they_are(
    bench: Bench, host: Machine, image: OpenImage
) -> None:
    """An update and its checkpoint may be files of one name, in any letters: each is there, none is written to."""
    checkpoint, target = checkpointed()
    for made, name in ((checkpoint, "Update.msu"), (target, "update.msu")):
        folder = bench.folder / made.stem
        folder.mkdir()
        bench.packages[made.stem] = write_package(made, folder).rename(folder / name)
    given = [bench.packages[made.stem] for made in (checkpoint, target)]
    before = [path.read_bytes() for path in given]
    image.service(add(SSU, bench.samples.answer(SSU)), bench.context())
    op = add(target.stem, {"identity": target.identity.package_name, "kb": target.kb})
    ctx = bench.context()
    together = op.model_copy(update={"checkpoints": (ref(checkpoint.stem),)})
    assert "done" == image.service(together, ctx).status
    assert before == [path.read_bytes() for path in given]
    put = sorted(path.name for path in (ctx.work / "package").iterdir())
    assert sorted(["update.msu", f"{checkpoint.stem}-Update.msu"]) == put
    assert host.mounts


def test_what_is_put_aside_writes_over_nothing(tmp_path: Path) -> None:
    """A name that is taken may be a link to somebody's input."""
    mine, other = tmp_path / "a" / "x.msu", tmp_path / "b" / "x.msu"
    for path in (mine, other):
        path.parent.mkdir()
        path.write_text(path.parent.name, encoding="utf-8")
    put = alone(mine, tmp_path / "together")
    with pytest.raises(TaskError, match="can't be put aside"):
        alone(other, tmp_path / "together")
    assert ["a", "a", "b"] == [path.read_text(encoding="utf-8") for path in (mine, put, other)]


# -- what the embedded adapter says ------------------------------------------------------------------------------------

REFUSED: list[Servicing] = [
    drivers("a.inf"),
    SetCapability(capability=OPEN_SSH),
    RemoveApp(package=n.APPS[0]),
    settings(all="de-DE"),
    ApplyUnattend(source=ref("answers")),
    add("x", {"identity": "x", "kb": "KB1"}).model_copy(update={"checkpoints": (ref("y"),)}),
]


@pytest.mark.parametrize("op", REFUSED, ids=lambda op: op.op)
def test_the_embedded_adapter_refuses_what_only_windows_can_do(op: Servicing) -> None:
    """With a reason of its own for each, and who can."""
    task = Task(id=TaskId("install/x"), op=op, title="x", digest=NO_DIGEST)
    from support.servicing import session_of

    refusal = EmbeddedAdapter().refuse(task, session_of("install", "install.wim", 1), Facts(inputs={}))
    assert refusal is not None
    assert refusal.reason
    assert "the dism adapter on Windows can; `--adapter dism` plans for it from any host" == refusal.hint
    assert () == EmbeddedAdapter().describe(task, session_of("i", "i", 1)) or op.op == "add-package"
