r"""Optional features of an image: selectable updates in the descriptions of its packages.

Reads `servicing\Packages\*.mum`, the switches in the image's records, and the manifests of what a feature consists
of. Changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.mum import read_package
from osrecipe.windows.component_store import PACKAGES, STORE, key_form
from osrecipe.windows.image_files import WimFiles
from osrecipe.windows.image_manifests import ImageManifests
from osrecipe.windows.installed import installed_packages
from osrecipe.windows.package_elements import Payload, manifest_elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osrecipe.formats.mum import Identity, Manifest, Package
    from osrecipe.formats.mum.model import Update
    from osrecipe.formats.wim.reader import WimReader
    from osrecipe.windows.image_files import ImageFiles

_DEEPEST: Final = 32
_MUM: Final = ".mum"


@dataclass(frozen=True)
class Feature:
    """An optional feature.

    Attributes:
        name: as the package writes it.
        package: identity of the package that declares it.
        enabled: its state by the image's records.
        components: what it consists of, in order; empty when its packages are not in the image.
        is_complete: whether every package it names is in the image.
        elements: names of what its components ask for (`windows.package_elements`).
    """

    name: str
    package: str
    enabled: bool
    components: tuple[Identity, ...]
    is_complete: bool
    elements: tuple[str, ...]


def list_features(wim: WimReader, index: int) -> tuple[Feature, ...]:
    """The features of one image of a WIM, by name.

    Raises:
        FormatError: a description, a manifest or the registry is damaged.
    """
    return features_of(WimFiles(wim, index))


def features_of(files: ImageFiles, only: str | None = None, *, elements: bool = True) -> tuple[Feature, ...]:
    """The features of an image by name.

    Args:
        files: the image.
        only: the one feature wanted, in any case.
        elements: whether to read the manifests of what they consist of; without, `Feature.elements` is empty.

    Raises:
        FormatError: a description, a manifest or the registry is damaged.
    """
    packages = list(_packages(files))
    by_name = {package.identity.package_name.lower(): package for package in packages}
    records = installed_packages(files)
    manifests = ImageManifests(files) if elements else None
    found: dict[str, Feature] = {}
    for package in packages:
        record = records.get(package.identity.package_name.lower())
        for update in package.updates:
            name = update.name.lower()
            if update.selectable is None or not name or (only is not None and name != only.lower()):
                continue
            switch = None if record is None else record.switches.get(name)
            enabled = bool(update.selectable.on_by_default) if switch is None else switch
            found.setdefault(name, _feature(files, manifests, package, update, by_name, enabled=enabled))
    return tuple(found[name] for name in sorted(found))


def _packages(files: ImageFiles) -> Iterator[Package]:
    for name in sorted(files.names_in(PACKAGES)):
        data = files.read_bytes(PACKAGES / name) if name.lower().endswith(_MUM) else None
        if data is not None:
            yield read_package(data)


def _feature(
    files: ImageFiles,
    manifests: ImageManifests | None,
    package: Package,
    update: Update,
    by_name: dict[str, Package],
    *,
    enabled: bool,
) -> Feature:
    components, complete = _contents(update, by_name)
    elements = set() if manifests is None else _elements(files, manifests, components)
    if not complete and manifests is not None:
        elements.add(Payload.MISSING.value)
    return Feature(
        update.name,
        package.identity.package_name,
        enabled,
        components,
        complete,
        tuple(sorted(elements)),
    )


def _elements(files: ImageFiles, manifests: ImageManifests, components: Iterable[Identity]) -> set[str]:
    elements: set[str] = set()
    for identity in components:
        manifest = manifests.find(key_form(identity))
        if manifest is None:
            elements.add(Payload.MISSING.value)
        else:
            elements |= manifest_elements(manifest) | {form.value for form in _payload(files, manifest)}
    return elements


def _payload(files: ImageFiles, manifest: Manifest) -> Iterator[Payload]:
    if manifest.files:
        there = {name.lower() for name in files.names_in(STORE / key_form(manifest.identity))}
        for file in manifest.files:
            yield Payload.WHOLE if file.source_name.lower() in there else Payload.MISSING


def _contents(update: Update, by_name: dict[str, Package]) -> tuple[tuple[Identity, ...], bool]:
    """The components of a feature, through the packages it names; and whether all those are there."""
    found: dict[str, Identity] = {}
    complete = True
    pending: list[tuple[Iterable[Update], int]] = [((update,), 0)]
    seen: set[str] = set()
    while pending:
        updates, depth = pending.pop()
        for one in updates:
            found.update({key_form(ref.identity): ref.identity for ref in one.components})
            for inner in one.packages:
                name = inner.identity.package_name.lower()
                package = by_name.get(name)
                complete = complete and package is not None and depth < _DEEPEST
                if package is not None and name not in seen and depth < _DEEPEST:
                    seen.add(name)
                    pending.append((tuple(u for u in package.updates if u.selectable is None), depth + 1))
    return tuple(found.values()), complete
