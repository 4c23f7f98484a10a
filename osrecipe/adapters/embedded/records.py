"""What an image has installed: the ledger's word first, then what the image came with."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from osrecipe.adapters.embedded.ledger import Ledger, load_ledger
from osrecipe.adapters.embedded.view import ImageView, read_all
from osrecipe.windows.applicability import InstalledIndex, is_newer
from osrecipe.windows.capabilities import capabilities
from osrecipe.windows.component_store import winner
from osrecipe.windows.driver_store import driver_versions
from osrecipe.windows.features import features_of
from osrecipe.windows.installed import installed_packages
from osrecipe.windows.provisioned_apps import provisioned_apps

if TYPE_CHECKING:
    from osrecipe.model.adapter import StateKind
    from osrecipe.model.winpath import WinPath
    from osrecipe.windows.installed import InstalledPackage


class ViewFiles:
    """An image as `windows` wants to see it."""

    def __init__(self, view: ImageView) -> None:
        self._view = view

    def read_bytes(self, path: WinPath) -> bytes | None:
        """As `ImageFiles.read_bytes`."""
        found = self._view.info(path)
        return None if found is None or found.is_folder else read_all(self._view, path)

    def names_in(self, folder: WinPath) -> tuple[str, ...]:
        """As `ImageFiles.names_in`."""
        return self._view.names_in(folder)


class Records:
    """An image's packages and features; read when asked for, for one operation."""

    def __init__(self, view: ImageView) -> None:
        self.files = ViewFiles(view)

    @cached_property
    def ledger(self) -> Ledger:
        """What this adapter did."""
        return load_ledger(self.files)

    @cached_property
    def original(self) -> dict[str, InstalledPackage]:
        """What the image's own records say."""
        return installed_packages(self.files)

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`; what this adapter never changes is as the image came."""
        match kind:
            case "package":
                return self.package_state(name)
            case "feature":
                return self.feature_state(name)
            case "capability":
                return "installed" if name.lower() in capabilities(self.files) else None
            case "app":
                there = {whole.lower() for whole in provisioned_apps(self.files)}
                return "provisioned" if name.lower() in there else None
            case "driver":
                versions = driver_versions(self.files, name)
                return ", ".join(versions) if versions else None
            case "setting":
                return None

    def package_state(self, identity: str) -> str | None:
        """A package's state; this adapter's own ledger knows best what it added."""
        added = self.ledger.package(identity)
        if added is not None:
            return added.state
        found = self.original.get(identity.lower())
        if found is None or found.state not in {"installed", "superseded"}:
            return None
        return "superseded" if self._is_outdone(identity) else found.state

    def _is_outdone(self, identity: str) -> bool:
        """Whether this adapter added a newer version of a package the image came with."""
        family, _, version = identity.lower().rpartition("~")
        added = (package.identity.lower().rpartition("~") for package in self.ledger.packages)
        return any(name == family and is_newer(other, version) for name, _, other in added)

    def feature_state(self, name: str) -> str | None:
        """A feature's state; this adapter's own ledger knows best what it switched."""
        switched = self.ledger.feature(name)
        if switched is not None:
            return switched.state
        found = features_of(self.files, name)
        return None if not found else "enabled" if found[0].enabled else "disabled"

    def switched_off(self) -> frozenset[str]:
        """What all versions of a component share, of every component that only a feature that is off has."""
        on: set[str] = set()
        off: set[str] = set()
        for feature in features_of(self.files, elements=False):
            switched = self.ledger.feature(feature.name)
            enabled = feature.enabled if switched is None else switched.state == "enabled"
            (on if enabled else off).update(winner(identity) for identity in feature.components)
        return frozenset(off - on)

    def installed(self, ledger: Ledger) -> InstalledIndex:
        """Everything installed by the image's own records and a ledger, for applicability."""
        added = [package.identity for package in ledger.packages if package.state == "installed"]
        own = [package.identity for package in self.original.values() if package.state == "installed"]
        return InstalledIndex([*own, *added])
