"""Package descriptions (`.mum`): what a package is, needs and holds.

Reads the elements genuine packages use; anything else in a description is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from standin.codes import DismError
from standin.identities import Identity, of_element

if TYPE_CHECKING:
    from pathlib import Path

_NAMESPACE = "{urn:schemas-microsoft-com:asm.v3}"
_INVALID_PACKAGE = 0x800F0805


@dataclass(frozen=True)
class Update:
    """An `update` of a package: a component or a contained package.

    Attributes:
        selectable: whether it is an optional feature, which is switched by this name.
    """

    name: str
    selectable: bool
    is_package: bool
    identity: Identity


@dataclass(frozen=True)
class Mum:
    """A package's description.

    Attributes:
        parents: packages of which one has to be installed; none of them means that nothing is asked for.
        stack: the servicing stack version it needs, or "".
        checkpoints: packages that have to be installed first, versions at least (`prerequisite`).
        capability: the capability it is, as `Name~~~language~version`, or "".
    """

    path: Path
    identity: Identity
    release_type: str
    description: str
    company: str
    created: str
    parents: tuple[Identity, ...]
    stack: str
    checkpoints: tuple[Identity, ...]
    updates: tuple[Update, ...]
    capability: str

    @property
    def packages(self) -> tuple[Identity, ...]:
        """Contained packages that come with it, features not counted."""
        return tuple(u.identity for u in self.updates if u.is_package and not u.selectable)

    @property
    def components(self) -> tuple[Identity, ...]:
        """Components that come with it, features not counted."""
        return tuple(u.identity for u in self.updates if not u.is_package and not u.selectable)

    @property
    def features(self) -> tuple[Update, ...]:
        """Its optional features."""
        return tuple(u for u in self.updates if u.selectable)


def read_mum(path: Path) -> Mum:
    """Read a description.

    Raises:
        DismError: 0x800f0805, it is none.
    """
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _read(path: Path, _time: int) -> Mum:
    root = parse(path.read_bytes())
    package = root.find(f"{_NAMESPACE}package")
    identity = root.find(f"{_NAMESPACE}assemblyIdentity")
    if package is None or identity is None:
        raise DismError(_INVALID_PACKAGE)
    stack = package.find(f"{_NAMESPACE}installerAssembly")
    return Mum(
        path=path,
        identity=of_element(identity),
        release_type=package.get("releaseType", ""),
        description=root.get("description", ""),
        company=root.get("company", ""),
        created=root.get("creationTimeStamp", ""),
        parents=_identities(package, "parent"),
        stack="" if stack is None else stack.get("version", ""),
        checkpoints=_identities(package, "prerequisite"),
        updates=tuple(filter(None, map(_update, package.findall(f"{_NAMESPACE}update")))),
        capability=_capability(package),
    )


def parse(content: bytes) -> Element:
    """A document's root.

    Raises:
        DismError: 0x800f0805, it is not well-formed.
    """
    try:
        root: Element = fromstring(content)
    except (ParseError, ValueError):
        raise DismError(_INVALID_PACKAGE) from None
    return root


def _identities(package: Element, tag: str) -> tuple[Identity, ...]:
    rows = package.findall(f"{_NAMESPACE}{tag}/{_NAMESPACE}assemblyIdentity")
    return tuple(of_element(row) for row in rows)


def _update(element: Element) -> Update | None:
    for tag, is_package in (("component", False), ("package", True)):
        inner = element.find(f"{_NAMESPACE}{tag}/{_NAMESPACE}assemblyIdentity")
        if inner is not None:
            selectable = element.find(f"{_NAMESPACE}selectable") is not None
            return Update(element.get("name", ""), selectable, is_package, of_element(inner))
    return None


def _capability(package: Element) -> str:
    found = package.find(
        f"{_NAMESPACE}declareCapability/{_NAMESPACE}capability/{_NAMESPACE}capabilityIdentity"
    )
    if found is None:
        return ""
    return f"{found.get('name', '')}~~~{found.get('language', '')}~{found.get('version', '')}"
