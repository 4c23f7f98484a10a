"""What a WIM says of itself: its header and its XML, read here; everything else is wimlib's.

The header's layout is Microsoft's published one ("Windows Imaging File Format").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from standin.codes import DismError

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = struct.Struct("<8sIIII16sHHI24s24s24sI")
_MAGIC = b"MSWIM\0\0\0"
_XPRESS, _LZX, _LZMS = 0x20000, 0x40000, 0x80000
_SPLIT, _READ_ONLY = 0x8, 0x4
_MOST_XML = 64 << 20


@dataclass(frozen=True)
class WimFile:
    """A WIM's header and images.

    Attributes:
        compression: `none`, `fast` (XPRESS), `max` (LZX) or `recovery` (LZMS).
        boot_index: the image that boots, 0 for none.
        images: each image's XML element, the first at 0.
    """

    path: Path
    compression: str
    is_split: bool
    is_marked_read_only: bool
    boot_index: int
    images: tuple[Element, ...]

    def index(self, index: str | None, name: str | None, code: int) -> int:
        """The number of an image given by index or name.

        Raises:
            DismError: `code`, there is none.
        """
        if index is not None:
            if not (index.isdecimal() and 1 <= int(index) <= len(self.images)):
                raise DismError(code)
            return int(index)
        for number, image in enumerate(self.images, start=1):
            if name is not None and (image.findtext("NAME") or "").lower() == name.lower():
                return number
        raise DismError(code)

    def image(self, index: int) -> Element:
        """An image's XML."""
        return self.images[index - 1]


def open_wim(path: Path) -> WimFile:
    """Read a WIM's header and XML.

    Raises:
        DismError: 11, it is no WIM; 13, it is damaged.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_MAGIC):
            raise DismError(11)
        fields = _HEADER.unpack(head)
        flags, parts, boot = fields[3], fields[7], fields[12]
        stored, offset, size = struct.unpack("<QQQ", fields[10])
        if not 0 < size <= _MOST_XML or stored >> 56 & 0x4:
            raise DismError(13)
        file.seek(offset)
        text = file.read(size)
    try:
        root = fromstring(text.decode("utf-16"))
    except (ParseError, UnicodeDecodeError):
        raise DismError(13) from None
    return WimFile(
        path=path,
        compression=_compression(flags),
        is_split=parts > 1 or bool(flags & _SPLIT),
        is_marked_read_only=bool(flags & _READ_ONLY),
        boot_index=boot,
        images=tuple(root.findall("IMAGE")),
    )


def _compression(flags: int) -> str:
    if flags & _LZMS:
        return "recovery"
    return "max" if flags & _LZX else "fast" if flags & _XPRESS else "none"


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file, to see whether it was changed."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns
