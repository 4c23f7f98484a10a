"""Writes WIM files: LZX-compressed blobs, the metadata of each image, the blob table, the XML.

The layout is written here from its public description, so that the samples don't depend on the code they test and
have fixed ids and times; only the chunk compressor is libwim's. No policy about what an image holds.
"""

from __future__ import annotations

import hashlib
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.samples import acl

from osrecipe.formats.wim.layout import Codec
from osrecipe.formats.wim.libwim import Compressor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from support.samples.tree import Entry, Inode, Tree

_CHUNK = 32768
_COMPRESSED, _METADATA = 0x4, 0x2
_FLAGS = 0x2 | 0x40000 | 0x80  # compressed, LZX, link targets are relative to the image
_HEADER = struct.Struct("<8sIIII16sHHI24s24s24sI24s60s")
_DENTRY = struct.Struct("<QIiQ16xQQQ20sIQHHH")


@dataclass
class WimImage:
    """An image: its files and the XML elements inside its `IMAGE` element."""

    tree: Tree
    xml: str


@dataclass
class Packer:
    """Compresses blobs, each content once however many WIMs hold it."""

    threads: int = 2
    _done: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)
    _local: threading.local = field(default_factory=threading.local)

    def pack(self, blobs: Iterable[tuple[bytes, bytes]]) -> None:
        """Compress what is new among `(sha1, content)` pairs, on several threads."""
        fresh = [(digest, content) for digest, content in blobs if digest not in self._done]
        with ThreadPoolExecutor(self.threads) as pool:
            packed = pool.map(lambda pair: self._resource(pair[1]), fresh)
            for (digest, _), resource in zip(fresh, packed, strict=True):
                self._done[digest] = resource

    def packed(self, digest: bytes) -> tuple[bytes, int]:
        """The stored bytes and the resource flags of a blob."""
        return self._done[digest]

    def resource(self, content: bytes) -> tuple[bytes, int]:
        """The stored bytes and flags for something that is in one WIM only."""
        return self._resource(content)

    def _resource(self, content: bytes) -> tuple[bytes, int]:
        if content.startswith(b"MSWIM\0\0\0"):
            return content, 0  # a WIM inside a WIM: compressed already
        compressor = getattr(self._local, "compressor", None)
        if compressor is None:
            compressor = self._local.compressor = Compressor(Codec.LZX, _CHUNK)
        raw = [content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)]
        chunks = [compressor.compress(chunk) or chunk for chunk in raw]
        ends, total = [], 0
        for chunk in chunks[:-1]:
            total += len(chunk)
            ends.append(total)
        stored = struct.pack(f"<{len(ends)}I", *ends) + b"".join(chunks)
        return (stored, _COMPRESSED) if len(stored) < len(content) else (content, 0)


def write_wim(path: Path, images: list[WimImage], packer: Packer, *, boot_index: int = 0) -> None:
    """Write a WIM of `images`; `boot_index` 0 marks none as the one that boots."""
    blobs: dict[bytes, bytes] = {}
    references: dict[bytes, int] = {}
    for image in images:
        for content in _contents(image.tree):
            digest = _sha1(content)
            blobs.setdefault(digest, content)
            references[digest] = references.get(digest, 0) + 1
    packer.pack(blobs.items())
    with path.open("wb") as file:
        file.write(bytes(_HEADER.size))
        table = b""
        for digest, content in blobs.items():
            stored, flags = packer.packed(digest)
            table += _blob_entry(stored, flags, file.tell(), len(content), references[digest], digest)
            file.write(stored)
        boot = bytes(24)
        for number, image in enumerate(images, start=1):
            metadata = _metadata(image.tree)
            stored, flags = packer.resource(metadata)
            entry = _blob_entry(stored, flags | _METADATA, file.tell(), len(metadata), 1, _sha1(metadata))
            table += entry
            boot = entry[:24] if number == boot_index else boot
            file.write(stored)
        table_at = file.tell()
        file.write(table)
        xml_at = file.tell()
        xml = _xml(images, xml_at)
        file.write(xml)
        guid = hashlib.md5(table, usedforsecurity=False).digest()
        file.seek(0)
        file.write(
            _HEADER.pack(
                b"MSWIM\0\0\0",
                _HEADER.size,
                0x10D00,
                _FLAGS,
                _CHUNK,
                guid,
                1,
                1,
                len(images),
                _resource_header(len(table), _METADATA, table_at, len(table)),
                _resource_header(len(xml), _METADATA, xml_at, len(xml)),
                boot,
                boot_index,
                bytes(24),
                bytes(60),
            )
        )


def _xml(images: list[WimImage], size: int) -> bytes:
    rows = "".join(
        f'<IMAGE INDEX="{number}">{_counts(image.tree)}{image.xml}</IMAGE>'
        for number, image in enumerate(images, start=1)
    )
    return b"\xff\xfe" + f"<WIM><TOTALBYTES>{size}</TOTALBYTES>{rows}</WIM>".encode("utf-16-le")


def _counts(tree: Tree) -> str:
    entries = [entry for _, entry in tree.walk()]
    files = [entry for entry in entries if not entry.is_folder]
    total = sum(len(entry.inode.content) for entry in files)
    once = sum(len(inode.content) for inode in {id(entry.inode): entry.inode for entry in files}.values())
    return (
        f"<DIRCOUNT>{len(entries) - len(files)}</DIRCOUNT><FILECOUNT>{len(files)}</FILECOUNT>"
        f"<TOTALBYTES>{total}</TOTALBYTES><HARDLINKBYTES>{total - once}</HARDLINKBYTES>"
    )


def _contents(tree: Tree) -> Iterable[bytes]:
    """What every name refers to; empty streams have no blob."""
    for _, entry in tree.walk():
        inode = entry.inode
        for content in (inode.reparse.data if inode.reparse else inode.content, *inode.streams.values()):
            if content:
                yield content


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest() if content else bytes(20)


def _resource_header(stored: int, flags: int, offset: int, size: int) -> bytes:
    return struct.pack("<QQQ", stored | flags << 56, offset, size)


def _blob_entry(stored: bytes, flags: int, offset: int, size: int, references: int, digest: bytes) -> bytes:
    return _resource_header(len(stored), flags, offset, size) + struct.pack("<HI20s", 1, references, digest)


def _metadata(tree: Tree) -> bytes:
    """The descriptors, then the entries: each folder's children together, ended by eight zero bytes."""
    sddls = list(
        dict.fromkeys(entry.inode.sddl for entry in (tree.root, *(entry for _, entry in tree.walk())))
    )
    security = _security(sddls)
    links: dict[int, int] = {}
    counts: dict[int, int] = {}
    folders = [tree.root]
    for _, entry in tree.walk():
        counts[id(entry.inode)] = counts.get(id(entry.inode), 0) + 1
        if entry.is_folder:
            folders.append(entry)
    offsets: dict[int, int] = {}
    at = len(security) + _size(tree.root) + 8
    for folder in folders:
        if folder.children:
            offsets[id(folder)] = at
            at += sum(map(_size, _ordered(folder))) + 8

    def written(entry: Entry) -> bytes:
        inode = entry.inode
        group = links.setdefault(id(inode), len(links) + 1) if counts.get(id(inode), 0) > 1 else 0
        return _dentry(entry, sddls.index(inode.sddl), offsets.get(id(entry), 0), group)

    out = bytearray(security + written(tree.root) + bytes(8))
    for folder in folders:
        if folder.children:
            out += b"".join(written(child) for child in _ordered(folder)) + bytes(8)
    return bytes(out)


def _ordered(folder: Entry) -> list[Entry]:
    return [folder.children[name] for name in sorted(folder.children)]


def _security(sddls: list[str]) -> bytes:
    made = [acl.descriptor(sddl) for sddl in sddls]
    body = struct.pack(f"<{len(made)}Q", *map(len, made)) + b"".join(made)
    return _pad8(struct.pack("<II", 8 + len(body) + -(8 + len(body)) % 8, len(made)) + body)


def _size(entry: Entry) -> int:
    return len(_dentry(entry, 0, 0, 0))


def _dentry(entry: Entry, security: int, below: int, group: int) -> bytes:
    inode = entry.inode
    name, short = entry.name.encode("utf-16-le"), entry.short.encode("utf-16-le")
    digest = _sha1(inode.reparse.data if inode.reparse else inode.content)
    streams = _streams(inode, digest)
    tail = b"".join(text + b"\0\0" if text else b"" for text in (name, short))
    length = (_DENTRY.size + len(tail) + 7) & ~7
    special = inode.reparse.tag if inode.reparse else group
    head = _DENTRY.pack(
        length,
        inode.attributes,
        security,
        below,
        inode.created,
        inode.written,
        inode.written,
        bytes(20) if streams else digest,
        0,
        special,
        len(streams),
        len(short),
        len(name),
    )
    return _pad8(head + tail) + b"".join(streams)


def _streams(inode: Inode, digest: bytes) -> list[bytes]:
    """Entries of the streams, the unnamed one first; none when it is the only one."""
    if not inode.streams:
        return []
    named = [(name, _sha1(content)) for name, content in inode.streams.items()]
    return [_stream(name, sha1) for name, sha1 in (("", digest), *named)]


def _stream(name: str, digest: bytes) -> bytes:
    text = name.encode("utf-16-le")
    body = struct.pack("<Q20sH", 0, digest, len(text)) + (text + b"\0\0" if text else b"")
    return _pad8(struct.pack("<Q", 8 + len(body) + -(8 + len(body)) % 8) + body)


def _pad8(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)
