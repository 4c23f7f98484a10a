"""Features: switched on from payload in the image's own store, switched off by taking back what they brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.ledger import LedgerFeature
from osrecipe.adapters.embedded.packages import add_update
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.words import count
from osrecipe.windows.component_store import key_form, version_of, winner
from osrecipe.windows.features import features_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from osrecipe.adapters.embedded.ledger import LedgerComponent
    from osrecipe.adapters.embedded.work import Work
    from osrecipe.formats.mum import Identity, Manifest
    from osrecipe.windows.features import Feature

NETFX3: Final = "NetFx3"
_UNKNOWN: Final = "0x800f080c"
_NO_SOURCE: Final = "0x800f081f"


def enable_netfx3(work: Work, source: Path, package: str) -> Outcome:
    """Add the package from the media's `sources/sxs` and note the feature as on.

    Raises:
        TaskError, FormatError: as `add_update`.
    """
    if work.records.feature_state(NETFX3) == "enabled":
        return Outcome(status="nothing-to-do", detail=f"{NETFX3} is on already")
    added = add_update(work, source, "")
    known = work.ledger.package(package)
    components = known.components if known is not None else ()
    work.ledger = work.ledger.with_feature(
        LedgerFeature(name=NETFX3, state="enabled", package=package, components=components)
    )
    done = added.outcome(NETFX3)
    return Outcome(detail=done.detail, figures=done.figures)


def set_feature(work: Work, name: str, state: Literal["enabled", "disabled"]) -> Outcome:
    """Switch a feature.

    Raises:
        TaskError: no such feature, its payload is not in the image, or something is not carried out here.
        FormatError: damage.
    """
    found = features_of(work.records.files, name)
    if not found:
        raise TaskError(Slug.PLAN_NO_FEATURE, f"the image has no feature `{name}`", code=_UNKNOWN)
    feature = found[0]
    if work.records.feature_state(name) == state:
        return Outcome(status="nothing-to-do", detail=f"{feature.name} is {state} already")
    manifests = [_manifest(work, feature, identity) for identity in feature.components]
    outcome = _enable(work, feature, manifests) if state == "enabled" else _disable(work, feature, manifests)
    work.ledger = work.ledger.with_feature(
        LedgerFeature(
            name=feature.name,
            state=state,
            package=feature.package,
            components=tuple(key_form(manifest.identity) for manifest in manifests),
        )
    )
    return outcome


def _manifest(work: Work, feature: Feature, identity: Identity) -> Manifest:
    """The manifest of the newest version of a feature's component: an update may have brought one."""
    newest = _newest(work, identity)
    form = newest.key_form if newest is not None else key_form(identity)
    manifest = work.manifests.find(form)
    if manifest is None or not feature.is_complete:
        raise _no_payload(feature)
    return manifest


def _newest(work: Work, identity: Identity) -> LedgerComponent | None:
    """The newest version of a component in the ledger, if it is newer than the feature's own."""
    family = winner(identity)
    known = [
        one for one in work.ledger.components if one.winner == family and version_of(identity) < one.version
    ]
    return max(known, key=lambda one: one.version.key, default=None)


def _enable(work: Work, feature: Feature, manifests: list[Manifest]) -> Outcome:
    if not feature.is_complete or not manifests:
        raise _no_payload(feature)
    rows = [work.components.install(manifest) for manifest in manifests]
    work.record(rows)
    files, values = sum(len(row.files) for row in rows), sum(len(row.values) for row in rows)
    return _outcome(f"{feature.name} on", files, values)


def _disable(work: Work, feature: Feature, manifests: list[Manifest]) -> Outcome:
    files = values = 0
    for manifest in manifests:
        known = work.ledger.component(key_form(manifest.identity))
        gone = work.components.withdraw(manifest, known)
        files, values = files + gone[0], values + gone[1]
        if known is not None:
            work.record([known.model_copy(update={"state": "staged", "values": ()})])
    return _outcome(f"{feature.name} off", files, values)


def _outcome(what: str, files: int, values: int) -> Outcome:
    return Outcome(
        detail=f"{what}: {count(files, 'file')}, {count(values, 'registry value')}",
        figures=(("files", files), ("registry-values", values)),
    )


def _no_payload(feature: Feature) -> TaskError:
    return TaskError(
        Slug.RUN_TASK_FAILED,
        f"the payload of feature `{feature.name}` is not in the image",
        code=_NO_SOURCE,
        remedy="enable it from a package that carries it, or with the dism adapter and a source",
    )
