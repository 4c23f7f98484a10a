"""Packages as recent updates are made: compressed manifests, payload as differentials that need no base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.compressed import BASE, MANIFESTS, baseless, library, recent_cabinet
from support.isos import make_iso
from support.samples import names as n
from support.samples.cabinets import cabinet
from support.samples.documents import mum, nested_update_xml, parents_xml
from support.samples.names import Identity
from support.samples.spec import Component, Container, FileSpec, Part, RegValue, UpdatePackage, ValueType
from support.servicing import Bench, add_made, sha256, take_media, value

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.adapters.embedded.elements import not_carried_out
from osrecipe.formats.delta import decode_manifest
from osrecipe.formats.mum import read_manifest
from osrecipe.formats.wim.capture import LZX
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import MakeDirectory
from osrecipe.formats.wim.edits import PutFile as Put
from osrecipe.inputs.base_manifest import NO_BASE, BaseManifest
from osrecipe.inputs.updates import update_facts
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import PutFile
from osrecipe.model.winpath import WinPath
from osrecipe.windows.component_store import MANIFESTS as STORED
from osrecipe.windows.component_store import STORE, key_form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.adapter import OpenImage

pytest_plugins = ["support.fixtures"]
VERSION = "10.0.17134.900"
STACK = Identity("Microsoft-Windows-ServicingStack", "10.0.99999.1", "amd64")
TEXT = FileSpec("made.txt", "$(runtime.windows)\\Contoso\\", b"made of nothing")
KEY = RegValue("HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Test", "Where", ValueType.SZ, "here")
UPDATE = UpdatePackage(
    "made",
    "optional",
    "KB9100001",
    Identity("Package_for_KB9100001", "10.0.1.0", "amd64"),
    (
        Part(
            "Package_1_for_KB9100001",
            (n.PROFESSIONAL, n.ENTERPRISE),
            (Component(Identity("Sample-Made", VERSION), (TEXT,), (KEY,)),),
        ),
    ),
    container=Container.CAB,
)
genuine = pytest.mark.skipif(not MANIFESTS.exists(), reason="no genuine manifests beside the checkout")


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


def give_base(image: OpenImage, base: bytes) -> None:
    """Let an image have a servicing stack whose library holds this base."""
    image.apply((PutFile(STORE / STACK.key_form / "wcp.dll", library(base)),))


def iso_with(folder: Path, base: bytes | None) -> Path:
    """Media whose install image has such a stack; None for an image without one."""
    wim = folder / "install.wim"
    create(wim, "image", compression=LZX, now=1 << 57)
    if base is not None:
        stack = f"Windows\\WinSxS\\{STACK.key_form}"
        commit(wim, 1, [MakeDirectory(stack), Put(f"{stack}\\wcp.dll", library(base))], now=1 << 57)
    return make_iso(folder, {"sources\\install.wim": wim.read_bytes()})


@pytest.mark.parametrize("deltas", [False, True], ids=["whole", "differential"])
def test_a_recent_package_is_carried_out(bench: Bench, image: OpenImage, *, deltas: bool) -> None:
    """Manifests are decoded with the image's own base, payload is made from differentials and verified."""
    give_base(image, BASE)
    op = add_made(bench, UPDATE, recent_cabinet(UPDATE, deltas=deltas))
    assert image.service(op, bench.context()).status == "done"
    assert TEXT.sha256 == sha256(image, "Windows\\Contoso\\made.txt")
    component = UPDATE.parts[0].components[0]
    assert TEXT.sha256 == sha256(image, f"{STORE}\\{component.identity.key_form}\\made.txt")
    assert (1, "here\0".encode("utf-16-le").hex()) == value(
        image, "Windows\\System32\\config\\SOFTWARE", "Contoso\\Test", "Where"
    )
    with image.read(STORED / f"{component.identity.key_form}.manifest") as file:
        assert b"DCM\x01" == file.read(4)
    if deltas:
        found = image.info(WinPath("Windows\\Contoso\\made.txt"))
        assert found is not None
        assert 116_444_736_000_000_000 == found.written


def test_an_image_without_a_base_takes_no_compressed_manifest(bench: Bench, image: OpenImage) -> None:
    """The stack's library of the sample image holds no base: that is said."""
    with pytest.raises(TaskError, match="holds no base manifest"):
        image.service(add_made(bench, UPDATE, recent_cabinet(UPDATE)), bench.context())


def test_a_differential_that_makes_something_else_fails(bench: Bench, image: OpenImage) -> None:
    """Its result is held against the manifest's hash; one for executables is refused."""
    give_base(image, BASE)
    form = UPDATE.parts[0].components[0].identity.key_form
    for content, words in (
        (baseless(b"something else"), "does not have the hash"),
        (baseless(b"made of nothing", file_type=8), "transforms executables"),
        (b"PA30 torn", "delta"),
    ):
        bad = recent_cabinet(UPDATE, deltas=True, **{f"{form}\\n\\made.txt": content})
        with pytest.raises(TaskError, match=words):
            image.service(add_made(bench, UPDATE, bad), bench.context())


def facts_of(folder: Path, content: bytes, base: BaseManifest) -> tuple[str, ...]:
    """What a package asks for."""
    path = folder / "made.cab"
    path.write_bytes(content)
    return update_facts(path, "0" * 64, base).package.elements


def test_facts_see_through_compressed_manifests(tmp_path: Path) -> None:
    """With the source media's base, elements are named as of any package, and nothing is refused."""
    content = recent_cabinet(UPDATE, deltas=True)
    found = facts_of(tmp_path, content, BaseManifest(iso_with(tmp_path, BASE)))
    assert {"file", "registryKeys", "payload:delta-raw"} <= set(found)
    assert () == not_carried_out(found)


@pytest.mark.parametrize("what", ["no media", "no base", "no iso", "damaged"])
def test_without_a_base_the_refusal_is_by_name(tmp_path: Path, what: str) -> None:
    """No media at hand, media without a base or that can't be read: `manifest:compressed` is refused."""
    damaged = tmp_path / "damaged.iso"
    damaged.write_bytes(bytes(70_000))
    media = {
        "no media": NO_BASE,
        "no base": BaseManifest(iso_with(tmp_path, None)),
        "no iso": BaseManifest(tmp_path / "nothing.iso"),
        "damaged": BaseManifest(damaged),
    }
    found = facts_of(tmp_path, recent_cabinet(UPDATE), media[what])
    assert ("manifest:compressed",) == not_carried_out(found)


@genuine
def test_a_genuine_manifest_is_carried_out(bench: Bench, image: OpenImage, tmp_path: Path) -> None:
    """A manifest of build 26100, decoded with its genuine base, names itself and goes into the store as it travels."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    (path,) = MANIFESTS.glob("*windows-core_*.manifest")
    content = path.read_bytes()
    identity = read_manifest(decode_manifest(content, base)).identity
    assert path.stem == key_form(identity)
    ours = Identity(identity.name, identity.version, identity.architecture)
    package = Identity("Package_for_KB9100001", "10.0.1.0", "amd64")
    rows = parents_xml((n.PROFESSIONAL, n.ENTERPRISE)) + nested_update_xml("1", ours, component=True)
    text = mum(package, 'identifier="KB9100001" releaseType="Update"', rows)
    made = cabinet({"update.mum": text, "update.cat": b"not signed", path.name: content})
    give_base(image, base)
    assert image.service(add_made(bench, UPDATE, made), bench.context()).status == "done"
    with image.read(STORED / path.name) as file:
        assert content == file.read()
    found = facts_of(tmp_path, made, BaseManifest(iso_with(tmp_path, base)))
    assert () == not_carried_out(found)
    assert ("manifest:compressed",) == not_carried_out(
        facts_of(tmp_path, made, BaseManifest(iso_with(tmp_path, BASE)))
    )


@genuine
@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("*dual_netvg63a*", "component:type dualModeDriver"),
        ("*network-security_*", "memberships.categoryMembership.categoryInstance"),
        ("*core_*", None),
        ("*gadugi_*", None),
        ("*appxmain_*", None),
        ("*srcres*", None),
        ("wow64_*", None),
    ],
)
def test_genuine_manifests_are_refused_or_carried_out(
    tmp_path: Path, pattern: str, named: str | None
) -> None:
    """A driver and a component with services are refused by name; five ordinary components have nothing to refuse."""
    base = BaseManifest(iso_with(tmp_path, (MANIFESTS / "base_manifest.bin").read_bytes()))
    (path,) = MANIFESTS.glob(f"{pattern}.manifest")
    package = Identity("Package_for_KB9100001", "10.0.1.0", "amd64")
    text = mum(package, 'identifier="KB9100001" releaseType="Update"', parents_xml((n.PROFESSIONAL,)))
    made = cabinet({"update.mum": text, path.name: path.read_bytes()})
    refused = not_carried_out(facts_of(tmp_path, made, base))
    assert (named in refused) if named else () == refused
