"""Update files: `.msu` in both of its containers, combined cabinets, and the package cabinets inside."""

from __future__ import annotations

from osrecipe.formats.msu.contents import Member, MemberKind, Msu, read_msu
from osrecipe.formats.msu.package import OpenedPackage, PackageArchive, open_package
from osrecipe.formats.msu.stores import Container

__all__ = [
    "Container",
    "Member",
    "MemberKind",
    "Msu",
    "OpenedPackage",
    "PackageArchive",
    "open_package",
    "read_msu",
]
