"""The hives of an open image, each loaded at most once, and registry data to bytes and back.

It reads; writing a hive back is `registry`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import (
    decode_multi_sz,
    decode_sz,
    encode_dword,
    encode_multi_sz,
    encode_qword,
    encode_sz,
)
from osrecipe.model.adapter import TaskError
from osrecipe.model.codes import Slug
from osrecipe.windows.hives import hive_place, path_in_hive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from osrecipe.formats.hive import Value
    from osrecipe.model.changes import FileInfo
    from osrecipe.model.registry import RegistryData, RegistryKey
    from osrecipe.model.winpath import WinPath
    from osrecipe.windows.hives import HivePlace, Target

MAX_HIVE = 1 << 30
"""Bytes; the largest hives of retail images (SOFTWARE, COMPONENTS) have a tenth of that."""


class Readable(Protocol):
    """What an image must offer for its hives to be read."""

    def read(self, path: WinPath) -> BinaryIO:
        """Open a file for reading."""

    def info(self, path: WinPath) -> FileInfo | None:
        """What is at `path`, or None."""


class HiveFiles:
    """The hives of one image, as they are when first asked for."""

    def __init__(self, image: Readable, target: Target) -> None:
        self._image = image
        self._target = target
        self._hives: dict[WinPath, Hive | None] = {}

    def locate(self, key: RegistryKey) -> tuple[HivePlace, Hive | None, str]:
        """Where a key is: its hive's place, the hive (None when the image has none), and the path inside.

        Raises:
            TaskError: the hive is damaged.
        """
        place = hive_place(key.root, self._target)
        hive = self.load(place)
        if hive is None:
            return place, None, key.path
        try:
            return place, hive, path_in_hive(hive, key.root, place, key.path)
        except FormatError as cause:
            raise damaged(place, cause) from cause

    def load(self, place: HivePlace) -> Hive | None:
        """The hive of a place, completed from its logs when its last write was not finished.

        Raises:
            TaskError: it is damaged or too large.
        """
        if place.file not in self._hives:
            self._hives[place.file] = self._load(place)
        return self._hives[place.file]

    def value(self, key: RegistryKey, name: str) -> Value | None:
        """A value, or None when it, its key or its hive is not there.

        Raises:
            TaskError: the hive is damaged.
        """
        place, hive, path = self.locate(key)
        try:
            found = hive.key(path) if hive else None
            return found.value(name) if found else None
        except FormatError as cause:
            raise damaged(place, cause) from cause

    def has_key(self, key: RegistryKey) -> bool:
        """Whether a key is there.

        Raises:
            TaskError: the hive is damaged.
        """
        place, hive, path = self.locate(key)
        try:
            return hive is not None and hive.key(path) is not None
        except FormatError as cause:
            raise damaged(place, cause) from cause

    def _load(self, place: HivePlace) -> Hive | None:
        data = self._bytes(place.file)
        if data is None:
            return None
        first, second = place.logs
        try:
            return Hive.load(data, log1=self._bytes(first), log2=self._bytes(second))
        except FormatError as cause:
            raise damaged(place, cause) from cause

    def _bytes(self, path: WinPath) -> bytes | None:
        info = self._image.info(path)
        if info is None or info.is_folder:
            return None
        if info.size > MAX_HIVE:
            raise TaskError(
                Slug.INPUT_UNSAFE, f"the hive is too large to be one: `{path}`, {info.size} bytes"
            )
        with self._image.read(path) as file:
            return file.read(MAX_HIVE)


def damaged(place: HivePlace, cause: FormatError) -> TaskError:
    """A hive's trouble as the task's, naming the file."""
    return TaskError(cause.slug, f"{cause.reason}: `{place.file}`", remedy=cause.hint)


_TEXT_KINDS = {"sz": ValueType.SZ, "expand-sz": ValueType.EXPAND_SZ}
_NUMBER_KINDS = {
    "dword": (ValueType.DWORD, encode_dword),
    "dword-be": (ValueType.DWORD_BIG_ENDIAN, lambda number: encode_dword(number)[::-1]),
    "qword": (ValueType.QWORD, encode_qword),
}
_BYTE_KINDS = {"binary": ValueType.BINARY, "none": ValueType.NONE}


def encode(data: RegistryData, secrets: Mapping[str, str]) -> tuple[int, bytes]:
    """Typed data as a hive stores it: type number and bytes.

    Raises:
        FormatError: the data can't be stored as its type.
        TaskError: a secret has no value.
    """
    text = data.text or ""
    if data.kind == "secret":
        if text not in secrets:
            raise TaskError(Slug.INPUT_SECRET, f"a secret has no value: `{text}`")
        return ValueType.SZ, encode_sz(secrets[text])
    if data.kind in _TEXT_KINDS:
        return _TEXT_KINDS[data.kind], encode_sz(text)
    if data.kind in _NUMBER_KINDS:
        type_, packed = _NUMBER_KINDS[data.kind]
        return type_, packed(data.number or 0)
    if data.kind == "multi-sz":
        return ValueType.MULTI_SZ, encode_multi_sz(data.lines or ())
    if data.kind == "link":  # the one text that is stored without a terminator
        return ValueType.LINK, text.encode("utf-16-le", "surrogatepass")
    return _BYTE_KINDS.get(data.kind, data.type or 0), bytes.fromhex(data.hex or "")


def same_data(value: Value, type_: int, data: bytes) -> bool:
    """Whether a stored value means the same: texts are compared as Windows reads them, all else byte by byte."""
    if value.type != type_:
        return False
    if type_ in {ValueType.SZ, ValueType.EXPAND_SZ}:
        return decode_sz(value.data) == decode_sz(data)
    if type_ == ValueType.MULTI_SZ:
        return decode_multi_sz(value.data) == decode_multi_sz(data)
    return value.data == data
