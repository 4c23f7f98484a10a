r"""The ledger: what this adapter did to an image, kept inside the image as `Windows\servicing\osrecipe\ledger.json`.

Its presence marks the image: nothing it lists is registered in the component store. Written as sorted, indented JSON
so that two images' ledgers can be compared by eye. An unknown format is refused, never guessed at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar

from pydantic import ValidationError

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.model.frozen import Frozen, Sha256
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.adapters.embedded.staged import StagedImage
    from osrecipe.windows.image_files import ImageFiles

LEDGER: Final = WinPath(r"Windows\servicing\osrecipe\ledger.json")
_LARGEST: Final = 256 << 20
_Row = TypeVar("_Row", bound=Frozen)


class LedgerFile(Frozen):
    """A payload file: its name in the component's store folder, and where it was linked to."""

    name: str
    sha256: Sha256
    size: int
    destinations: tuple[WinPath, ...] = ()


class LedgerValue(Frozen):
    """A registry value that was written: hive file, key below its root, data in hexadecimal.

    Attributes:
        was_type: the type number of what was there before, None when there was nothing.
        was: its data in hexadecimal.
    """

    hive: WinPath
    key: str
    name: str
    type: int
    data: str
    was_type: int | None = None
    was: str = ""


class LedgerComponent(Frozen):
    """A component that was carried out.

    Attributes:
        key_form: its name in the store.
        winner: what its versions share.
        state: `installed`; `superseded` when a newer version took its places; `staged` when its feature is off.
        in_store: False when a cleanup took it out of the store.
    """

    key_form: str
    winner: str
    version: Version
    state: Literal["installed", "superseded", "staged"] = "installed"
    in_store: bool = True
    files: tuple[LedgerFile, ...] = ()
    folders: tuple[WinPath, ...] = ()
    values: tuple[LedgerValue, ...] = ()


class LedgerPackage(Frozen):
    """A package that was added: an update, or a part of one.

    Attributes:
        identity: `name~token~arch~lang~version`.
        part_of: identity of the update it came in; empty for the update itself.
        content: SHA-256 of the update's description.
        components: key forms of what it holds for this image.
        permanent: whether a cleanup with reset made it so.
    """

    identity: str
    part_of: str = ""
    kb: str = ""
    state: Literal["installed", "superseded"] = "installed"
    content: Sha256
    components: tuple[str, ...] = ()
    permanent: bool = False


class LedgerFeature(Frozen):
    """A feature that was switched."""

    name: str
    state: Literal["enabled", "disabled"]
    package: str
    components: tuple[str, ...] = ()


class LedgerCleanup(Frozen):
    """A cleanup: what it removed, and the bytes, unpacked, of contents that nothing in the image has any more."""

    level: Literal["superseded", "reset-base"]
    components: int
    packages: int
    reclaimed: int


class Ledger(Frozen):
    """Everything done to one image, in order."""

    format: Literal["osrecipe-ledger/1"] = "osrecipe-ledger/1"
    packages: tuple[LedgerPackage, ...] = ()
    components: tuple[LedgerComponent, ...] = ()
    features: tuple[LedgerFeature, ...] = ()
    cleanups: tuple[LedgerCleanup, ...] = ()

    def package(self, identity: str) -> LedgerPackage | None:
        """A package by identity, in any case."""
        return _find(self.packages, "identity", identity)

    def component(self, key_form: str) -> LedgerComponent | None:
        """A component by key form."""
        return _find(self.components, "key_form", key_form)

    def feature(self, name: str) -> LedgerFeature | None:
        """A feature by name, in any case."""
        return _find(self.features, "name", name)

    def with_packages(self, packages: Iterable[LedgerPackage]) -> Ledger:
        """With packages added, or replaced by identity."""
        return self.model_copy(update={"packages": _merged(self.packages, packages, "identity")})

    def with_components(self, components: Iterable[LedgerComponent]) -> Ledger:
        """With components added, or replaced by key form."""
        return self.model_copy(update={"components": _merged(self.components, components, "key_form")})

    def with_feature(self, feature: LedgerFeature) -> Ledger:
        """With a feature added or replaced."""
        return self.model_copy(update={"features": _merged(self.features, (feature,), "name")})


def load_ledger(files: ImageFiles) -> Ledger:
    """An image's ledger; an empty one when it has none.

    Raises:
        FormatError: it is damaged or of a format this version does not know.
    """
    data = files.read_bytes(LEDGER)
    if data is None:
        return Ledger()
    if len(data) > _LARGEST:
        raise FormatError("ledger", Fault.TOO_LARGE, f"the image's ledger has {len(data)} bytes")
    try:
        return Ledger.model_validate_json(data)
    except ValidationError as error:
        reason = f"the image's ledger can't be read: {error.errors()[0]['msg']}"
        raise FormatError("ledger", Fault.CORRUPT, reason, hint="start from an image without one") from error


def save_ledger(image: StagedImage, ledger: Ledger) -> None:
    """Write the ledger into the image."""
    image.put(LEDGER, (ledger.model_dump_json(indent=1, exclude_defaults=True) + "\n").encode())


def _find(rows: tuple[_Row, ...], field: str, key: str) -> _Row | None:
    return next((row for row in rows if getattr(row, field).lower() == key.lower()), None)


def _merged(old: tuple[_Row, ...], new: Iterable[_Row], field: str) -> tuple[_Row, ...]:
    rows = {getattr(row, field).lower(): row for row in old}
    rows.update({getattr(row, field).lower(): row for row in new})
    return tuple(rows.values())
