"""Taking a package out of an image again: earlier versions of its components come back, its records go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.records import SUPERSEDED, Records
from standin.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from standin.identities import Identity
    from standin.records import Record

_CANNOT_UNINSTALL = 0x800F0825


def remove(root: Path, record: Record) -> None:
    """Remove a package.

    Raises:
        DismError: 0x800f0825, others are built on it, or a version to go back to has been cleaned away.
    """
    records, store = Records(root), Store(root)
    mum = records.mum(record.identity)
    if mum is None:
        raise DismError(2)
    inner = [part for part in mum.packages if records.get(part.package_name)]
    parts = [part for identity in inner if (part := records.mum(identity)) is not None]
    going = {record.identity, *inner}
    if _is_needed(records, going):
        raise DismError(_CANNOT_UNINSTALL)
    staying = _components_of_others(records, going)
    known = store.by_identity()
    manifests = [
        known[i]
        for i in dict.fromkeys((*mum.components, *(c for p in parts for c in p.components)))
        if i in known
    ]
    leaving = [manifest for manifest in manifests if manifest.identity not in staying]
    for manifest in leaving:
        store.withdraw(manifest)
        store.remove(manifest)
    winners = store.winners()
    for manifest in leaving:
        if (earlier := winners.get(manifest.identity.series)) is not None:
            store.project(earlier)
    records.forget(going)


def _is_needed(records: Records, going: set[Identity]) -> bool:
    """Whether a package that stays names one that goes as its only parent that is there."""
    present = {r.identity for r in records.packages() if r.is_present}
    for identity in present - going:
        mum = records.mum(identity)
        parents = set(mum.parents) & present if mum else set()
        if parents and parents <= going:
            return True
    return False


def _components_of_others(records: Records, going: set[Identity]) -> set[Identity]:
    found: set[Identity] = set()
    for record in records.packages():
        if record.identity not in going and (record.is_present or record.state == SUPERSEDED):
            mum = records.mum(record.identity)
            found |= {update.identity for update in mum.updates} if mum else set()
    return found
