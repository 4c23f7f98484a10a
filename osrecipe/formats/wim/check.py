"""A strict look at a whole WIM: does everything it says about itself agree.

Reads and reports, repairs nothing. Stricter than what Windows needs: files made by Windows can have findings,
such as reference counts that are too high.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim import dentry, security
from osrecipe.formats.wim.dentry import fold
from osrecipe.formats.wim.layout import NO_RESOURCE, ZERO_HASH
from osrecipe.formats.wim.metadata import NO_SECURITY, ImageTree, Node
from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction, Stage, Watch
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.references import file_hash, node_hashes, reference_counts, totals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Kind(StrEnum):
    """What can disagree."""

    BLOB_DAMAGED = "blob-damaged"
    BLOB_MISSING = "blob-missing"
    BLOB_UNUSED = "blob-unused"
    BOOT = "boot"
    DESCRIPTOR = "descriptor"
    DIRECTORY_STREAM = "directory-stream"
    HARD_LINK = "hard-link"
    METADATA = "metadata"
    NAME = "name"
    OVERLAP = "overlap"
    REFERENCES = "references"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement.

    Attributes:
        kind: what.
        image: from 1; 0 where it is about the file.
        path: in the image, or empty.
        detail: one sentence without a full stop.
    """

    kind: Kind
    image: int
    path: str
    detail: str


def check(wim: Path) -> list[Finding]:
    """Checks header, tables, XML and all metadata; not the blobs' bytes.

    Raises:
        FormatError: the file can't be opened as a WIM at all.
    """
    with WimReader.open(wim) as reader:
        return check_reader(reader)


def check_reader(reader: WimReader) -> list[Finding]:
    """As `check`, for an open WIM."""
    findings: list[Finding] = []
    used: Counter[bytes] = Counter()
    for index in range(1, reader.image_count + 1):
        try:
            image = reader.image(index)
        except FormatError as error:
            findings.append(Finding(Kind.METADATA, index, "", error.reason))
            continue
        used.update(reference_counts(image))
        findings.extend(_tree(image, index))
        findings.extend(_missing(image, index, reader))
        findings.extend(_counts(image, index, reader))
    findings.extend(_references(used, reader))
    findings.extend(_overlaps(reader))
    findings.extend(_header(reader))
    return findings


def verify(
    wim: Path, *, progress: ProgressFunction | None = None, cancel: CancelFunction | None = None
) -> list[Finding]:
    """As `check`, and reads every blob and the integrity table.

    Raises:
        FormatError: the file can't be opened as a WIM at all, or its integrity table does not fit.
        Aborted: it was stopped.
    """
    watch = Watch(progress, cancel)
    with WimReader.open(wim) as reader:
        reader.verify_integrity(watch)
        findings = check_reader(reader)
        total, done = sum(reader.table.sizes.values()), 0
        for sha1 in sorted(reader.table, key=reader.table.place):
            try:
                reader.verify_blob(sha1)
            except FormatError as error:
                findings.append(Finding(Kind.BLOB_DAMAGED, 0, "", error.reason))
            done += reader.table.sizes[sha1]
            watch(Stage.VERIFY, done, total)
        return findings


def _paths(image: ImageTree) -> Iterator[tuple[Node, str]]:
    pending = [(image.root, "")]
    while pending:
        node, path = pending.pop()
        yield node, path
        pending.extend(
            (below, f"{path}\\{below.name}" if path else below.name)
            for below in reversed(node.children or ())
        )


def _tree(image: ImageTree, index: int) -> Iterator[Finding]:
    groups: dict[int, tuple[Node, str]] = {}
    for number, descriptor in enumerate(image.descriptors):
        try:
            if descriptor:
                security.check(descriptor)
        except FormatError as error:
            yield Finding(Kind.DESCRIPTOR, index, "", f"descriptor {number}: {error.reason}")
    for node, path in _paths(image):
        if node.security != NO_SECURITY and node.security >= len(image.descriptors):
            yield Finding(Kind.DESCRIPTOR, index, path, f"there is no descriptor {node.security}")
        if node.is_directory:
            yield from _directory(node, index, path)
        if node.group:
            first, other = groups.setdefault(node.group, (node, path))
            if _shared(first) != _shared(node):
                yield Finding(Kind.HARD_LINK, index, path, f"differs from its other name `{other}`")


def _shared(node: Node) -> tuple[object, ...]:
    """What all names of one file must have in common."""
    return (
        node.attributes,
        node.security,
        dentry.times(node.raw),
        file_hash(node),
        sorted(node_hashes(node)),
        dentry.tagged(node.raw),
    )


def _directory(node: Node, index: int, path: str) -> Iterator[Finding]:
    if not node.is_reparse and node.main_hash != ZERO_HASH:
        yield Finding(Kind.DIRECTORY_STREAM, index, path, "a directory has data")
    if any(not name for name, _, _ in dentry.stream_rows(node.raw)):
        detail = "a directory has a row for an unnamed stream, which DISM refuses (written by libwim before 1.14.2)"
        yield Finding(Kind.DIRECTORY_STREAM, index, path, detail)
    names = Counter(fold(below.name) for below in node.children or ())
    shorts = Counter(fold(short) for below in node.children or () if (short := dentry.short_name(below.raw)))
    for name, count in (*names.items(), *shorts.items()):
        if count > 1:
            yield Finding(Kind.NAME, index, path, f"{count} entries have one name: `{name}`")


def _missing(image: ImageTree, index: int, reader: WimReader) -> Iterator[Finding]:
    for node, path in _paths(image):
        for sha1 in node_hashes(node):
            if sha1 not in reader.table:
                yield Finding(Kind.BLOB_MISSING, index, path, f"no blob {sha1.hex()}")


def _counts(image: ImageTree, index: int, reader: WimReader) -> Iterator[Finding]:
    counted, said = totals(image, reader.table.sizes), reader.info(index)
    pairs = (
        ("DIRCOUNT", said.directories, counted.directories),
        ("FILECOUNT", said.files, counted.files),
        ("TOTALBYTES", said.total_bytes, counted.total_bytes),
        ("HARDLINKBYTES", said.hard_link_bytes, counted.hard_link_bytes),
    )
    for name, stated, real in pairs:
        if stated != real:
            yield Finding(Kind.XML, index, "", f"`{name}` is {stated}, counted {real}")


def _references(used: Counter[bytes], reader: WimReader) -> Iterator[Finding]:
    for sha1 in reader.table:
        stated, real = reader.table.references(sha1), used[sha1]
        if not real:
            yield Finding(Kind.BLOB_UNUSED, 0, "", f"nothing uses blob {sha1.hex()}")
        elif stated != real:
            yield Finding(
                Kind.REFERENCES, 0, "", f"blob {sha1.hex()} is used {real} times, the table says {stated}"
            )


def _overlaps(reader: WimReader) -> Iterator[Finding]:
    """No two resources of a file share bytes."""
    places = {
        (blob.part, (blob.solid or blob.resource))
        for sha1 in reader.table
        if (blob := reader.table.get(sha1))
    }
    places |= {(1, reader.metadata_row(index).resource) for index in range(1, reader.image_count + 1)}
    header = reader.header
    places |= {(1, resource) for resource in (header.blobs, header.xml, header.integrity) if resource.size}
    ordered = sorted((part, resource.offset, resource.end) for part, resource in places)
    for (part, _, end), (next_part, start, _) in pairwise(ordered):
        if part == next_part and start < end:
            yield Finding(Kind.OVERLAP, 0, "", f"two resources share bytes at {start}")


def _header(reader: WimReader) -> Iterator[Finding]:
    header = reader.header
    expected = reader.metadata_row(header.boot_index).resource if header.boot_index else NO_RESOURCE
    if header.boot_metadata != expected:
        yield Finding(Kind.BOOT, 0, "", "the header's copy of the boot image's place is not right")
    names = Counter(info.name for info in reader.infos() if info.name)
    for name, count in names.items():
        if count > 1:
            yield Finding(Kind.XML, 0, "", f"{count} images have one name: `{name}`")
