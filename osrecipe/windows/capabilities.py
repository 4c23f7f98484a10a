"""Capabilities (features on demand) that an image has, by the descriptions of its installed packages. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.formats.mum import read_package
from osrecipe.windows.component_store import PACKAGES
from osrecipe.windows.installed import installed_packages

if TYPE_CHECKING:
    from osrecipe.formats.mum import Identity
    from osrecipe.windows.image_files import ImageFiles

_MUM: Final = ".mum"
_THERE: Final = frozenset({"installed", "pending"})


def capabilities(files: ImageFiles) -> frozenset[str]:
    """Lower-case names of the capabilities in an image: `language.basic~~~de-de~0.0.1.0`.

    Raises:
        FormatError: a description or the registry is damaged.
    """
    states = {identity: package.state for identity, package in installed_packages(files).items()}
    found: set[str] = set()
    for name in files.names_in(PACKAGES):
        lower = name.lower()
        if lower.endswith(_MUM) and states.get(lower.removesuffix(_MUM)) in _THERE:
            data = files.read_bytes(PACKAGES / name)
            declared = None if data is None else read_package(data).capability
            if declared is not None:
                found.add(capability_name(declared).lower())
    return frozenset(found)


def capability_name(identity: Identity) -> str:
    """A capability's name as DISM takes it: name, two empty parts, language, version."""
    language = "" if identity.is_neutral else identity.language
    return f"{identity.name}~~~{language}~{identity.version}"


def is_declared(name: str) -> bool:
    """Whether the package of a capability says which one it is; that of .NET Framework 3.5, which has no version, does not."""
    return not name.endswith("~")
