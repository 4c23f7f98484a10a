"""Facts of executables: for which machine they are, their version, and their sections.

Reads headers and the version resource only; no imports, no code, no signatures.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pefile

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LARGEST: Final = 512 << 20  # bytes; pefile keeps the file in memory
_VERSION_TYPE: Final = 16  # RT_VERSION
_SIGNATURE: Final = b"\xbd\x04\xef\xfe"
_FIXED_KEY: Final = "VS_VERSION_INFO".encode("utf-16-le")
_LARGEST_RESOURCE: Final = 1 << 20
_MOST_STRINGS: Final = 256
_MOST_SECTIONS: Final = 96
_ARCHITECTURES = {0x014C: "x86", 0x01C4: "arm", 0x8664: "amd64", 0xAA64: "arm64"}

Quad = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PeVersion:
    """A version resource.

    Attributes:
        architecture: `x86`, `amd64`, `arm` or `arm64`; for others the machine number, such as `0x1c0`.
        file_version: four numbers.
        product_version: four numbers.
        strings: name and text, in the order stored, such as `("CompanyName", "Contoso")`.
    """

    architecture: str
    file_version: Quad
    product_version: Quad
    strings: tuple[tuple[str, str], ...]

    def string(self, name: str) -> str:
        """The first text of a name, or an empty string."""
        return next((text for key, text in self.strings if key == name), "")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an executable.

    Attributes:
        address: relative to where the file is loaded.
        offset: in the file.
        size: bytes in the file.
    """

    address: int
    offset: int
    size: int


def read_version(source: bytes | Path) -> PeVersion | None:
    """Read an executable's version resource.

    Args:
        source: the file or its bytes.

    Returns:
        The version, or None where the file has no version resource.

    Raises:
        FormatError: CORRUPT when it is no executable or contradicts itself, TOO_LARGE past the bound.
    """
    with _opened(source) as image:
        image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
        block = _version_block(image)
        architecture = _architecture(image)
    return None if block is None else _parse_block(block, architecture)


def read_architecture(source: bytes | Path) -> str:
    """Read for which machine an executable is, as `PeVersion.architecture`.

    Raises:
        FormatError: as `read_version`.
    """
    with _opened(source) as image:
        return _architecture(image)


def read_sections(source: bytes | Path) -> tuple[Section, ...]:
    """Read where an executable's sections are.

    Raises:
        FormatError: as `read_version`.
    """
    with _opened(source) as image:
        return tuple(
            Section(section.VirtualAddress, section.PointerToRawData, section.SizeOfRawData)
            for section in image.sections[:_MOST_SECTIONS]
        )


@contextmanager
def _opened(source: bytes | Path) -> Iterator[pefile.PE]:
    """Parse the headers, and turn whatever pefile raises on damaged files into our error."""
    data = source if isinstance(source, bytes) else _contents(source)
    if len(data) > _LARGEST:
        raise FormatError("pe", Fault.TOO_LARGE, f"An executable has more than {_LARGEST} bytes")
    try:
        image = pefile.PE(data=data, fast_load=True)
        try:
            yield image
        finally:
            image.close()
    except FormatError:
        raise
    # pefile documents PEFormatError only; damaged files make it raise each of the others.
    except (
        pefile.PEFormatError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise FormatError("pe", Fault.CORRUPT, f"Not a sound executable: {str(error)[:200]}") from None


def _contents(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST:
        raise FormatError("pe", Fault.TOO_LARGE, f"An executable has more than {_LARGEST} bytes")
    return path.read_bytes()


def _architecture(image: pefile.PE) -> str:
    machine = int(image.FILE_HEADER.Machine)
    return _ARCHITECTURES.get(machine, f"{machine:#x}")


def _version_block(image: pefile.PE) -> bytes | None:
    """The bytes of the first version resource, whatever its id and language."""
    root = getattr(image, "DIRECTORY_ENTRY_RESOURCE", None)
    kinds = [] if root is None else [entry for entry in root.entries if entry.id == _VERSION_TYPE]
    for kind in kinds:
        for entry in getattr(getattr(kind, "directory", None), "entries", ()):
            for language in getattr(getattr(entry, "directory", None), "entries", ()):
                where = language.data.struct
                if where.Size > _LARGEST_RESOURCE:
                    raise FormatError("pe", Fault.TOO_LARGE, f"A version resource has {where.Size} bytes")
                return bytes(image.get_data(where.OffsetToData, where.Size))
    return None


def _parse_block(block: bytes, architecture: str) -> PeVersion:
    """Take the fixed part at its place and the strings from the tree after it.

    Layout: `VS_VERSIONINFO`, `VS_FIXEDFILEINFO`, `StringFileInfo` in the Windows SDK documentation.
    """
    fixed = 6 + len(_FIXED_KEY) + 2
    fixed += -fixed % 4
    if block[6 : 6 + len(_FIXED_KEY)] != _FIXED_KEY or block[fixed : fixed + 4] != _SIGNATURE:
        raise FormatError("pe", Fault.CORRUPT, "A version resource does not begin as one")
    numbers = block[fixed + 8 : fixed + 24]
    if len(numbers) != 16:  # noqa: PLR2004 - four words of four bytes
        raise FormatError("pe", Fault.TRUNCATED, "A version resource ends inside its fixed part")
    words = [int.from_bytes(numbers[at : at + 4], "little") for at in range(0, 16, 4)]
    return PeVersion(
        architecture, _quad(words[0], words[1]), _quad(words[2], words[3]), tuple(_strings(block, fixed + 52))
    )


def _quad(high: int, low: int) -> Quad:
    return high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF


def _strings(block: bytes, start: int) -> list[tuple[str, str]]:
    """The strings of every table; nodes that make no sense end the list instead of failing the whole version."""
    found: list[tuple[str, str]] = []
    for key, body in _nodes(block, start):
        if key == "StringFileInfo":
            for _, table in _nodes(body, 0):
                found += [(name, _text(value)) for name, value in _nodes(table, 0)]
    return found[:_MOST_STRINGS]


def _nodes(data: bytes, start: int) -> Iterator[tuple[str, bytes]]:
    """The nodes of one level: key, and what follows it. Each is a length, two fields, a key, padding, contents."""
    place = start + -start % 4
    for _ in range(_MOST_STRINGS):
        length = int.from_bytes(data[place : place + 2], "little")
        node = data[place : place + length]
        if length < 8 or len(node) < length:  # noqa: PLR2004 - the three fields and an empty key
            return
        end = _zero(node, 6)
        body = end + 2 + -(end + 2) % 4
        yield node[6:end].decode("utf-16-le", errors="replace"), node[body:]
        place += length + -length % 4


def _zero(data: bytes, start: int) -> int:
    """Where the UTF-16 zero that ends a text stands, or the data's end."""
    place = start
    while place + 1 < len(data) and data[place : place + 2] != b"\0\0":
        place += 2
    return place


def _text(data: bytes) -> str:
    return data[: _zero(data, 0)].decode("utf-16-le", errors="replace")
