"""Capabilities (features on demand): add from `/Source`, list, remove (dism fact sheet §2, §4.2).

A capability is a package that says so (`declareCapability`), or the one that .NET Framework 3.5 travels in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.features import features
from standin.installing import assess, install
from standin.listing import show_rows
from standin.pending import add_pending
from standin.records import INSTALL_PENDING, Records
from standin.removing import remove
from standin.sources import packages_in
from standin.states import state_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standin.job import Job
    from standin.mum import Mum

_ASKED_ONLINE, _SOURCE_MISSING, _UNKNOWN = 0x800F0950, 0x800F081F, 0x800F080C
_NETFX3, _NETFX3_PACKAGE = "NetFX3~~~~", "microsoft-windows-netfx3-ondemand-package"


def capability_of(mum: Mum) -> str:
    """The capability a package is, or ""."""
    return mum.capability or (_NETFX3 if mum.identity.name.lower() == _NETFX3_PACKAGE else "")


def add_capability(job: Job) -> None:
    """Add a capability from the sources.

    Where none of them has it, Windows Update would be asked, which is nowhere to be found; with `/LimitAccess` it is
    not even asked.
    """
    name = job.need("capabilityname")
    found = next(
        (p for p in packages_in(job.all("source"), job.scratch) if _is(capability_of(p.mum), name)), None
    )
    if found is None:
        if any(_is(known, name) for known, _ in _installed(job.root)):
            return
        raise DismError(_SOURCE_MISSING if job.has("limitaccess") else _ASKED_ONLINE)
    install(job.root, assess(job.root, found), job.progress)
    records = Records(job.root)
    for feature in features(job.root):
        if feature.update.identity == found.mum.identity:
            records.set_switch(feature.package, feature.name, on=True)
            add_pending(job.root, feature.name, "feature", "Enable Pending")
    job.progress(100)


def _is(capability: str, name: str) -> bool:
    return bool(capability) and capability.lower() == name.lower()


def _installed(root: Path) -> Iterator[tuple[str, int]]:
    """Capabilities of the image's packages and the states of these."""
    records = Records(root)
    for record in records.packages():
        mum = records.mum(record.identity)
        name = capability_of(mum) if mum else ""
        if name:
            yield name, record.state


def get_capabilities(job: Job) -> None:
    """List what is installed, and what the image's features could become."""
    rows = {name: state_name(state) for name, state in _installed(job.root)}
    for feature in features(job.root):
        if feature.update.identity.name.lower() == _NETFX3_PACKAGE:
            rows.setdefault(_NETFX3, "Not Present")
    job.console.line("Capability listing:", "")
    shown = [(name, job.console.word(state)) for name, state in sorted(rows.items())]
    show_rows(job, ("Capability Identity", "State"), shown)


def get_capability_info(job: Job) -> None:
    """The state of one capability."""
    name = job.need("capabilityname")
    state = next((state for known, state in _installed(job.root) if _is(known, name)), 0)
    job.console.line("Capability Information:", "")
    job.console.field("Capability Identity", name)
    job.console.field("State", job.console.word(state_name(state)))
    job.console.line("")


def remove_capability(job: Job) -> None:
    """Remove a capability's package."""
    name = job.need("capabilityname")
    records = Records(job.root)
    for record in records.packages():
        mum = records.mum(record.identity)
        if mum is not None and record.state >= INSTALL_PENDING and _is(capability_of(mum), name):
            remove(job.root, record)
            for feature in features(job.root):
                if feature.update.identity == record.identity:
                    records.set_switch(feature.package, feature.name, on=False)
            job.progress(100)
            return
    raise DismError(_UNKNOWN)
