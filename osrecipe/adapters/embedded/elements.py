"""What of a package this adapter carries out: an allow-list of element names, each with its reason.

Whatever is not listed is refused at plan time by its name (`windows.package_elements` says how things are named).
A row belongs here only when leaving the element out, or doing what the reason says, gives the image the package
means; that an element looks harmless is no reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALLOWED: Final[Mapping[str, str]] = {
    # of a package's description
    "assemblyIdentity": "names the package or component",
    "package": "says what kind of package it is",
    "package.parent": "decides whether the package applies; evaluated against the image",
    "package.installerAssembly": "the servicing stack it needs; compared with the image's",
    "package.update": "components, nested packages and features; all are followed",
    "package.declareCapability": "a name for the package; nothing is to be done",
    # of a component's manifest
    "file": "written to the store and linked to its places, its hash verified; gets the descriptor it names",
    "directories": "folders are made; new ones and the component's own get the descriptor they name",
    "registryKeys": "keys are made, every value is written; new ones and its own get the descriptor they name",
    "dependency": "components of the same package; all are carried out",
    "trustInfo": "the descriptors that files, folders and keys name; what can't be made is refused as `security:…`",
    "memberships": "a category without an instance only groups components",
    "localization": "texts for tools that show the component",
    "deconstructionTool": "which tool of Microsoft's build wrote the manifest",
    "migration": "rules an upgrade reads from the manifest, which is put in its place",
    # forms of payload
    "payload:whole": "written as it is",
    "payload:delta-raw": "made from a differential that needs no base, its hash verified",
}
_MEANINGS: Final = (
    ("payload:delta", "differential payload"),
    ("payload:psf", "differential payload in a .psf file"),
    ("payload:missing", "payload that is in neither the package nor the image"),
    ("memberships.", "an advanced installer"),
    ("manifest:compressed", "a manifest compressed against a base the source does not have"),
    ("registry:", "a registry setting"),
    ("security:", "a security descriptor"),
    ("variable:", "a folder variable"),
    ("component:type", "a kind of component"),
)


def not_carried_out(elements: Iterable[str]) -> tuple[str, ...]:
    """The names that are not allowed, in order."""
    return tuple(name for name in elements if name not in ALLOWED)


def meaning(name: str) -> str:
    """What kind of thing a refused name is, for people."""
    return next((text for start, text in _MEANINGS if name.startswith(start)), "a manifest element")
