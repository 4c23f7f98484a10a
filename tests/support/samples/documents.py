"""The XML of a package: component manifests, package descriptions (.mum) and the .msu's answer file.

Text only. The elements and attributes are the ones genuine packages use; the free text is the samples' own.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from support.samples.names import COMPANY, STACK, TOKEN, Identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.samples.spec import Component, FileSpec, Part, RegValue, UpdatePackage

_ASM = "urn:schemas-microsoft-com:asm.v3"
_HEAD = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n'
_STAMP = "2018-08-20T12:00:00Z"


def identity_xml(identity: Identity, *, component: bool) -> str:
    """An `assemblyIdentity` element; components carry a version scope, packages don't."""
    scope = ' versionScope="nonSxS"' if component else ""
    return (
        f'<assemblyIdentity name="{identity.name}" version="{identity.version}" processorArchitecture="{identity.arch}" '
        f'language="{identity.language}" buildType="release" publicKeyToken="{TOKEN}"{scope} />'
    )


def manifest(component: Component) -> bytes:
    """A component manifest: files with their SHA-256, then registry keys."""
    body = (
        "".join(_file_xml(file) for file in component.files)
        + _registry_xml(component.registry)
        + component.extra_xml
    )
    return (
        f'{_HEAD}<assembly xmlns="{_ASM}" manifestVersion="1.0" copyright="Copyright (c) {COMPANY}">\r\n'
        f"  {identity_xml(component.identity, component=True)}\r\n{body}</assembly>\r\n"
    ).encode()


def _file_xml(file: FileSpec) -> str:
    digest = base64.b64encode(hashlib.sha256(file.content).digest()).decode()
    target = f'destinationPath="{escape(file.folder)}" ' if file.folder is not None else ""
    return (
        f'  <file name="{escape(file.name)}" {target}sourceName="{escape(file.source_name)}" '
        f'importPath="$(build.nttree)\\" sourcePath=".\\">\r\n'
        '    <securityDescriptor name="WRP_FILE_DEFAULT_SDDL" />\r\n'
        '    <asmv2:hash xmlns:asmv2="urn:schemas-microsoft-com:asm.v2" xmlns:dsig="http://www.w3.org/2000/09/xmldsig#">\r\n'
        "      <dsig:Transforms>\r\n"
        '        <dsig:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity" />\r\n'
        "      </dsig:Transforms>\r\n"
        '      <dsig:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256" />\r\n'
        f"      <dsig:DigestValue>{digest}</dsig:DigestValue>\r\n"
        "    </asmv2:hash>\r\n"
        "  </file>\r\n"
    )


def _registry_xml(values: Iterable[RegValue]) -> str:
    keys = "".join(_key_xml(key, list(group)) for key, group in groupby(values, key=lambda value: value.key))
    return f"  <registryKeys>\r\n{keys}  </registryKeys>\r\n" if keys else ""


def _key_xml(key: str, values: list[RegValue]) -> str:
    rows = "".join(
        f'      <registryValue name="{escape(v.name)}" valueType="{v.type}" value="{escape(v.text)}" />\r\n'
        for v in values
    )
    return (
        f'    <registryKey keyName="{escape(key)}">\r\n{rows}'
        '      <securityDescriptor name="WRP_REGKEY_DEFAULT_SDDL" />\r\n    </registryKey>\r\n'
    )


def mum(identity: Identity, attributes: str, body: str, *, description: str = "") -> bytes:
    """A package description around the elements of its `package`."""
    return (
        f'{_HEAD}<assembly xmlns="{_ASM}" manifestVersion="1.0" description="{escape(description or identity.name)}" '
        f'displayName="default" company="{COMPANY}" copyright="Copyright (c) {COMPANY}" '
        f'supportInformation="https://support.example/" creationTimeStamp="{_STAMP}" lastUpdateTimeStamp="{_STAMP}">\r\n'
        f"  {identity_xml(identity, component=False)}\r\n  <package {attributes}>\r\n{body}  </package>\r\n</assembly>\r\n"
    ).encode()


def parents_xml(parents: Iterable[Identity]) -> str:
    """The alternatives of which one has to be installed."""
    rows = "".join(f"      {identity_xml(parent, component=False)}\r\n" for parent in parents)
    return (
        f'    <parent buildCompare="EQ" integrate="separate" disposition="detect">\r\n{rows}    </parent>\r\n'
        if rows
        else ""
    )


def nested_update_xml(name: str, inner: Identity, *, component: bool, selectable: str = "") -> str:
    """An `update` around a component or a contained package."""
    tag = "component" if component else "package"
    attributes = "" if component else ' contained="true" integrate="hidden"'
    return (
        f'    <update name="{escape(name)}">\r\n{selectable}      <{tag}{attributes}>\r\n'
        f"        {identity_xml(inner, component=component)}\r\n      </{tag}>\r\n    </update>\r\n"
    )


def update_mum(update: UpdatePackage) -> bytes:
    """The outer description: what the update is, what it needs, the packages inside it."""
    number = update.kb.removeprefix("KB")
    parents: dict[Identity, None] = {parent: None for part in update.parts for parent in part.parents}
    stack = ""
    if update.requires_stack:
        stack = f"    {identity_xml(STACK.at(update.requires_stack), component=True).replace('assemblyIdentity', 'installerAssembly')}\r\n"
    inner = "".join(
        nested_update_xml(f"{number}-{position}_neutral", update.part_identity(part), component=False)
        for position, part in enumerate(update.parts, start=1)
    )
    attributes = f'identifier="{update.kb}" applicabilityEvaluation="deep" releaseType="{update.release_type}" restart="possible"'
    body = parents_xml(parents) + stack + _checkpoints_xml(update) + inner
    return mum(update.identity, attributes, body, description=f"Fix for {update.kb}")


def _checkpoints_xml(update: UpdatePackage) -> str:
    """What a package is built upon, an element of the samples' own, and the word by which a checkpoint is told."""
    rows = "".join(
        f"    <prerequisite>{identity_xml(identity, component=False)}</prerequisite>\r\n"
        for identity in update.checkpoints
    )
    return rows + ('    <customInformation Baseline="true" />\r\n' if update.is_checkpoint else "")


def part_mum(update: UpdatePackage, part: Part) -> bytes:
    """A nested description: its parents and components."""
    number = update.kb.removeprefix("KB")
    rows = "".join(
        nested_update_xml(f"{number}-{position}_neutral_GDR", component.identity, component=True)
        for position, component in enumerate(part.components, start=1)
    )
    attributes = f'identifier="{update.kb}" releaseType="{update.release_type}" restart="possible"'
    return mum(
        update.part_identity(part),
        attributes,
        parents_xml(part.parents) + rows,
        description=f"Fix for {update.kb}",
    )


def answer_file(update: UpdatePackage, cabinet: str) -> bytes:
    """The .msu's XML: which package to install, from which cabinet."""
    identity = update.identity
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<unattend xmlns="urn:schemas-microsoft-com:unattend">\r\n  <servicing>\r\n'
        '    <package action="install">\r\n'
        f'      <assemblyIdentity name="{identity.name}" version="{identity.version}" language="neutral" '
        f'processorArchitecture="{identity.arch}" publicKeyToken="{TOKEN}"/>\r\n'
        f'      <source location="%configsetroot%\\{cabinet}" />\r\n    </package>\r\n  </servicing>\r\n</unattend>\r\n'
    ).encode()


def properties(update: UpdatePackage) -> bytes:
    """The .msu's `pkgProperties.txt`."""
    rows = {
        "ApplicabilityInfo": "Windows 10.0 Client SKUs;",
        "Applies to": "Windows 10.0",
        "Build Date": "2018/08/20",
        "Company": COMPANY,
        "File Version": "1",
        "Installation Type": "FULL",
        "Installer Engine": "Component Based Servicing - WUSA.exe",
        "Installer Version": "6.0.0.0",
        "KB Article Number": update.kb.removeprefix("KB"),
        "Language": "ALL",
        "Package Type": update.release_type,
        "Processor Architecture": str(update.identity.arch),
        "Product Name": update.identity.name,
        "Support Link": "https://support.example/",
    }
    text = "".join(f'{name}="{value}"\r\n' for name, value in rows.items())
    return text.encode("utf-16" if update.utf16_properties else "utf-8")
