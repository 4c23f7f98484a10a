"""Deltas of the PA30 and PA31 kind, as far as they transform raw bytes; and the compressed manifests made with them.

Component manifests inside Windows are `DCM` files: a delta against one base manifest that is part of `wcp.dll`.
What needs knowledge of executables (the transforms of PE deltas) or another engine (BsDiff, PA19) is refused by name.
The format is not documented by Microsoft. The layout used here is public research (smilingthax/msdelta-pa30-format)
and was checked against seven genuine manifests of build 26100.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.pe import read_sections
from osrecipe.formats.pseudolzx import decompress
from osrecipe.formats.pseudolzx.bits import Bits

DCM_MAGIC: Final = b"DCM\x01"
MANIFEST_LIMIT: Final = 64 << 20
"""Bytes; the largest genuine manifest known has 3 MiB."""

_PA30, _PA31, _PA19 = b"PA30", b"PA31", b"PA19"
_RAW: Final = 1
_TYPE_NAMES = {
    2: "x86 executable",
    4: "Itanium executable",
    8: "amd64 executable",
    16: "x86 .NET executable",
    32: "amd64 .NET executable",
    64: "ARM executable",
    128: "ARM64 executable",
}
_BSDIFF: Final = 0x100
_HASHES = {0x8003: "md5", 0x8004: "sha1", 0x800C: "sha256", 0x800D: "sha384", 0x800E: "sha512"}
_LONGEST_HASH: Final = 64
_BASE_START: Final = b"<?xml"
_BASE_MARK: Final = b'description="Deployment"'
_LONGEST_HEAD: Final = 256  # from the document's beginning to the mark
_SMALLEST_BASE: Final = 256
_LARGEST_BASE: Final = 1 << 20
_RECORD_WINDOW: Final = 64


@dataclass(frozen=True, slots=True)
class DeltaHeader:
    """What a delta says about itself.

    Attributes:
        kind: `PA30` or `PA31`.
        written: the target's time, or None where the stored one is out of range.
        file_type: 1 for raw bytes; other bits for kinds of executables.
        flags: how it was made.
        size: bytes of the target.
        hash_name: as hashlib names it, or empty where the delta has none.
        digest: the target's hash.
    """

    kind: str
    written: datetime | None
    file_type: int
    flags: int
    size: int
    hash_name: str
    digest: bytes


def is_compressed_manifest(data: bytes) -> bool:
    """Whether a manifest has to be decoded before it can be read as XML."""
    return data.startswith(DCM_MAGIC)


def read_header(delta: bytes) -> DeltaHeader:
    """Read a delta's header.

    Raises:
        FormatError: CORRUPT, TRUNCATED, or UNSUPPORTED for PA19 and unknown hashes.
    """
    return _open(delta)[0]


def apply_delta(base: bytes, delta: bytes, *, limit: int) -> bytes:
    """Apply a delta for raw bytes.

    Args:
        base: what the delta was made against; empty for deltas that need nothing.
        delta: begins with `PA30` or `PA31`.
        limit: the most bytes the result may have.

    Returns:
        The target, its hash verified where the delta has one.

    Raises:
        FormatError: UNSUPPORTED for executables and BsDiff, TOO_LARGE past the limit, CORRUPT or TRUNCATED data, also
            when the hash does not hold because the base is the wrong one.
    """
    header, contents = _open(delta)
    if header.file_type != _RAW:
        name = _TYPE_NAMES.get(header.file_type, f"file type {header.file_type:#x}")
        raise FormatError(
            "delta", Fault.UNSUPPORTED, f"A delta that transforms executables is not supported: {name}"
        )
    if header.flags & _BSDIFF:
        raise FormatError("delta", Fault.UNSUPPORTED, "A delta made with BsDiff is not supported")
    if header.size > limit:
        raise FormatError(
            "delta", Fault.TOO_LARGE, f"A delta makes {header.size} bytes, more than the bound of {limit}"
        )
    preprocess, patch = contents.buffer(), contents.buffer()
    if preprocess:
        raise FormatError(
            "delta", Fault.UNSUPPORTED, "A delta that transforms its base first is not supported"
        )
    result = decompress(base, patch, header.size) if header.size else b""
    if (
        header.hash_name
        and hashlib.new(header.hash_name, result, usedforsecurity=False).digest() != header.digest
    ):
        raise FormatError(
            "delta", Fault.CORRUPT, "The result of a delta does not have the hash it should have"
        )
    return result


def decode_manifest(data: bytes, base: bytes) -> bytes:
    """Decode a component manifest.

    Args:
        data: the file; returned as it is when it is not compressed.
        base: the base manifest of the image the file is from (`find_base_manifest`).

    Returns:
        The XML.

    Raises:
        FormatError: as `apply_delta`; CORRUPT when the result is not a whole document, which is how a wrong base
            shows, since manifests carry no hash.
    """
    if not is_compressed_manifest(data):
        return data
    result = apply_delta(base, data[len(DCM_MAGIC) :], limit=MANIFEST_LIMIT)
    if not result.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or not result.rstrip().endswith(
        b"assembly>"
    ):
        raise FormatError(
            "delta",
            Fault.CORRUPT,
            "A manifest does not decode to a document",
            hint="the base manifest has to come from the same image as the manifest",
        )
    return result


def find_base_manifest(library: bytes) -> bytes:
    r"""Find the base manifest inside the bytes of `wcp.dll`.

    It is a document named "Deployment", followed by loose words. Where it ends is said by a record of two numbers,
    its relative address and its length, which stands right before it or elsewhere in the library.

    Args:
        library: the file `wcp.dll` of the image's newest servicing stack.

    Raises:
        FormatError: MISSING when there is none; CORRUPT when its length is not found, or the library is damaged.
    """
    mark = library.find(_BASE_MARK)
    start = library.rfind(_BASE_START, max(0, mark - _LONGEST_HEAD), mark) if mark >= 0 else -1
    if start < 0:
        raise FormatError("delta", Fault.MISSING, "The library holds no base manifest")
    section = next((s for s in read_sections(library) if s.offset <= start < s.offset + s.size), None)
    if section is not None:
        record = (section.address + start - section.offset).to_bytes(4, "little")
        most = min(_LARGEST_BASE, section.offset + section.size - start)
        size = _near_length(library, record, start, most) or _any_length(library, record, most)
        if size:
            return library[start : start + size]
    raise FormatError("delta", Fault.CORRUPT, "The length of the base manifest is not found", offset=start)


def _length_at(library: bytes, place: int, most: int) -> int:
    """The length that follows a relative address, or 0 where it can't be one."""
    size = int.from_bytes(library[place + 4 : place + 8], "little")
    return size if _SMALLEST_BASE <= size <= most else 0


def _near_length(library: bytes, record: bytes, start: int, most: int) -> int:
    place = library.rfind(record, max(0, start - _RECORD_WINDOW), start)
    return _length_at(library, place, most) if place >= 0 else 0


def _any_length(library: bytes, record: bytes, most: int) -> int:
    """The smallest length any such record has: a longer one would take in what follows."""
    sizes: set[int] = set()
    place = library.find(record)
    while place >= 0:
        sizes.add(_length_at(library, place, most))
        place = library.find(record, place + 1)
    return min(sizes - {0}, default=0)


def _open(delta: bytes) -> tuple[DeltaHeader, Bits]:
    """Read the header; the bits returned stand at the two buffers that follow it."""
    magic = delta[:4]
    if magic == _PA19:
        raise FormatError("delta", Fault.UNSUPPORTED, "A delta of the PA19 kind is not supported")
    if magic not in {_PA30, _PA31}:
        raise FormatError("delta", Fault.CORRUPT, f"Not a delta, it begins with: `{magic.hex()}`", offset=0)
    outer = Bits(delta[12:])
    # PA31 wraps the fields, but not the two buffers, in a stream of their own.
    fields = Bits(outer.buffer()) if magic == _PA31 else outer
    fields.number()  # the set of file types that were considered when the delta was made
    file_type, flags, size, algorithm = (fields.number() for _ in range(4))
    digest = fields.buffer()
    name = _HASHES.get(algorithm, "")
    if algorithm and not name:
        raise FormatError("delta", Fault.UNSUPPORTED, f"A delta has an unknown kind of hash: {algorithm:#x}")
    if len(digest) > _LONGEST_HASH:
        raise FormatError("delta", Fault.CORRUPT, "A delta's hash is too long")
    written = _filetime(int.from_bytes(delta[4:12], "little"))
    return DeltaHeader(magic.decode(), written, file_type, flags, size, name, digest), outer


def _filetime(ticks: int) -> datetime | None:
    """A count of 100 ns since 1601 as a time, or None past the year 9999."""
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
