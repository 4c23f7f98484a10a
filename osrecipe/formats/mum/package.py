"""Reading `update.mum`, the description of a package.

Says what is written; judges neither applicability nor kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum.document import IDENTITY, children, flag, identity, inventory, own_identity, parse
from osrecipe.formats.mum.model import ComponentRef, Identity, Package, PackageRef, Parent, Selectable, Update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

_NOTHING: frozenset[str] = frozenset()
UNDERSTOOD = {
    "": frozenset(
        {
            "manifestVersion",
            "copyright",
            "description",
            "displayName",
            "company",
            "supportInformation",
            "creationTimeStamp",
            "lastUpdateTimeStamp",
        }
    ),
    "assemblyIdentity": IDENTITY,
    "package": frozenset(
        {"identifier", "releaseType", "restart", "permanence", "psfName", "applicabilityEvaluation"}
    ),
    "package.installerAssembly": IDENTITY,
    "package.parent": frozenset(
        {
            "buildCompare",
            "serviceCompare",
            "revisionCompare",
            "distributionCompare",
            "integrate",
            "disposition",
        }
    ),
    "package.parent.assemblyIdentity": IDENTITY,
    "package.declareCapability": _NOTHING,
    "package.declareCapability.capability": _NOTHING,
    "package.declareCapability.capability.capabilityIdentity": IDENTITY,
    "package.update": frozenset({"name", "displayName", "description", "restart"}),
    "package.update.applicable": frozenset({"disposition"}),
    "package.update.applicable.detectUpdate": _NOTHING,
    "package.update.applicable.detectUpdate.update": frozenset({"name"}),
    "package.update.applicable.updateComponent": frozenset({"elevate"}),
    "package.update.applicable.updateComponent.assemblyIdentity": IDENTITY,
    "package.update.selectable": frozenset({"disposition"}),
    "package.update.selectable.detectNone": frozenset({"default"}),
    "package.update.component": _NOTHING,
    "package.update.component.assemblyIdentity": IDENTITY,
    "package.update.package": frozenset({"contained", "integrate"}),
    "package.update.package.assemblyIdentity": IDENTITY,
}
"""By path, the attributes that become fields of `Package` or need no field."""


def read_package(data: bytes) -> Package:
    """Read an `update.mum`.

    Args:
        data: the file.

    Raises:
        FormatError: CORRUPT when it is not the description of a package, TOO_LARGE past the bounds.
    """
    return _Reader(parse(data)).read(_text(data))


def _text(data: bytes) -> str:
    """The document as text, for word searches; a byte that can't be decoded can't be searched for either."""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return data.decode(encoding, errors="replace")


class _Reader:
    """Reads one document; holds its root because names are looked up in the root's namespaces."""

    def __init__(self, root: Element) -> None:
        self._root = root

    def read(self, text: str) -> Package:
        package = self._one(self._root, "package")
        if package is None:
            raise FormatError("mum", Fault.CORRUPT, "The document describes no package")
        about, get = self._root.attrib.get, package.attrib.get
        installer = self._one(package, "installerAssembly")
        return Package(
            identity=own_identity(self._root),
            identifier=get("identifier", ""),
            release_type=get("releaseType", ""),
            restart=get("restart", ""),
            permanence=get("permanence", ""),
            psf_name=get("psfName", ""),
            installer=None if installer is None else identity(installer),
            capability=self._capability(package),
            parents=tuple(self._parent(element) for element in self._all(package, "parent")),
            updates=tuple(self._update(element) for element in self._all(package, "update")),
            display_name=about("displayName", ""),
            description=about("description", ""),
            company=about("company", ""),
            support=about("supportInformation", ""),
            created=about("creationTimeStamp", ""),
            elements=inventory(self._root, UNDERSTOOD),
            text=text,
        )

    def _all(self, element: Element, *names: str) -> Iterator[Element]:
        """The elements at a path of names below one."""
        found = [element]
        for name in names:
            found = [child for parent in found for child in children(self._root, parent, name)]
        return iter(found)

    def _one(self, element: Element, *names: str) -> Element | None:
        """The only element at a path, or None."""
        found = list(self._all(element, *names))
        if len(found) > 1:
            raise FormatError("mum", Fault.CORRUPT, f"There is more than one: `{'.'.join(names)}`")
        return found[0] if found else None

    def _capability(self, package: Element) -> Identity | None:
        declared = self._one(package, "declareCapability", "capability", "capabilityIdentity")
        return None if declared is None else identity(declared)

    def _parent(self, element: Element) -> Parent:
        get = element.attrib.get
        return Parent(
            identities=tuple(identity(child) for child in self._all(element, "assemblyIdentity")),
            integrate=get("integrate", ""),
            disposition=get("disposition", ""),
            build_compare=get("buildCompare", ""),
            service_compare=get("serviceCompare", ""),
            revision_compare=get("revisionCompare", ""),
            distribution_compare=get("distributionCompare", ""),
        )

    def _update(self, element: Element) -> Update:
        get = element.attrib.get
        required = self._all(element, "applicable", "detectUpdate", "update")
        return Update(
            name=get("name", ""),
            display_name=get("displayName", ""),
            description=get("description", ""),
            restart=get("restart", ""),
            selectable=self._selectable(element),
            requires=tuple(child.attrib.get("name", "") for child in required),
            components=tuple(self._components(element)),
            packages=tuple(self._packages(element)),
        )

    def _selectable(self, update: Element) -> Selectable | None:
        found = self._one(update, "selectable")
        if found is None:
            return None
        none = self._one(found, "detectNone")
        return Selectable(
            disposition=found.attrib.get("disposition", ""),
            on_by_default=None if none is None else flag(none.attrib.get("default")),
        )

    def _components(self, update: Element) -> Iterator[ComponentRef]:
        for component in self._all(update, "component", "assemblyIdentity"):
            yield ComponentRef(identity(component))
        for conditional in self._all(update, "applicable", "updateComponent"):
            elevate = conditional.attrib.get("elevate", "")
            for component in self._all(conditional, "assemblyIdentity"):
                yield ComponentRef(identity(component), conditional=True, elevate=elevate)

    def _packages(self, update: Element) -> Iterator[PackageRef]:
        for package in self._all(update, "package"):
            contained = flag(package.attrib.get("contained"))
            for found in self._all(package, "assemblyIdentity"):
                yield PackageRef(identity(found), contained, package.attrib.get("integrate", ""))
