"""Facts of updates that are loose files: Setup's and Defender's have no description, so their programs speak for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.formats.pe import read_architecture, read_version
from osrecipe.inputs.packages import ARCHITECTURES
from osrecipe.model.codes import Slug
from osrecipe.model.facts import PackageFacts, UpdateKind
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Version
from osrecipe.windows.update_kinds import SETUP_PROGRAMS, classify_loose

if TYPE_CHECKING:
    from osrecipe.formats.msu import OpenedPackage, PackageArchive

LOOSE = "loose-files"
"""What such an update asks for, as adapters' allow-lists would name it."""
_PROGRAMS = (".exe", ".dll")
_MOST = 32
_LIMIT = 512 << 20


def loose_facts(opened: OpenedPackage) -> tuple[UpdateKind, PackageFacts] | None:
    """Kind and facts of an update without a description; None for a file that is no update of this sort.

    Raises:
        FormatError: it is damaged.
        OsrecipeError: none of its programs says for which machine it is (`input/not-update`).
    """
    for archive in opened.archives:
        kind = classify_loose(file.name for file in archive.files)
        if kind is not None:
            return kind, _facts(archive)
    return None


def _facts(archive: PackageArchive) -> PackageFacts:
    programs = [data for _, data in archive.read_each(_programs(archive), limit=_LIMIT)]
    machines = {machine for data in programs if (machine := _machine(data)) is not None}
    if len(machines) != 1:
        reason = f"its programs do not agree on one machine: {', '.join(sorted(machines)) or 'none'}"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, reason))
    return PackageFacts(
        identity="",
        version=max((_version(data) for data in programs), key=lambda version: version.key),
        architecture=ARCHITECTURES[machines.pop()],
        elements=(LOOSE,),
        payload=sum(file.size for file in archive.files),
    )


def _programs(archive: PackageArchive) -> list[str]:
    """The programs that are asked: Setup's own where they are there, else the first of all."""
    names = [file.name for file in archive.files if file.name.lower().endswith(_PROGRAMS)]
    known = [name for name in names if name.lower() in SETUP_PROGRAMS]
    return (known or names)[:_MOST]


def _machine(data: bytes) -> str | None:
    try:
        found = read_architecture(data)
    except FormatError:
        return None
    return found if found in ARCHITECTURES else None


def _version(data: bytes) -> Version:
    """The program's file version; nothing for one that has none."""
    try:
        found = read_version(data)
    except FormatError:
        return Version()
    return Version() if found is None else Version.parse(".".join(str(n) for n in found.file_version))
