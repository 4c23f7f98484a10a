"""Installing a package into an image: whether it applies, then its components, then its records.

Everything that can be refused is refused before anything is written. Codes are those of dism fact sheet §3: not
applicable, stack too old, checkpoint missing; §6.1 for differential payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.identities import numbers
from standin.pending import is_pending
from standin.records import INSTALL_PENDING, INSTALLED, SUPERSEDED, Records
from standin.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from standin.identities import Identity
    from standin.manifests import Manifest
    from standin.mum import Mum
    from standin.payload import Package

_NOT_APPLICABLE, _STACK_NEEDED, _CHECKPOINT_MISSING = 0x800F081E, 0x800F0823, 0x800F0838
_INVALID_PACKAGE, _DELTA_FAILED, _INSTALLERS_FAILED = 0x800F0805, 0x800F0986, 0x800F0922


@dataclass(frozen=True)
class Installation:
    """What will be done: descriptions to record, components to add, packages that are superseded."""

    package: Package
    mums: tuple[Mum, ...]
    manifests: tuple[Manifest, ...]
    superseded: tuple[Identity, ...]


def assess(root: Path, package: Package) -> Installation:
    """Work out what a package does to an image.

    Raises:
        DismError: it does not apply, or this program can't carry it out.
    """
    records = Records(root)
    mum = package.mum
    series = [r for r in records.packages() if r.identity.series == mum.identity.series]
    _check(root, records, mum)
    parts = [part for identity in mum.packages if (part := package.part(identity)) is not None]
    applicable = [part for part in parts if _has_parent(records, part)]
    if mum.packages and not applicable:
        raise DismError(_NOT_APPLICABLE)
    available = package.manifests()
    identities = dict.fromkeys(i for each in (mum, *applicable) for i in each.components)
    manifests = [_available(available, identity) for identity in identities]
    store = Store(root)
    fresh = [manifest for manifest in manifests if not store.has(manifest)]
    for manifest in fresh:
        _check_payload(package, manifest)
    older = [r.identity for r in series if r.identity != mum.identity and r.is_present]
    return Installation(package, (mum, *applicable), tuple(fresh), tuple(_with_parts(records, older)))


def install(root: Path, plan: Installation, step: Callable[[float], None]) -> None:
    """Carry an installation out; `step` is called with 0 to 100 as it goes."""
    store, records = Store(root), Records(root)
    off = _components_switched_off(records)
    winners = store.winners()
    for done, manifest in enumerate(plan.manifests, start=1):
        winner = winners.get(manifest.identity.series)
        store.stage(manifest, plan.package.folder)
        newer = winner is None or winner.identity.numbers <= manifest.identity.numbers
        if newer and manifest.identity.series not in off:
            store.project(manifest)
        step(90 * done / len(plan.manifests))
    outer = plan.mums[0]
    state = _state(outer)
    for identity in plan.superseded:
        records.set_state(identity, SUPERSEDED)
    for mum in plan.mums:
        known = records.get(mum.identity.package_name)
        if known is None or not known.is_present:
            records.add(mum, state, visible=mum is outer)
    step(95)


def _state(mum: Mum) -> int:
    """Offline, `Install Pending` is the normal end (§8); a servicing stack is in place at once."""
    return INSTALLED if "servicingstack" in mum.identity.name.lower() else INSTALL_PENDING


def _check(root: Path, records: Records, mum: Mum) -> None:
    if not _has_parent(records, mum):
        raise DismError(_NOT_APPLICABLE)
    for record in records.packages():
        same = record.identity.series == mum.identity.series and record.is_present
        if same and record.identity.numbers > mum.identity.numbers:
            raise DismError(_NOT_APPLICABLE)
    if mum.stack and numbers(mum.stack) > Store(root).stack():
        raise DismError(_STACK_NEEDED)
    if missing_checkpoints(records, mum):
        raise DismError(_CHECKPOINT_MISSING)


def missing_checkpoints(records: Records, mum: Mum) -> list[Identity]:
    """Checkpoints a package is built upon that the image has not, the oldest first."""
    present = [r.identity for r in records.packages() if r.is_present]
    wanted = [
        checkpoint
        for checkpoint in mum.checkpoints
        if not any(i.series == checkpoint.series and i.numbers >= checkpoint.numbers for i in present)
    ]
    return sorted(wanted, key=lambda identity: identity.numbers)


def _has_parent(records: Records, mum: Mum) -> bool:
    """Whether one of a package's parents is installed, in the same build."""
    present = {(*r.identity.series, r.identity.numbers[:3]) for r in records.packages() if r.is_present}
    wanted = {(*parent.series, parent.numbers[:3]) for parent in mum.parents}
    return not wanted or bool(wanted & present)


def _available(manifests: dict[Identity, Manifest], identity: Identity) -> Manifest:
    if identity not in manifests:
        raise DismError(_INVALID_PACKAGE, f"A manifest is missing from the package: {identity.name}.")
    return manifests[identity]


def _check_payload(package: Package, manifest: Manifest) -> None:
    if manifest.needs_installer:
        raise DismError(_INSTALLERS_FAILED)
    folder = package.folder / manifest.key_form
    for file in manifest.files:
        if not (folder / file.stored).is_file():
            differential = any((folder / kind / file.stored).is_file() for kind in ("f", "n", "r"))
            raise DismError(_DELTA_FAILED if differential else 2)


def _with_parts(records: Records, packages: Iterable[Identity]) -> list[Identity]:
    """Packages with those they contain, as far as the image has them."""
    found = []
    for identity in packages:
        mum = records.mum(identity)
        parts = mum.packages if mum is not None else ()
        found += [identity, *(part for part in parts if records.get(part.package_name))]
    return found


def _components_switched_off(records: Records) -> set[tuple[str, ...]]:
    """Components that belong to features which are off: updates reach the store, not the image."""
    return {
        feature.identity.series
        for mum in records.mums()
        for feature in mum.features
        if not feature.is_package and not records.switch(mum.identity, feature.name)
    }


def refuse_pending(root: Path, code: int) -> None:
    """Refuse to go on with pending actions in the image.

    Raises:
        DismError: `code`.
    """
    if is_pending(root):
        raise DismError(code)
