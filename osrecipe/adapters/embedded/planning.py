"""Which parts of a package an image takes. Pure: descriptions and what is installed in, a selection out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.windows.applicability import unmet_parents
from osrecipe.windows.component_store import key_form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.formats.mum import Identity, Package
    from osrecipe.formats.mum.model import Parent
    from osrecipe.windows.applicability import InstalledIndex

_DEEPEST: Final = 32
_NAMED: Final = 4
_ANY_ARCHITECTURE: Final = frozenset({"neutral", "msil", ""})


@dataclass(frozen=True)
class Selection:
    """What an image takes of a package.

    Attributes:
        packages: applicable packages, the outer one first; by package, the components it holds itself.
        components: all components, in order, each once.
        unmet: why nothing applies: the parents nobody has; empty when something does.
        passed_over: names of nested packages that do not apply to this image.
    """

    packages: tuple[tuple[Package, tuple[Identity, ...]], ...] = ()
    components: tuple[Identity, ...] = ()
    unmet: tuple[Parent, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def applies(self) -> bool:
        """Whether the image takes anything."""
        return bool(self.components)


def select(
    root: Package,
    nested: Mapping[str, Package],
    installed: InstalledIndex,
    has_older: Callable[[Identity], bool],
) -> Selection:
    """Choose the applicable packages and their components.

    Args:
        root: the outer package.
        nested: packages that travel with it, by lower-case name.
        installed: what the image has.
        has_older: whether any version of a component is in the image; for conditional components.
    """
    unmet = unmet_parents(root.parents, installed)
    if unmet:
        return Selection(unmet=unmet)
    walk = _Walk(nested, installed, has_older)
    walk.visit(root, 0)
    components = {key_form(one): one for _, own in walk.packages for one in own}
    return Selection(
        tuple(walk.packages) if components else (),
        tuple(components.values()),
        () if components else walk.unmet,
        tuple(walk.passed_over),
    )


class _Walk:
    """One pass over a package and what is nested in it."""

    def __init__(
        self, nested: Mapping[str, Package], installed: InstalledIndex, has_older: Callable[[Identity], bool]
    ) -> None:
        self._nested = nested
        self._installed = installed
        self._has_older = has_older
        self._seen: set[str] = set()
        self.packages: list[tuple[Package, tuple[Identity, ...]]] = []
        self.passed_over: list[str] = []
        self.unmet: tuple[Parent, ...] = ()

    def visit(self, package: Package, depth: int) -> None:
        """Take a package and go into those it names."""
        own = tuple(
            ref.identity
            for update in package.updates
            for ref in update.components
            if not ref.conditional or self._has_older(ref.identity)
        )
        self.packages.append((package, own))
        for update in package.updates:
            for ref in update.packages:
                self._enter(ref.identity.package_name.lower(), depth + 1)

    def _enter(self, name: str, depth: int) -> None:
        inner = self._nested.get(name)
        if inner is None or name in self._seen or depth > _DEEPEST:
            return
        self._seen.add(name)
        unmet = unmet_parents(inner.parents, self._installed)
        if unmet:
            self.passed_over.append(inner.identity.name)
            self.unmet += unmet
        else:
            self.visit(inner, depth)


def fits_architecture(package: Package, image: str) -> bool:
    """Whether a package is for an image of this architecture."""
    wanted = package.identity.architecture.lower()
    return wanted in _ANY_ARCHITECTURE or wanted == image.lower()


def unmet_words(unmet: tuple[Parent, ...]) -> str:
    """Why nothing applies, in words."""
    names = list(dict.fromkeys(f"{one.name} {one.version}" for parent in unmet for one in parent.identities))
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"it needs one of {shown}{more}, and none is in the image"
        if names
        else "no part of it is for this image"
    )
