"""The names of what a package asks for, as facts state them and adapters' allow-lists know them.

Pure: from parsed documents and the list of payload to sorted names. Three kinds of names:

* an element: its first name when the reader understands it (`file`, `registryKeys`, `package.update`), else the path
  down to the first part it does not (`memberships.categoryMembership.categoryInstance`, `taskScheduler`), or
  `path@attribute`;
* what a reader finds inside an element it understands: `registry:unreadable REG_X`, `registry:root HKEY_USERS`,
  `registry:operation append`, `variable:$(runtime.x)`, `file:without-hash`, `component:type dualModeDriver`,
  `security:undefined NAME`, `security:descriptor NAME: why`;
* the forms of payload: `payload:whole`, `payload:delta-raw`, `payload:delta-pe`, `payload:psf`, `payload:missing`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from osrecipe.formats.delta import read_header
from osrecipe.formats.errors import FormatError
from osrecipe.formats.mum.manifest import UNDERSTOOD as MANIFEST_UNDERSTOOD
from osrecipe.formats.mum.package import UNDERSTOOD as PACKAGE_UNDERSTOOD
from osrecipe.windows.component_registry import locate, root_of
from osrecipe.windows.manifest_security import security_elements
from osrecipe.windows.runtime_paths import unknown_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from osrecipe.formats.mum import Manifest, Package
    from osrecipe.formats.mum.model import RegistryKey

DELTA_FOLDERS: Final = frozenset({"f", "n", "r"})
"""Folders below a component's: forward, baseless (null) and reverse differentials."""
_PLAIN_OPERATIONS: Final = frozenset({"", "replace"})
_RAW: Final = 1


class Payload(StrEnum):
    """How a component's file travels."""

    WHOLE = "payload:whole"
    DELTA_RAW = "payload:delta-raw"
    DELTA_PE = "payload:delta-pe"
    PSF = "payload:psf"
    MISSING = "payload:missing"


def elements_of(
    packages: Iterable[Package], manifests: Iterable[Manifest], payload: Iterable[Payload]
) -> tuple[str, ...]:
    """Every name of a whole update, sorted."""
    names: set[str] = {form.value for form in payload}
    for package in packages:
        names.update(package_elements(package))
    for manifest in manifests:
        names.update(manifest_elements(manifest))
    return tuple(sorted(names))


def package_elements(package: Package) -> frozenset[str]:
    """The names of one package's description."""
    names = {_element(path, PACKAGE_UNDERSTOOD, depth=2) for path in package.elements}
    if package.psf_name:
        names.add(Payload.PSF.value)
    return frozenset(names)


def manifest_elements(manifest: Manifest) -> frozenset[str]:
    """The names of one component's manifest."""
    names = {_element(path, MANIFEST_UNDERSTOOD, depth=1) for path in manifest.elements}
    if manifest.identity.type:
        names.add(f"component:type {manifest.identity.type}")
    for file in manifest.files:
        names.update(
            f"variable:{name}" for text in (file.destination, *file.links) for name in unknown_variables(text)
        )
        if file.hash is None:
            names.add("file:without-hash")
    for directory in manifest.directories:
        names.update(f"variable:{name}" for name in unknown_variables(directory.destination))
    for key in manifest.registry_keys:
        names.update(_registry(key))
    names.update(security_elements(manifest))
    return frozenset(names)


def payload_form(folder: str, head: bytes) -> Payload:
    """How a file of a package travels.

    Args:
        folder: the folder below the component's own, `f`, `n`, `r` or empty.
        head: the file's bytes, or at least its first kilobyte.
    """
    if folder.lower() not in DELTA_FOLDERS:
        return Payload.WHOLE
    try:
        header = read_header(head)
    except FormatError:
        return Payload.DELTA_PE
    baseless = folder.lower() == "n"
    return Payload.DELTA_RAW if header.file_type == _RAW and baseless else Payload.DELTA_PE


def _registry(key: RegistryKey) -> Iterator[str]:
    try:
        locate(key.path, component="amd64", image="amd64")
    except ValueError:
        yield f"registry:root {root_of(key.path)}"
    yield from (f"variable:{name}" for name in unknown_variables(key.path))
    for value in key.values:
        if value.data is None:
            yield f"registry:unreadable {value.type_name}"
        if value.operation.lower() not in _PLAIN_OPERATIONS:
            yield f"registry:operation {value.operation}"
        yield from (f"variable:{name}" for name in unknown_variables(value.text))


def _element(path: str, understood: Mapping[str, frozenset[str]], *, depth: int) -> str:
    """The name of a path: short where it is understood, down to the first unknown part where it is not."""
    if "@" in path:
        return path
    parts = _split(path)
    for end in range(1, len(parts) + 1):
        prefix = ".".join(parts[:end])
        if prefix not in understood:
            return prefix
    return ".".join(parts[:depth])


def _split(path: str) -> list[str]:
    """The names of a dotted path; a namespace in braces may hold dots."""
    parts, inside = [""], False
    for character in path:
        if character == "." and not inside:
            parts.append("")
            continue
        inside = (inside or character == "{") and character != "}"
        parts[-1] += character
    return parts
