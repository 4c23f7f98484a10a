"""Is a package meant for an image? Pure rules over identities.

A package's `parent` elements must all be met; within one, any identity does. A parent's version is compared part by
part where the element says how (`buildCompare="EQ"`, `revisionCompare="GE"`); where it says nothing of a part, the
numbers must be equal there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.model.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from osrecipe.formats.mum.model import Identity, Parent

_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "": lambda installed, wanted: installed == wanted,
    "EQ": lambda installed, wanted: installed == wanted,
    "GE": lambda installed, wanted: installed >= wanted,
    "GT": lambda installed, wanted: installed > wanted,
    "LE": lambda installed, wanted: installed <= wanted,
    "LT": lambda installed, wanted: installed < wanted,
}


class InstalledIndex:
    """Installed packages by what identifies them but for the version."""

    def __init__(self, identities: Iterable[str]) -> None:
        self._versions: dict[str, list[str]] = {}
        for identity in identities:
            name, _, version = identity.lower().rpartition("~")
            self._versions.setdefault(name, []).append(version)

    def versions(self, identity: Identity) -> Collection[str]:
        """The versions of a package that are installed."""
        return self._versions.get(identity.package_name.lower().rpartition("~")[0], ())


def unmet_parents(parents: Iterable[Parent], installed: InstalledIndex) -> tuple[Parent, ...]:
    """The parents of which no identity is installed; none means that the package applies.

    A parent without identities asks for nothing.
    """
    return tuple(parent for parent in parents if parent.identities and not _is_met(parent, installed))


def is_newer(one: str, other: str) -> bool:
    """Whether a version is higher than another; what is no version is never newer."""
    try:
        return Version.parse(other) < Version.parse(one)
    except ValueError:
        return False


def _is_met(parent: Parent, installed: InstalledIndex) -> bool:
    return any(
        _matches(parent, version, identity.version)
        for identity in parent.identities
        for version in installed.versions(identity)
    )


def _matches(parent: Parent, installed: str, wanted: str) -> bool:
    try:
        ours, theirs = Version.parse(installed).key, Version.parse(wanted).key
    except ValueError:
        return installed == wanted
    how = (
        parent.distribution_compare,
        parent.service_compare,
        parent.build_compare,
        parent.revision_compare,
    )
    return all(_compare(rule, one, other) for rule, one, other in zip(how, ours, theirs, strict=True))


def _compare(rule: str, installed: int, wanted: int) -> bool:
    """One part of a version; a comparison that is not known is never met."""
    compare = _COMPARE.get(rule.upper())
    return compare is not None and compare(installed, wanted)
