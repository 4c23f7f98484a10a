r"""Provisioned apps: list and remove (dism fact sheet §2 and §4.2).

They are keys of `SOFTWARE\…\AppxAllUserStore\Applications`, named by the package's whole name, and folders of
`Program Files\WindowsApps`. A removed one is noted under `Deprovisioned`, so that it does not come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import Hive
from standin.imagetree import find, remove_tree
from standin.imageversion import SOFTWARE
from standin.listing import show_rows

if TYPE_CHECKING:
    from standin.job import Job

_STORE = "Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore"
_APPLICATIONS, _DEPROVISIONED = f"{_STORE}\\Applications", f"{_STORE}\\Deprovisioned"
_APPS = "Program Files\\WindowsApps"
_PARTS = 5


@dataclass(frozen=True)
class App:
    """A whole package name taken apart: name, version, architecture, resource, publisher."""

    whole: str
    name: str
    version: str
    arch: str
    resource: str
    publisher: str

    @property
    def family(self) -> str:
        """The name that all versions share."""
        return f"{self.name}_{self.publisher}"


def app_of(whole: str) -> App | None:
    """An app by its whole name; None when it is not one."""
    parts = whole.split("_")
    return App(whole, *parts) if len(parts) == _PARTS else None


def _apps(job: Job) -> list[App]:
    with Hive(find(job.root, SOFTWARE)) as hive:
        names = hive.keys(_APPLICATIONS)
        kind = hive.value("Microsoft\\Windows NT\\CurrentVersion", "InstallationType")
    if kind is not None and kind.text == "WindowsPE":
        raise DismError(50)  # not on Windows PE
    return [app for name in sorted(names) if (app := app_of(name)) is not None]


def get_apps(job: Job) -> None:
    """List the provisioned apps."""
    rows = [(a.name, a.version, a.arch, a.resource, a.whole, "None") for a in _apps(job)]
    labels = ("DisplayName", "Version", "Architecture", "ResourceId", "PackageName", "Regions")
    show_rows(job, labels, rows)


def remove_app(job: Job) -> None:
    """Remove a provisioned app by its whole name."""
    wanted = job.need("packagename").lower()
    app = next((app for app in _apps(job) if app.whole.lower() == wanted), None)
    if app is None:
        raise DismError(2)
    job.progress(10)
    with Hive(find(job.root, SOFTWARE), write=True) as hive:
        hive.delete(f"{_APPLICATIONS}\\{app.whole}")
        hive.create(f"{_DEPROVISIONED}\\{app.family}")
        hive.save()
    remove_tree(find(job.root, f"{_APPS}\\{app.whole}"))
    job.progress(100)
