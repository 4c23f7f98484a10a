"""A package opened for an image: its descriptions, manifests and payload, by identity."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from osrecipe.formats.delta import apply_delta, read_header
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum import read_package
from osrecipe.windows.component_store import key_form

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from osrecipe.formats.msu import PackageArchive
    from osrecipe.formats.mum import Identity, Manifest, Package
    from osrecipe.windows.image_manifests import ImageManifests

_DESCRIPTIONS: Final = 1 << 30
"""Bytes of all descriptions, or all manifests, together; a genuine cumulative update has about a tenth."""
_PAYLOAD: Final = 64 << 30
_ROOT: Final = "update.mum"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BASELESS: Final = "n"
"""The folder of differential files that need no base (`windows.package_elements`)."""
_MADE: Final = 128 << 20
"""Bytes a differential file may become: it is made in memory."""


@dataclass(frozen=True)
class Description:
    """A package's description: parsed, as bytes, and the catalogue beside it (None when there is none)."""

    package: Package
    data: bytes
    catalogue: bytes | None

    @property
    def sha256(self) -> str:
        """The description's SHA-256."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class ComponentSource:
    """A component in a package: its key form, its manifest parsed and as it travels."""

    key_form: str
    manifest: Manifest
    data: bytes


class Update:
    """One package of an update file.

    Args:
        archive: its files.
        manifests: of the image it is for; decodes compressed ones.

    Raises:
        FormatError: it has no description, or a damaged one.
    """

    def __init__(self, archive: PackageArchive, manifests: ImageManifests) -> None:
        self._archive = archive
        self._manifests = manifests
        self._names = {file.name.lower().replace("/", "\\"): file.name for file in archive.files}
        descriptions = self._descriptions()
        root = descriptions.pop(_ROOT, None)
        if root is None:
            raise FormatError("msu", Fault.MISSING, f"`{archive.name}` has no `{_ROOT}`")
        self.root: Description = root
        self.nested: dict[str, Description] = {
            one.package.identity.package_name.lower(): one for one in descriptions.values()
        }

    def components(self, identities: Iterable[Identity]) -> tuple[ComponentSource, ...]:
        """Components by identity.

        Raises:
            FormatError: the package lacks a manifest, or one is damaged or another component's.
        """
        forms = {f"{key_form(identity)}.manifest": identity for identity in identities}
        missing = [name for name in forms if name not in self._names]
        if missing:
            raise FormatError("msu", Fault.MISSING, f"the package lacks a manifest: `{missing[0]}`")
        read = self._archive.read_each([self._names[name] for name in forms], limit=_DESCRIPTIONS)
        found = {name.lower(): data for name, data in read}
        return tuple(self._component(name, forms[name], found[name]) for name in forms)

    def payload_path(self, component: ComponentSource, source_name: str, source_path: str) -> str:
        """A payload file's path in the archive: the file itself, or what it can be made from without another one.

        Raises:
            FormatError: it does not travel so.
        """
        inside = source_path.strip(".\\")
        candidates = [
            f"{component.key_form}\\{source_name}",
            f"{component.key_form}\\{_BASELESS}\\{source_name}",
        ]
        if inside:
            candidates.insert(0, f"{component.key_form}\\{inside}\\{source_name}")
        for name in candidates:
            if (found := self._names.get(name.lower())) is not None:
                return found
        raise FormatError(
            "msu", Fault.UNSUPPORTED, f"the package does not hold the whole file: `{candidates[0]}`"
        )

    def extract(self, names: Iterable[str], to: Path) -> dict[str, Path]:
        """Write payload files below a folder, made whole; their paths by name in the archive.

        Raises:
            FormatError: the package or a differential file is damaged, or needs a base.
        """
        wanted = list(dict.fromkeys(names))
        self._archive.extract(wanted, to, limit_bytes=_PAYLOAD)
        found = {name: to.joinpath(*_parts(name)) for name in wanted}
        for name, path in found.items():
            if _is_baseless(name):
                _make_whole(path)
        return found

    def _component(self, name: str, identity: Identity, data: bytes) -> ComponentSource:
        manifest = self._manifests.parse(data)
        form = name.removesuffix(".manifest")
        if key_form(manifest.identity) != form:
            raise FormatError("mum", Fault.CORRUPT, f"a manifest is of another component: `{identity.name}`")
        return ComponentSource(form, manifest, data)

    def _descriptions(self) -> dict[str, Description]:
        names = [name for name in self._names if name.endswith((".mum", ".cat")) and "\\" not in name]
        read = self._archive.read_each([self._names[name] for name in names], limit=_DESCRIPTIONS)
        found = {name.lower(): data for name, data in read}
        return {
            name: Description(read_package(data), data, found.get(name.removesuffix(".mum") + ".cat"))
            for name, data in found.items()
            if name.endswith(".mum")
        }


def _parts(name: str) -> list[str]:
    return name.replace("/", "\\").split("\\")


def _is_baseless(name: str) -> bool:
    parts = _parts(name)
    return len(parts) == 3 and parts[1].lower() == _BASELESS  # noqa: PLR2004 - component, folder, file


def _make_whole(path: Path) -> None:
    """Replace a differential file by what it makes, with the time it states; its own hash is checked there."""
    if path.stat().st_size > _MADE:
        raise FormatError("delta", Fault.TOO_LARGE, f"a differential file is too large: `{path.name}`")
    delta = path.read_bytes()
    path.write_bytes(apply_delta(b"", delta, limit=_MADE))
    written = read_header(delta).written
    if written is not None and written >= _EPOCH:
        moment = (written - _EPOCH) // timedelta(microseconds=1) * 1000
        os.utime(path, ns=(moment, moment))
