r"""Registry hives, read and written by libhivex through ctypes.

Keys are named by paths with backslashes from the hive's root, in any case. A change is on disk after `save`.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from standin.codes import DismError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

SZ, EXPAND_SZ, BINARY, DWORD, MULTI_SZ, QWORD = 1, 2, 3, 4, 7, 11
_WRITE = 4
_DAMAGED = 13
_Node = ctypes.c_size_t
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "hivex_open": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]),
    "hivex_close": (ctypes.c_int, [ctypes.c_void_p]),
    "hivex_root": (_Node, [ctypes.c_void_p]),
    "hivex_commit": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]),
    "hivex_node_name": (ctypes.c_void_p, [ctypes.c_void_p, _Node]),
    "hivex_node_get_child": (_Node, [ctypes.c_void_p, _Node, ctypes.c_char_p]),
    "hivex_node_add_child": (_Node, [ctypes.c_void_p, _Node, ctypes.c_char_p]),
    "hivex_node_delete_child": (ctypes.c_int, [ctypes.c_void_p, _Node]),
    "hivex_node_children": (ctypes.POINTER(_Node), [ctypes.c_void_p, _Node]),
    "hivex_node_values": (ctypes.POINTER(_Node), [ctypes.c_void_p, _Node]),
    "hivex_node_get_value": (_Node, [ctypes.c_void_p, _Node, ctypes.c_char_p]),
    "hivex_node_set_value": (ctypes.c_int, [ctypes.c_void_p, _Node, ctypes.c_void_p, ctypes.c_int]),
    "hivex_value_key": (ctypes.c_void_p, [ctypes.c_void_p, _Node]),
    "hivex_value_value": (
        ctypes.c_void_p,
        [ctypes.c_void_p, _Node, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_size_t)],
    ),
}


class _SetValue(ctypes.Structure):
    _fields_ = (
        ("key", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("length", ctypes.c_size_t),
        ("value", ctypes.c_char_p),
    )


@dataclass(frozen=True)
class Value:
    """A value's type number and bytes."""

    type: int
    data: bytes

    @property
    def text(self) -> str:
        """The value as text, up to its first zero; "" for other types."""
        return (
            self.data.decode("utf-16-le", "replace").partition("\0")[0]
            if self.type in {SZ, EXPAND_SZ}
            else ""
        )

    @property
    def number(self) -> int:
        """The value as a number; 0 for other types."""
        return int.from_bytes(self.data, "little") if self.type in {DWORD, QWORD} else 0


def sz(text: str, kind: int = SZ) -> Value:
    """A text."""
    return Value(kind, f"{text}\0".encode("utf-16-le"))


def dword(number: int) -> Value:
    """A number."""
    return Value(DWORD, struct.pack("<I", number))


class Hive:
    """An open hive; a context manager."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self._path = path
        if not path.is_file():
            raise DismError(2)
        self._handle = _library().hivex_open(str(path).encode(), _WRITE if write else 0)
        if not self._handle:
            raise DismError(_DAMAGED, f"The registry hive is damaged: {path.name}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _library().hivex_close(self._handle)

    def save(self) -> None:
        """Write the changes into the file."""
        if _library().hivex_commit(self._handle, None, 0):
            raise DismError(_DAMAGED)

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return self._node(key) is not None

    def keys(self, key: str) -> list[str]:
        """Names of the keys below a key; none when it is not there."""
        node = self._node(key)
        if node is None:
            return []
        return [self._text("hivex_node_name", child) for child in self._list("hivex_node_children", node)]

    def values(self, key: str) -> dict[str, Value]:
        """A key's values by name as written; none when it is not there."""
        node = self._node(key)
        if node is None:
            return {}
        handles = self._list("hivex_node_values", node)
        return {self._text("hivex_value_key", handle): self._value(handle) for handle in handles}

    def value(self, key: str, name: str) -> Value | None:
        """One value, or None."""
        node = self._node(key)
        handle = node and _library().hivex_node_get_value(self._handle, node, name.encode())
        return self._value(handle) if handle else None

    def set(self, key: str, name: str, value: Value) -> None:
        """Set a value; the key is made where it is missing."""
        node = self.create(key)
        record = _SetValue(name.encode(), value.type, len(value.data), value.data)
        if _library().hivex_node_set_value(self._handle, node, ctypes.byref(record), 0):
            raise DismError(_DAMAGED)

    def create(self, key: str) -> int:
        """Make a key and those above it; returns its node."""
        library = _library()
        node: int = library.hivex_root(self._handle)
        for part in filter(None, key.split("\\")):
            child = library.hivex_node_get_child(self._handle, node, part.encode())
            node = child or library.hivex_node_add_child(self._handle, node, part.encode())
            if not node:
                raise DismError(_DAMAGED)
        return node

    def delete(self, key: str) -> None:
        """Delete a key with everything below it; nothing when it is not there."""
        node = self._node(key)
        if node is not None and _library().hivex_node_delete_child(self._handle, node):
            raise DismError(_DAMAGED)

    def _node(self, key: str) -> int | None:
        library = _library()
        node: int = library.hivex_root(self._handle)
        for part in filter(None, key.split("\\")):
            node = library.hivex_node_get_child(self._handle, node, part.encode())
            if not node:
                return None
        return node

    def _list(self, function: str, node: int) -> list[int]:
        array = getattr(_library(), function)(self._handle, node)
        found: list[int] = []
        while array and array[len(found)]:
            found.append(array[len(found)])
        if array:
            _free(ctypes.cast(array, ctypes.c_void_p))
        return found

    def _text(self, function: str, node: int) -> str:
        pointer = getattr(_library(), function)(self._handle, node)
        with _owned(pointer):
            return ctypes.string_at(pointer).decode()

    def _value(self, handle: int) -> Value:
        kind, length = ctypes.c_int(), ctypes.c_size_t()
        pointer = _library().hivex_value_value(self._handle, handle, ctypes.byref(kind), ctypes.byref(length))
        with _owned(pointer):
            return Value(kind.value, ctypes.string_at(pointer, length.value) if length.value else b"")


@contextlib.contextmanager
def _owned(pointer: int | None) -> Iterator[None]:
    if not pointer:
        raise DismError(_DAMAGED)
    try:
        yield
    finally:
        _free(ctypes.c_void_p(pointer))


def _free(pointer: ctypes.c_void_p) -> None:
    free = ctypes.CDLL(None).free
    free.argtypes, free.restype = [ctypes.c_void_p], None
    free(pointer)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("hivex") or "libhivex.so.0")
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
