"""The fixed structures of a WIM file: header, resource headers, blob table entries, attribute bits.

Bytes to records and back, with bounds; it reads no files and decompresses nothing.
Layout source: Microsoft's "Windows Imaging File Format (WIM)" paper of 2007; the solid variant (version
0xE00) as observed in files written by Windows 8 and later.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Final

from osrecipe.formats.errors import Fault, FormatError

HEADER_SIZE: Final = 208
MAGIC: Final = b"MSWIM\0\0\0"
PIPABLE_MAGIC: Final = b"WLPWM\0\0\0"
VERSION_DEFAULT: Final = 0x10D00
VERSION_SOLID: Final = 0xE00
MAX_IMAGES: Final = 4096
MAX_CHUNK: Final = 1 << 28  # bytes; DISM writes 32 KiB, solid resources 64 MiB
BLOB_ENTRY_SIZE: Final = 50
SOLID_MAGIC: Final = 1 << 32  # uncompressed size that marks the entry of a solid resource itself
ZERO_HASH: Final = bytes(20)

_RESOURCE = struct.Struct("<QQQ")
_HEADER = struct.Struct("<8sIIII16sHHI24s24s24sI24s60s")
_BLOB = struct.Struct("<24sHI20s")
_SIZE_MASK: Final = (1 << 56) - 1


class Codec(IntEnum):
    """Compression formats, numbered as solid resources and libwim number them."""

    NONE = 0
    XPRESS = 1
    LZX = 2
    LZMS = 3


class HeaderFlag(IntFlag):
    """Flags of the WIM header."""

    COMPRESSION = 0x2
    READONLY = 0x4
    SPANNED = 0x8
    RESOURCE_ONLY = 0x10
    METADATA_ONLY = 0x20
    WRITE_IN_PROGRESS = 0x40
    RP_FIX = 0x80
    XPRESS = 0x20000
    LZX = 0x40000
    LZMS = 0x80000
    XPRESS_2 = 0x200000


class ResourceFlag:
    """Flags of one resource header; plain numbers, as there can be 100,000 headers."""

    FREE: Final = 0x1
    METADATA: Final = 0x2
    COMPRESSED: Final = 0x4
    SPANNED: Final = 0x8
    SOLID: Final = 0x10


class Attribute(IntFlag):
    """File attributes, as `GetFileAttributes` returns them."""

    READONLY = 0x1
    HIDDEN = 0x2
    SYSTEM = 0x4
    DIRECTORY = 0x10
    ARCHIVE = 0x20
    NORMAL = 0x80
    REPARSE_POINT = 0x400
    COMPRESSED = 0x800
    ENCRYPTED = 0x4000


def corrupt(reason: str, *, offset: int | None = None) -> FormatError:
    """The error for bytes that contradict the format."""
    return FormatError("wim", Fault.CORRUPT, reason, offset=offset)


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a resource is: all in bytes.

    Attributes:
        stored: size in the file.
        flags: compression and kind.
        offset: from the start of the file, or inside the solid run for a blob of one.
        size: uncompressed size.
    """

    stored: int
    flags: int
    offset: int
    size: int

    @classmethod
    def parse(cls, raw: bytes) -> Resource:
        """Reads the 24-byte form."""
        first, offset, size = _RESOURCE.unpack(raw)
        return cls(first & _SIZE_MASK, first >> 56, offset, size)

    def pack(self) -> bytes:
        """The 24-byte form."""
        return _RESOURCE.pack(self.stored | self.flags << 56, self.offset, self.size)

    @property
    def end(self) -> int:
        """The offset of the first byte after the resource."""
        return self.offset + self.stored


NO_RESOURCE: Final = Resource(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """One 50-byte row of the blob table."""

    resource: Resource
    part: int
    references: int
    sha1: bytes

    @classmethod
    def parse(cls, raw: bytes) -> BlobEntry:
        """Reads one row."""
        resource, part, references, sha1 = _BLOB.unpack(raw)
        return cls(Resource.parse(resource), part, references, sha1)

    def pack(self) -> bytes:
        """The 50-byte form."""
        return _BLOB.pack(self.resource.pack(), self.part, self.references, self.sha1)

    @property
    def is_metadata(self) -> bool:
        """Whether the row is an image's metadata."""
        return bool(self.resource.flags & ResourceFlag.METADATA)

    @property
    def is_solid(self) -> bool:
        """Whether the row belongs to a solid run."""
        return bool(self.resource.flags & ResourceFlag.SOLID)


@dataclass(frozen=True, slots=True)
class Header:
    """The 208-byte header."""

    version: int
    flags: HeaderFlag
    chunk_size: int
    guid: bytes
    part: int
    parts: int
    image_count: int
    blobs: Resource
    xml: Resource
    boot_metadata: Resource
    boot_index: int
    integrity: Resource
    unused: bytes = bytes(60)

    @classmethod
    def parse(cls, raw: bytes) -> Header:
        """Reads and checks a header.

        Raises:
            FormatError: truncated, not a WIM, an unknown version, or fields outside their range.
        """
        if len(raw) < HEADER_SIZE:
            raise FormatError("wim", Fault.TRUNCATED, "the file is shorter than a WIM header")
        (
            magic,
            size,
            version,
            flags,
            chunk,
            guid,
            part,
            parts,
            count,
            blobs,
            xml,
            boot,
            boot_index,
            integrity,
            unused,
        ) = _HEADER.unpack(raw[:HEADER_SIZE])
        if magic == PIPABLE_MAGIC:
            raise FormatError(
                "wim",
                Fault.UNSUPPORTED,
                "a pipable WIM is not read here",
                hint="convert it: `wimlib-imagex optimize --not-pipable`",
            )
        if magic != MAGIC:
            raise corrupt("not a WIM file: the signature is missing", offset=0)
        if size != HEADER_SIZE:
            raise corrupt(f"the header says it is {size} bytes, not {HEADER_SIZE}", offset=8)
        if version not in (VERSION_DEFAULT, VERSION_SOLID):
            raise FormatError("wim", Fault.UNSUPPORTED, f"unknown WIM version: {version:#x}", offset=12)
        header = cls(
            version,
            HeaderFlag(flags),
            chunk,
            guid,
            part,
            parts,
            count,
            Resource.parse(blobs),
            Resource.parse(xml),
            Resource.parse(boot),
            boot_index,
            Resource.parse(integrity),
            unused,
        )
        header._check()
        return header

    def _check(self) -> None:
        if not 1 <= self.part <= self.parts:
            raise corrupt(f"part {self.part} of {self.parts} can't be", offset=40)
        if self.image_count > MAX_IMAGES:
            raise FormatError("wim", Fault.TOO_LARGE, f"{self.image_count} images are too many", offset=44)
        if self.boot_index > self.image_count:
            raise corrupt(
                f"boot index {self.boot_index} is past the last image, {self.image_count}", offset=120
            )
        check_chunk(self.codec, self.chunk_size)

    @property
    def codec(self) -> Codec:
        """The compression of resources outside solid runs."""
        if not self.flags & HeaderFlag.COMPRESSION:
            return Codec.NONE
        if self.flags & HeaderFlag.LZX:
            return Codec.LZX
        if self.flags & (HeaderFlag.XPRESS | HeaderFlag.XPRESS_2):
            return Codec.XPRESS
        if self.flags & HeaderFlag.LZMS:
            return Codec.LZMS
        raise FormatError("wim", Fault.UNSUPPORTED, "the header names no known compression", offset=16)

    def pack(self) -> bytes:
        """The 208-byte form."""
        return _HEADER.pack(
            MAGIC,
            HEADER_SIZE,
            self.version,
            self.flags,
            self.chunk_size,
            self.guid,
            self.part,
            self.parts,
            self.image_count,
            self.blobs.pack(),
            self.xml.pack(),
            self.boot_metadata.pack(),
            self.boot_index,
            self.integrity.pack(),
            self.unused,
        )


_CHUNKS: Final = {
    Codec.XPRESS: (12, 16),
    Codec.LZX: (15, 21),
    Codec.LZMS: (15, 30),
}  # log2 of the legal sizes


def check_chunk(codec: Codec, size: int) -> None:
    """Refuses a chunk size the codec can't have.

    Raises:
        FormatError: the size is no power of two, outside the codec's range, or past `MAX_CHUNK`.
    """
    if codec is Codec.NONE:
        return
    low, high = _CHUNKS[codec]
    if size & (size - 1) or not 1 << low <= size <= 1 << high:
        raise corrupt(f"chunk size {size} is not legal for {codec.name}")
    if size > MAX_CHUNK:
        raise FormatError("wim", Fault.TOO_LARGE, f"chunks of {size} bytes are too large")


_CODEC_FLAGS: Final = {
    Codec.NONE: HeaderFlag(0),
    Codec.XPRESS: HeaderFlag.COMPRESSION | HeaderFlag.XPRESS,
    Codec.LZX: HeaderFlag.COMPRESSION | HeaderFlag.LZX,
    Codec.LZMS: HeaderFlag.COMPRESSION | HeaderFlag.LZMS,
}


def guid_of(*content: bytes) -> bytes:
    """A file's GUID, from what is in it: the same images make the same file, and different ones differ.

    It has the form of a name-based UUID (RFC 9562), in the byte order Windows stores.
    """
    digest = hashlib.sha256()
    for part in content:
        digest.update(len(part).to_bytes(8, "little") + part)
    return uuid.UUID(bytes=digest.digest()[:16], version=5).bytes_le


def new_header(
    codec: Codec, chunk_size: int, guid: bytes, *, solid: bool = False, rp_fix: bool = False
) -> Header:
    """The header of a WIM that has no images yet; LZMS and solid resources need the newer version."""
    version = VERSION_SOLID if solid or codec is Codec.LZMS else VERSION_DEFAULT
    flags = _CODEC_FLAGS[codec] | (HeaderFlag.RP_FIX if rp_fix else HeaderFlag(0))
    chunk = 0 if codec is Codec.NONE else chunk_size
    return Header(version, flags, chunk, guid, 1, 1, 0, NO_RESOURCE, NO_RESOURCE, NO_RESOURCE, 0, NO_RESOURCE)


def relocated(entry: BlobEntry, resource: Resource) -> BlobEntry:
    """The same blob at another place of the same file."""
    return replace(entry, resource=resource)
