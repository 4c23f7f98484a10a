r"""Drivers: INF folders into the driver store (dism fact sheet §2 and §4.2).

A driver package is its INF, the catalogues it names and the files it lists for amd64. They are copied to
`DriverStore\FileRepository`; the INF is published as `INF\oemN.inf` and noted in the DRIVERS hive. A package whose
catalogue is not there is unsigned and refused without `/ForceUnsigned`, one whose files are not there is refused always.
What is in a catalogue is not looked at, devices are not matched. The codes are SetupAPI's for a catalogue (setupapi.h) and
Windows' for a file that is not there; the sentences are the stand-in's own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError, shown
from standin.hivefile import Hive, sz
from standin.hostpaths import host_path
from standin.imagetree import files, find, put_file, remove_tree
from standin.listing import show_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from standin.job import Job

_REPOSITORY = "Windows\\System32\\DriverStore\\FileRepository"
_HIVE = "Windows\\System32\\config\\DRIVERS"
_INFS = "DriverDatabase\\DriverInfFiles"
_INVALID = 13
_NO_FILE = 2
_NO_CATALOG = 0xE000022F
_ARCHITECTURE = "amd64"
_CATALOGS = (f"catalogfile.nt{_ARCHITECTURE}", "catalogfile.nt", "catalogfile")


@dataclass(frozen=True)
class Driver:
    """A third-party driver of the image."""

    published: str
    original: str
    folder: str
    inf: Inf


@dataclass(frozen=True)
class Inf:
    """The `[Version]` section of an INF, and the paths of what lies beside it."""

    class_name: str
    provider: str
    date: str
    version: str
    catalog: str = ""
    sources: tuple[str, ...] = ()


def read_inf(path: Path) -> Inf:
    """Read an INF.

    Raises:
        DismError: 13, it has no `[Version]` with a class.
    """
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"
    sections: dict[str, dict[str, str]] = {}
    name = ""
    for line in raw.decode(encoding, "replace").splitlines():
        text = line.partition(";")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            name = text[1:-1].lower()
        elif "=" in text:
            key, _, value = text.partition("=")
            sections.setdefault(name, {})[key.strip().lower()] = value.strip().strip('"')
    version, strings = sections.get("version", {}), sections.get("strings", {})
    if "class" not in version:
        raise DismError(_INVALID)
    provider = version.get("provider", "")
    provider = strings.get(provider.strip("%").lower(), provider)
    date, _, number = version.get("driverver", "").partition(",")
    catalog = next((version[name] for name in _CATALOGS if version.get(name)), "")
    return Inf(version["class"], provider, date.strip(), number.strip(), catalog, tuple(_sources(sections)))


def _sources(sections: dict[str, dict[str, str]]) -> Iterator[str]:
    """Paths of the files an INF lists, below its folder: the disk's, then the file's own."""
    disks = {
        key: value for name in _both("sourcedisksnames") for key, value in sections.get(name, {}).items()
    }
    listed = {
        key: value for name in _both("sourcedisksfiles") for key, value in sections.get(name, {}).items()
    }
    for file, value in listed.items():
        disk, subfolder, *_ = (*value.split(","), "")
        root = disks.get(disk.strip(), "").rpartition('"')[2].split(",")
        folders = (root[3] if len(root) > 3 else "", subfolder)
        yield "/".join([*(part.strip(' "\\/').replace("\\", "/") for part in folders if part.strip()), file])


def _both(section: str) -> tuple[str, str]:
    return section, f"{section}.{_ARCHITECTURE}"


def add_driver(job: Job) -> None:
    """Add drivers; a damaged INF in a folder is reported and is no error, one named itself is."""
    job.need("driver")
    named = [host_path(text) for text in job.all("driver")]
    infs = [inf for path in named for inf in _infs(path, recurse=job.has("recurse"))]
    if not infs:
        raise DismError(2)
    console = job.console
    if not all(path.is_file() for path in named):
        console.line("Searching for driver packages to install...")
    console.line(f"Found {len(infs)} driver package(s) to install.")
    failed: list[int] = []
    for number, inf in enumerate(infs, start=1):
        place = f"Installing {number} of {len(infs)} - {inf}"
        try:
            _install(job.root, inf, unsigned=job.has("forceunsigned"))
        except DismError as problem:
            failed.append(problem.code)
            console.line(f"Error - An error occurred. The driver package could not be installed: {inf}")
            job.log(f"{place}: {shown(problem.code)}")
        else:
            console.line(f"{place}: The driver package was successfully installed.")
        job.reach(100 * number / len(infs))
    if failed and (len(failed) == len(infs) or inf_named(named)):
        raise DismError(failed[-1])


def inf_named(paths: Iterable[Path]) -> bool:
    """Whether the command line names an INF itself."""
    return any(path.suffix.lower() == ".inf" for path in paths)


def _infs(path: Path, *, recurse: bool) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DismError(2)
    return [p for p in sorted(path.rglob("*") if recurse else path.iterdir()) if p.suffix.lower() == ".inf"]


def _install(root: Path, inf: Path, *, unsigned: bool) -> None:
    said = read_inf(inf)
    catalog = _beside(inf.parent, said.catalog) if said.catalog else None
    if catalog is None and not unsigned:
        raise DismError(_NO_CATALOG)
    sources = {path: _beside(inf.parent, path) for path in said.sources}
    digest = hashlib.sha256(inf.read_bytes()).hexdigest()[:16]
    folder = f"{inf.name.lower()}_amd64_{digest}"
    if None in sources.values():
        raise DismError(_NO_FILE)
    known = {driver.folder.lower(): driver for driver in drivers(root)}
    if folder in known:
        return
    store = find(root, f"{_REPOSITORY}\\{folder}")
    for target, source in ((inf.name, inf), (said.catalog, catalog), *sources.items()):
        if source is not None:
            put_file(source, store / target)
    numbers = {driver.published.lower() for driver in known.values()}
    number = next(n for n in range(len(numbers) + 1) if f"oem{n}.inf" not in numbers)
    put_file(inf, find(root, f"Windows\\INF\\oem{number}.inf"))
    with Hive(find(root, _HIVE), write=True) as hive:
        hive.set(f"{_INFS}\\oem{number}.inf", "Active", sz(folder))
        hive.set(f"{_INFS}\\oem{number}.inf", "OriginalFileName", sz(inf.name))
        hive.create(f"DriverDatabase\\DriverPackages\\{folder}")
        hive.save()


def _beside(folder: Path, path: str) -> Path | None:
    """A file of a package, in any case, perhaps compressed (`net.sy_`)."""
    return next((at for name in (path, f"{path[:-1]}_") if (at := find(folder, name)).is_file()), None)


def drivers(root: Path) -> list[Driver]:
    """The image's third-party drivers; the order is that of text: oem1, oem10, oem2."""
    with Hive(find(root, _HIVE)) as hive:
        rows = {name: hive.values(f"{_INFS}\\{name}") for name in hive.keys(_INFS)}
    return [
        Driver(
            name,
            values["OriginalFileName"].text,
            values["Active"].text,
            read_inf(find(root, f"Windows\\INF\\{name}")),
        )
        for name, values in sorted(rows.items())
    ]


def get_drivers(job: Job) -> None:
    """List third-party drivers, with `/All` the inbox ones too."""
    job.console.line("Obtaining list of 3rd party drivers from the driver store...", "")
    job.console.line("Driver packages listing:", "")
    rows = [_row(job, d.published, d.original, d.inf, inbox="No") for d in drivers(job.root)]
    if job.has("all"):
        inbox = (p for p in files(find(job.root, "Windows\\INF"), ".inf") if not p.name.startswith("oem"))
        rows += [_row(job, path.name, path.name, read_inf(path), inbox="Yes") for path in inbox]
    if not rows:
        job.console.line("(No drivers found in the image matching the criteria)", "")
        return
    labels = (
        "Published Name",
        "Original File Name",
        "Inbox",
        "Class Name",
        "Provider Name",
        "Date",
        "Version",
    )
    show_rows(job, labels, rows)


def _row(job: Job, published: str, original: str, inf: Inf, *, inbox: str) -> tuple[str, ...]:
    shown = (job.console.word(inbox), inf.class_name, inf.provider, _date(job, inf), inf.version)
    return published, original, *shown


def _date(job: Job, inf: Inf) -> str:
    """An INF's date is month/day/year; it is shown as the host writes dates."""
    numbers = inf.date.split("/")
    if len(numbers) != 3 or not all(map(str.isdecimal, numbers)):
        return inf.date
    month, day, year = map(int, numbers)
    return job.settings.locale.day(dt.date(year, month, day))


def get_driver_info(job: Job) -> None:
    """One driver of the image."""
    driver = _find(job)
    job.console.line("Driver package information:", "")
    labels = ("Published Name", "Driver Store Path", "Class Name", "Provider Name", "Date", "Version")
    path = f"{_REPOSITORY}\\{driver.folder}\\{driver.original}"
    inf = driver.inf
    for label, value in zip(
        labels,
        (driver.published, path, inf.class_name, inf.provider, _date(job, inf), inf.version),
        strict=True,
    ):
        job.console.field(label, value)
    job.console.line("")


def remove_driver(job: Job) -> None:
    """Remove third-party drivers by their published names; inbox drivers can't be."""
    driver = _find(job)
    job.console.line("Found 1 driver package(s) to remove.")
    remove_tree(find(job.root, f"{_REPOSITORY}\\{driver.folder}"))
    find(job.root, f"Windows\\INF\\{driver.published}").unlink(missing_ok=True)
    with Hive(find(job.root, _HIVE), write=True) as hive:
        hive.delete(f"{_INFS}\\{driver.published}")
        hive.delete(f"DriverDatabase\\DriverPackages\\{driver.folder}")
        hive.save()
    job.console.line(f"Removing 1 of 1 - {driver.published}: The driver package was successfully removed.")


def _find(job: Job) -> Driver:
    name = job.need("driver").lower()
    found = next((driver for driver in drivers(job.root) if driver.published.lower() == name), None)
    if found is None:
        raise DismError(2)
    return found
