"""The tables at the head of a cabinet: header, folders, files.

Reads structure only. It decompresses nothing, opens no other cabinet of a set, and takes no name for a host path.
Layout: "Microsoft Cabinet Format", [MS-CAB] sections 2.1 to 2.4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from osrecipe.formats.errors import Fault, FormatError

MAGIC = b"MSCF"
_HEADER = struct.Struct("<4sIIIIIBBHHHHH")
_FOLDER = struct.Struct("<IHH")
_FILE = struct.Struct("<IIHHHH")
_LONGEST_NAME = 255  # bytes without the NUL, for every string in a cabinet

_HAS_PREVIOUS, _HAS_NEXT, _HAS_RESERVE = 1, 2, 4
_FROM_PREVIOUS, _TO_NEXT, _BOTH = 0xFFFD, 0xFFFE, 0xFFFF
_UTF8_NAME = 0x80
_WINDOW_BITS = {2: range(10, 22), 3: range(15, 22)}


class Compression(IntEnum):
    """How the blocks of a folder are compressed."""

    STORE = 0
    MSZIP = 1
    QUANTUM = 2
    LZX = 3


@dataclass(frozen=True, slots=True)
class ReserveSizes:
    """Bytes set aside for an application, per header, folder and data block."""

    header: int
    folder: int
    data: int


@dataclass(frozen=True, slots=True)
class CabFolder:
    """One compressed run of blocks; several files share it.

    Attributes:
        compression: the method.
        window_bits: base-2 logarithm of the window for LZX and Quantum, 0 otherwise.
        type_code: the method field as stored, which a decoder needs whole.
        data_offset: where the first block stands in the cabinet.
        blocks: how many blocks this cabinet holds.
    """

    compression: Compression
    window_bits: int
    type_code: int
    data_offset: int
    blocks: int


@dataclass(frozen=True, slots=True)
class CabFile:
    """One file of the table.

    Attributes:
        name: path with backslashes, as the cabinet spells it; not yet judged safe.
        size: bytes when decompressed.
        folder: index into the cabinet's folders.
        offset: where it begins in the decompressed folder.
        modified: local time of the machine that wrote it, without zone; None where the stored date does not exist.
        attributes: the stored attribute bits.
        from_previous: the folder's beginning is in an earlier cabinet of the set.
        to_next: the folder goes on in a later one.
    """

    name: str
    size: int
    folder: int
    offset: int
    modified: datetime | None
    attributes: int
    from_previous: bool = False
    to_next: bool = False


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What the tables of one cabinet say.

    Attributes:
        files: in the order stored.
        folders: in the order stored.
        set_id: shared by every cabinet of a set.
        index: this cabinet's place in the set, from 0.
        previous: file name of the cabinet before it, or None.
        next: file name of the cabinet after it, or None.
        reserve: sizes of the reserved areas.
        size: bytes the header states; a signature may follow them.
    """

    files: tuple[CabFile, ...]
    folders: tuple[CabFolder, ...]
    set_id: int
    index: int
    previous: str | None
    next: str | None
    reserve: ReserveSizes
    size: int


def read_directory(source: BinaryIO | Path) -> Cabinet:
    """Read the tables of one cabinet.

    Args:
        source: a cabinet file, or a seekable stream positioned where the cabinet begins.

    Returns:
        The tables; data blocks are not looked at.

    Raises:
        FormatError: TRUNCATED, CORRUPT or UNSUPPORTED.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return _Tables(stream).read()
    return _Tables(source).read()


class _Tables:
    """A cursor over the tables; every read is checked for length."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._base = stream.tell()

    def read(self) -> Cabinet:
        (magic, _, size, _, files_at, _, minor, major, folder_count, file_count, flags, set_id, index) = (
            _HEADER.unpack(self._take(_HEADER.size))
        )
        if magic != MAGIC:
            raise FormatError(
                "cab", Fault.CORRUPT, f"Not a cabinet, it begins with: `{magic.hex()}`", offset=0
            )
        if major != 1:
            raise FormatError(
                "cab", Fault.UNSUPPORTED, f"Unknown cabinet version: {major}.{minor}", offset=24
            )
        if not folder_count or not file_count:
            raise FormatError("cab", Fault.CORRUPT, "The cabinet has no folders or no files", offset=26)
        reserve = self._reserve(flags)
        previous = self._neighbour() if flags & _HAS_PREVIOUS else None
        following = self._neighbour() if flags & _HAS_NEXT else None
        folders = tuple(self._folder(reserve) for _ in range(folder_count))
        if self._position() != files_at:
            # Readers differ on which of the two places they believe, so the file lists would differ as well.
            raise FormatError(
                "cab",
                Fault.CORRUPT,
                f"The file table is announced at {files_at} but follows the folders at {self._position()}",
                offset=16,
            )
        files = tuple(self._file(len(folders), previous, following) for _ in range(file_count))
        return Cabinet(files, folders, set_id, index, previous, following, reserve, size)

    def _position(self) -> int:
        return self._stream.tell() - self._base

    def _take(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) != count:
            raise FormatError(
                "cab", Fault.TRUNCATED, "The cabinet ends inside its tables", offset=self._position()
            )
        return data

    def _text(self) -> bytes:
        start = self._stream.tell()
        raw, found, _ = self._stream.read(_LONGEST_NAME + 1).partition(b"\0")
        if not found:
            fault = Fault.TRUNCATED if len(raw) <= _LONGEST_NAME else Fault.CORRUPT
            raise FormatError("cab", fault, "A name in the cabinet has no end", offset=start - self._base)
        self._stream.seek(start + len(raw) + 1)
        return raw

    def _reserve(self, flags: int) -> ReserveSizes:
        if not flags & _HAS_RESERVE:
            return ReserveSizes(0, 0, 0)
        header, folder, data = struct.unpack("<HBB", self._take(4))
        self._take(header)
        return ReserveSizes(header, folder, data)

    def _neighbour(self) -> str:
        """The cabinet's file name; the disk label that follows it is for people who swap disks."""
        name = self._text().decode("latin-1")
        self._text()
        if not name:
            raise FormatError(
                "cab", Fault.CORRUPT, "A cabinet of the set has an empty name", offset=self._position()
            )
        return name

    def _folder(self, reserve: ReserveSizes) -> CabFolder:
        at = self._position()
        data_offset, blocks, type_code = _FOLDER.unpack(self._take(_FOLDER.size))
        self._take(reserve.folder)
        method, bits = type_code & 0xF, type_code >> 8 & 0x1F
        if method > Compression.LZX:
            raise FormatError("cab", Fault.UNSUPPORTED, f"Unknown compression method: {method}", offset=at)
        if method in _WINDOW_BITS and bits not in _WINDOW_BITS[method]:
            raise FormatError("cab", Fault.CORRUPT, f"Impossible compression window: 2^{bits}", offset=at)
        window = bits if method in _WINDOW_BITS else 0
        return CabFolder(Compression(method), window, type_code, data_offset, blocks)

    def _file(self, folder_count: int, previous: str | None, following: str | None) -> CabFile:
        at = self._position()
        size, offset, folder, date, time, attributes = _FILE.unpack(self._take(_FILE.size))
        raw = self._text()
        back, forth = folder in {_FROM_PREVIOUS, _BOTH}, folder in {_TO_NEXT, _BOTH}
        if (back and previous is None) or (forth and following is None):
            raise FormatError(
                "cab", Fault.CORRUPT, "A file continues in a cabinet that is not named", offset=at
            )
        if folder == _BOTH and folder_count != 1:
            raise FormatError(
                "cab", Fault.CORRUPT, "A file spans a cabinet that has other folders", offset=at
            )
        index = 0 if back else folder_count - 1 if forth else folder
        if index >= folder_count:
            raise FormatError(
                "cab", Fault.CORRUPT, f"A file is in a folder that does not exist: {folder}", offset=at
            )
        return CabFile(
            _name(raw, attributes, at), size, index, offset, dos_time(date, time), attributes, back, forth
        )


def _name(raw: bytes, attributes: int, at: int) -> str:
    """Decode a stored name; without the UTF-8 bit the writer's code page is unknown, and Latin-1 loses no byte."""
    if not raw:
        raise FormatError("cab", Fault.CORRUPT, "A file has an empty name", offset=at)
    try:
        name = raw.decode("utf-8" if attributes & _UTF8_NAME else "latin-1")
    except UnicodeDecodeError:
        raise FormatError(
            "cab", Fault.CORRUPT, "A file name is not the UTF-8 it claims to be", offset=at
        ) from None
    return name.replace("/", "\\")


def dos_time(date: int, time: int) -> datetime | None:
    """Turn the two 16-bit DOS fields into a time, or None where they name no real moment."""
    try:
        return datetime(  # noqa: DTZ001 - the format stores no zone
            1980 + (date >> 9), date >> 5 & 0xF, date & 0x1F, time >> 11, time >> 5 & 0x3F, (time & 0x1F) * 2
        )
    except ValueError:
        return None
