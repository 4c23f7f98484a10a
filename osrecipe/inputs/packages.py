"""Facts of a package file: who it is, and everything it asks for, by name. Nothing is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.formats.delta import is_compressed_manifest
from osrecipe.formats.msu import open_package
from osrecipe.formats.mum import read_manifest, read_package
from osrecipe.model.codes import Slug
from osrecipe.model.facts import PackageFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Version
from osrecipe.windows.package_elements import DELTA_FOLDERS, Payload, elements_of, payload_form

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from osrecipe.formats.msu import OpenedPackage, PackageArchive
    from osrecipe.formats.mum import Manifest, Package
    from osrecipe.model.version import Architecture

_MUM = ".mum"
_MANIFEST = ".manifest"
_MAX_DOCUMENTS = 2 << 30
_MAX_HEADS = 4 << 30
COMPRESSED_MANIFEST = "manifest:compressed"
"""A component manifest that can be read only with the base manifest of the image it goes into."""
_ARCHITECTURES: dict[str, Architecture] = {
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
        main: the package the file is about; of a combined update, the one after the servicing stack.
        manifests: file names of all component manifests.
        facts: what plans are made of.
    """

    main: Package
    manifests: tuple[str, ...]
    facts: PackageFacts


def package_facts(path: Path) -> PackageFacts:
    """Facts of a package file; see `read_contents`."""
    with open_package(path) as opened:
        return read_contents(opened).facts


def read_contents(opened: OpenedPackage) -> PackageContents:
    """Read an open package file.

    Raises:
        FormatError: it is damaged.
        OsrecipeError: it holds no package (`input/not-update`).
    """
    described = [
        (archive, package) for archive in opened.archives if (package := archive.package()) is not None
    ]
    if not described:
        hint = "an update has an `update.mum`; loose files for Setup have none and are not available yet"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, "it holds no update package", hint=hint))
    main = described[-1][1]
    packages: list[Package] = []
    manifests: list[Manifest] = []
    names: list[str] = []
    forms: set[Payload] = set()
    compressed = False
    for archive, _ in described:
        packages += [
            read_package(data) for _, data in archive.read_each(_ending(archive, _MUM), limit=_MAX_DOCUMENTS)
        ]
        files = archive.read_each(_ending(archive, _MANIFEST), limit=_MAX_DOCUMENTS)
        names += [name for name, _ in files]
        plain = [data for _, data in files if not is_compressed_manifest(data)]
        compressed |= len(plain) < len(files)
        manifests += [read_manifest(data) for data in plain]
        forms |= _forms(archive)
    elements = set(elements_of(packages, manifests, forms)) | ({COMPRESSED_MANIFEST} if compressed else set())
    return PackageContents(main, tuple(names), _facts(main, described, elements))


def _facts(
    main: Package, described: list[tuple[PackageArchive, Package]], elements: set[str]
) -> PackageFacts:
    architecture = _ARCHITECTURES.get(main.identity.architecture.lower())
    if architecture is None:
        reason = f"no image has its architecture: `{main.identity.architecture}`"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, reason))
    return PackageFacts(
        identity=main.identity.package_name,
        version=Version.parse(main.identity.version),
        architecture=architecture,
        elements=tuple(sorted(elements)),
        payload=sum(
            file.size for archive, _ in described for file in archive.files if _is_payload(file.name)
        ),
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
    heads: Iterable[tuple[str, bytes]] = archive.read_each(deltas, limit=_MAX_HEADS) if deltas else ()
    return whole | {payload_form(_delta_folder(name), data) for name, data in heads}


def _delta_folder(name: str) -> str:
    """`f`, `n` or `r` for a differential file, else an empty string."""
    parts = name.split("\\")
    folder = parts[-2].lower() if len(parts) > 2 else ""  # noqa: PLR2004 - component, folder, file
    return folder if folder in DELTA_FOLDERS else ""
