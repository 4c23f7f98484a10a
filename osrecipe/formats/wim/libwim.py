"""libwim by ctypes: the library itself, its errors, and its chunk codecs.

Finds the shared library once per process, turns its error codes into `FormatError`, compresses and decompresses
single chunks. Whole-file operations are in `native.py`. ctypes releases the interpreter's lock during each call.
"""

from __future__ import annotations

import ctypes as c
import ctypes.util
import os
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Final, Self

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from osrecipe.formats.wim.layout import Codec

ENVIRONMENT: Final = "OSRECIPE_LIBWIM"
OLDEST: Final = (1, 13, 0)  # the codec interface is older; captures were tried from 1.13.6 on
_SONAMES: Final = ("libwim.so.15", "libwim-15.dll", "libwim.dll", "libwim.15.dylib", "libwim.dylib")
_HINT: Final = f"install it: `apt-get install libwim15`, `brew install wimlib`, or wimlib's Windows build; or name the file in {ENVIRONMENT}"
_MAX_LEVEL: Final = 1000

# Numbers of `enum wimlib_error_code` whose class is not "the bytes are damaged".
_FAULTS: Final = {
    **dict.fromkeys((16, 27, 33, 43, 44, 66, 67, 68, 69), Fault.UNSUPPORTED),
    **dict.fromkeys((18, 36, 47, 48, 49, 55, 63, 8), Fault.MISSING),
    **dict.fromkeys((65, 84), Fault.TRUNCATED),
    39: Fault.TOO_LARGE,
    74: Fault.ENCRYPTED,
    12: Fault.UNAVAILABLE,
    1: Fault.UNAVAILABLE,
}
ABORTED: Final = 76


class Aborted(Exception):  # noqa: N818 - a request that was honoured, not an error
    """The caller's progress function asked to stop; the destination is not to be used."""


def library() -> c.CDLL:
    """The loaded library.

    Raises:
        FormatError: `wim/unavailable` when it is missing or too old.
    """
    return _load(os.environ.get(ENVIRONMENT, ""))


@cache
def _load(named: str) -> c.CDLL:
    lib = _open(named)
    _declare(lib)
    code = int(lib.wimlib_global_init(0))
    if code:
        raise FormatError("wim", Fault.UNAVAILABLE, f"libwim does not start: error {code}", hint=_HINT)
    lib.wimlib_set_print_errors(c.c_bool(False))  # noqa: FBT003 - ctypes value
    found = _version(lib)
    if found < OLDEST:
        raise FormatError(
            "wim", Fault.UNAVAILABLE, f"libwim {'.'.join(map(str, found))} is too old", hint=_HINT
        )
    return lib


def _open(named: str) -> c.CDLL:
    candidates = [named] if named else [ctypes.util.find_library("wim") or "", *_SONAMES]
    for candidate in filter(None, candidates):
        try:
            lib = c.CDLL(candidate)
        except OSError:
            continue
        if hasattr(lib, "wimlib_get_version"):
            return lib
    where = f": `{named}`" if named else ""
    raise FormatError("wim", Fault.UNAVAILABLE, f"libwim can't be loaded{where}", hint=_HINT)


def _declare(lib: c.CDLL) -> None:
    pointer, size = c.c_void_p, c.c_size_t
    text = c.c_wchar_p if sys.platform == "win32" else c.c_char_p
    lib.wimlib_get_version.restype = c.c_uint32
    lib.wimlib_get_error_string.restype = text
    lib.wimlib_create_compressor.argtypes = [c.c_int, size, c.c_uint, c.POINTER(pointer)]
    lib.wimlib_create_decompressor.argtypes = [c.c_int, size, c.POINTER(pointer)]
    lib.wimlib_compress.argtypes = [pointer, size, pointer, size, pointer]
    lib.wimlib_compress.restype = size
    lib.wimlib_decompress.argtypes = [pointer, size, pointer, size, pointer]
    lib.wimlib_free_compressor.argtypes = [pointer]
    lib.wimlib_free_compressor.restype = None
    lib.wimlib_free_decompressor.argtypes = [pointer]
    lib.wimlib_free_decompressor.restype = None


def _version(lib: c.CDLL) -> tuple[int, int, int]:
    packed = int(lib.wimlib_get_version())
    return packed >> 20, packed >> 10 & 0x3FF, packed & 0x3FF


def version() -> tuple[int, int, int]:
    """The version the library reports, such as (1, 13, 6)."""
    return _version(library())


def check(code: int, doing: str) -> None:
    """Raises what an error code means.

    Args:
        code: what a libwim function returned.
        doing: what was being done, such as "capturing `x`".

    Raises:
        FormatError: the code is not success.
        Aborted: the progress function asked to stop.
    """
    if code == 0:
        return
    if code == ABORTED:
        raise Aborted(doing)
    said = library().wimlib_get_error_string(code)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason = f"{doing} failed: {text.strip().rstrip('.')} (libwim {code})"
    raise FormatError("wim", _FAULTS.get(code, Fault.CORRUPT), reason)


class _Codec:
    """A native object freed once; one call at a time."""

    _free = ""

    def __init__(self) -> None:
        self._lib = library()
        self._pointer = c.c_void_p()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Frees the native object."""
        with self._lock:
            if self._pointer.value is not None:
                getattr(self._lib, self._free)(self._pointer)
                self._pointer = c.c_void_p()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_pointer"):
            self.close()


class Compressor(_Codec):
    """Compresses chunks of at most `chunk` bytes. Level 0 is libwim's default (50); more is slower and smaller."""

    _free = "wimlib_free_compressor"

    def __init__(self, codec: Codec, chunk: int, level: int = 0) -> None:
        super().__init__()
        if not 0 <= level <= _MAX_LEVEL:
            raise FormatError("wim", Fault.UNSUPPORTED, f"no such compression level: {level}")
        code = self._lib.wimlib_create_compressor(int(codec), chunk, level, c.byref(self._pointer))
        check(code, f"preparing {codec.name} compression")
        self._buffer = c.create_string_buffer(max(chunk - 1, 1))

    def compress(self, data: bytes | memoryview) -> bytes | None:
        """The compressed chunk, or None when it would not be smaller."""
        raw = bytes(data)
        with self._lock:
            if self._pointer.value is None:
                raise ValueError("the compressor is closed")
            size = int(
                self._lib.wimlib_compress(raw, len(raw), self._buffer, max(len(raw) - 1, 0), self._pointer)
            )
            return c.string_at(self._buffer, size) if size else None


class Decompressor(_Codec):
    """Decompresses chunks of at most `chunk` bytes."""

    _free = "wimlib_free_decompressor"

    def __init__(self, codec: Codec, chunk: int) -> None:
        super().__init__()
        code = self._lib.wimlib_create_decompressor(int(codec), chunk, c.byref(self._pointer))
        check(code, f"preparing {codec.name} decompression")

    def decompress(self, data: bytes, size: int) -> bytes:
        """The `size` bytes a chunk stands for.

        Raises:
            FormatError: the chunk is damaged.
        """
        out = c.create_string_buffer(size)
        with self._lock:
            if self._pointer.value is None:
                raise ValueError("the decompressor is closed")
            code = int(self._lib.wimlib_decompress(data, len(data), out, size, self._pointer))
        if code:
            raise FormatError("wim", Fault.CORRUPT, "a compressed chunk is damaged")
        return out.raw
