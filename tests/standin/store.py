r"""The component store of an image: manifests, payload, and the files it projects into the image.

A projected file is a hard link of the one in the store. The highest version of a component is the one projected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import Hive
from standin.imagetree import files, find, put_file, put_link, remove_tree
from standin.manifests import Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from standin.identities import Identity
    from standin.manifests import Payload, RegistryValue

_STORE = "Windows\\WinSxS"
_CONFIG = "Windows\\System32\\config"
_STACK = "microsoft-windows-servicingstack"
_HKLM, _HKCR = "hkey_local_machine\\", "hkey_classes_root\\"


class Store:
    """The store of the image in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def manifests(self) -> list[Manifest]:
        """Every component in it."""
        return [read_manifest(path) for path in files(find(self.root, f"{_STORE}\\Manifests"), ".manifest")]

    def winners(self) -> dict[tuple[str, ...], Manifest]:
        """The highest version of each component."""
        found: dict[tuple[str, ...], Manifest] = {}
        for manifest in sorted(self.manifests(), key=lambda each: each.identity.numbers):
            found[manifest.identity.series] = manifest
        return found

    def stack(self) -> tuple[int, ...]:
        """The servicing stack's version."""
        stacks = [m.identity.numbers for m in self.manifests() if m.identity.name.lower() == _STACK]
        return max(stacks, default=(0,))

    def has(self, manifest: Manifest) -> bool:
        """Whether a component is in the store with all of its files."""
        wanted = [self._manifest_path(manifest), *(self._stored(manifest, file) for file in manifest.files)]
        return all(path.is_file() for path in wanted)

    def stage(self, manifest: Manifest, source: Path) -> None:
        """Put a component into the store; its files lie in `source`, in a folder of its key form."""
        put_file(manifest.path, self._manifest_path(manifest))
        for file in manifest.files:
            put_file(source / manifest.key_form / file.stored, self._stored(manifest, file))

    def project(self, manifest: Manifest) -> None:
        """Link a component's files into the image and set its values."""
        for file in manifest.files:
            if file.projected:
                put_link(self._stored(manifest, file), find(self.root, file.projected))
        self._set_values(manifest.values)

    def withdraw(self, manifest: Manifest) -> None:
        """Take a component's files out of the image; the store keeps them."""
        for file in manifest.files:
            if file.projected:
                find(self.root, file.projected).unlink(missing_ok=True)

    def is_projected(self, manifest: Manifest) -> bool:
        """Whether a component's files are in the image; one that has none counts as there."""
        return all(find(self.root, f.projected).is_file() for f in manifest.files if f.projected)

    def remove(self, manifest: Manifest) -> int:
        """Remove a component from the store; returns the bytes of its files."""
        size = sum(
            path.stat().st_size for file in manifest.files if (path := self._stored(manifest, file)).is_file()
        )
        remove_tree(find(self.root, f"{_STORE}\\{manifest.key_form}"))
        self._manifest_path(manifest).unlink(missing_ok=True)
        return size

    def remove_payload(self, manifest: Manifest) -> None:
        """Remove a component's files from the store, not its manifest."""
        remove_tree(find(self.root, f"{_STORE}\\{manifest.key_form}"))

    def by_identity(self) -> dict[Identity, Manifest]:
        """Every component by who it is."""
        return {manifest.identity: manifest for manifest in self.manifests()}

    def _manifest_path(self, manifest: Manifest) -> Path:
        return find(self.root, f"{_STORE}\\Manifests\\{manifest.key_form}.manifest")

    def _stored(self, manifest: Manifest, file: Payload) -> Path:
        return find(self.root, f"{_STORE}\\{manifest.key_form}\\{file.stored}")

    def _set_values(self, values: Iterable[RegistryValue]) -> None:
        by_hive: dict[str, list[tuple[str, RegistryValue]]] = {}
        for value in values:
            hive, key = self._place(value.key)
            by_hive.setdefault(hive, []).append((key, value))
        for name, rows in by_hive.items():
            with Hive(find(self.root, f"{_CONFIG}\\{name}"), write=True) as opened:
                for key, row in rows:
                    opened.set(key, row.name, row.value)
                opened.save()

    def _place(self, key: str) -> tuple[str, str]:
        """The hive's file name and the key in it."""
        if key.lower().startswith(_HKCR):
            return "SOFTWARE", f"Classes\\{key[len(_HKCR) :]}"
        if not key.lower().startswith(_HKLM):
            raise DismError(0x800F0922, f"No hive for the key: {key}.")
        hive, _, inside = key[len(_HKLM) :].partition("\\")
        head, _, rest = inside.partition("\\")
        if hive.upper() == "SYSTEM" and head.lower() == "currentcontrolset":
            return "SYSTEM", f"{self.control_set()}\\{rest}"
        return hive.upper(), inside

    def control_set(self) -> str:
        """The key of SYSTEM that will be the current control set."""
        with Hive(find(self.root, f"{_CONFIG}\\SYSTEM")) as hive:
            current = hive.value("Select", "Current")
        return f"ControlSet{current.number if current else 1:03}"
