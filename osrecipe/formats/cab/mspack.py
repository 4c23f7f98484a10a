"""LZX and Quantum folders through the system's libmspack, by ctypes.

The library never sees the cabinet itself. It is given a small, made-up cabinet with one folder and one file whose
blocks stream from our own reader, so that sizes, names, sets and reserved areas are judged in one place and its code
meets nothing but the compressed bytes. It reads and writes memory through callbacks and opens no file.

ABI: `mspack.h` of libmspack 0.5 and later, which has not changed since.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from osrecipe.formats.cab.blocks import BLOCK_OUTPUT, Block
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OVERRIDE = "OSRECIPE_LIBMSPACK"
_HINT = "install libmspack, for example with `apt-get install libmspack0`, or name it in `OSRECIPE_LIBMSPACK`"
_INPUT_BUFFER: Final = 65536  # a whole block and more per callback
_MOST_BLOCKS: Final = 65535
_PARAM_DECOMPBUF: Final = 2
_OK, _NOMEMORY = 0, 6
_SEEK_CUR, _SEEK_END = 1, 2
_INPUT, _OUTPUT = 1, 2  # the handles we give out; the library never looks behind them

_P = ctypes.c_void_p
_I = ctypes.c_int


class _Decompressor(ctypes.Structure):
    """`struct mscab_decompressor`: a table of methods."""

    _fields_ = (
        ("open", ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p)),
        ("close", ctypes.CFUNCTYPE(None, _P, _P)),
        ("search", _P),
        ("append", _P),
        ("prepend", _P),
        ("extract", ctypes.CFUNCTYPE(_I, _P, _P, ctypes.c_char_p)),
        ("set_param", ctypes.CFUNCTYPE(_I, _P, _I, _I)),
        ("last_error", ctypes.CFUNCTYPE(_I, _P)),
    )


class _Cabinet(ctypes.Structure):
    """The head of `struct mscabd_cabinet`, up to its file list."""

    _fields_ = (
        ("next", _P),
        ("filename", ctypes.c_char_p),
        ("base_offset", ctypes.c_int64),
        ("length", ctypes.c_uint),
        ("prevcab", _P),
        ("nextcab", _P),
        ("names", _P * 4),
        ("files", _P),
    )


class _Cabinet32(ctypes.Structure):
    """The same where `off_t` has four bytes."""

    _fields_ = (
        ("next", _P),
        ("filename", ctypes.c_char_p),
        ("base_offset", ctypes.c_int32),
        ("length", ctypes.c_uint),
        ("prevcab", _P),
        ("nextcab", _P),
        ("names", _P * 4),
        ("files", _P),
    )


@cache
def _library(override: str) -> tuple[ctypes.CDLL, bool]:
    """Load libmspack; also says whether its `off_t` has eight bytes."""
    for name in filter(
        None, [override] if override else ["libmspack.so.0", ctypes.util.find_library("mspack")]
    ):
        try:
            library = ctypes.CDLL(name)
            selftest = library.mspack_sys_selftest_internal
            library.mspack_create_cab_decompressor.restype = _P
            library.mspack_create_cab_decompressor.argtypes = [_P]
            library.mspack_destroy_cab_decompressor.argtypes = [_P]
        except (OSError, AttributeError):
            continue
        selftest.argtypes = [_I]
        for size in (8, 4):
            if selftest(size) == _OK:
                return library, size == 8  # noqa: PLR2004 - the size just asked about
    raise FormatError(
        "cab", Fault.UNAVAILABLE, "This cabinet needs libmspack, which is not on this machine", hint=_HINT
    )


def available() -> bool:
    """Whether LZX and Quantum folders can be read on this machine."""
    try:
        _library(os.environ.get(_OVERRIDE, ""))
    except FormatError:
        return False
    return True


def decode(
    type_code: int,
    blocks: int,
    read: Callable[[], Iterator[Block]],
    needed: int,
    sink: Callable[[bytes], bool],
) -> None:
    """Decompress the first `needed` bytes of a folder.

    Args:
        type_code: the folder's method field as stored.
        blocks: how many blocks it has.
        read: begins reading them from the first one.
        needed: bytes to produce.
        sink: receives them in order; False ends the work.

    Raises:
        FormatError: CORRUPT data, TOO_LARGE folders, UNAVAILABLE library, and what `read` raises.
        Exception: whatever `sink` raises.
    """
    library, wide = _library(os.environ.get(_OVERRIDE, ""))
    if blocks > _MOST_BLOCKS or needed > _MOST_BLOCKS * BLOCK_OUTPUT:
        raise FormatError("cab", Fault.TOO_LARGE, f"A folder has more blocks than can be read: {blocks}")
    system = _System(_head(type_code, blocks, needed), read, sink, wide=wide)
    handle = library.mspack_create_cab_decompressor(ctypes.addressof(system.table))
    if not handle:
        raise FormatError("cab", Fault.TOO_LARGE, "libmspack could not be started")
    try:
        code = _extract(handle, wide=wide)
    finally:
        library.mspack_destroy_cab_decompressor(handle)
    if system.failure is not None:
        raise system.failure
    if code != _OK and not system.satisfied:
        fault = Fault.TOO_LARGE if code == _NOMEMORY else Fault.CORRUPT
        raise FormatError("cab", fault, f"Compressed data can't be decompressed, libmspack's code: {code}")


def _extract(handle: int, *, wide: bool) -> int:
    methods = _Decompressor.from_address(handle)
    methods.set_param(handle, _PARAM_DECOMPBUF, _INPUT_BUFFER)
    cabinet = methods.open(handle, b"input")
    if not cabinet:
        return int(methods.last_error(handle))
    try:
        layout = _Cabinet if wide else _Cabinet32
        return int(methods.extract(handle, layout.from_address(cabinet).files, b"output"))
    finally:
        methods.close(handle, cabinet)


def _head(type_code: int, blocks: int, needed: int) -> bytes:
    """The tables of the made-up cabinet: one folder, one file, blocks right behind them."""
    name = b"x\0"
    folders_end = 36 + 8
    data_at = folders_end + 16 + len(name)
    return (
        struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, data_at, 0, folders_end, 0, 3, 1, 1, 1, 0, 0, 0)
        + struct.pack("<IHH", data_at, blocks, type_code)
        + struct.pack("<IIHHHH", needed, 0, 0, 0x21, 0, 0)
        + name
    )


class _System:
    """`struct mspack_system` over memory: one input that streams, one output that is the sink.

    A Python error can't cross C code: the first one is kept in `failure`, and the library is told to stop.
    """

    def __init__(
        self, head: bytes, read: Callable[[], Iterator[Block]], sink: Callable[[bytes], bool], *, wide: bool
    ) -> None:
        self.failure: BaseException | None = None
        self.satisfied = False
        self._head = head
        self._read_blocks = read
        self._sink = sink
        self._position = 0
        self._blocks: Iterator[Block] | None = None
        self._pending = b""
        self._memory: dict[int, Any] = {}
        offset = ctypes.c_int64 if wide else ctypes.c_int32
        self._callbacks = (
            ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p, _I)(self._open),
            ctypes.CFUNCTYPE(None, _P)(lambda _file: None),
            ctypes.CFUNCTYPE(_I, _P, _P, _I)(self._read),
            ctypes.CFUNCTYPE(_I, _P, _P, _I)(self._write),
            ctypes.CFUNCTYPE(_I, _P, offset, _I)(self._seek),
            ctypes.CFUNCTYPE(offset, _P)(lambda _file: self._position),
            ctypes.CFUNCTYPE(None, _P, ctypes.c_char_p)(lambda _file, _text: None),
            ctypes.CFUNCTYPE(_P, _P, ctypes.c_size_t)(self._alloc),
            ctypes.CFUNCTYPE(None, _P)(lambda place: self._memory.pop(place or 0, None) and None),
            ctypes.CFUNCTYPE(None, _P, _P, ctypes.c_size_t)(
                lambda src, dest, size: ctypes.memmove(dest, src, size) and None
            ),
        )
        self.table = (_P * 11)(*(ctypes.cast(callback, _P) for callback in self._callbacks), None)

    @staticmethod
    def _open(_system: int, _name: bytes, mode: int) -> int:
        return _OUTPUT if mode else _INPUT

    def _alloc(self, _system: int, size: int) -> int | None:
        try:
            buffer = ctypes.create_string_buffer(max(size, 1))
        except MemoryError:
            return None
        place = ctypes.addressof(buffer)
        self._memory[place] = buffer
        return place

    def _seek(self, _file: int, offset: int, mode: int) -> int:
        target = offset + (self._position if mode == _SEEK_CUR else 0)
        # Blocks stream: only the tables and the first block can be gone back to.
        if mode == _SEEK_END or not 0 <= target <= len(self._head):
            return -1
        self._position = target
        self._blocks, self._pending = None, b""
        return 0

    def _read(self, _file: int, buffer: int, size: int) -> int:
        try:
            data = self._next_bytes(size)
        except BaseException as error:  # noqa: BLE001 - re-raised by decode() once the library has returned
            self.failure = self.failure or error
            return -1
        ctypes.memmove(buffer, data, len(data))
        self._position += len(data)
        return len(data)

    def _next_bytes(self, size: int) -> bytes:
        if self._position < len(self._head):
            return self._head[self._position : self._position + size]
        if self._blocks is None:
            self._blocks = self._read_blocks()
        if not self._pending:
            block = next(self._blocks, None)
            if block is None:
                return b""
            # Checksum 0: verified already.
            self._pending = struct.pack("<IHH", 0, len(block.data), block.size) + block.data
        data, self._pending = self._pending[:size], self._pending[size:]
        return data

    def _write(self, _file: int, buffer: int, size: int) -> int:
        try:
            self.satisfied = not self._sink(ctypes.string_at(buffer, size))
        except BaseException as error:  # noqa: BLE001 - re-raised by decode() once the library has returned
            self.failure = self.failure or error
            return -1
        return -1 if self.satisfied else size
