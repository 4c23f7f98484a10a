"""The sample packages: their layout, their versions and their answer keys, read by independent means."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import cabarchive
import pefile
import pytest
from defusedxml.ElementTree import fromstring
from support.samples import binaries
from support.samples.answers import answer_key
from support.samples.names import Arch, Identity, ImageKind
from support.samples.packages import package_bytes, write_package
from support.samples.spec import UpdatePackage, ValueType
from support.samples.updates import STACK_VERSION, all_updates
from support.witness import witness

if TYPE_CHECKING:
    from pathlib import Path

ASM = "{urn:schemas-microsoft-com:asm.v3}"
DIGEST = "{http://www.w3.org/2000/09/xmldsig#}DigestValue"
IN_IMAGES = [update for update in all_updates() if update.parts]


@cache
def packed(update: UpdatePackage) -> bytes:
    """The package, made once for all tests."""
    return package_bytes(update)


@cache
def contents(data: bytes) -> dict[str, bytes]:
    """A cabinet's files by name, with backslashes."""
    archive = cabarchive.CabArchive(data)
    return {name.replace("/", "\\"): file.buf or b"" for name, file in archive.items()}


@cache
def inner(update: UpdatePackage) -> dict[str, bytes]:
    """The files of the cabinet inside an .msu, or of a plain cabinet."""
    outer = contents(packed(update))
    return contents(outer[f"Windows10.0-{update.kb}-x64.cab"]) if "WSUSSCAN.cab" in outer else outer


def update_named(stem: str) -> UpdatePackage:
    """The update with this file stem."""
    return next(update for update in all_updates() if update.stem == stem)


@cache
def answer(stem: str) -> dict[str, Any]:
    """An update's answer key, as it would be read from its file."""
    update = update_named(stem)
    made: dict[str, Any] = json.loads(json.dumps(answer_key(update, packed(update))))
    return made


@pytest.mark.parametrize(
    ("identity", "key_form"),
    [
        (
            Identity("Microsoft-Windows-OneCoreUAPCommonProxyStub", "10.0.26100.7309", Arch.WOW64),
            "wow64_microsoft-windows-o..euapcommonproxystub_31bf3856ad364e35_10.0.26100.7309_none_38de5e2364a9fd20",
        ),
        (
            Identity("Microsoft-Windows-Core", "10.0.26100.1"),
            "amd64_microsoft-windows-core_31bf3856ad364e35_10.0.26100.1_none_a943f5e781a44c5c",
        ),
        (
            Identity("MultiPoint-SRCRes.Resources", "10.0.26100.1", language="en-US"),
            "amd64_multipoint-srcres.resources_31bf3856ad364e35_10.0.26100.1_en-us_6ab3ac0cf789ac3d",
        ),
    ],
)
def test_key_forms_are_those_of_real_components(identity: Identity, key_form: str) -> None:
    """The store's names are computed as Windows computes them."""
    assert key_form == identity.key_form


@pytest.mark.parametrize("update", IN_IMAGES, ids=lambda update: update.stem)
def test_every_component_named_has_a_manifest_whose_hashes_hold(update: UpdatePackage) -> None:
    """Each component of each nested package is there, and whole payload hashes to what its manifest says."""
    files = inner(update)
    named = [part_component.identity.key_form for part in update.parts for part_component in part.components]
    assert {f"{key_form}.manifest" for key_form in named} == {
        name for name in files if name.endswith(".manifest")
    }
    for key_form in named:
        for file in fromstring(files[f"{key_form}.manifest"]).iter(f"{ASM}file"):
            payload = files.get(f"{key_form}\\{file.get('sourceName')}")
            stated = next(file.iter(DIGEST)).text
            if update.refused and payload is None:
                assert files[f"{key_form}\\f\\{file.get('sourceName')}"].startswith(b"PA30")
            else:
                assert payload is not None
                assert base64.b64encode(hashlib.sha256(payload).digest()).decode() == stated


@pytest.mark.parametrize("update", IN_IMAGES, ids=lambda update: update.stem)
def test_update_mum_names_its_nested_packages(update: UpdatePackage) -> None:
    """Every package contained in `update.mum` has a description of its own beside it."""
    files = inner(update)
    root = fromstring(files["update.mum"])
    names = [
        f"{e.get('name')}~{e.get('publicKeyToken')}~{e.get('processorArchitecture')}~~{e.get('version')}.mum".lower()
        for e in root.iterfind(f".//{ASM}update/{ASM}package/{ASM}assemblyIdentity")
    ]
    assert len(update.parts) == len(names)
    assert all(name in files for name in names)


def test_versions_are_in_the_resources() -> None:
    """A payload file's version, as pefile reads it, is the one in the answer key."""
    files = inner(update_named("kb9000002-x64"))
    path = next(name for name in files if name.endswith("\\wimgapi.dll"))
    image = pefile.PE(data=files[path])
    fixed = image.VS_FIXEDFILEINFO[0]
    version = (10 << 16, 17134 << 16 | 228)
    assert version == (fixed.FileVersionMS, fixed.FileVersionLS)
    strings = image.FileInfo[0][0].StringTable[0].entries
    names = (b"wimgapi.dll", b"Contoso")
    assert names == (strings[b"InternalName"], strings[b"CompanyName"])
    assert image.is_dll()
    assert image.FILE_HEADER.Machine == pefile.MACHINE_TYPE["IMAGE_FILE_MACHINE_AMD64"]


def test_cumulative_update_differs_by_image() -> None:
    """What is applicable depends on the packages of the image."""
    images = answer("kb9000002-x64")["images"]

    holders = {
        "\\notepad.exe": {"install", "install+netfx3"},
        "\\mscorwks.dll": {"install+netfx3"},
        "\\RecEnv.exe": {"winre"},
        "\\sources\\setuphost.exe": {"setup"},
        "\\System32\\wimgapi.dll": {"install", "install+netfx3", "winre", "winpe", "setup"},
    }
    for name, kinds in holders.items():
        having = {kind for kind in ImageKind if any(_projects(row, name) for row in images[kind]["files"])}
        assert kinds == having


def _projects(row: dict[str, Any], name: str) -> bool:
    return bool(row["role"] == "projected") and f"\\{row['path']}".endswith(name)


def test_ubr_is_set_in_every_kind_of_image() -> None:
    """The build revision is a value of the SOFTWARE hive everywhere."""
    images = answer("kb9000002-x64")["images"]
    for kind in ImageKind:
        rows = [row for row in images[kind]["registry"] if row["name"] == "UBR"]
        expected = [("Windows\\System32\\config\\SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", 228)]
        assert expected == [(row["hive"], row["key"], row["value"]) for row in rows]


def test_registry_values_of_every_type() -> None:
    """The cumulative update sets one value of each type, with the bytes a hive holds."""
    rows = answer("kb9000002-x64")["images"]["install"]["registry"]
    assert set(ValueType) == {row["type"] for row in rows}
    by_name = {row["name"]: row for row in rows}
    expected = {
        "Number": "e4000000",
        "Wide": "e400000001000000",
        "Text": "C:\\Windows\\System32\\wimgapi.dll\0".encode("utf-16-le").hex(),
        "SampleWindow": "ffff0000",
        "Nothing": "",
    }
    assert expected == {name: by_name[name]["data"] for name in expected}
    key = "ControlSet001\\Services\\Tcpip\\Parameters"
    assert key == by_name["SampleWindow"]["key"]


def test_cumulative_update_needs_the_servicing_stack() -> None:
    """The stack's minimum version stands in the description, and the sample stack reaches it."""
    update = update_named("kb9000002-x64")
    root = fromstring(inner(update)["update.mum"])
    needed = root.find(f".//{ASM}installerAssembly")
    assert needed is not None
    expected = ("Microsoft-Windows-ServicingStack", STACK_VERSION)
    assert expected == (needed.get("name"), needed.get("version"))
    stack = answer("kb9000001-x64")["images"]["winpe"]["components"][0]
    assert re.match(
        r"amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10\.0\.17134\.191_none_", stack["key_form"]
    )


def test_later_cumulative_update_supersedes() -> None:
    """The second one has newer versions, one component more and one less."""
    first, second = (answer(stem) for stem in ("kb9000002-x64", "kb9000003-x64"))
    assert [first["identity"]] == second["supersedes"]
    old, new = ({row["name"] for row in made["images"]["install"]["components"]} for made in (first, second))
    assert set(second["dropped_components"]) == old - new
    assert {"Microsoft-Windows-Printing"} == new - old


def test_updated_files_lie_beside_the_old_ones_in_the_store() -> None:
    """Each new file of the store has an old one that stays, in another folder and with other content."""
    image = answer("kb9000002-x64")["images"]["install+netfx3"]
    new = {row["path"]: row["sha256"] for row in image["files"] if row["role"] == "store"}
    kept = {row["path"]: row["sha256"] for row in image["kept"]}
    fresh = {"osinfo_amd64.ini"}
    names = {path.rpartition("\\")[2] for path in new}
    assert names - fresh == {path.rpartition("\\")[2] for path in kept}
    assert set() == new.keys() & kept.keys()
    assert set() == set(new.values()) & set(kept.values())


@pytest.mark.parametrize("stem", ["kb9000001-x64", "kb9000009-x64"])
def test_packages_are_the_same_bytes_each_time(stem: str) -> None:
    """Nothing in a package comes from the clock or from chance."""
    update = update_named(stem)
    assert packed(update) == package_bytes(update)
    assert b"2018-08-20" in inner(update)["update.mum"]


def test_witnesses_accept_the_cabinets(tmp_path: Path) -> None:
    """`cabextract` and `7z` find every container whole."""
    for update in all_updates():
        path = str(write_package(update, tmp_path))
        witness("cabextract", "-t", "-q", path)
        witness("7z", "t", path)


@pytest.mark.parametrize("arch", list(Arch))
def test_programs_can_be_made_without_launchers(arch: Arch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither pip nor setuptools is installed, a minimal image carries the same resources."""
    monkeypatch.setattr(binaries, "_LAUNCHERS", {arch: (("no_such_package", "x.exe"),)})
    binaries.launcher.cache_clear()
    try:
        image = pefile.PE(data=binaries.pe_file.__wrapped__("sample.exe", "1.2.3.4", arch, 4))
    finally:
        binaries.launcher.cache_clear()
    fixed = image.VS_FIXEDFILEINFO[0]
    version = (1 << 16 | 2, 3 << 16 | 4)
    assert version == (fixed.FileVersionMS, fixed.FileVersionLS)
    assert len(image.sections) == 2
    assert not image.is_dll()
