"""Updates made by the tests: what the sample packages don't have, and what must not get through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cabarchive
import pytest
from support.samples import catalogue as c
from support.samples import names as n
from support.samples.cabinets import cabinet
from support.samples.documents import manifest
from support.samples.names import Arch, Identity
from support.samples.packages import update_cabinet
from support.samples.spec import (
    Component,
    Container,
    FileSpec,
    Part,
    RegValue,
    UpdatePackage,
    ValueType,
    image_path,
)
from support.samples.updates import all_updates
from support.servicing import NO_DIGEST, Bench, add, add_made, session_of, sha256, take_media, value

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.adapters.embedded.ledger import LEDGER, Ledger, load_ledger
from osrecipe.adapters.embedded.records import ViewFiles
from osrecipe.adapters.embedded.refusals import describe, refuse
from osrecipe.formats.errors import FormatError
from osrecipe.formats.msu import open_package
from osrecipe.formats.wim.reader import WimReader
from osrecipe.inputs.packages import package_facts
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import DeletePath, PutFile
from osrecipe.model.facts import Facts, UpdateFacts, UpdateKind
from osrecipe.model.names import InputId, TaskId
from osrecipe.model.plan import Task
from osrecipe.model.tasks import CleanupImage, SetFeature
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.adapter import OpenImage
    from osrecipe.model.tasks import Op

pytest_plugins = ["support.fixtures"]
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
CONTOSO = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Test"
VERSION = "10.0.17134.900"
EDITIONS = (n.PROFESSIONAL, n.ENTERPRISE)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path) -> Bench:
    """A place to work in with the embedded adapter."""
    return Bench(tmp_path, samples, media, EmbeddedAdapter())


@pytest.fixture
def image(bench: Bench) -> Iterator[OpenImage]:
    """The install image, open; discarded afterwards."""
    opened, _ = bench.open("install")
    yield opened
    opened.discard()


def update(
    *components: Component, parents: tuple[Identity, ...] = EDITIONS, arch: str = "amd64"
) -> UpdatePackage:
    """An update with one part."""
    return UpdatePackage(
        "made",
        "optional",
        "KB9100001",
        Identity("Package_for_KB9100001", "10.0.1.0", arch),
        (Part("Package_1_for_KB9100001", parents, components),),
        container=Container.CAB,
    )


def component(
    *files: FileSpec,
    registry: tuple[RegValue, ...] = (),
    extra: str = "",
    arch: str = Arch.AMD64,
    version: str = VERSION,
) -> Component:
    """A component."""
    return Component(Identity("Sample-Made", version, arch), files, registry, extra)


TEXT = FileSpec("made.txt", "$(runtime.windows)\\Contoso\\", b"made")


def test_a_32_bit_component_sees_the_32_bit_side(bench: Bench, image: OpenImage) -> None:
    """Files of a wow64 component go to SysWOW64, its keys to WOW6432Node unless both sides share them."""
    values = (
        RegValue(CONTOSO, "Where", ValueType.SZ, "$(runtime.system32)\\made.dll"),
        RegValue("HKEY_CLASSES_ROOT\\CLSID\\{1}", "", ValueType.SZ, "x"),
        RegValue("HKEY_CLASSES_ROOT\\.made", "", ValueType.SZ, "y"),
    )
    dll = FileSpec("made.dll", c.SYSTEM32, b"MZ made")
    image.service(add_made(bench, update(component(dll, registry=values, arch=Arch.WOW64))), bench.context())
    assert image.info(WinPath("Windows\\SysWOW64\\made.dll")) is not None
    assert image.info(WinPath("Windows\\System32\\made.dll")) is None
    where = value(image, SOFTWARE, "WOW6432Node\\Contoso\\Test", "Where")
    assert where == (1, "C:\\Windows\\SysWOW64\\made.dll\0".encode("utf-16-le").hex())
    assert value(image, SOFTWARE, "Classes\\WOW6432Node\\CLSID\\{1}", "") is not None
    assert value(image, SOFTWARE, "Classes\\.made", "") is not None
    assert value(image, SOFTWARE, "Contoso\\Test", "Where") is None


def test_a_feature_that_is_off_stays_off(bench: Bench, image: OpenImage) -> None:
    """An update of a switched-off feature goes into the store alone, and shows when the feature is switched on."""
    off = SetFeature(feature="SMB1Protocol", state="disabled", package="")
    image.service(off, bench.context())
    newer = c.SMB1.at(VERSION)
    image.service(add_made(bench, update(newer)), bench.context())
    driver = newer.files[0].paths("amd64")[0]
    assert image.info(WinPath(driver)) is None
    image.service(off.model_copy(update={"state": "enabled"}), bench.context())
    assert sha256(image, driver) == newer.files[0].sha256


def test_switching_off_puts_values_back(bench: Bench, image: OpenImage) -> None:
    """A registry value an update wrote is what it was again, when its feature goes off."""
    registry = (
        RegValue("HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Sample", "Größe", ValueType.DWORD, 7),
        RegValue(CONTOSO, "New", ValueType.DWORD, 1),
    )
    before = value(image, SOFTWARE, "Contoso\\Sample", "Größe")
    newer = replace(c.SMB1.at(VERSION), registry=registry)
    image.service(add_made(bench, update(newer)), bench.context())
    assert value(image, SOFTWARE, "Contoso\\Sample", "Größe") == (4, "07000000")
    off = SetFeature(feature="SMB1Protocol", state="disabled", package="")
    outcome = image.service(off, bench.context())
    assert dict(outcome.figures) == {"files": 1, "registry-values": 2}
    assert value(image, SOFTWARE, "Contoso\\Sample", "Größe") == before
    assert value(image, SOFTWARE, "Contoso\\Test", "New") is None


def test_an_older_component_does_not_win(bench: Bench, image: OpenImage) -> None:
    """A component older than the one in the image is passed over."""
    newer, older = component(TEXT), component(replace(TEXT, content=b"old"), version="10.0.17134.899")
    image.service(add_made(bench, update(newer)), bench.context())
    second = replace(update(older), stem="older", identity=Identity("Package_for_KB9100002", "10.0.1.0"))
    assert image.service(add_made(bench, second), bench.context()).status == "nothing-to-do"
    assert sha256(image, "Windows\\Contoso\\made.txt") == TEXT.sha256


def test_replaced_files_keep_descriptor_and_attributes(bench: Bench, image: OpenImage) -> None:
    """The file that takes an old one's place has its descriptor and attributes."""
    with_new = c.NOTEPAD.at(VERSION)
    op = add_made(bench, update(with_new))
    image.service(op, bench.context())
    to = bench.folder / "saved.wim"
    image.commit(to)
    with WimReader.open(to) as after, WimReader.open(bench.media / "install.wim") as before:
        path = "Windows\\System32\\notepad.exe"
        new, old = after.tree(1).get(path), before.tree(1).get(path)
    assert new.sha1 != old.sha1
    assert (new.security, new.attributes) == (old.security, old.attributes)


def test_another_architecture_is_not_applicable(bench: Bench, image: OpenImage) -> None:
    """An update for another architecture says so."""
    with pytest.raises(TaskError) as caught:
        image.service(add_made(bench, update(component(TEXT), arch="arm64")), bench.context())
    assert caught.value.slug == "run/not-applicable"
    assert "arm64" in caught.value.reason


def test_a_package_of_the_image_can_be_outdone(bench: Bench, image: OpenImage) -> None:
    """A newer version of a package the image came with supersedes it; an older one does not apply."""
    ours = n.OPTIONAL_FEATURES
    newer = replace(update(component(TEXT)), identity=ours.at("10.0.17134.7"))
    older = replace(newer, stem="older", identity=ours.at("10.0.17134.0"))
    with pytest.raises(TaskError, match=r"newer version is in the image: 10\.0\.17134\.1$"):
        image.service(add_made(bench, older), bench.context())
    image.service(add_made(bench, newer), bench.context())
    assert image.state("package", ours.package_name) == "superseded"
    assert image.state("package", newer.identity.package_name) == "installed"


def test_why_an_update_does_not_apply_is_said(bench: Bench, image: OpenImage) -> None:
    """The reason names the packages of which one would be needed."""
    with pytest.raises(TaskError) as caught:
        image.service(add_made(bench, update(component(TEXT), parents=(n.WINPE,))), bench.context())
    assert "`Microsoft-Windows-WinPE-Package 10.0.17134.1`" in caught.value.reason


def cab(made: UpdatePackage, **changed: bytes | None) -> bytes:
    """An update's cabinet with some files replaced (by suffix of their name) or left out."""
    archive = cabarchive.CabArchive(update_cabinet(made))
    files = {name.replace("/", "\\"): file.buf or b"" for name, file in archive.items()}
    for suffix, content in changed.items():
        name = next(one for one in files if one.endswith(suffix.replace("_", ".")))
        if content is None:
            del files[name]
        else:
            files[name] = content
    return cabinet(files)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"made_txt": b"tampered"}, "does not have the hash"),
        ({"made_txt": None}, "does not hold the whole file"),
        ({"manifest": None}, "lacks a manifest"),
        ({"manifest": b"<x/>"}, "root is not"),
        ({"update_mum": b"<x/>"}, "root is not"),
    ],
)
def test_damaged_packages_fail(
    bench: Bench, image: OpenImage, changed: dict[str, bytes | None], words: str
) -> None:
    """A package whose parts are missing, damaged or tampered with fails with a reason."""
    made = update(component(TEXT))
    with pytest.raises(TaskError, match=words):
        image.service(add_made(bench, made, cab(made, **changed)), bench.context())


def test_a_manifest_of_another_component_fails(bench: Bench, image: OpenImage) -> None:
    """A manifest has to be the one its file name says."""
    made = update(component(TEXT))
    other = manifest(replace(made.parts[0].components[0], identity=Identity("Other", VERSION)))
    with pytest.raises(TaskError, match="of another component"):
        image.service(add_made(bench, made, cab(made, manifest=other)), bench.context())


@pytest.mark.parametrize(
    "folder",
    ["$(runtime.nowhere)\\", "$(runtime.system32)\\..\\..\\", "C:\\Windows\\", "$(runtime.windows)\\a|b\\"],
)
def test_destinations_stay_inside_the_image(bench: Bench, image: OpenImage, folder: str) -> None:
    """A destination with an unknown variable, or one that climbs out, is no destination."""
    file = FileSpec("made.txt", folder, b"made")
    made = update(Component(Identity("Sample-Made", VERSION), (file,)))
    with pytest.raises(TaskError):
        image.service(add_made(bench, made), bench.context())


def test_what_is_not_carried_out_is_refused_at_plan_time(bench: Bench, image: OpenImage) -> None:
    """The refusal names element and payload form and what can do it; the image refuses as well."""
    stem = "kb9000009-x64"
    answer = bench.samples.answer(stem)
    facts = package_facts(bench.samples.package(stem))
    one = UpdateFacts(
        sha256=answer["sha256"],
        size=answer["size"],
        container="msu-cab",
        update_kind=UpdateKind.OPTIONAL,
        package=facts,
    )
    op = add(stem, answer)
    refusal = refuse(task(op), Facts(inputs={InputId(stem): one}))
    assert refusal is not None
    assert "`memberships.categoryMembership.categoryInstance` (an advanced installer)" in refusal.reason
    assert "`payload:delta-pe` (differential payload)" in refusal.reason
    assert refusal.hint.startswith("the dism adapter on Windows can")
    with pytest.raises(TaskError):
        image.service(op, bench.context())


@pytest.mark.parametrize("stem", ["kb9000001-x64", "kb9000002-x64", "kb9000005-x64", "kb9000008-x64"])
def test_whole_file_updates_are_not_refused(bench: Bench, stem: str) -> None:
    """Updates of whole files and registry values pass."""
    answer = bench.samples.answer(stem)
    one = UpdateFacts(
        sha256=answer["sha256"],
        size=answer["size"],
        container="msu-cab",
        update_kind=UpdateKind.OPTIONAL,
        package=package_facts(bench.samples.package(stem)),
    )
    assert refuse(task(add(stem, answer)), Facts(inputs={InputId(stem): one})) is None


def task(op: Op) -> Task:
    """A task around an operation."""
    return Task(id=TaskId("test/op"), op=op, title="test", digest=NO_DIGEST)


def test_a_combined_update_carries_its_stack(bench: Bench, image: OpenImage) -> None:
    """A cabinet with stack and cumulative update does both, the stack first."""
    stack, cumulative = all_updates()[:2]
    combined = cabinet(
        {
            "toc.xml": b"<toc/>",
            "Windows10.0-KB9000002-x64.cab": update_cabinet(cumulative),
            "SSU-17134.191-x64.cab": update_cabinet(stack),
        },
        compress=False,
    )
    made = replace(cumulative, stem="combined")
    assert image.service(add_made(bench, made, combined), bench.context()).status == "done"
    assert image.state("package", stack.identity.package_name) == "installed"
    assert image.state("package", cumulative.identity.package_name) == "installed"


def test_loose_files_are_no_package(bench: Bench, image: OpenImage) -> None:
    """A cabinet of loose files belongs into the media, not into an image."""
    with pytest.raises(TaskError) as caught:
        image.service(
            add("kb9000007-x64", {**bench.samples.answer("kb9000007-x64"), "identity": "x"}), bench.context()
        )
    assert caught.value.slug == "input/not-update"


def test_the_ledger_says_what_was_done(bench: Bench, image: OpenImage) -> None:
    """The ledger in the image names packages, components, files with hashes, values with what was there before."""
    registry = (RegValue("HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Sample", "Größe", ValueType.SZ, "x"),)
    made = update(component(TEXT, registry=registry))
    image.service(add_made(bench, made), bench.context())
    ledger = load_ledger(ViewFiles(image))  # type: ignore[arg-type]  # read and info are all it needs
    assert [row.identity for row in ledger.packages] == [
        "Package_for_KB9100001~31bf3856ad364e35~amd64~~10.0.1.0",
        "Package_1_for_KB9100001~31bf3856ad364e35~amd64~~10.0.1.0",
    ]
    (row,) = ledger.components
    assert row.key_form == made.parts[0].components[0].identity.key_form
    assert [(file.sha256, file.destinations) for file in row.files] == [
        (TEXT.sha256, (WinPath(image_path("$(runtime.windows)\\Contoso\\made.txt", "amd64")),))
    ]
    assert bytes.fromhex(row.values[0].was).decode("utf-16-le") == "Ünïcode\0"
    image.service(CleanupImage(level="reset-base"), bench.context())
    ledger = load_ledger(ViewFiles(image))  # type: ignore[arg-type]  # as above
    assert [row.permanent for row in ledger.packages] == [True, True]
    assert ledger.components[0].values[0].was_type is None


@pytest.mark.parametrize(
    "content", [b"", b"{}x", b'{"format": "osrecipe-ledger/2"}', b"[]", b'{"packages": 1}']
)
def test_a_damaged_ledger_is_refused(bench: Bench, image: OpenImage, content: bytes) -> None:
    """A ledger that is damaged, or of a later format, is refused and not guessed at."""
    image.apply((PutFile(LEDGER, content),))
    with pytest.raises(TaskError) as caught:
        image.service(CleanupImage(level="superseded"), bench.context())
    assert caught.value.slug == "ledger/corrupt"
    image.apply((DeletePath(LEDGER),))
    assert load_ledger(ViewFiles(image)) == Ledger()  # type: ignore[arg-type]  # as above


def test_tasks_are_described_in_words(bench: Bench) -> None:
    """Every servicing operation says what it will do."""
    answer = bench.samples.answer("kb9000002-x64")
    said = describe(task(add("kb9000002-x64", answer)), session_of("Sample 10 Pro", "install.wim", 1))
    assert [action.text for action in said] == [
        "write the files and registry values of KB9000002 (those whose parent package is in the image)",
        "record KB9000002 in the ledger of `Sample 10 Pro`",
    ]
    assert not any(action.is_command for action in said)


def test_opening_a_package_needs_one(tmp_path: Path) -> None:
    """What is no package is refused when it is opened."""
    path = tmp_path / "no.msu"
    path.write_bytes(b"nothing")
    with pytest.raises(FormatError):
        open_package(path)
