"""What `/PackagePath` names, opened: packages as folders with an `update.mum` (dism fact sheet §6.1).

Containers are told by their first bytes. A folder is searched through; a `.msu` is a cabinet, or a WIM since 24H2.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hostpaths import host_path
from standin.manifests import read_manifest
from standin.mum import read_mum
from standin.programs import extract_cabinet, wimlib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standin.identities import Identity
    from standin.manifests import Manifest
    from standin.mum import Mum

_INVALID_PACKAGE = 0x800F0805
_numbers = itertools.count()
# Cabinets in an .msu that are about it, not of it.
_ABOUT = ("wsusscan", "onepackage.aggregatedmetadata", "desktopdeployment")


@dataclass(frozen=True)
class Package:
    """A package opened in a folder; `source` is the file the caller named or the folder search found."""

    folder: Path
    source: Path

    @property
    def mum(self) -> Mum:
        """Its description."""
        return read_mum(self.folder / "update.mum")

    def part(self, identity: Identity) -> Mum | None:
        """The description of a contained package; None when it is not there."""
        path = self.folder / f"{identity.package_name.lower()}.mum"
        return read_mum(path) if path.is_file() else None

    def manifests(self) -> dict[Identity, Manifest]:
        """Its components."""
        made = (read_manifest(path) for path in sorted(self.folder.glob("*.manifest")))
        return {manifest.identity: manifest for manifest in made}


def open_packages(text: str, scratch: Path) -> list[Package]:
    """Every package a `/PackagePath` names, servicing stacks first.

    Raises:
        DismError: 2 or 3, nothing is there; 0x800f0805, it is no package.
    """
    path = host_path(text)
    if path.is_dir():
        found = sorted(_in_folder(path, scratch), key=_rank)
    elif path.is_file():
        found = open_file(path, scratch)
    else:
        raise DismError(2 if path.parent.is_dir() else 3)
    if not found:
        raise DismError(_INVALID_PACKAGE)
    return found


def open_file(path: Path, scratch: Path) -> list[Package]:
    """The packages in one file."""
    if path.name.lower() == "update.mum":
        return [Package(path.parent, path)]
    with path.open("rb") as file:
        magic = file.read(8)
    folder = scratch / f"package-{next(_numbers)}"
    if magic.startswith(b"MSCF"):
        extract_cabinet(path, folder)
    elif magic.startswith(b"MSWIM\0\0\0"):
        wimlib("apply", path, "1", folder)
    else:
        raise DismError(_INVALID_PACKAGE)
    if (folder / "update.mum").is_file():
        return [Package(folder, path)]
    inner = [
        package
        for cabinet in sorted([*folder.glob("*.cab"), *folder.glob("*.wim")])
        if not cabinet.name.lower().startswith(_ABOUT)
        for package in open_file(cabinet, scratch)
    ]
    if not inner:
        raise DismError(_INVALID_PACKAGE)
    inner.sort(key=lambda package: "servicingstack" not in package.mum.identity.name.lower())
    return [Package(package.folder, path) for package in inner]


def _rank(package: Package) -> tuple[bool, tuple[str, ...], tuple[int, ...]]:
    """Of the packages a folder search finds, stacks go first, and of one series what later ones are built upon."""
    identity = package.mum.identity
    is_stack = "servicingstack" in identity.name.lower()
    return not is_stack, identity.series, identity.numbers


def _in_folder(folder: Path, scratch: Path) -> Iterator[Package]:
    if (folder / "update.mum").is_file():
        yield Package(folder, folder)
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".cab", ".msu"} and path.is_file():
            yield from open_file(path, scratch)
