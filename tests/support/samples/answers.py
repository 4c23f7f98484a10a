"""Answer keys: what an update does to each kind of image, worked out from its description.

Never looks into a package or an image and never uses `osrecipe`: both the code under test and the stand-in for
DISM are compared with what stands here. The result is JSON-ready data, described in `support.samples`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from support.samples.catalogue import base_components
from support.samples.documents import manifest, part_mum, update_mum
from support.samples.names import PACKAGES_OF, Identity, ImageKind
from support.samples.spec import Component, FileSpec, Part, RegValue, UpdatePackage

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "osrecipe-samples/1"
_STORE = "Windows\\WinSxS"
_PACKAGES = "Windows\\servicing\\Packages"


def answer_key(update: UpdatePackage, package: bytes) -> dict[str, Any]:
    """Everything stated about an update; `package` is the finished file."""
    return {
        "format": FORMAT,
        "file": update.file_name,
        "size": len(package),
        "sha256": hashlib.sha256(package).hexdigest(),
        "kb": update.kb,
        "kind": update.kind,
        "container": str(update.container),
        "identity": update.identity.package_name if update.identity.name else None,
        "version": update.identity.version,
        "architecture": str(update.identity.arch),
        "release_type": update.release_type,
        "requires_stack": update.requires_stack or None,
        "supersedes": [identity.package_name for identity in update.supersedes],
        "dropped_components": list(update.dropped),
        "refused": list(update.refused),
        "media_files": [_loose(file) for file in update.loose],
        "images": {str(kind): image_answer(update, kind) for kind in ImageKind},
    }


def image_answer(update: UpdatePackage, kind: ImageKind) -> dict[str, Any]:
    """What the update does to one kind of image that is as on the media (netfx3 switched on, where the kind says so)."""
    present = {identity.package_name for identity in PACKAGES_OF[kind]}
    parts = [part for part in update.parts if any(parent.package_name in present for parent in part.parents)]
    components = list({c.identity: c for part in parts for c in part.components}.values())
    return {
        "applicable": bool(parts),
        "packages": [_package(update, part) for part in parts],
        **components_answer(components),
        "kept": [row for component in components for row in _kept(component)],
        "mums": _mums(update, parts),
    }


def components_answer(components: Iterable[Component]) -> dict[str, Any]:
    """What an image has when these components are installed: files, hard links and registry values."""
    made = list(components)
    return {
        "components": [component_answer(component) for component in made],
        "files": [row for component in made for row in _files(component)],
        "links": [group for component in made for group in _links(component)],
        "registry": [_value(value) for component in made for value in component.registry],
    }


def component_answer(component: Component) -> dict[str, Any]:
    """A component's key form and where its manifest belongs in the store."""
    text = manifest(component)
    key_form = component.identity.key_form
    return {
        "name": component.identity.name,
        "version": component.identity.version,
        "architecture": str(component.identity.arch),
        "key_form": key_form,
        "manifest": f"{_STORE}\\Manifests\\{key_form}.manifest",
        "manifest_sha256": hashlib.sha256(text).hexdigest(),
    }


def _package(update: UpdatePackage, part: Part) -> str:
    return update.part_identity(part).package_name


def _mums(update: UpdatePackage, parts: list[Part]) -> list[dict[str, str]]:
    texts: list[tuple[Identity, bytes]] = [
        (update.part_identity(part), part_mum(update, part)) for part in parts
    ]
    if parts:
        texts.insert(0, (update.identity, update_mum(update)))
    return [
        {"path": f"{_PACKAGES}\\{identity.package_name}.mum", "sha256": hashlib.sha256(text).hexdigest()}
        for identity, text in texts
    ]


def _files(component: Component) -> list[dict[str, Any]]:
    rows = []
    for file in component.files:
        rows.append(_row(store_path(component, file), "store", file))
        rows += [_row(path, "projected", file) for path in file.paths(component.identity.arch)]
    return rows


def _kept(component: Component) -> list[dict[str, Any]]:
    """The store's files of the version on the media: an update puts new ones beside them and leaves them alone."""
    old = base_components().get((component.identity.name, component.identity.arch))
    return [_row(store_path(old, file), "store", file) for file in old.files] if old else []


def _links(component: Component) -> list[list[str]]:
    """Groups of paths that are one file: a projected file is a hard link of the one in the store."""
    groups = [[store_path(component, file), *file.paths(component.identity.arch)] for file in component.files]
    return [group for group in groups if len(group) > 1]


def store_path(component: Component, file: FileSpec) -> str:
    """A payload file's path in the component store."""
    return f"{_STORE}\\{component.identity.key_form}\\{file.source_name}"


def _row(path: str, role: str, file: FileSpec) -> dict[str, Any]:
    return {
        "path": path,
        "role": role,
        "sha256": file.sha256,
        "size": len(file.content),
        "version": file.version or None,
    }


def _loose(file: FileSpec) -> dict[str, Any]:
    return _row(f"sources\\{file.name}", "media", file)


def _value(value: RegValue) -> dict[str, Any]:
    hive, key = value.place
    shown: Any = value.value
    match value.value:
        case bytes() as raw:
            shown = raw.hex()
        case tuple() as lines:
            shown = list(lines)
        case str() as text:
            shown = RegValue.resolved(text)
        case int():
            pass
    return {
        "hive": hive,
        "key": key,
        "name": value.name,
        "type": str(value.type),
        "value": shown,
        "data": value.data.hex(),
    }
