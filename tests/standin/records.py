r"""The servicing records of an image: packages and features in its SOFTWARE hive and in `servicing\Packages`.

States are CBS's numbers; the text of each is what `/Get-Packages` prints (dism fact sheet §4.2). A feature's switch
is the value `Updates\<feature>` of the package that declares it, 1 or 0, as the sample images have it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.hivefile import Hive, dword, sz
from standin.identities import Identity, of_package_name
from standin.imagetree import files, find, put_file
from standin.imageversion import SOFTWARE
from standin.mum import read_mum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from standin.mum import Mum

CBS = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
PACKAGES = "Windows\\servicing\\Packages"
STAGED, SUPERSEDED, INSTALL_PENDING, INSTALLED = 0x40, 0x50, 0x60, 0x70
STATES = {
    0x00: "Not Present",
    0x05: "Uninstall Pending",
    STAGED: "Staged",
    SUPERSEDED: "Superseded",
    INSTALL_PENDING: "Install Pending",
    INSTALLED: "Installed",
    0x80: "Installed",
}
PRESENT = {INSTALL_PENDING, INSTALLED, 0x80}
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_VISIBLE, _HIDDEN = 1, 2


@dataclass(frozen=True)
class Record:
    """A package the image knows; `installed_at` in 100 ns ticks since 1601, 0 while it is pending."""

    identity: Identity
    state: int
    is_visible: bool
    installed_at: int

    @property
    def is_present(self) -> bool:
        """Whether others can build on it."""
        return self.state in PRESENT


class Records:
    """The records of the image in a folder, read when asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hive = find(root, SOFTWARE)

    def packages(self) -> list[Record]:
        """Every package, by name."""
        with Hive(self._hive) as hive:
            found = [
                _record(hive, identity)
                for name in hive.keys(f"{CBS}\\Packages")
                if (identity := of_package_name(name)) is not None
            ]
        return sorted(found, key=lambda record: record.identity.package_name.lower())

    def get(self, package_name: str) -> Record | None:
        """A package by its whole name, in any case."""
        wanted = package_name.lower()
        return next((r for r in self.packages() if r.identity.package_name.lower() == wanted), None)

    def mum_path(self, identity: Identity) -> Path:
        """Where a package's description is, or belongs."""
        return find(self.root, f"{PACKAGES}\\{identity.package_name}.mum")

    def mum(self, identity: Identity) -> Mum | None:
        """A package's description."""
        path = self.mum_path(identity)
        return read_mum(path) if path.is_file() else None

    def mums(self) -> Iterator[Mum]:
        """Every description in the image."""
        for path in files(find(self.root, PACKAGES), ".mum"):
            yield read_mum(path)

    def add(self, mum: Mum, state: int, *, visible: bool) -> None:
        """Record a package and keep its description and catalogue."""
        identity = mum.identity
        target = self.mum_path(identity)
        put_file(mum.path, target)
        catalogue = mum.path.with_suffix(".cat")
        if catalogue.is_file():
            put_file(catalogue, target.with_name(f"{target.stem}.cat"))
        name = identity.package_name
        key = f"{CBS}\\Packages\\{name}"
        ticks = int((dt.datetime.now(dt.UTC) - _EPOCH).total_seconds()) * 10_000_000
        numbers = {
            "CurrentState": state,
            "InstallTimeHigh": ticks >> 32,
            "InstallTimeLow": ticks & 0xFFFFFFFF,
            "SelfUpdate": 0,
            "Visibility": _VISIBLE if visible else _HIDDEN,
            "LastError": 0,
        }
        with Hive(self._hive, write=True) as hive:
            for value, number in numbers.items():
                hive.set(key, value, dword(number))
            hive.set(key, "InstallClient", sz("DISM Package Manager Provider"))
            hive.set(key, "InstallName", sz(f"{name}.mum"))
            hive.set(f"{key}\\Owners", name, dword(0x20070))
            index = f"{CBS}\\PackageIndex\\{name.rpartition('~')[0]}~0.0.0.0"
            hive.set(index, name, dword(state))
            hive.save()

    def set_state(self, identity: Identity, state: int) -> None:
        """Change a package's state."""
        with Hive(self._hive, write=True) as hive:
            hive.set(f"{CBS}\\Packages\\{identity.package_name}", "CurrentState", dword(state))
            hive.save()

    def forget(self, identities: Iterable[Identity]) -> None:
        """Remove packages with their descriptions."""
        with Hive(self._hive, write=True) as hive:
            for identity in identities:
                name = identity.package_name
                hive.delete(f"{CBS}\\Packages\\{name}")
                hive.delete(f"{CBS}\\PackageIndex\\{name.rpartition('~')[0]}~0.0.0.0")
                path = self.mum_path(identity)
                path.unlink(missing_ok=True)
                path.with_name(f"{path.stem}.cat").unlink(missing_ok=True)
            hive.save()

    def switch(self, package: Identity, feature: str) -> bool:
        """Whether a feature is on."""
        with Hive(self._hive) as hive:
            values = hive.values(f"{CBS}\\Packages\\{package.package_name}\\Updates")
        return any(name.lower() == feature.lower() and value.number for name, value in values.items())

    def set_switch(self, package: Identity, feature: str, *, on: bool) -> None:
        """Switch a feature."""
        with Hive(self._hive, write=True) as hive:
            hive.set(f"{CBS}\\Packages\\{package.package_name}\\Updates", feature, dword(int(on)))
            hive.save()


def _record(hive: Hive, identity: Identity) -> Record:
    values = {
        name.lower(): value.number
        for name, value in hive.values(f"{CBS}\\Packages\\{identity.package_name}").items()
    }
    state = values.get("currentstate", 0)
    ticks = values.get("installtimehigh", 0) << 32 | values.get("installtimelow", 0)
    return Record(
        identity,
        state,
        values.get("visibility", _VISIBLE) == _VISIBLE,
        0 if state == INSTALL_PENDING else ticks,
    )
