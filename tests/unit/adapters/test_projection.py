"""What a package's files, folders and keys are like in the image: names, descriptors, times, links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.samples import catalogue as c
from support.samples import names as n
from support.samples.documents import manifest
from support.samples.names import Identity
from support.samples.spec import Component, Container, FileSpec, Part, RegValue, UpdatePackage, ValueType
from support.servicing import Bench, add_made, take_media

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.adapters.embedded.elements import not_carried_out
from osrecipe.formats.hive import Hive
from osrecipe.formats.mum import read_manifest
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.security import Descriptor, entries
from osrecipe.model.adapter import TaskError
from osrecipe.model.winpath import WinPath
from osrecipe.windows.package_elements import manifest_elements
from osrecipe.windows.sddl import Kind, apply_sddl, read_sddl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.formats.hive import Key
    from osrecipe.model.adapter import OpenImage

pytest_plugins = ["support.fixtures"]
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
VERSION = "10.0.17134.900"
TI = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
FILE = f"O:{TI}G:{TI}D:P(A;;FA;;;{TI})(A;;GRGX;;;BA)(A;;GRGX;;;SY)(A;;GRGX;;;BU)S:(AU;FASA;0x000D0116;;;WD)"
FOLDER = f"O:{TI}G:{TI}D:P(A;CI;GA;;;{TI})(A;;0x1301bf;;;SY)(A;CIOI;GRGX;;;BU)(A;OICIIO;GA;;;CO)"
KEY = f"O:{TI}G:{TI}D:P(A;CI;GA;;;{TI})(A;CI;GR;;;SY)(A;CI;GR;;;BU)"
OPEN_KEY = "D:(A;CI;KW;;;LS)"


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


def made(*components: Component) -> UpdatePackage:
    """An update with one part."""
    return UpdatePackage(
        "made",
        "optional",
        "KB9100001",
        Identity("Package_for_KB9100001", "10.0.1.0", "amd64"),
        (Part("Package_1_for_KB9100001", (n.PROFESSIONAL, n.ENTERPRISE), components),),
        container=Container.CAB,
    )


def definitions(**texts: str) -> str:
    """The part of a manifest that defines descriptors."""
    rows = "".join(
        f'<securityDescriptorDefinition name="{name}" sddl="{text}" operationHint="replace" />'
        for name, text in texts.items()
    )
    return (
        "<trustInfo><security><accessControl><securityDescriptorDefinitions>"
        f"{rows}</securityDescriptorDefinitions></accessControl></security></trustInfo>"
    )


def saved(bench: Bench, image: OpenImage, *components: Component) -> WimReader:
    """The image with an update of these components, saved; and the manifest passes the plan's list."""
    image.service(add_made(bench, made(*components)), bench.context())
    to = bench.folder / "saved.wim"
    image.commit(to)
    return WimReader.open(to)


CALC = "Windows\\System32\\win32calc.exe"


def test_a_replaced_place_keeps_what_it_had(bench: Bench, image: OpenImage) -> None:
    """The new file's names are the old ones, short name too; attributes, descriptor and creation time are the old file's."""
    shape = next(one for one in c.CLIENT if ("win32calc.exe", c.SYSTEM32) in one.files)
    new = shape.at(VERSION)
    with WimReader.open(bench.media / "install.wim") as wim:
        before = wim.tree(1).get(CALC)
        store = f"Windows\\WinSxS\\{shape.at().identity.key_form}\\win32calc.exe"
        stored_before = wim.tree(1).get(store)
    with saved(bench, image, new) as wim:
        tree = wim.tree(1)
        after, stored = tree.get(CALC), tree.get(f"Windows\\WinSxS\\{new.identity.key_form}\\win32calc.exe")
        old = tree.get(store)
    assert "WIN32C~1.EXE" == before.short_name == after.short_name
    kept = ("path", "attributes", "security", "created", "streams")
    assert [getattr(before, name) for name in kept] == [getattr(after, name) for name in kept]
    assert after.sha1 != before.sha1
    assert (after.sha1, after.hard_link_group, after.security) == (
        stored.sha1,
        stored.hard_link_group,
        stored.security,
    )
    # The old version's stored file is neither overwritten nor renamed: it is what a cleanup takes away.
    assert (stored_before.sha1, stored_before.written) == (old.sha1, old.written)
    assert old.hard_link_group != after.hard_link_group


def test_files_get_the_descriptor_their_manifest_defines(bench: Bench, image: OpenImage) -> None:
    """New or replacing another, under every name; generic rights are those of files."""
    extra = definitions(WRP_FILE_DEFAULT_SDDL=FILE)
    shape = next(one for one in c.CLIENT if ("win32calc.exe", c.SYSTEM32) in one.files)
    replacing = replace(shape.at(VERSION), extra_xml=extra)
    fresh = Component(
        Identity("Sample-Made", VERSION),
        (FileSpec("made.txt", "$(runtime.windows)\\Contoso\\", b"made"),),
        (),
        extra,
    )
    wanted = apply_sddl(read_sddl(FILE), Kind.FILE, now=None, above=None)
    with saved(bench, image, replacing, fresh) as wim:
        tree = wim.tree(1)
        paths = [CALC, "Windows\\Contoso\\made.txt", f"Windows\\WinSxS\\{fresh.identity.key_form}\\made.txt"]
        assert [wanted] * 3 == [tree.get(path).security for path in paths]
        assert "WIN32C~1.EXE" == tree.get(CALC).short_name


def test_a_new_file_without_a_definition_inherits_where_it_is_seen(bench: Bench, image: OpenImage) -> None:
    """Its descriptor is what the folder it is projected to passes on, not what the store does."""
    file = FileSpec("made.txt", "$(runtime.programdata)\\", b"made")
    with saved(bench, image, Component(Identity("Sample-Made", VERSION), (file,))) as wim:
        tree = wim.tree(1)
        found = Descriptor.parse(tree.get("ProgramData\\made.txt").security or b"")
        above = Descriptor.parse(tree.get("ProgramData").security or b"")
    assert (above.owner, above.group) == (found.owner, found.group)
    assert all(ace.flags & 0x10 for ace in entries(found.dacl))


def directories(*rows: tuple[str, str, str]) -> str:
    """The folders of a manifest: path, owner, name of the descriptor."""
    return (
        "<directories>"
        + "".join(
            f'<directory destinationPath="{path}" owner="{owner}"><securityDescriptor name="{name}" /></directory>'
            for path, owner, name in rows
        )
        + "</directories>"
    )


def test_folders_get_the_descriptor_their_manifest_defines(bench: Bench, image: OpenImage) -> None:
    """New ones and the component's own do; a folder that is there and another's keeps the one it has."""
    rows = directories(
        ("$(runtime.windows)\\Contoso\\New\\", "false", "D"),
        ("$(runtime.system32)\\oobe", "true", "D"),
        ("$(runtime.windows)\\Fonts", "false", "D"),
    )
    with WimReader.open(bench.media / "install.wim") as wim:
        fonts = wim.tree(1).get("Windows\\Fonts").security
    component = Component(Identity("Sample-Made", VERSION), (), (), rows + definitions(D=FOLDER))
    wanted = apply_sddl(read_sddl(FOLDER), Kind.FOLDER, now=None, above=None)
    with saved(bench, image, component) as wim:
        tree = wim.tree(1)
        assert wanted == tree.get("Windows\\Contoso\\New").security
        assert wanted == tree.get("Windows\\System32\\oobe").security
        assert fonts == tree.get("Windows\\Fonts").security
        assert wanted != fonts


def key(image: OpenImage, path: str) -> Key | None:
    """A key of SOFTWARE."""
    with image.read(WinPath(SOFTWARE)) as file:
        return Hive.load(file.read()).key(path)


def registry(name: str, owner: str, descriptor: str, values: str = "") -> str:
    """A key of a manifest."""
    return (
        f'<registryKeys><registryKey keyName="HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\{name}" owner="{owner}">'
        f'{values}<securityDescriptor name="{descriptor}" /></registryKey></registryKeys>'
    )


def test_keys_get_the_descriptor_their_manifest_defines(bench: Bench, image: OpenImage) -> None:
    """A key without values is made too; what is left open is inherited, and what is new below inherits."""
    extra = registry("Made", "true", "K") + registry("Open", "false", "O") + definitions(K=KEY, O=OPEN_KEY)
    below = RegValue("HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Made\\Below", "x", ValueType.SZ, "y")
    component = Component(Identity("Sample-Made", VERSION), (), (), extra)
    second = Component(Identity("Sample-Second", VERSION), (), (below,))
    image.service(add_made(bench, made(component, second)), bench.context())
    found, opened, child = (key(image, f"Contoso\\{name}") for name in ("Made", "Open", "Made\\Below"))
    assert found is not None
    assert opened is not None
    assert child is not None
    assert apply_sddl(read_sddl(KEY), Kind.KEY, now=None, above=None) == found.security
    flags = [(ace.flags & 0x10, ace.mask) for ace in entries(Descriptor.parse(opened.security).dacl)]
    assert (0, 0x20006) == flags[0]
    assert {0x10} == {inherited for inherited, _ in flags[1:]}
    assert all(ace.flags & 0x10 for ace in entries(Descriptor.parse(child.security).dacl))
    assert [0xF003F, 0x10000000] == [ace.mask for ace in entries(Descriptor.parse(child.security).dacl)][:2]


@pytest.mark.parametrize(
    ("extra", "name"),
    [
        (registry("X", "true", "Nowhere"), "security:undefined Nowhere"),
        (registry("X", "true", "A") + definitions(A="D:(XA;;GA;;;WD)"), "security:descriptor A: "),
        (
            registry("X", "true", "A") + definitions(A=KEY).replace('"replace"', '"append"'),
            "security:operation append",
        ),
        (registry("X", "true", "A") + definitions(A=KEY) * 2, "security:ambiguous A"),
    ],
)
def test_descriptors_that_cannot_be_made_are_refused(
    bench: Bench, image: OpenImage, extra: str, name: str
) -> None:
    """By name in the plan, and in the image too."""
    component = Component(Identity("Sample-Made", VERSION), (), (), extra)
    refused = not_carried_out(manifest_elements(read_manifest(manifest(component))))
    assert [True] == [one.startswith(name) for one in refused]
    with pytest.raises(TaskError, match="not carried out here"):
        image.service(add_made(bench, made(component)), bench.context())


def test_a_definition_nothing_refers_to_does_not_matter() -> None:
    """Manifests define descriptors for services too; those are not what is refused here."""
    component = Component(Identity("Sample-Made", VERSION), (), (), definitions(Service="D:(XA;;GA;;;WD)"))
    assert () == not_carried_out(manifest_elements(read_manifest(manifest(component))))
