"""Reading the manifest of a component.

Says what is written; which elements can be carried out is the adapter's decision.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum.document import (
    IDENTITY,
    children,
    descend,
    flag,
    identity,
    inventory,
    own_identity,
    parse,
)
from osrecipe.formats.mum.model import (
    Category,
    Dependency,
    Directory,
    FileHash,
    Manifest,
    PayloadFile,
    RegistryKey,
    RegistryValue,
    SecurityDefinition,
)
from osrecipe.formats.mum.values import parse_data, type_code

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NOTHING: frozenset[str] = frozenset()
_NAME = frozenset({"name"})
_DEFINITIONS = "trustInfo.security.accessControl.securityDescriptorDefinitions"
UNDERSTOOD = {
    "": frozenset({"manifestVersion", "copyright", "description", "displayName"}),
    "assemblyIdentity": IDENTITY,
    "dependency": frozenset({"discoverable", "resourceType"}),
    "dependency.dependentAssembly": frozenset({"dependencyType"}),
    "dependency.dependentAssembly.assemblyIdentity": IDENTITY,
    "deployment": _NOTHING,
    "directories": _NOTHING,
    "directories.directory": frozenset({"destinationPath", "owner"}),
    "directories.directory.securityDescriptor": _NAME,
    "file": frozenset({"name", "destinationPath", "sourceName", "importPath", "sourcePath"}),
    "file.hash": _NOTHING,
    "file.hash.DigestMethod": frozenset({"Algorithm"}),
    "file.hash.DigestValue": _NOTHING,
    "file.hash.Transforms": _NOTHING,
    "file.hash.Transforms.Transform": frozenset({"Algorithm"}),
    "file.link": frozenset({"destination"}),
    "file.securityDescriptor": _NAME,
    "memberships": _NOTHING,
    "memberships.categoryMembership": _NOTHING,
    "memberships.categoryMembership.id": frozenset({"name", "version", "publicKeyToken", "typeName"}),
    "registryKeys": _NOTHING,
    "registryKeys.registryKey": frozenset({"keyName", "owner"}),
    "registryKeys.registryKey.registryValue": frozenset(
        {"name", "valueType", "value", "operationHint", "owner"}
    ),
    "registryKeys.registryKey.securityDescriptor": _NAME,
    "trustInfo": _NOTHING,
    "trustInfo.security": _NOTHING,
    "trustInfo.security.accessControl": _NOTHING,
    _DEFINITIONS: _NOTHING,
    f"{_DEFINITIONS}.securityDescriptorDefinition": frozenset(
        {"name", "sddl", "operationHint", "description"}
    ),
}
"""By path, the attributes that become fields of `Manifest` or need no field."""

_IDENTITY_TRANSFORM = "urn:schemas-microsoft-com:HashTransforms.Identity"
_DIGESTS = {
    "http://www.w3.org/2000/09/xmldsig#sha1": ("sha1", 20),
    "http://www.w3.org/2000/09/xmldsig#sha256": ("sha256", 32),
    "http://www.w3.org/2000/09/xmldsig#sha384": ("sha384", 48),
    "http://www.w3.org/2000/09/xmldsig#sha512": ("sha512", 64),
}


def read_manifest(data: bytes) -> Manifest:
    """Read a component's manifest.

    Args:
        data: the XML; a manifest that begins with `DCM` has to be decoded first (`formats.delta`).

    Raises:
        FormatError: CORRUPT when it contradicts the format, UNSUPPORTED for compressed manifests and unknown hashes,
            TOO_LARGE past the bounds.
    """
    root = parse(data)
    categories = descend(root, "memberships.categoryMembership.id")
    return Manifest(
        identity=own_identity(root),
        files=tuple(_file(root, element) for element in descend(root, "file")),
        registry_keys=tuple(_key(root, element) for element in descend(root, "registryKeys.registryKey")),
        directories=tuple(_directory(root, element) for element in descend(root, "directories.directory")),
        dependencies=tuple(
            dependency
            for element in descend(root, "dependency")
            for dependency in _dependencies(root, element)
        ),
        security=tuple(_definition(e) for e in descend(root, f"{_DEFINITIONS}.securityDescriptorDefinition")),
        categories=tuple(_category(element) for element in categories),
        is_deployment=any(True for _ in descend(root, "deployment")),
        elements=inventory(root, UNDERSTOOD),
    )


def _needed(element: Element, name: str) -> str:
    value = element.attrib.get(name, "")
    if not value:
        raise FormatError("mum", Fault.CORRUPT, f"An element lacks its attribute: `{name}`")
    return value


def _security(root: Element, element: Element) -> str:
    """The name of the descriptor an element refers to; two of them would leave it open which one counts."""
    found = [child.attrib.get("name", "") for child in children(root, element, "securityDescriptor")]
    if len(found) > 1:
        raise FormatError("mum", Fault.CORRUPT, "An element has more than one security descriptor")
    return found[0] if found else ""


def _file(root: Element, element: Element) -> PayloadFile:
    name = _needed(element, "name")
    get = element.attrib.get
    return PayloadFile(
        name=name,
        destination=get("destinationPath", ""),
        source_name=get("sourceName", "") or name,
        import_path=get("importPath", ""),
        source_path=get("sourcePath", ""),
        hash=_hash(root, element),
        security=_security(root, element),
        links=tuple(_needed(child, "destination") for child in children(root, element, "link")),
    )


def _hash(root: Element, file: Element) -> FileHash | None:
    found = list(children(root, file, "hash"))
    if not found:
        return None
    methods = [e for part in found for e in children(root, part, "DigestMethod")]
    values = [e for part in found for e in children(root, part, "DigestValue")]
    transforms = [
        e
        for part in found
        for group in children(root, part, "Transforms")
        for e in children(root, group, "Transform")
    ]
    if (len(found), len(methods), len(values)) != (1, 1, 1):
        raise FormatError("mum", Fault.CORRUPT, "A file's hash is not one method with one value")
    algorithm = methods[0].attrib.get("Algorithm", "")
    if algorithm not in _DIGESTS or any(e.attrib.get("Algorithm") != _IDENTITY_TRANSFORM for e in transforms):
        raise FormatError(
            "mum", Fault.UNSUPPORTED, f"A file's hash is of an unknown kind: `{ascii(algorithm)[1:-1]}`"
        )
    name, size = _DIGESTS[algorithm]
    try:
        digest = base64.b64decode((values[0].text or "").strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != size:
        raise FormatError("mum", Fault.CORRUPT, "A file's hash is not a hash of its kind")
    return FileHash(name, digest)


def _key(root: Element, element: Element) -> RegistryKey:
    return RegistryKey(
        path=_needed(element, "keyName"),
        values=tuple(_value(child) for child in children(root, element, "registryValue")),
        owner=flag(element.attrib.get("owner")),
        security=_security(root, element),
    )


def _value(element: Element) -> RegistryValue:
    get = element.attrib.get
    type_name, text = _needed(element, "valueType"), get("value", "")
    code = type_code(type_name)
    return RegistryValue(
        name=get("name", ""),
        type_name=type_name,
        type_code=code,
        text=text,
        data=parse_data(code, text),
        operation=get("operationHint", ""),
        owner=flag(get("owner")),
    )


def _directory(root: Element, element: Element) -> Directory:
    destination = _needed(element, "destinationPath")
    return Directory(destination, flag(element.attrib.get("owner")), _security(root, element))


def _dependencies(root: Element, element: Element) -> list[Dependency]:
    discoverable = flag(element.attrib.get("discoverable"))
    resource = element.attrib.get("resourceType", "")
    return [
        Dependency(identity(child), assembly.attrib.get("dependencyType", ""), resource, discoverable)
        for assembly in children(root, element, "dependentAssembly")
        for child in children(root, assembly, "assemblyIdentity")
    ]


def _definition(element: Element) -> SecurityDefinition:
    get = element.attrib.get
    return SecurityDefinition(_needed(element, "name"), get("sddl", ""), get("operationHint", ""))


def _category(element: Element) -> Category:
    get = element.attrib.get
    return Category(get("name", ""), get("version", ""), get("typeName", ""))
