"""`.reg` files read into registry changes, so that a plan holds what will be written, not the name of a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osrecipe.formats import reg
from osrecipe.formats.hive.data import decode_multi_sz, decode_sz
from osrecipe.formats.hive.values import ValueType
from osrecipe.model.codes import Slug
from osrecipe.model.facts import RegFileFacts
from osrecipe.model.problems import OsrecipeError, Place, Problem
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, RegistryData, SetValue
from osrecipe.recipe.hives import HiveError, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osrecipe.model.registry import RegistryChange, RegistryKey, RegistryKind

MAX_SIZE = 64 << 20
"""Bytes of a `.reg` file; exports of whole hives are larger, but no tweak is."""


def reg_file_facts(path: Path, stated: str) -> RegFileFacts:
    """Read a `.reg` file.

    Raises:
        OsrecipeError: at the file's own line and column: it can't be read (`input/reg-file`), or names a key no
            image has.
        OSError: the file can't be opened.
    """
    if path.stat().st_size > MAX_SIZE:
        reason = f"a `.reg` file has at most {MAX_SIZE >> 20} MiB"
        raise OsrecipeError(Problem(Slug.INPUT_REG_FILE, reason, Place(stated)))
    data = path.read_bytes()
    try:
        keys = reg.parse(data)
    except reg.RegSyntaxError as error:
        place = Place(stated, error.line, error.column)
        raise OsrecipeError(Problem(Slug.INPUT_REG_FILE, error.reason, place, error.hint)) from error
    changes = tuple(change for key in keys for change in _changes(key, stated))
    return RegFileFacts(sha256=hashlib.sha256(data).hexdigest(), changes=changes)


def _require_text(name: str, line: int, stated: str) -> None:
    """Names must be text: half a surrogate pair fits into no plan, lock or digest."""
    if not _is_text(name):
        reason = "a name holds half a character, so it is not text"
        raise OsrecipeError(Problem(Slug.INPUT_REG_FILE, reason, Place(stated, line, 1)))


def _is_text(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _changes(key: reg.RegKey, stated: str) -> Iterator[RegistryChange]:
    _require_text(key.path, key.line, stated)
    try:
        name = parse_key(key.path)
    except HiveError as error:
        place = Place(stated, key.line, 1)
        raise OsrecipeError(Problem(Slug.INPUT_REG_FILE, str(error), place, error.hint)) from error
    if key.delete:
        yield DeleteKey(key=name)
        return
    if not key.values:
        yield CreateKey(key=name)
    for value in key.values:
        _require_text(value.name, value.line, stated)
        yield _change(name, value)


def _change(key: RegistryKey, value: reg.RegValue) -> RegistryChange:
    if value.data is None:
        return DeleteValue(key=key, name=value.name)
    return SetValue(key=key, name=value.name, data=registry_data(value.type, value.data))


def registry_data(type_number: int, data: bytes) -> RegistryData:
    """Typed data from a type number and raw bytes; what would not survive the round trip stays raw."""
    made = _TYPED.get(type_number, _raw)(type_number, data)
    return made if made is not None else _raw(type_number, data)


def _raw(type_number: int, data: bytes) -> RegistryData:
    kinds: dict[int, RegistryKind] = {ValueType.NONE: "none", ValueType.BINARY: "binary"}
    kind = kinds.get(type_number)
    if kind is not None:
        return RegistryData(kind=kind, hex=data.hex())
    return RegistryData(kind="raw", type=type_number, hex=data.hex())


def _text(kind: RegistryKind) -> Callable[[int, bytes], RegistryData | None]:
    def make(_type: int, data: bytes) -> RegistryData | None:
        text = decode_sz(data)
        return RegistryData(kind=kind, text=text) if _is_text(text) and _encoded(text) == data else None

    return make


def _encoded(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le", "surrogatepass")


def _lines(_type: int, data: bytes) -> RegistryData | None:
    lines = decode_multi_sz(data)
    encoded = b"".join(_encoded(line) for line in lines) + b"\0\0"
    fits = encoded == data and all(map(_is_text, lines))
    return RegistryData(kind="multi-sz", lines=lines) if fits else None


def _number(kind: RegistryKind, size: int) -> Callable[[int, bytes], RegistryData | None]:
    def make(_type: int, data: bytes) -> RegistryData | None:
        return RegistryData(kind=kind, number=int.from_bytes(data, "little")) if len(data) == size else None

    return make


_TYPED: dict[int, Callable[[int, bytes], RegistryData | None]] = {
    ValueType.SZ: _text("sz"),
    ValueType.EXPAND_SZ: _text("expand-sz"),
    ValueType.LINK: _text("link"),
    ValueType.MULTI_SZ: _lines,
    ValueType.DWORD: _number("dword", 4),
    ValueType.QWORD: _number("qword", 8),
}
