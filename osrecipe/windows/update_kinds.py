"""What kind of update a package is, told by what it holds. A name can be anything; content can not.

The tests are tried in the order in which the field's integrators found them to tell updates apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.facts import UpdateKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.formats.mum import Package

_STACK = "_microsoft-windows-servicingstack_"
_SAFE_OS = (
    "_microsoft-windows-sysreset_",
    "_microsoft-windows-winpe_tools_",
    "_microsoft-windows-winre-tools_",
)


@dataclass(frozen=True)
class Kind:
    """A kind osrecipe can apply, or the name of one it knows but can't apply yet."""

    kind: UpdateKind | None
    name: str


def classify(package: Package, manifests: Iterable[str]) -> Kind:
    """Tell an update's kind.

    Args:
        package: its `update.mum`.
        manifests: file names of the component manifests that travel with it.
    """
    name = package.identity.name.lower()
    components = [manifest.lower() for manifest in manifests]

    def holds(*parts: str) -> bool:
        return any(part in component for component in components for part in parts)

    if name.startswith("package_for_rollupfix"):
        return Kind(None, "checkpoint") if package.mentions("Baseline") else _known(UpdateKind.CUMULATIVE)
    tests = (
        (name.startswith("package_for_safeosdu") or holds(*_SAFE_OS), Kind(None, "safe-os")),
        (name.startswith("package_for_servicingstack") or holds(_STACK), _known(UpdateKind.SERVICING_STACK)),
        (name.startswith("package_for_dotnetrollup") or holds("_netfx4"), _known(UpdateKind.DOTNET)),
        (holds("adobe-flash"), _known(UpdateKind.FLASH)),
    )
    return next((kind for found, kind in tests if found), _by_release(package))


def _by_release(package: Package) -> Kind:
    release = package.release_type.lower()
    if release == "language pack":
        return Kind(None, "language-pack")
    if release == "ondemand pack":
        return Kind(None, "feature-on-demand")
    return _known(UpdateKind.OPTIONAL)


def _known(kind: UpdateKind) -> Kind:
    return Kind(kind, kind.value)
