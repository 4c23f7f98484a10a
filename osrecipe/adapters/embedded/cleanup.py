"""Cleanup: what the ledger knows to be superseded leaves the store. What the image came with is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from osrecipe.adapters.embedded.ledger import LedgerCleanup
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.words import count
from osrecipe.windows.component_store import MANIFESTS, PACKAGES, PENDING, STORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osrecipe.adapters.embedded.ledger import Ledger, LedgerComponent, LedgerPackage
    from osrecipe.adapters.embedded.work import Work
    from osrecipe.model.winpath import WinPath

_PENDING: Final = "0x800f0806"


def clean_up(work: Work, level: Literal["superseded", "reset-base"]) -> Outcome:
    """Remove superseded components and packages; `reset-base` also makes what is installed permanent.

    Raises:
        TaskError: actions are pending in the image (`run/pending-actions`).
    """
    if work.image.info(PENDING) is not None:
        raise TaskError(
            Slug.RUN_PENDING,
            f"actions are pending in the image: `{PENDING}`",
            code=_PENDING,
            remedy="clean up before what leaves actions pending, or start from an image without them",
        )
    before = work.ledger
    components = [one for one in before.components if one.state == "superseded"]
    packages = [one for one in before.packages if one.state == "superseded"]
    reclaimed = work.image.delete_all([*_stored(components), *_described(packages)])
    after = _without_superseded(before)
    if level == "reset-base":
        after = _permanent(after)
    if after == before:
        return Outcome(status="nothing-to-do", detail="nothing of the ledger is superseded")
    row = LedgerCleanup(level=level, components=len(components), packages=len(packages), reclaimed=reclaimed)
    work.ledger = after.model_copy(update={"cleanups": (*after.cleanups, row)})
    return Outcome(
        detail=f"{count(len(components), 'component')} and {count(len(packages), 'package')} removed, "
        f"{count(reclaimed, 'byte')} reclaimed",
        figures=(
            ("components", len(components)),
            ("packages", len(packages)),
            ("bytes-reclaimed", reclaimed),
        ),
    )


def _stored(components: Iterable[LedgerComponent]) -> Iterator[WinPath]:
    """What the store holds of components: a folder and a manifest each; their places elsewhere are not touched."""
    for component in components:
        yield STORE / component.key_form
        yield MANIFESTS / f"{component.key_form}.manifest"


def _described(packages: Iterable[LedgerPackage]) -> Iterator[WinPath]:
    """The descriptions of packages."""
    for package in packages:
        for suffix in ("mum", "cat"):
            yield PACKAGES / f"{package.identity}.{suffix}"


def _without_superseded(ledger: Ledger) -> Ledger:
    return ledger.model_copy(
        update={
            "components": tuple(one for one in ledger.components if one.state != "superseded"),
            "packages": tuple(one for one in ledger.packages if one.state != "superseded"),
        }
    )


def _permanent(ledger: Ledger) -> Ledger:
    """Installed packages can't be taken back any more: what registry values were before is forgotten."""
    packages = tuple(one.model_copy(update={"permanent": True}) for one in ledger.packages)
    components = tuple(
        one.model_copy(
            update={"values": tuple(v.model_copy(update={"was_type": None, "was": ""}) for v in one.values)}
        )
        for one in ledger.components
    )
    return ledger.model_copy(update={"packages": packages, "components": components})
