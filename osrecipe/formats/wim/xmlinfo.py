"""The XML of a WIM: what each image says about itself.

Parsed without entities or external references; written back with everything it had, known to us or not.
UTF-16 with a byte-order mark, as Windows writes it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import defusedxml.ElementTree as SafeET
from defusedxml import DefusedXmlException

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.layout import corrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_XML: Final = 16 << 20  # bytes; real ones are a few KB
_MAX_DEPTH: Final = 64
_ARCHITECTURES: Final = {0: "x86", 5: "arm", 6: "ia64", 9: "amd64", 12: "arm64"}


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the XML says of one image; texts are empty and numbers None where it says nothing.

    Attributes:
        index: from 1.
        architecture: `x86`, `amd64`, `arm64`, `arm`, `ia64`, or the number as text.
        build: such as 19041.
        spbuild: the revision behind it, such as 1.
        created: and `modified`: 100 ns steps since 1601.
        total_bytes: of all names; `hard_link_bytes` of the names after each file's first.
    """

    index: int
    name: str
    description: str
    display_name: str
    display_description: str
    flags: str
    edition: str
    installation: str
    product_type: str
    product_suite: str
    hal: str
    architecture: str
    major: int | None
    minor: int | None
    build: int | None
    spbuild: int | None
    splevel: int | None
    branch: str
    system_root: str
    languages: tuple[str, ...]
    default_language: str
    directories: int | None
    files: int | None
    total_bytes: int | None
    hard_link_bytes: int | None
    created: int | None
    modified: int | None


class WimXml:
    """The XML of one WIM."""

    def __init__(self, root: ET.Element | None = None) -> None:
        self.root = ET.Element("WIM") if root is None else root

    @classmethod
    def parse(cls, raw: bytes) -> WimXml:
        """Reads the XML data.

        Raises:
            FormatError: not XML, entities, too large, an encrypted ESD, or image numbers that are not 1, 2, ….
        """
        if len(raw) > MAX_XML:
            raise FormatError("wim", Fault.TOO_LARGE, f"XML of {len(raw)} bytes is too large")
        try:
            text = (
                raw.decode("utf-16-le" if raw[:2] != b"\xfe\xff" else "utf-16-be")
                .lstrip("\ufeff")
                .rstrip("\0")
            )
            root = SafeET.fromstring(text, forbid_dtd=True)
        except (UnicodeDecodeError, ET.ParseError, DefusedXmlException, ValueError, RecursionError) as error:
            raise corrupt(f"the XML can't be read: {type(error).__name__}") from error
        if root.tag == "WIM" and root.find("ESD/ENCRYPTED") is not None:
            raise FormatError(
                "wim",
                Fault.ENCRYPTED,
                "the ESD is encrypted",
                hint="decrypt it first, with the key it was downloaded with",
            )
        if root.tag != "WIM":
            raise corrupt(f"the XML's root is not `WIM`: `{root.tag[:40]}`")
        _check_depth(root)
        return cls(root)

    def serialise(self) -> bytes:
        """The XML data with its byte-order mark."""
        return ("\ufeff" + ET.tostring(self.root, encoding="unicode")).encode("utf-16-le")

    def copy(self) -> WimXml:
        """An independent copy."""
        return WimXml(deepcopy(self.root))

    def images(self) -> list[ET.Element]:
        """The `IMAGE` elements in order of their index.

        Raises:
            FormatError: an index is missing, doubled or no number.
        """
        found = sorted(
            ((_index(image), image) for image in self.root.findall("IMAGE")), key=lambda pair: pair[0]
        )
        if [index for index, _ in found] != list(range(1, len(found) + 1)):
            raise corrupt("the XML's image numbers are not 1, 2, …")
        return [image for _, image in found]

    def info(self, index: int) -> ImageInfo:
        """What it says of one image, from 1."""
        return _info(index, self.images()[index - 1])

    def set(self, index: int, path: str, value: str | int | None) -> None:
        """Sets `A/B` of an image, or removes it with None.

        Args:
            index: the image, from 1.
            path: element names with slashes, such as `WINDOWS/VERSION/SPBUILD`.
            value: the text.
        """
        set_text(self.images()[index - 1], path, value)

    def add_image(self, element: ET.Element, index: int) -> None:
        """Adds an image's element under a new number."""
        added = deepcopy(element)
        added.set("INDEX", str(index))
        added.tail = None
        self.root.append(added)

    def set_total(self, size: int) -> None:
        """Sets the `TOTALBYTES` of the whole file."""
        element = self.root.find("TOTALBYTES")
        if element is None:
            element = ET.Element("TOTALBYTES")
            self.root.insert(0, element)
        element.text = str(size)


def _check_depth(root: ET.Element) -> None:
    level: Iterable[ET.Element] = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise corrupt(f"the XML is nested deeper than {_MAX_DEPTH}")


def _index(image: ET.Element) -> int:
    try:
        return int(image.get("INDEX", ""))
    except ValueError as error:
        raise corrupt("an image in the XML has no number") from error


def set_text(element: ET.Element, path: str, value: str | int | None) -> None:
    """Sets or, with None, removes the text of an element below `element`, making those on the way."""
    names = path.split("/")
    parent = element
    for name in names[:-1]:
        found = parent.find(name)
        if found is None:
            if value is None:
                return
            found = ET.SubElement(parent, name)
        parent = found
    last = parent.find(names[-1])
    if value is None:
        if last is not None:
            parent.remove(last)
        return
    if last is None:
        last = ET.SubElement(parent, names[-1])
    last.text = str(value)


def set_time(element: ET.Element, name: str, filetime: int) -> None:
    """Sets a time in the XML's two-part form."""
    set_text(element, f"{name}/HIGHPART", f"0x{filetime >> 32 & 0xFFFFFFFF:08X}")
    set_text(element, f"{name}/LOWPART", f"0x{filetime & 0xFFFFFFFF:08X}")


def _number(element: ET.Element, path: str, base: int = 10) -> int | None:
    try:
        value = int((element.findtext(path) or "").strip(), base)
    except ValueError:
        return None
    return value if 0 <= value < 1 << 64 else None


def _time(element: ET.Element, name: str) -> int | None:
    high, low = (_number(element, f"{name}/{part}", 16) for part in ("HIGHPART", "LOWPART"))
    return None if high is None or low is None or max(high, low) >> 32 else high << 32 | low


def _info(index: int, image: ET.Element) -> ImageInfo:
    def text(path: str) -> str:
        return (image.findtext(path) or "").strip()

    def number(path: str) -> int | None:
        return _number(image, path)

    architecture = number("WINDOWS/ARCH")
    return ImageInfo(
        index=index,
        name=text("NAME"),
        description=text("DESCRIPTION"),
        display_name=text("DISPLAYNAME"),
        display_description=text("DISPLAYDESCRIPTION"),
        flags=text("FLAGS"),
        edition=text("WINDOWS/EDITIONID"),
        installation=text("WINDOWS/INSTALLATIONTYPE"),
        product_type=text("WINDOWS/PRODUCTTYPE"),
        product_suite=text("WINDOWS/PRODUCTSUITE"),
        hal=text("WINDOWS/HAL"),
        architecture="" if architecture is None else _ARCHITECTURES.get(architecture, str(architecture)),
        major=number("WINDOWS/VERSION/MAJOR"),
        minor=number("WINDOWS/VERSION/MINOR"),
        build=number("WINDOWS/VERSION/BUILD"),
        spbuild=number("WINDOWS/VERSION/SPBUILD"),
        splevel=number("WINDOWS/VERSION/SPLEVEL"),
        branch=text("WINDOWS/VERSION/BRANCH"),
        system_root=text("WINDOWS/SYSTEMROOT"),
        languages=tuple(
            (language.text or "").strip() for language in image.findall("WINDOWS/LANGUAGES/LANGUAGE")
        ),
        default_language=text("WINDOWS/LANGUAGES/DEFAULT"),
        directories=number("DIRCOUNT"),
        files=number("FILECOUNT"),
        total_bytes=number("TOTALBYTES"),
        hard_link_bytes=number("HARDLINKBYTES"),
        created=_time(image, "CREATIONTIME"),
        modified=_time(image, "LASTMODIFICATIONTIME"),
    )


def apply_fields(element: ET.Element, fields: Mapping[str, str | int | None]) -> None:
    """Sets several paths of one image."""
    for path, value in fields.items():
        set_text(element, path, value)


def check_names(xml: WimXml) -> None:
    """Refuses two images of one name.

    Raises:
        FormatError: there are.
    """
    doubled = [
        name
        for name, count in Counter(image.findtext("NAME") or "" for image in xml.images()).items()
        if name and count > 1
    ]
    if doubled:
        raise FormatError(
            "wim",
            Fault.UNSUPPORTED,
            f"two images would have one name: `{doubled[0]}`",
            hint="give one of them another name",
        )
