"""Packages as files: puts an update's documents and payload into the layout of a genuine `.msu` or `.cab`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.samples.answers import answer_key
from support.samples.cabinets import cabinet, wsus_scan
from support.samples.documents import (
    answer_file,
    manifest,
    mum,
    nested_update_xml,
    parents_xml,
    part_mum,
    properties,
    update_mum,
)
from support.samples.names import FOUNDATION, Identity
from support.samples.spec import Component, Container, UpdatePackage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Not a signed catalogue: nothing here is signed, and nothing that reads the samples may depend on it.
_CATALOGUE = b"\x30\x14\x04\x12" + b"sample, not signed"


def write_package(update: UpdatePackage, folder: Path) -> Path:
    """Write the package and, beside it, its answer key; returns the package's path."""
    content = package_bytes(update)
    path = folder / update.file_name
    path.write_bytes(content)
    key = json.dumps(answer_key(update, content), indent=1) + "\n"
    (folder / f"{update.stem}.answer.json").write_text(key, encoding="utf-8")
    return path


def package_bytes(update: UpdatePackage) -> bytes:
    """The finished package."""
    if update.container is Container.LOOSE_CAB:
        return cabinet({file.name: file.content for file in update.loose})
    inner = update_cabinet(update)
    if update.container is Container.CAB:
        return inner
    stem = f"Windows10.0-{update.kb}-x64"
    return cabinet(
        {
            "WSUSSCAN.cab": wsus_scan(),
            f"{stem}.cab": inner,
            f"{stem}.xml": answer_file(update, f"{stem}.cab"),
            f"{stem}-pkgProperties.txt": properties(update),
        },
        compress=False,
    )


def update_cabinet(update: UpdatePackage) -> bytes:
    """The inner cabinet: descriptions first, then manifests, then payload under key forms."""
    files = {"update.mum": update_mum(update), "update.cat": _CATALOGUE}
    for part in update.parts:
        name = update.part_identity(part).package_name.lower()
        files |= {f"{name}.mum": part_mum(update, part), f"{name}.cat": _CATALOGUE}
    components = {c.identity: c for part in update.parts for c in part.components}
    return cabinet({**files, **component_files(components.values())})


def component_files(components: Iterable[Component]) -> Mapping[str, bytes]:
    """Manifests at the root and payload in folders named by key form."""
    made = list(components)
    manifests = {f"{c.identity.key_form}.manifest": manifest(c) for c in made}
    whole = {
        f"{c.identity.key_form}\\{file.source_name}": file.content
        for c in made
        if c.delta is None
        for file in c.files
    }
    # Differential payload lies one folder deeper: `f` holds what leads forward from the base version.
    forward = {
        f"{c.identity.key_form}\\f\\{file.source_name}": c.delta
        for c in made
        if c.delta is not None
        for file in c.files
    }
    return {**manifests, **whole, **forward}


def on_demand_cabinet(package: Identity, components: tuple[Component, ...]) -> bytes:
    """A feature's payload as media carry it in `sources/sxs`: one package, whole files."""
    rows = "".join(
        nested_update_xml(f"{package.name}-{position}", component.identity, component=True)
        for position, component in enumerate(components, start=1)
    )
    attributes = f'identifier="{package.name}" releaseType="OnDemand Pack" restart="possible"'
    text = mum(package, attributes, parents_xml((FOUNDATION,)) + rows)
    return cabinet({"update.mum": text, "update.cat": _CATALOGUE, **component_files(components)})
