"""Key forms, folder variables, registry places, applicability and element names, as tables and rules."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.formats.delta import decode_manifest
from osrecipe.formats.mum import Identity, read_manifest, read_package
from osrecipe.formats.mum.model import Parent
from osrecipe.model.winpath import WinPath
from osrecipe.windows import runtime_paths
from osrecipe.windows.applicability import InstalledIndex, unmet_parents
from osrecipe.windows.component_registry import locate
from osrecipe.windows.component_store import key_form, winner
from osrecipe.windows.package_elements import Payload, manifest_elements, package_elements, payload_form

TOKEN = "31bf3856ad364e35"  # noqa: S105 - the public key token every inbox identity carries
GENUINE = Path(__file__).parents[4] / "shared" / "data" / "manifests"
ASM = 'xmlns="urn:schemas-microsoft-com:asm.v3"'
NAME = (
    f'<assemblyIdentity name="N" version="1.0.0.0" publicKeyToken="{TOKEN}" processorArchitecture="amd64" />'
)


def identity(
    name: str, version: str = "10.0.17134.1", arch: str = "amd64", language: str = "neutral"
) -> Identity:
    """A component's or package's identity."""
    return Identity(name, version, arch, language, TOKEN, "nonSxS")


def genuine() -> list[Path]:
    """Genuine manifests of build 26100, where the test data is there."""
    return sorted(GENUINE.glob("*.manifest"))


@pytest.mark.skipif(not genuine(), reason="no genuine manifests beside the checkout")
def test_key_forms_are_those_of_genuine_files() -> None:
    """The key form computed from a genuine manifest's identity is its file's name."""
    base = (GENUINE / "base_manifest.bin").read_bytes()
    found = {path.stem: read_manifest(decode_manifest(path.read_bytes(), base)) for path in genuine()}
    assert {name: key_form(manifest.identity) for name, manifest in found.items()} == {
        name: name for name in found
    }


@pytest.mark.skipif(not genuine(), reason="no genuine manifests beside the checkout")
def test_genuine_manifests_name_what_they_ask_for() -> None:
    """A driver, a service and a plain component are told apart by their element names."""
    base = (GENUINE / "base_manifest.bin").read_bytes()
    elements = {
        path.stem.split("_")[1]: manifest_elements(read_manifest(decode_manifest(path.read_bytes(), base)))
        for path in genuine()
    }
    assert "component:type dualModeDriver" in elements["dual"]
    assert "taskScheduler" in elements["microsoft-windows-network-security"]
    assert elements["microsoft-windows-font-truetype-gadugi"] == {
        "assemblyIdentity",
        "file",
        "registryKeys",
        "trustInfo",
    }
    golden = read_manifest(lzma.decompress((GENUINE / "wow64_golden.xml.xz").read_bytes()))
    assert manifest_elements(golden) - {"localization"} == {
        "assemblyIdentity",
        "file",
        "registryKeys",
        "trustInfo",
    }


def test_versions_of_one_component_share_a_winner() -> None:
    """Version alone does not tell winners apart; architecture, language and scope do."""
    one = identity("Some-Component")
    assert winner(one) == winner(identity("SOME-component", "10.0.17134.999"))
    assert winner(one) != winner(identity("Some-Component", arch="wow64"))
    assert winner(one) != winner(identity("Some-Component", language="de-DE"))
    assert key_form(one) != key_form(identity("Some-Component", "10.0.17134.999"))


@pytest.mark.parametrize(
    ("text", "component", "expected"),
    [
        ("$(runtime.system32)\\en-US\\", "amd64", "Windows\\System32\\en-US"),
        ("$(runtime.System32)", "wow64", "Windows\\SysWOW64"),
        ("$(runtime.programFiles)\\A", "x86", "Program Files (x86)\\A"),
        ("$(runtime.windows)\\A", "wow64", "Windows\\A"),
        ("%SystemRoot%\\A\\b.dll", "amd64", "Windows\\A\\b.dll"),
        ("$(runtime.bootDrive)\\setup.exe", "amd64", "setup.exe"),
    ],
)
def test_destinations(text: str, component: str, expected: str) -> None:
    """Folder variables become paths in the image, 32-bit ones for 32-bit components."""
    assert runtime_paths.destination(text, component=component, image="amd64") == WinPath(expected)


@pytest.mark.parametrize("text", ["C:\\x", "\\x", "$(runtime.windows)\\..\\x", "$(build.x)\\y", "x"])
def test_bad_destinations(text: str) -> None:
    """Absolute paths, climbing ones and unknown variables are no destinations."""
    with pytest.raises(ValueError, match=r".+"):
        runtime_paths.destination(text, component="amd64", image="amd64")


@given(st.text(max_size=60))
def test_destinations_never_leave_the_image(text: str) -> None:
    """Whatever a manifest writes, the result is a path inside the image, its root, or an error."""
    try:
        found = runtime_paths.destination(text, component="amd64", image="amd64")
    except ValueError:
        return
    assert found is None or ".." not in found.parts


def test_a_32_bit_image_has_no_second_side() -> None:
    """On a 32-bit image a 32-bit component has the plain folders."""
    found = runtime_paths.destination("$(runtime.system32)\\a", component="x86", image="x86")
    assert found == WinPath("Windows\\System32\\a")


def test_registry_text_is_expanded_for_the_running_system() -> None:
    """Values get the drive the system will have; environment variables stay."""
    text = "$(runtime.system32)\\a.dll;%SystemRoot%\\b"
    assert runtime_paths.expand(text, component="amd64", image="amd64") == (
        "C:\\Windows\\System32\\a.dll;%SystemRoot%\\b"
    )


@pytest.mark.parametrize(
    ("key", "component", "expected"),
    [
        ("HKEY_LOCAL_MACHINE\\Software\\A\\B", "amd64", ("SOFTWARE", "A\\B")),
        ("HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\X", "amd64", ("SYSTEM", "CurrentControlSet\\X")),
        ("HKEY_CLASSES_ROOT\\CLSID\\{1}", "amd64", ("SOFTWARE", "Classes\\CLSID\\{1}")),
        ("HKEY_CLASSES_ROOT\\CLSID\\{1}", "wow64", ("SOFTWARE", "Classes\\WOW6432Node\\CLSID\\{1}")),
        ("HKEY_CLASSES_ROOT\\.txt", "wow64", ("SOFTWARE", "Classes\\.txt")),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\A", "wow64", ("SOFTWARE", "WOW6432Node\\A")),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\A", "wow64", ("SOFTWARE", "Policies\\A")),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\A", "wow64", ("SOFTWARE", "Wow6432Node\\A")),
        ("HKEY_LOCAL_MACHINE\\SYSTEM\\X", "wow64", ("SYSTEM", "X")),
        ("HKEY_USERS\\.Default\\X", "amd64", ("DEFAULT", "X")),
    ],
)
def test_registry_places(key: str, component: str, expected: tuple[str, str]) -> None:
    """A manifest's key is a key of a hive file; 32-bit components see their own side of SOFTWARE."""
    found = locate(key, component=component, image="amd64")
    assert (found.hive.name, found.path) == expected


@pytest.mark.parametrize(
    "key", ["HKEY_CURRENT_USER\\X", "HKEY_USERS\\S-1-5-18", "HKEY_LOCAL_MACHINE", "", "X\\Y"]
)
def test_keys_of_no_hive(key: str) -> None:
    """Per-user keys, and what is no key, are no place in an unmounted image."""
    with pytest.raises(ValueError, match="no hive"):
        locate(key, component="amd64", image="amd64")


INSTALLED = InstalledIndex([f"Microsoft-Windows-ProfessionalEdition~{TOKEN}~amd64~~10.0.17134.5"])


def parent(version: str, **compare: str) -> Parent:
    """A parent with one identity that is installed in another version, and one that is not."""
    names = (identity("Nobody"), identity("microsoft-windows-PROFESSIONALedition", version))
    return Parent(names, **compare)


@pytest.mark.parametrize(
    ("one", "met"),
    [
        (parent("10.0.17134.5"), True),
        (parent("10.0.17134.1"), False),
        (parent("10.0.17134.1", revision_compare="GE"), True),
        (parent("10.0.17134.9", revision_compare="GE"), False),
        (parent("10.0.17133.5", build_compare="GT"), True),
        (parent("10.0.17134.5", build_compare="EQ"), True),
        (parent("10.0.17134.5", build_compare="??"), False),
        (Parent(()), True),
        (Parent((identity("Nobody"),)), False),
    ],
)
def test_parents(one: Parent, met: bool) -> None:
    """A parent is met by any of its identities; versions compare part by part, as the element says."""
    assert (unmet_parents([one], INSTALLED) == ()) is met


def test_all_parents_have_to_be_met() -> None:
    """Of several parents each counts."""
    missing = Parent((identity("Nobody"),))
    assert unmet_parents([parent("10.0.17134.5"), missing], INSTALLED) == (missing,)


def test_element_names() -> None:
    """Known elements have short names; unknown ones are named down to the first unknown part."""
    manifest = read_manifest(
        f"<assembly {ASM}>{NAME}"
        '<file name="a" destinationPath="$(runtime.odd)\\" new="1"><x/></file>'
        "<taskScheduler><Task/></taskScheduler>"
        '<registryKeys><registryKey keyName="HKEY_CURRENT_USER\\A">'
        '<registryValue name="v" valueType="REG_DWORD" value="many" operationHint="append"/>'
        "</registryKey></registryKeys></assembly>".encode()
    )
    assert manifest_elements(manifest) == {
        "assemblyIdentity",
        "file",
        "file.x",
        "file@new",
        "file:without-hash",
        "registryKeys",
        "registry:operation append",
        "registry:root HKEY_CURRENT_USER",
        "registry:unreadable REG_DWORD",
        "taskScheduler",
        "variable:$(runtime.odd)",
    }


def test_package_element_names() -> None:
    """A package's description is named by its own elements, and by the form of its payload."""
    package = read_package(
        f'<assembly {ASM}>{NAME}<package psfName="x.psf"><update name="u"><component>{NAME}</component></update>'
        "<odd/></package></assembly>".encode()
    )
    assert package_elements(package) == {
        "assemblyIdentity",
        "package",
        "package.odd",
        "package.update",
        "payload:psf",
    }


@pytest.mark.parametrize(
    ("folder", "head", "form"),
    [
        ("", b"MZ", Payload.WHOLE),
        ("en-us", b"PA30", Payload.WHOLE),
        ("f", b"PA30 damaged", Payload.DELTA_PE),
        ("R", b"", Payload.DELTA_PE),
    ],
)
def test_payload_forms(folder: str, head: bytes, form: Payload) -> None:
    """The folder tells differential payload; what can't be looked into counts as the harder kind."""
    assert payload_form(folder, head) is form
