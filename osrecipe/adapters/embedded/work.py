"""One servicing operation under way: the image, its records, its hives, and the ledger as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.components import Components
from osrecipe.adapters.embedded.hives import Hives
from osrecipe.adapters.embedded.ledger import save_ledger
from osrecipe.adapters.embedded.records import Records
from osrecipe.model.version import Version
from osrecipe.windows.component_store import MANIFESTS, STORE, key_form
from osrecipe.windows.image_manifests import ImageManifests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.adapters.embedded.ledger import LedgerComponent
    from osrecipe.adapters.embedded.staged import StagedImage
    from osrecipe.formats.mum import Identity
    from osrecipe.model.adapter import Context

_SUFFIX: Final = ".manifest"
_STACK: Final = "microsoft-windows-servicingstack"
_PARTS: Final = 5


class Work:
    """What an operation works with; `finish` writes hives and ledger into the image.

    Attributes:
        ledger: grows with what is done.
    """

    def __init__(self, image: StagedImage, ctx: Context, now: int, package: str = "") -> None:
        self.image = image
        self.ctx = ctx
        self.records = Records(image)
        self.ledger = self.records.ledger
        self.manifests = ImageManifests(self.records.files)
        self.hives = Hives(image, now)
        self.components = Components(image, self.hives, image.architecture, package)
        self._store = _by_family(image.names_in(MANIFESTS))

    def finish(self) -> None:
        """Write what was changed."""
        self.hives.save()
        if self.ledger != self.records.ledger:
            save_ledger(self.image, self.ledger)

    def newest(self, identity: Identity) -> Version | None:
        """The newest version of a component in the image's store, whatever put it there; None when there is none."""
        found = self._store.get(_family(key_form(identity)))
        return (
            None
            if found is None
            else Version(major=found[0], minor=found[1], build=found[2], revision=found[3])
        )

    def record(self, components: Iterable[LedgerComponent]) -> None:
        """Add components to the ledger; versions of them that lost are superseded from now on."""
        fresh = list(components)
        best = {one.winner: one.version for one in fresh}
        lost = [
            other.model_copy(update={"state": "superseded"})
            for other in self.ledger.components
            if other.winner in best and other.version < best[other.winner]
        ]
        self.ledger = self.ledger.with_components([*lost, *fresh])
        for one in fresh:
            family = _family(one.key_form)
            self._store[family] = max(self._store.get(family, (0, 0, 0, 0)), one.version.key)

    def stack_version(self) -> Version | None:
        """The image's servicing stack: the newest one in its store."""
        versions = [parsed for name in self.image.names_in(STORE) if (parsed := _stack(name)) is not None]
        return max(versions, key=lambda version: version.key, default=None)


def _by_family(names: tuple[str, ...]) -> dict[tuple[str, ...], tuple[int, int, int, int]]:
    """The newest version of each component whose manifest is in the store."""
    found: dict[tuple[str, ...], tuple[int, int, int, int]] = {}
    for name in names:
        form = name.lower().removesuffix(_SUFFIX)
        version = _version(form)
        if version is not None:
            family = _family(form)
            found[family] = max(found.get(family, (0, 0, 0, 0)), version.key)
    return found


def _family(form: str) -> tuple[str, ...]:
    """A key form without version and fingerprint: architecture, shortened name, token, culture."""
    parts = form.rsplit("_", 4)
    return (parts[0], *parts[1:2], *parts[3:4])


def _version(form: str) -> Version | None:
    parts = form.rsplit("_", 4)
    if len(parts) != _PARTS:
        return None
    try:
        return Version.parse(parts[2])
    except ValueError:
        return None


def _stack(folder: str) -> Version | None:
    folded = folder.lower()
    return _version(folded) if folded.partition("_")[2].startswith(f"{_STACK}_") else None
