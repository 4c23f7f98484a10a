"""Reading component manifests."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum import read_manifest
from osrecipe.formats.mum.manifest import UNDERSTOOD
from osrecipe.formats.mum.model import Category, Directory, FileHash, SecurityDefinition

GOLDEN = Path(__file__).resolve().parents[5] / "shared" / "data" / "manifests" / "wow64_golden.xml.xz"
IDENTITY = (
    '<assemblyIdentity name="C" version="1.0.0.0" processorArchitecture="amd64" language="neutral" '
    'buildType="release" publicKeyToken="31bf3856ad364e35" versionScope="nonSxS"/>'
)
HASH = """<h:hash xmlns:h="urn:schemas-microsoft-com:asm.v2" xmlns:d="http://www.w3.org/2000/09/xmldsig#">
  <d:Transforms><d:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity"/></d:Transforms>
  <d:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256"/>
  <d:DigestValue>{}</d:DigestValue></h:hash>"""
DIGEST = "DsK9v8K6mdn7Bbb3xRHnq4t8BV4tZEVwrXd0VdbpeW0="


def manifest(body: str) -> bytes:
    """A manifest around a body."""
    return f'<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0">{IDENTITY}{body}</assembly>'.encode()


def test_a_file_is_read_whole() -> None:
    """Name, destination, source name, hash and descriptor of a payload file arrive."""
    (file,) = read_manifest(
        manifest(
            '<file name="a.dll" destinationPath="$(runtime.system32)\\" sourceName="b.dll" importPath="i" '
            f'sourcePath=".\\"><securityDescriptor name="SD"/>{HASH.format(DIGEST)}</file>'
        )
    ).files
    assert (file.name, file.source_name, file.destination) == ("a.dll", "b.dll", "$(runtime.system32)\\")
    assert (file.import_path, file.source_path, file.security) == ("i", ".\\", "SD")
    assert file.hash == FileHash(
        "sha256", bytes.fromhex("0ec2bdbfc2ba99d9fb05b6f7c511e7ab8b7c055e2d644570ad777455d6e9796d")
    )


def test_a_file_needs_only_a_name() -> None:
    """Without a source name the payload has the file's own name; without a hash there is none."""
    (file,) = read_manifest(manifest('<file name="a.dll"/>')).files
    assert (file.source_name, file.destination, file.hash) == ("a.dll", "", None)


def test_registry_keys_are_read_with_any_prefix() -> None:
    """Keys written with a namespace prefix count as much as those without."""
    keys = read_manifest(
        manifest(
            '<registryKeys><registryKey keyName="HKEY_LOCAL_MACHINE\\SOFTWARE\\X" owner="false">'
            '<registryValue name="" valueType="REG_SZ" value="v" operationHint="replace" owner="true"/>'
            '<securityDescriptor name="SD"/></registryKey></registryKeys>'
            '<p:registryKeys xmlns:p="urn:schemas-microsoft-com:asm.v3"><p:registryKey keyName="HKEY_CLASSES_ROOT\\Y"/>'
            "</p:registryKeys>"
        )
    ).registry_keys
    assert [(key.path, key.owner, key.security) for key in keys] == [
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\X", False, "SD"),
        ("HKEY_CLASSES_ROOT\\Y", None, ""),
    ]
    (value,) = keys[0].values
    assert (value.name, value.type_code, value.data, value.operation, value.owner) == (
        "",
        1,
        "v",
        "replace",
        True,
    )


def test_a_value_that_is_not_understood_is_kept_as_text() -> None:
    """An unknown type gives no data, while its text can still be shown."""
    (key,) = read_manifest(
        manifest(
            '<registryKeys><registryKey keyName="K"><registryValue valueType="REG_LINK" value="t"/></registryKey></registryKeys>'
        )
    ).registry_keys
    assert [(v.type_name, v.type_code, v.text, v.data) for v in key.values] == [("REG_LINK", None, "t", None)]


def test_folders_dependencies_descriptors_and_categories() -> None:
    """The lesser parts of a manifest arrive as well."""
    found = read_manifest(
        manifest(
            '<directories><directory destinationPath="$(runtime.windows)\\D" owner="true">'
            '<securityDescriptor name="SD"/></directory></directories>'
            '<dependency discoverable="no" resourceType="Resources"><dependentAssembly dependencyType="prerequisite">'
            '<assemblyIdentity name="C.Resources" version="1.0.0.0" language="*"/></dependentAssembly></dependency>'
            "<trustInfo><security><accessControl><securityDescriptorDefinitions>"
            '<securityDescriptorDefinition name="SD" sddl="O:BA" operationHint="replace"/>'
            "</securityDescriptorDefinitions></accessControl></security></trustInfo>"
            '<memberships><categoryMembership><id name="Cat" version="1.0" typeName="T"/></categoryMembership></memberships>'
            "<deployment/>"
        )
    )
    assert found.directories == (Directory("$(runtime.windows)\\D", True, "SD"),)  # noqa: FBT003 - the record's own order
    (dependency,) = found.dependencies
    assert (dependency.identity.name, dependency.kind) == ("C.Resources", "prerequisite")
    assert (dependency.resource_type, dependency.discoverable) == ("Resources", False)
    assert found.security == (SecurityDefinition("SD", "O:BA", "replace"),)
    assert found.categories == (Category("Cat", "1.0", "T"),)
    assert found.is_deployment
    assert found.elements <= set(UNDERSTOOD)


def test_what_is_not_understood_is_listed() -> None:
    """Installers, signatures, foreign elements of a known name and new attributes can all be seen."""
    elements = read_manifest(
        manifest(
            '<file name="a" attributes="hidden"><link destination="x"/><signatureInfo/></file>'
            '<taskScheduler><Task xmlns="urn:tasks"/></taskScheduler>'
            '<f:registryKeys xmlns:f="urn:foreign"/>'
        )
    ).elements
    assert elements - set(UNDERSTOOD) == {
        "file@attributes",
        "file.signatureInfo",
        "taskScheduler",
        "taskScheduler.{urn:tasks}Task",
        "{urn:foreign}registryKeys",
    }


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<file/>", Fault.CORRUPT),
        ('<file name="a">' + HASH.format("AAAA") + "</file>", Fault.CORRUPT),
        ('<file name="a">' + HASH.format("not base64!") + "</file>", Fault.CORRUPT),
        ('<file name="a">' + HASH.format(DIGEST) * 2 + "</file>", Fault.CORRUPT),
        ('<file name="a">' + HASH.format(DIGEST).replace("sha256", "md5") + "</file>", Fault.UNSUPPORTED),
        ('<file name="a">' + HASH.format(DIGEST).replace("Identity", "Other") + "</file>", Fault.UNSUPPORTED),
        ('<file name="a"><securityDescriptor name="1"/><securityDescriptor name="2"/></file>', Fault.CORRUPT),
        ("<registryKeys><registryKey/></registryKeys>", Fault.CORRUPT),
        (
            '<registryKeys><registryKey keyName="K"><registryValue/></registryKey></registryKeys>',
            Fault.CORRUPT,
        ),
        ("<directories><directory/></directories>", Fault.CORRUPT),
        (IDENTITY, Fault.CORRUPT),
    ],
)
def test_bad_manifests_are_refused(body: str, fault: Fault) -> None:
    """A manifest that contradicts its format, or leaves open what it means, is refused."""
    with pytest.raises(FormatError) as caught:
        read_manifest(manifest(body))
    assert fault == caught.value.fault


@pytest.mark.skipif(
    not GOLDEN.is_file(), reason="the genuine manifests are not beside the checkout: ../shared/data"
)
def test_a_genuine_manifest_of_three_megabytes() -> None:
    """A real manifest whose 12,978 keys all have a prefix is read whole and understood value by value."""
    found = read_manifest(lzma.decompress(GOLDEN.read_bytes()))
    assert found.identity.architecture == "wow64"
    assert len(found.registry_keys) == 12978
    values = [value for key in found.registry_keys for value in key.values]
    assert len(values) == 6713
    assert [value for value in values if value.data is None] == []
    assert {name.partition(".")[0] for name in found.elements - set(UNDERSTOOD)} == {"localization"}
