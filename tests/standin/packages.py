"""`/Add-Package`, `/Remove-Package`, `/Get-Packages`, `/Get-PackageInfo` (dism fact sheet §2 and §4.2)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from standin.codes import CompletedWithErrorsError, DismError, hresult
from standin.identities import of_package_name
from standin.installing import assess, install, missing_checkpoints, refuse_pending
from standin.listing import Row, show_rows
from standin.locales import from_filetime
from standin.payload import open_file, open_packages
from standin.pending import is_pending
from standin.records import Records
from standin.removing import remove
from standin.states import state_name

if TYPE_CHECKING:
    from pathlib import Path

    from standin.identities import Identity
    from standin.job import Job
    from standin.mum import Mum
    from standin.payload import Package
    from standin.records import Record

_NOT_APPLICABLE, _CHECKPOINT_MISSING, _CANNOT_UNINSTALL = 0x800F081E, 0x800F0838, 0x800F0825


def add_package(job: Job) -> None:
    """Add every package named, in the order of the command line; one of several that fails does not stop the others."""
    if job.has("preventpending") and is_pending(job.root):
        return
    job.need("packagepath")
    packages = [package for text in job.all("packagepath") for package in _opened(job, text)]
    failed = 0
    for number, package in enumerate(packages, start=1):
        shown = _shown(package)
        job.console.line(f"Processing {number} of {len(packages)} - Adding package {shown}")
        try:
            _add(job, package, number - 1, len(packages))
        except DismError as problem:
            job.console.line("", f"An error occurred - {shown} Error: {hresult(problem.code)}")
            if len(packages) == 1:
                raise
            failed = problem.code
        else:
            job.log(f"added package: {shown}")
    if failed:
        raise CompletedWithErrorsError(failed)
    job.progress(100)


def _opened(job: Job, text: str) -> list[Package]:
    try:
        return open_packages(text, job.scratch)
    except DismError as problem:
        job.console.line(f"An error occurred trying to open - {text} Error: {hresult(problem.code)}")
        raise


def _shown(package: Package) -> str:
    """A `.msu` is shown by its path, everything else by its identity."""
    is_msu = package.source.suffix.lower() == ".msu"
    return str(package.source) if is_msu else package.mum.identity.package_name


def _add(job: Job, package: Package, done: int, count: int) -> None:
    def step(percent: float) -> None:
        job.progress((done + percent / 100) * 100 / count)

    for checkpoint in _checkpoints(job, package):
        install(job.root, assess(job.root, checkpoint), lambda _percent: None)
    plan = assess(job.root, package)
    step(1)
    install(job.root, plan, step)


def _checkpoints(job: Job, package: Package) -> list[Package]:
    """Checkpoints the image needs first, the oldest first, from the folder of the package (§1.3, "Checkpoint CUs").

    What else is in the folder is left alone: newer updates, and older ones nothing is built upon.
    """
    records = Records(job.root)
    if not missing_checkpoints(records, package.mum):
        return []
    beside = sorted(p for p in package.source.parent.glob("*.msu") if p != package.source)
    opened = {inner.mum.identity: inner for path in beside for inner in open_file(path, job.scratch)}
    found: dict[Identity, Package] = {}
    open_ends = [package]
    while open_ends:
        for identity in missing_checkpoints(records, open_ends.pop().mum):
            if identity not in opened:
                raise DismError(_CHECKPOINT_MISSING)
            if identity not in found:
                found[identity] = opened[identity]
                open_ends.append(opened[identity])
    return sorted(found.values(), key=lambda each: each.mum.identity.numbers)


def remove_package(job: Job) -> None:
    """Remove a package; refused while actions are pending, and for what the image is built on."""
    name = job.get("packagename")
    if job.one_of("packagename", "packagepath") == "packagepath":
        path = job.need("packagepath")
        if path.lower().endswith(".msu"):
            raise DismError(50)
        name = open_packages(path, job.scratch)[0].mum.identity.package_name
    records = Records(job.root)
    record = records.get(name or "")
    if record is None:
        raise DismError(0x800F0805)
    refuse_pending(job.root, _CANNOT_UNINSTALL)
    job.console.line(f"Processing 1 of 1 - Removing package {record.identity.package_name}")
    remove(job.root, record)
    job.progress(100)


def get_packages(job: Job) -> None:
    """List what is visible; nested packages of an update are not."""
    job.console.line("Packages listing:", "")
    records = Records(job.root)
    rows = [_row(job, records, record) for record in records.packages() if record.is_visible]
    show_rows(job, ("Package Identity", "State", "Release Type", "Install Time"), rows)


def _row(job: Job, records: Records, record: Record) -> Row:
    mum = records.mum(record.identity)
    return (
        record.identity.package_name,
        job.console.word(state_name(record.state)),
        mum.release_type if mum else "",
        _moment(job, record.installed_at),
    )


def _moment(job: Job, ticks: int) -> str:
    return job.settings.locale.short_moment(from_filetime(ticks)) if ticks else ""


def get_package_info(job: Job) -> None:
    """Everything about one package of the image, or of a file."""
    records = Records(job.root)
    if job.one_of("packagename", "packagepath") == "packagepath":
        path = job.need("packagepath")
        if path.lower().endswith(".msu"):
            raise DismError(50)
        package = open_packages(path, job.scratch)[0]
        mum: Mum | None = package.mum
        assert mum is not None
        record = records.get(mum.identity.package_name)
        applicable = record is not None or _applies(job.root, package)
    else:
        name = job.need("packagename")
        record = records.get(name)
        identity = of_package_name(name)
        if record is None or identity is None:
            raise DismError(0x800F0805)
        mum, applicable = records.mum(record.identity), True
    if mum is None:
        raise DismError(2)
    _show(job, records, mum, record, applicable=applicable)


def _applies(root: Path, package: Package) -> bool:
    try:
        assess(root, package)
    except DismError as problem:
        if problem.code == _NOT_APPLICABLE:
            return False
        raise
    return True


def _show(job: Job, records: Records, mum: Mum, record: Record | None, *, applicable: bool) -> None:
    console = job.console
    created = dt.datetime.fromisoformat(mum.created) if mum.created else None
    rows = {
        "Package Identity": mum.identity.package_name,
        "Applicable": console.word("Yes" if applicable else "No"),
        "Copyright": "",
        "Company": mum.company,
        "Creation Time": job.settings.locale.short_moment(created) if created else "",
        "Description": mum.description,
        "Install Client": "DISM Package Manager Provider" if record else "",
        "Install Package Name": f"{mum.identity.package_name}.mum",
        "Install Time": _moment(job, record.installed_at if record else 0),
        "Last Update Time": "",
        "Name": "default",
        "Product Name": "",
        "Product Version": "",
        "Release Type": mum.release_type,
        "Restart Required": "Possible",
        "Support Information": "",
        "State": console.word(state_name(record.state if record else 0)),
        "Completely offline capable": "Undetermined",
        "Self servicing package": console.word("No"),
        "Capability Identity": mum.capability,
    }
    console.line("Package information:", "")
    for label, value in rows.items():
        console.field(label, value)
    console.line("", "Custom Properties:", "", "(No custom properties found)", "")
    if not mum.features:
        console.line("(No features found for this package)", "")
        return
    console.line(f"Features listing for package : {mum.identity.package_name}", "")
    for feature in mum.features:
        console.field("Feature Name", feature.name)
        on = records.switch(mum.identity, feature.name)
        console.field("State", console.word("Enabled" if on else "Disabled"))
        console.line("")
