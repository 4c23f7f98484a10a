"""Facts of a package file: who it is, and everything it asks for, by name. Nothing is carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.formats.delta import decode_manifest, is_compressed_manifest
from osrecipe.formats.errors import FormatError
from osrecipe.formats.msu import MemberKind, open_package
from osrecipe.formats.mum import read_manifest, read_package
from osrecipe.inputs.base_manifest import NO_BASE
from osrecipe.model.codes import Slug
from osrecipe.model.facts import PackageFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Version
from osrecipe.windows.package_elements import DELTA_FOLDERS, Payload, elements_of, payload_form
from osrecipe.windows.update_kinds import classify

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from osrecipe.formats.msu import OpenedPackage, PackageArchive
    from osrecipe.formats.mum import Manifest, Package
    from osrecipe.inputs.base_manifest import BaseManifest
    from osrecipe.model.facts import UpdateKind
    from osrecipe.model.version import Architecture

_MUM = ".mum"
_MANIFEST = ".manifest"
_CIX = ".psf.cix.xml"
"""Ends the name of the list that says where in a `.psf` each differential file is."""
_FIRST_BUILD = 6000
"""Below, the first part of a package's version is Windows's own (10.0), not a build."""
_WINDOWS = re.compile(r"(?:6|10)\.\d+\.(\d{4,5})\.")
_MAX_DOCUMENTS = 2 << 30
_MAX_HEADS = 4 << 30
COMPRESSED_MANIFEST = "manifest:compressed"
"""A component manifest that can be read only with a base manifest that the source media does not have."""
ARCHITECTURES: dict[str, Architecture] = {
    "x86": "x86",
    "amd64": "amd64",
    "arm": "arm",
    "arm64": "arm64",
    "wow64": "amd64",
    "neutral": "amd64",
}


@dataclass(frozen=True)
class PackageContents:
    """What was read of a package file.

    Attributes:
        main: the package the file is about; of a combined update, not the servicing stack that travels with it.
        manifests: file names of all component manifests.
        kind: what kind of update it is.
        stack: identity of the servicing stack that travels with `main`, or empty.
        builds: the Windows builds it is for, as far as it says so, ascending.
        facts: what plans are made of.
    """

    main: Package
    manifests: tuple[str, ...]
    kind: UpdateKind
    stack: str
    builds: tuple[int, ...]
    facts: PackageFacts


Described = list[tuple["PackageArchive", "Package"]]


def package_facts(path: Path, base: BaseManifest = NO_BASE) -> PackageFacts:
    """Facts of a package file; see `read_contents`."""
    with open_package(path) as opened:
        return read_contents(opened, base).facts


def described(opened: OpenedPackage) -> Described:
    """The packages of a file with their descriptions, in the order to install them; none for loose files."""
    return [(archive, package) for archive in opened.archives if (package := archive.package()) is not None]


def read_contents(opened: OpenedPackage, base: BaseManifest = NO_BASE) -> PackageContents:
    """Read an open package file.

    Args:
        opened: the file.
        base: decodes compressed manifests; those it can't decode are named as such.

    Raises:
        FormatError: it is damaged.
        OsrecipeError: it holds no package, or one that no unmounted image can take (`input/not-update`).
    """
    packages = described(opened)
    if not packages:
        hint = "an update has an `update.mum`, or is loose files for Setup or Defender"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, "it holds no update package", hint=hint))
    _refuse_hotpatch(opened)
    main = _main(packages)
    read = _read(packages, base)
    stacks = [package for archive, package in packages if archive.kind is MemberKind.STACK]
    return PackageContents(
        main=main,
        manifests=read.manifests,
        kind=classify(main, (*read.descriptions, *read.manifests)),
        stack=next((package.identity.package_name for package in stacks if package is not main), ""),
        builds=_builds(main),
        facts=_facts(main, packages, read.elements),
    )


def _main(packages: Described) -> Package:
    """The update itself, rather than the stack or a correction that travels with it."""
    found = [package for archive, package in packages if archive.kind is MemberKind.PACKAGE]
    return (found or [package for _, package in packages])[-1]


def _refuse_hotpatch(opened: OpenedPackage) -> None:
    if any("hotpatchcompdb" in name.lower() for name in opened.metadata_names()):
        hint = "take the cumulative update of the same month"
        raise OsrecipeError(
            Problem(
                Slug.INPUT_NOT_UPDATE, "it is a hotpatch, which only a running Windows can take", hint=hint
            )
        )


@dataclass(frozen=True)
class _Read:
    descriptions: tuple[str, ...]
    manifests: tuple[str, ...]
    elements: frozenset[str]


def _read(packages: Described, base: BaseManifest) -> _Read:
    """All descriptions and manifests of the packages: their names, and what they ask for."""
    inner: list[Package] = []
    manifests: list[Manifest] = []
    descriptions: list[str] = []
    names: list[str] = []
    forms: set[Payload] = set()
    compressed = False
    for archive, _ in packages:
        documents = archive.read_each(_ending(archive, _MUM), limit=_MAX_DOCUMENTS)
        descriptions += [name for name, _ in documents]
        inner += [read_package(data) for _, data in documents]
        files = archive.read_each(_ending(archive, _MANIFEST), limit=_MAX_DOCUMENTS)
        names += [name for name, _ in files]
        plain = [text for _, data in files if (text := _decoded(data, base)) is not None]
        compressed |= len(plain) < len(files)
        manifests += [read_manifest(data) for data in plain]
        forms |= _forms(archive)
    elements = set(elements_of(inner, manifests, forms)) | ({COMPRESSED_MANIFEST} if compressed else set())
    return _Read(tuple(descriptions), tuple(names), frozenset(elements))


def _decoded(data: bytes, base: BaseManifest) -> bytes | None:
    """A manifest's text; None when it is compressed and the base is not there or not the one it was made with."""
    if not is_compressed_manifest(data):
        return data
    found = base()
    try:
        return None if found is None else decode_manifest(data, found)
    except FormatError:
        return None


def _builds(main: Package) -> tuple[int, ...]:
    """Builds from the package's own version (`17134.228.1.0`), or else those of the packages it can go into."""
    own = _version(main).major
    if own >= _FIRST_BUILD:
        return (own,)
    versions = [identity.version for parent in main.parents for identity in parent.identities]
    return tuple(sorted({int(found[1]) for each in versions if (found := _WINDOWS.match(each))}))


def _version(main: Package) -> Version:
    try:
        return Version.parse(main.identity.version)
    except ValueError:
        reason = f"its version is none: `{main.identity.version}`"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, reason)) from None


def _facts(main: Package, packages: Described, elements: frozenset[str]) -> PackageFacts:
    architecture = ARCHITECTURES.get(main.identity.architecture.lower())
    if architecture is None:
        reason = f"no image has its architecture: `{main.identity.architecture}`"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, reason))
    return PackageFacts(
        identity=main.identity.package_name,
        version=_version(main),
        architecture=architecture,
        elements=tuple(sorted(elements)),
        payload=sum(file.size for archive, _ in packages for file in archive.files if _is_payload(file.name)),
    )


def _ending(archive: PackageArchive, suffix: str) -> list[str]:
    return [
        file.name for file in archive.files if "\\" not in file.name and file.name.lower().endswith(suffix)
    ]


def _is_payload(name: str) -> bool:
    return "\\" in name


def _forms(archive: PackageArchive) -> set[Payload]:
    """The forms its payload travels in; only differential files need to be looked into."""
    deltas = [file.name for file in archive.files if _delta_folder(file.name)]
    whole = {
        Payload.WHOLE for file in archive.files if _is_payload(file.name) and not _delta_folder(file.name)
    }
    if any(file.name.lower().endswith(_CIX) for file in archive.files):
        whole.add(Payload.PSF)
    heads: Iterable[tuple[str, bytes]] = archive.read_each(deltas, limit=_MAX_HEADS) if deltas else ()
    return whole | {payload_form(_delta_folder(name), data) for name, data in heads}


def _delta_folder(name: str) -> str:
    """`f`, `n` or `r` for a differential file, else an empty string."""
    parts = name.split("\\")
    folder = parts[-2].lower() if len(parts) > 2 else ""  # noqa: PLR2004 - component, folder, file
    return folder if folder in DELTA_FOLDERS else ""
