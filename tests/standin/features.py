"""Optional features: `/Enable-Feature`, `/Disable-Feature`, `/Get-Features`, `/Get-FeatureInfo`.

Dism fact sheet §2 (sources, `/Remove`), §3 (0x800f080c, 0x800f081f) and §4.2 (states). A switched feature is pending:
what is left to be done stays in `pending.xml` until the image starts, which never happens here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import SENTENCES, DismError
from standin.installing import assess, install
from standin.listing import show_rows
from standin.pending import add_pending, pending
from standin.records import Records
from standin.sources import find_package
from standin.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from standin.identities import Identity
    from standin.job import Job
    from standin.manifests import Manifest
    from standin.mum import Update

_UNKNOWN, _SOURCE_MISSING = 0x800F080C, 0x800F081F
_FOUNDATION = "microsoft-windows-foundation-package"
_PENDING = {"Enable Pending", "Disable Pending"}


@dataclass(frozen=True)
class Feature:
    """A feature and the package that declares it."""

    package: Identity
    update: Update

    @property
    def name(self) -> str:
        """Its name as declared."""
        return self.update.name


def features(root: Path, package: str | None = None) -> list[Feature]:
    """The image's features, or those of one package."""
    found = [Feature(mum.identity, update) for mum in Records(root).mums() for update in mum.features]
    return [f for f in found if package is None or f.package.package_name.lower() == package.lower()]


def state(root: Path, feature: Feature) -> str:
    """A feature's state: a pending switch first, then the switch, then whether there is payload."""
    waiting = pending(root).get(("feature", feature.name.lower()))
    if waiting in _PENDING:
        return str(waiting)
    if Records(root).switch(feature.package, feature.name):
        return "Enabled"
    return "Disabled" if _has_payload(root, feature) else "Disabled with Payload Removed"


def _has_payload(root: Path, feature: Feature) -> bool:
    if feature.update.is_package:
        record = Records(root).get(feature.update.identity.package_name)
        return record is not None and record.is_present
    store = Store(root)
    return any(store.has(m) for m in store.manifests() if _belongs(m, feature))


def _belongs(manifest: Manifest, feature: Feature) -> bool:
    """Whether a component is the feature's, in any version an update has brought."""
    return manifest.identity.series == feature.update.identity.series


def _named(job: Job) -> list[Feature]:
    """The features of the command line, in its order."""
    job.need("featurename")
    known = {feature.name.lower(): feature for feature in features(job.root, job.get("packagename") or None)}
    named = []
    for name in job.all("featurename"):
        if name.lower() not in known:
            raise DismError(_UNKNOWN, SENTENCES[_UNKNOWN].format(name))
        named.append(known[name.lower()])
    return named


def enable_feature(job: Job) -> None:
    """Switch features on; payload that is not in the image comes from `/Source`."""
    wanted = _named(job)
    job.console.line("Enabling feature(s)")
    for number, feature in enumerate(wanted, start=1):
        if not Records(job.root).switch(feature.package, feature.name):
            _enable(job, feature)
        job.progress(100 * number / len(wanted))


def _enable(job: Job, feature: Feature) -> None:
    store = Store(job.root)
    if not _has_payload(job.root, feature):
        _bring_payload(job, feature)
    elif not feature.update.is_package:
        mine = [manifest for manifest in store.manifests() if _belongs(manifest, feature)]
        store.project(max(mine, key=lambda manifest: manifest.identity.numbers))
    Records(job.root).set_switch(feature.package, feature.name, on=True)
    add_pending(job.root, feature.name, "feature", "Enable Pending")


def _bring_payload(job: Job, feature: Feature) -> None:
    identity = feature.update.identity
    found = find_package(job.all("source"), job.scratch, identity) if feature.update.is_package else None
    if found is None:
        raise DismError(_SOURCE_MISSING)
    install(job.root, assess(job.root, found), lambda percent: job.reach(percent * 0.9))


def disable_feature(job: Job) -> None:
    """Switch features off; `/Remove` takes the payload out of the store and leaves the manifest."""
    wanted = _named(job)
    job.console.line("Disabling feature(s)")
    for number, feature in enumerate(wanted, start=1):
        _disable(job, feature)
        job.progress(100 * number / len(wanted))


def _disable(job: Job, feature: Feature) -> None:
    store, records = Store(job.root), Records(job.root)
    was_on = records.switch(feature.package, feature.name)
    for manifest in _components(store, records, feature):
        if was_on:
            store.withdraw(manifest)
        if job.has("remove"):
            store.remove_payload(manifest)
    if was_on:
        records.set_switch(feature.package, feature.name, on=False)
        add_pending(job.root, feature.name, "feature", "Disable Pending")
    if job.has("remove") and feature.update.is_package:
        records.forget([feature.update.identity])


def _components(store: Store, records: Records, feature: Feature) -> list[Manifest]:
    if not feature.update.is_package:
        return [manifest for manifest in store.manifests() if _belongs(manifest, feature)]
    mum = records.mum(feature.update.identity)
    series = {identity.series for identity in mum.components} if mum else set()
    return [manifest for manifest in store.manifests() if manifest.identity.series in series]


def get_features(job: Job) -> None:
    """List the features."""
    package = job.get("packagename")
    found = features(job.root, package)
    heading = package or _foundation(job.root)
    job.console.line(f"Features listing for package : {heading}", "")
    rows = [(feature.name, job.console.word(state(job.root, feature))) for feature in found]
    show_rows(job, ("Feature Name", "State"), sorted(rows))


def _foundation(root: Path) -> str:
    """The package all features are listed under when none is named."""
    names = [record.identity for record in Records(root).packages()]
    return next((i.package_name for i in names if i.name.lower() == _FOUNDATION), "")


def get_feature_info(job: Job) -> None:
    """Everything about one feature."""
    feature = _named(job)[0]
    console = job.console
    console.line("Feature Information:", "")
    rows = {
        "Feature Name": feature.name,
        "Display Name": feature.name,
        "Description": "",
        "Restart Required": "Possible",
        "State": console.word(state(job.root, feature)),
    }
    for label, value in rows.items():
        console.field(label, value)
    console.line("", "Custom Properties:", "", "(No custom properties found)", "")
