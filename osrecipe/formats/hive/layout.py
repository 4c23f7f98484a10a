"""Where the fields of a registry hive lie: offsets, sizes, flags and limits, and the errors about them.

Offsets are relative to a cell's payload (the byte after its four size bytes). Source of the layout: the public
regf specification by M. Suhanov, checked against hives written by Windows 7, 8.1, 10 and Server 2016.

It must not read or write hives; it only names things.
"""

from __future__ import annotations

from struct import Struct

from osrecipe.formats.errors import Fault, FormatError

FORMAT = "hive"
NIL = 0xFFFFFFFF
"""The offset that points nowhere."""

BASE_SIZE = 0x1000
"""Bytes of the base block; cell offsets count from its end."""
PAGE = 0x1000
BIN_HEADER = 32
MAX_BINS_SIZE = 0x80000000 - PAGE
"""Bit 31 of an offset marks volatile storage, so stable bins end below it."""

MAX_KEY_NAME = 255  # UTF-16 code units
MAX_VALUE_NAME = 16383  # UTF-16 code units
MAX_DEPTH = 512  # levels below the root
MAX_LEAF = 507  # entries of one fast leaf: it fills one 4 KiB bin exactly

SEGMENT = 16344
"""Data bytes of one big-data segment; longer values are split (from version 1.4 on)."""
SEGMENT_CELL = SEGMENT + 4
"""Payload asked for each segment: Windows keeps four spare bytes, so that every cell is 16,352 bytes."""
MAX_DATA = SEGMENT * 0xFFFF
"""A big-data record counts its segments in 16 bits."""
MAX_WHOLE_DATA = (1 << 20) - 8
"""Before data was split, Windows made no cell larger than 1 MiB."""
INLINE = 0x80000000
"""Set in a value's size when its data (at most four bytes) stands in the offset field."""

U16 = Struct("<H")
U32 = Struct("<I")
I32 = Struct("<i")
U64 = Struct("<Q")
LIST_HEAD = Struct("<2sH")  # signature, count: li, lf, lh, ri
BIN_HEAD = Struct("<4sIIQQI")  # signature, offset, size, reserved, timestamp, spare

# key node: signature, flags, timestamp, access, parent, subkeys, volatile subkeys, list, volatile list, values,
# value list, security, class, largest subkey name, class, value name, value data, work, name size, class size
NK = Struct("<2sHQIIIIIIIIIIIIIIIHH")
NK_FLAGS = 2
NK_TIME = 4
NK_PARENT = 16
NK_SUBKEYS = 20
NK_SUBKEY_LIST = 28
NK_VALUES = 36
NK_VALUE_LIST = 40
NK_SECURITY = 44
NK_CLASS = 48
NK_MAX_NAME = 52  # low 16 bits; the rest are virtualisation, user and debug flags
NK_MAX_CLASS = 56
NK_MAX_VALUE_NAME = 60
NK_MAX_VALUE_DATA = 64
NK_NAME_SIZE = 72
NK_CLASS_SIZE = 74
NK_NAME = 76

KEY_VOLATILE = 0x0001
KEY_HIVE_EXIT = 0x0002
KEY_ROOT = 0x0004
KEY_NO_DELETE = 0x0008
KEY_SYMLINK = 0x0010
KEY_COMPRESSED = 0x0020

VK = Struct("<2sHIIIHH")  # signature, name size, data size, data offset, type, flags, spare
VK_SIZE = 4
VK_OFFSET = 8
VK_TYPE = 12
VK_FLAGS = 16
VK_NAME = 20
VALUE_COMPRESSED = 0x0001

DB = Struct("<2sHII")  # signature, segments, segment list, spare
SK = Struct("<2sHIIII")  # signature, spare, next, previous, references, descriptor size
SK_NEXT = 4
SK_PREVIOUS = 8
SK_REFERENCES = 12
SK_DESCRIPTOR = 20


def corrupt(reason: str, cell: int) -> FormatError:
    """An error about the bins' byte `cell`, with the place as a file offset."""
    return FormatError(FORMAT, Fault.CORRUPT, reason, offset=BASE_SIZE + cell)


def too_large(reason: str) -> FormatError:
    """An error about something past a limit of the format."""
    return FormatError(FORMAT, Fault.TOO_LARGE, reason)
