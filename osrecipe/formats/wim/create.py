"""A new WIM with one empty image, to be filled by commits.

Nothing is captured; the root directory has no descriptor unless one is given.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

from osrecipe.formats.wim import dentry, layout, security
from osrecipe.formats.wim.export import replacing
from osrecipe.formats.wim.layout import Attribute, BlobEntry, ResourceFlag
from osrecipe.formats.wim.metadata import NO_SECURITY, ImageTree, Node
from osrecipe.formats.wim.progress import Watch
from osrecipe.formats.wim.writer import BlobWriter, Ending, finish
from osrecipe.formats.wim.xmlinfo import WimXml, set_text, set_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.formats.wim.capture import Compression


def create(
    wim: Path,
    name: str,
    *,
    compression: Compression,
    now: int,
    descriptor: bytes | None = None,
    integrity: bool = False,
) -> None:
    """Makes a WIM with one image that has only its root.

    Args:
        wim: the file; replaced in one step where it exists.
        name: of the image.
        compression: of the file.
        now: 100 ns steps since 1601, for the root and the XML.
        descriptor: of the root, self-relative.
        integrity: write an integrity table, and keep one from then on.

    Raises:
        FormatError: the descriptor is damaged or the chunk size is not legal.
    """
    image = _empty_image(now, descriptor)
    header = layout.new_header(compression.codec, compression.chunk_size, bytes(16))
    with replacing(wim) as out:
        out.write(bytes(layout.HEADER_SIZE))
        writer = BlobWriter(out, compression.codec, compression.chunk_size, threads=1)
        try:
            resource, sha1 = writer.add_bytes(image.serialise(), ResourceFlag.METADATA)
            table = BlobEntry(resource, 1, 1, sha1).pack()
            finish(
                out,
                writer,
                replace(header, image_count=1, guid=layout.guid_of(table, name.encode())),
                Ending(table, _xml(name, now), integrity),
                Watch(),
            )
        finally:
            writer.close()


def _empty_image(now: int, descriptor: bytes | None) -> ImageTree:
    number = NO_SECURITY
    if descriptor is not None:
        security.check(descriptor)
        number = 0
    root = Node(dentry.new("", int(Attribute.DIRECTORY), number, now, now))
    root.children = []
    return ImageTree([] if descriptor is None else [descriptor], root)


def _xml(name: str, now: int) -> Callable[[int], bytes]:
    xml = WimXml()
    image = ET.Element("IMAGE")
    for path, value in (
        ("NAME", name),
        ("DIRCOUNT", 1),
        ("FILECOUNT", 0),
        ("TOTALBYTES", 0),
        ("HARDLINKBYTES", 0),
    ):
        set_text(image, path, value)
    set_time(image, "CREATIONTIME", now)
    set_time(image, "LASTMODIFICATIONTIME", now)
    xml.add_image(image, 1)

    def make(total: int) -> bytes:
        xml.set_total(total)
        return xml.serialise()

    return make
