"""The metadata resource of an image, as bytes: read out of a WIM, and put back changed.

wimlib has no way to give a file it adds a descriptor on POSIX; `descriptors` needs the resource itself. Layout as in
Microsoft's "Windows Imaging File Format"; chunks are decompressed by libwim. A changed resource goes uncompressed to
the end of the file, which the format allows; where it was is dead space until the next export, as with DISM.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from standin.codes import DismError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_FLAGS, _CHUNK, _TABLE, _BOOT, _BOOT_INDEX, _INTEGRITY = 16, 20, 48, 96, 120, 124
_RESOURCE = struct.Struct("<QQQ")
_ROW = 50  # a resource header, part number, reference count, SHA-1
_METADATA, _COMPRESSED = 0x2, 0x4
_CODECS = ((0x80000, 3), (0x40000, 2), (0x20000, 1))
_DAMAGED = 13


@dataclass(frozen=True)
class _Resource:
    stored: int
    flags: int
    offset: int
    size: int

    @classmethod
    def read(cls, data: bytes) -> _Resource:
        first, offset, size = _RESOURCE.unpack(data)
        return cls(first & (1 << 56) - 1, first >> 56, offset, size)

    def packed(self) -> bytes:
        return _RESOURCE.pack(self.stored | self.flags << 56, self.offset, self.size)


def read_metadata(wim: Path, index: int) -> bytes:
    """An image's metadata resource."""
    with wim.open("rb") as file:
        _, resource = _find(file, index)
        file.seek(resource.offset)
        stored = file.read(resource.stored)
        file.seek(_FLAGS)
        flags, chunk = struct.unpack("<II", file.read(8))
    if not resource.flags & _COMPRESSED:
        return stored
    codec = next(number for bit, number in _CODECS if flags & bit)
    return _decompressed(stored, resource.size, chunk, codec)


def write_metadata(wim: Path, index: int, content: bytes) -> None:
    """Replace an image's metadata resource; the WIM has no integrity table afterwards."""
    with wim.open("r+b") as file:
        row, _ = _find(file, index)
        offset = file.seek(0, 2)
        file.write(content)
        resource = _Resource(len(content), _METADATA, offset, len(content))
        digest = hashlib.sha1(content, usedforsecurity=False).digest()
        file.seek(row)
        file.write(resource.packed() + struct.pack("<HI", 1, 1) + digest)
        file.seek(_BOOT_INDEX)
        if struct.unpack("<I", file.read(4))[0] == index:
            file.seek(_BOOT)
            file.write(resource.packed())
        file.seek(_INTEGRITY)
        file.write(bytes(_RESOURCE.size))


def _find(file: BinaryIO, index: int) -> tuple[int, _Resource]:
    """Where the image's row in the blob table is, and what it says."""
    file.seek(_TABLE)
    table = _Resource.read(file.read(_RESOURCE.size))
    if table.flags & _COMPRESSED:
        raise DismError(_DAMAGED)
    file.seek(table.offset)
    rows = file.read(table.size)
    seen = 0
    for at in range(0, len(rows) - _ROW + 1, _ROW):
        resource = _Resource.read(rows[at : at + _RESOURCE.size])
        seen += bool(resource.flags & _METADATA)
        if resource.flags & _METADATA and seen == index:
            return table.offset + at, resource
    raise DismError(_DAMAGED)


def _decompressed(stored: bytes, size: int, chunk: int, codec: int) -> bytes:
    count = -(-size // chunk)
    ends = struct.unpack(f"<{count - 1}I", stored[: 4 * (count - 1)])
    body = stored[4 * (count - 1) :]
    bounds = [0, *ends, len(body)]
    library, handle = _library(), ctypes.c_void_p()
    if library.wimlib_create_decompressor(codec, chunk, ctypes.byref(handle)):
        raise DismError(_DAMAGED)
    whole = bytearray()
    try:
        for number in range(count):
            piece = body[bounds[number] : bounds[number + 1]]
            wanted = min(chunk, size - number * chunk)
            out = ctypes.create_string_buffer(wanted)
            if len(piece) == wanted:
                whole += piece
            elif library.wimlib_decompress(piece, len(piece), out, wanted, handle):
                raise DismError(_DAMAGED)
            else:
                whole += out.raw
    finally:
        library.wimlib_free_decompressor(handle)
    return bytes(whole)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("wim") or "libwim.so.15")
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    library.wimlib_create_decompressor.argtypes = [ctypes.c_int, size, ctypes.POINTER(pointer)]
    library.wimlib_decompress.argtypes = [ctypes.c_char_p, size, ctypes.c_char_p, size, pointer]
    library.wimlib_free_decompressor.argtypes = [pointer]
    return library
