"""`/Cleanup-Image` in its forms (dism fact sheet §2; §1.3 on `/ResetBase` and pending actions)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.grammar import conflict
from standin.hivefile import Hive, sz
from standin.imagetree import find
from standin.imageversion import SOFTWARE
from standin.installing import refuse_pending
from standin.pending import clear_pending
from standin.records import CBS, SUPERSEDED, Records
from standin.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from standin.job import Job
    from standin.manifests import Manifest

_PENDING = 0x800F0806
_FORMS = (
    "revertpendingactions",
    "spsuperseded",
    "startcomponentcleanup",
    "analyzecomponentstore",
    "checkhealth",
    "scanhealth",
    "restorehealth",
)
_PE_EDITION = "WindowsPE"


def cleanup_image(job: Job) -> None:
    """One form of cleanup."""
    form = job.one_of(*_FORMS)
    if (job.has("resetbase") and form != "startcomponentcleanup") or (
        job.has("defer") and not job.has("resetbase")
    ):
        raise conflict("The resetbase and defer options belong to startcomponentcleanup.")
    match form:
        case "startcomponentcleanup":
            _start(job)
        case "analyzecomponentstore":
            _analyze(job)
        case "revertpendingactions":
            _revert(job)
        case "spsuperseded":
            job.progress(100)
        case _:
            _health(job, form)


def _start(job: Job) -> None:
    refuse_pending(job.root, _PENDING)
    store, records = Store(job.root), Records(job.root)
    job.progress(5.0)
    going = _superseded(records, store)
    if job.has("resetbase"):
        going += [m for m in _outdated(store) if m not in going]
    for done, manifest in enumerate(going, start=1):
        store.remove(manifest)
        job.reach(5 + 90 * done / len(going))
    records.forget(r.identity for r in records.packages() if r.state == SUPERSEDED)
    if job.has("resetbase"):
        _note_reset(job.root)
    job.progress(100)


def _superseded(records: Records, store: Store) -> list[Manifest]:
    """Components only superseded packages have, as far as a newer version is there."""
    packages = records.packages()
    owned = {
        state: {
            identity
            for record in packages
            if (record.state == SUPERSEDED) is state and (mum := records.mum(record.identity)) is not None
            for identity in (update.identity for update in mum.updates)
        }
        for state in (True, False)
    }
    winners = {manifest.identity for manifest in store.winners().values()}
    leaving = owned[True] - owned[False] - winners
    return [manifest for manifest in store.manifests() if manifest.identity in leaving]


def _outdated(store: Store) -> list[Manifest]:
    """Every version of a component but the newest."""
    winners = {manifest.identity for manifest in store.winners().values()}
    return [manifest for manifest in store.manifests() if manifest.identity not in winners]


def _note_reset(root: Path) -> None:
    with Hive(find(root, SOFTWARE), write=True) as hive:
        now = dt.datetime.now(dt.UTC)
        hive.set(CBS, "LastResetBase_UTC", sz(f"{now:%Y/%m/%d:%H:%M:%S}.000"))
        hive.save()


def _analyze(job: Job) -> None:
    store, records = Store(job.root), Records(job.root)
    superseded = [r for r in records.packages() if r.state == SUPERSEDED and r.is_visible]
    size = sum(path.stat().st_size for path in find(job.root, "Windows\\WinSxS").rglob("*") if path.is_file())
    job.progress(100)
    with Hive(find(job.root, SOFTWARE)) as hive:
        reset = hive.value(CBS, "LastResetBase_UTC")
    console = job.console
    console.line("", "Component Store (WinSxS) information:", "")
    console.field("Windows Explorer Reported Size of Component Store", _size(job, size))
    console.field("Actual Size of Component Store", _size(job, size))
    console.field("Shared with Windows", _size(job, size))
    console.field("Backups and Disabled Features", _size(job, sum(map(_bytes, _outdated(store)))))
    console.field("Cache and Temporary Data", _size(job, 0))
    console.field("Date of Last Cleanup", reset.text if reset else "")
    console.field("Number of Reclaimable Packages", str(len(superseded)))
    console.field("Component Store Cleanup Recommended", console.word("Yes" if superseded else "No"))
    console.line("")


def _bytes(manifest: Manifest) -> int:
    folder = manifest.path.parent.parent / manifest.key_form
    return sum(path.stat().st_size for path in folder.glob("*")) if folder.is_dir() else 0


def _size(job: Job, size: int) -> str:
    """Sizes have units, and the host's decimal sign."""
    decimal = "," if job.settings.locale.grouping != "," else "."
    return f"{size / 2**20:.2f} MB".replace(".", decimal)


def _revert(job: Job) -> None:
    """Drops pending actions; not supported for PE."""
    with Hive(find(job.root, SOFTWARE)) as hive:
        kind = hive.value("Microsoft\\Windows NT\\CurrentVersion", "InstallationType")
    if kind is not None and kind.text == _PE_EDITION:
        raise DismError(50)
    clear_pending(job.root)
    job.progress(100)


def _health(job: Job, form: str) -> None:
    store = Store(job.root)
    damaged = [manifest for manifest in store.winners().values() if not store.has(manifest)]
    if form != "checkhealth":
        job.console.bar(100)
    if not damaged and form == "restorehealth":
        job.console.after_bar("The restore operation completed successfully.")
        return
    if not damaged:
        job.console.line("No component store corruption detected.")
        return
    if form == "restorehealth":
        raise DismError(0x800F081F)
    job.console.line("The component store is repairable.")
