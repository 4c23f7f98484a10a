"""Carrying a component out, and taking it back: payload, hard links, folders, registry values.

Works on one component at a time and returns its ledger row; which components, and which version wins, is decided by
the caller. Payload is verified against the manifest before anything of it is written.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.elements import not_carried_out
from osrecipe.adapters.embedded.ledger import LedgerComponent, LedgerFile, LedgerValue
from osrecipe.formats.hive.data import encode_dword, encode_multi_sz, encode_qword, encode_sz
from osrecipe.model.adapter import TaskError
from osrecipe.model.codes import Slug
from osrecipe.windows.component_registry import HiveKey, locate
from osrecipe.windows.component_store import MANIFESTS, STORE, key_form, version_of, winner
from osrecipe.windows.manifest_security import stated_security
from osrecipe.windows.package_elements import manifest_elements
from osrecipe.windows.runtime_paths import destination, expand
from osrecipe.windows.sddl import Kind, Sddl, SddlError, apply_sddl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from osrecipe.adapters.embedded.hives import Hives
    from osrecipe.adapters.embedded.staged import StagedImage
    from osrecipe.formats.hive import Key
    from osrecipe.formats.mum import Manifest
    from osrecipe.formats.mum.model import PayloadFile, RegistryKey, RegistryValue
    from osrecipe.model.winpath import WinPath

_EPOCH: Final = 116_444_736_000_000_000
_PIECE: Final = 1 << 20
_QWORD: Final = 11


class Components:
    """Carries components into an image and out of it.

    Args:
        image: to change.
        hives: of the image; the caller saves them.
        architecture: of the image.
        package: digest of the package whose components are carried out; empty for none.
    """

    def __init__(self, image: StagedImage, hives: Hives, architecture: str, package: str = "") -> None:
        self._image = image
        self._hives = hives
        self._architecture = architecture
        self._package = package

    def install(
        self,
        manifest: Manifest,
        data: bytes | None = None,
        payload: Mapping[str, Path] | None = None,
        *,
        staged: bool = False,
    ) -> LedgerComponent:
        """Put a component into the store and its files, folders and values where they belong.

        Args:
            manifest: the component.
            data: the manifest's file; None when the store has it.
            payload: its files by source name; None when they are in the store.
            staged: only into the store, because the feature it belongs to is off.

        Raises:
            TaskError: payload without its hash or missing, or an element that is not carried out.
            FormatError: a path in the way, or a hive that can't be written.
        """
        self._check(manifest)
        form = key_form(manifest.identity)
        if data is not None:
            self._image.put(MANIFESTS / f"{form}.manifest", data)
        folders = () if staged else self._folders(manifest)
        files = tuple(
            self._file(manifest, file, () if staged else self._places(manifest, file), payload)
            for file in manifest.files
        )
        return LedgerComponent(
            key_form=form,
            winner=winner(manifest.identity),
            version=version_of(manifest.identity),
            state="staged" if staged else "installed",
            files=files,
            folders=folders,
            values=() if staged else self._registry(manifest),
        )

    def withdraw(self, manifest: Manifest, known: LedgerComponent | None) -> tuple[int, int]:
        """Take a component's files and values back, leaving it in the store.

        A place is given up only if it is still a name of this component's own stored file. A value goes back to what
        it was when the ledger knows that; else it is removed if it still is what the manifest says.

        Returns:
            Number of files and of values taken back.
        """
        form = key_form(manifest.identity)
        files = 0
        for file in manifest.files:
            stored = STORE / form / file.source_name
            for place in self._places(manifest, file):
                if self._image.is_same_file(place, stored):
                    self._image.delete(place)
                    files += 1
        brought = tuple(self.values(manifest)) if known is None else known.values
        return files, sum(self._take_back(value) for value in brought)

    def values(self, manifest: Manifest) -> Iterator[LedgerValue]:
        """The values a manifest sets, as the hive will have them; what was there before is not filled in.

        Raises:
            TaskError: a key no hive has, or data that can't be stored.
        """
        for key in manifest.registry_keys:
            yield from self._key_values(manifest, key)

    def _key_values(self, manifest: Manifest, key: RegistryKey) -> Iterator[LedgerValue]:
        component, at = manifest.identity.architecture, self._key(manifest, key)
        for value in key.values:
            data = _encoded(value, lambda text: self._expanded(text, component))
            yield LedgerValue(
                hive=at.hive, key=at.path, name=value.name, type=value.type_code or 0, data=data.hex()
            )

    def _key(self, manifest: Manifest, key: RegistryKey) -> HiveKey:
        component = manifest.identity.architecture
        try:
            return locate(self._expanded(key.path, component), component=component, image=self._architecture)
        except ValueError as error:
            raise TaskError(Slug.RUN_TASK_FAILED, str(error)) from error

    def _registry(self, manifest: Manifest) -> tuple[LedgerValue, ...]:
        """Make every key, also those without a value, give it its descriptor, and set its values."""
        written = []
        for key in manifest.registry_keys:
            at = self._key(manifest, key)
            is_new = self._hives.find(at) is None
            made = self._create(at)
            stated = _stated(manifest, key.security)
            if stated is not None and (is_new or key.owner):
                above = self._hives.above(at)
                now = made.security
                made.set_security(apply_sddl(stated, Kind.KEY, now=now, above=above))
            written += [self._set(value) for value in self._key_values(manifest, key)]
        return tuple(written)

    def _check(self, manifest: Manifest) -> None:
        """The plan refused such a component already; an image is not to depend on that."""
        refused = not_carried_out(sorted(manifest_elements(manifest)))
        if refused:
            reason = f"`{manifest.identity.name}` has what is not carried out here: `{refused[0]}`"
            raise TaskError(Slug.PLAN_REFUSED, reason, remedy="the dism adapter on Windows can")

    def _file(
        self,
        manifest: Manifest,
        file: PayloadFile,
        places: tuple[WinPath, ...],
        payload: Mapping[str, Path] | None,
    ) -> LedgerFile:
        stored = STORE / key_form(manifest.identity) / file.source_name
        if payload is not None:
            source = payload[file.source_name]
            digest, size = _verified(file, source)
            written = _EPOCH + source.stat().st_mtime_ns // 100
            model = next((place for place in places if self._image.is_plain_file(place)), None)
            descriptor = self._file_descriptor(manifest, file, places[0] if places else stored, model)
            self._image.put(
                stored, source, written=written, like=model, descriptor=descriptor, package=self._package
            )
        else:
            found = self._image.info(stored)
            if found is None:
                reason = f"the image does not hold the payload: `{stored}`"
                raise TaskError(Slug.RUN_TASK_FAILED, reason, code="0x800f081f")
            digest, size = self._verified_stored(file, stored), found.size
        for place in places:
            if not self._image.is_same_file(place, stored):
                self._image.link(place, stored)
        return LedgerFile(name=file.source_name, sha256=digest, size=size, destinations=places)

    def _verified_stored(self, file: PayloadFile, stored: WinPath) -> str:
        with self._image.read(stored) as content:
            digests = _digests(file, iter(lambda: content.read(_PIECE), b""))
        return _checked(file, digests)

    def _places(self, manifest: Manifest, file: PayloadFile) -> tuple[WinPath, ...]:
        """Every path a file is projected to."""
        texts = [f"{file.destination.rstrip(chr(92))}\\{file.name}"] if file.destination else []
        return tuple(filter(None, (self._path(manifest, text) for text in (*texts, *file.links))))

    def _file_descriptor(
        self, manifest: Manifest, file: PayloadFile, place: WinPath, model: WinPath | None
    ) -> bytes | None:
        """What the manifest states; else None where another file is the model, or what the place passes on."""
        stated = _stated(manifest, file.security)
        if stated is None and model is not None:
            return None
        self._image.make_folder(place.parent)
        coming = self._image.passed_on(place.parent, to_folder=False)
        if stated is None:
            return coming
        now = coming if model is None else self._image.security(model)
        return apply_sddl(stated, Kind.FILE, now=now, above=self._image.security(place.parent))

    def _folders(self, manifest: Manifest) -> tuple[WinPath, ...]:
        """Make the folders, those of the manifest's own with the descriptors it states."""
        found = []
        for folder in manifest.directories:
            path = self._path(manifest, folder.destination)
            if path is None:
                continue
            is_new = self._image.info(path) is None
            self._image.make_folder(path)
            stated = _stated(manifest, folder.security)
            if stated is not None and (is_new or folder.owner):
                now, above = self._image.security(path), self._image.security(path.parent)
                self._image.set_security(path, apply_sddl(stated, Kind.FOLDER, now=now, above=above))
            found.append(path)
        return tuple(found)

    def _path(self, manifest: Manifest, text: str) -> WinPath | None:
        try:
            return destination(text, component=manifest.identity.architecture, image=self._architecture)
        except ValueError as error:
            raise TaskError(Slug.RUN_TASK_FAILED, f"`{manifest.identity.name}`: {error}") from error

    def _expanded(self, text: str, component: str) -> str:
        try:
            return expand(text, component=component, image=self._architecture)
        except ValueError as error:
            raise TaskError(Slug.RUN_TASK_FAILED, str(error)) from error

    def _create(self, at: HiveKey) -> Key:
        try:
            return self._hives.create(at)
        except FileNotFoundError as error:
            raise TaskError(Slug.RUN_TASK_FAILED, f"the image has no such hive: `{at.hive}`") from error

    def _set(self, value: LedgerValue) -> LedgerValue:
        key = self._create(HiveKey(value.hive, value.key))
        before = key.value(value.name)
        key.set(value.name, value.type, bytes.fromhex(value.data))
        if before is None:
            return value
        return value.model_copy(update={"was_type": int(before.type), "was": before.data.hex()})

    def _take_back(self, value: LedgerValue) -> bool:
        at = HiveKey(value.hive, value.key)
        found = self._hives.find(at)
        now = None if found is None else found.value(value.name)
        if now is None or (int(now.type), now.data.hex()) != (value.type, value.data):
            return False
        key = self._hives.create(at)
        if value.was_type is None:
            return key.delete_value(value.name)
        key.set(value.name, value.was_type, bytes.fromhex(value.was))
        return True


def _stated(manifest: Manifest, name: str) -> Sddl | None:
    try:
        return stated_security(manifest, name)
    except SddlError as error:
        raise TaskError(Slug.PLAN_REFUSED, f"`{manifest.identity.name}`: `{name}`: {error}") from error


def _verified(file: PayloadFile, source: Path) -> tuple[str, int]:
    """A payload file's SHA-256 and size, once its hash is what the manifest says."""
    with source.open("rb") as content:
        digests = _digests(file, iter(lambda: content.read(_PIECE), b""))
    return _checked(file, digests), source.stat().st_size


def _digests(file: PayloadFile, pieces: Iterator[bytes]) -> tuple[str, bytes]:
    """SHA-256 of content, and its digest by the manifest's own algorithm."""
    ours = hashlib.sha256()
    theirs = hashlib.new(file.hash.algorithm if file.hash else "sha256", usedforsecurity=False)
    for piece in pieces:
        ours.update(piece)
        theirs.update(piece)
    return ours.hexdigest(), theirs.digest()


def _checked(file: PayloadFile, digests: tuple[str, bytes]) -> str:
    ours, theirs = digests
    if file.hash is None or theirs != file.hash.digest:
        reason = f"a payload file does not have the hash its manifest states: `{file.source_name}`"
        raise TaskError(Slug.RUN_TASK_FAILED, reason, remedy="download the package again")
    return ours


def _encoded(value: RegistryValue, expanded: Callable[[str], str]) -> bytes:
    match value.data:
        case str() as text:
            return encode_sz(expanded(text))
        case tuple() as lines:
            return encode_multi_sz(expanded(line) for line in lines)
        case int() as number:
            return encode_qword(number) if value.type_code == _QWORD else encode_dword(number)
        case bytes() as raw:
            return raw
        case None:
            reason = f"a registry value is not understood: `{value.name}` {value.type_name}"
            raise TaskError(Slug.RUN_TASK_FAILED, reason)
