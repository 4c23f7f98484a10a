"""From compressed blocks to bytes.

Stored and MSZIP blocks are decoded here with zlib: they are what open tools and driver vendors write, and a host
without libmspack (Windows, macOS, a small container) must still read them. LZX and Quantum go to libmspack, because
a decoder in Python would take minutes for a cumulative update.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

from osrecipe.formats.cab import mspack
from osrecipe.formats.cab.blocks import Block, Segment, count, read_blocks
from osrecipe.formats.cab.directory import Compression
from osrecipe.formats.errors import Fault, FormatError

Sink = Callable[[bytes], bool]
"""Takes the next bytes of a folder; False says that no more are wanted."""


def decode_folder(type_code: int, segments: Sequence[Segment], needed: int, sink: Sink) -> None:
    """Decompress the beginning of a folder.

    Args:
        type_code: the folder's method field as stored.
        segments: its blocks, per cabinet.
        needed: bytes to produce; at most the folder's size.
        sink: receives them in order, in pieces; may receive more than asked for.

    Raises:
        FormatError: CORRUPT or TRUNCATED data, UNAVAILABLE where libmspack is needed and absent.
        Exception: whatever `sink` raises.
    """
    method = Compression(type_code & 0xF)
    if method is Compression.STORE:
        _drain(_stored(read_blocks(segments)), sink)
    elif method is Compression.MSZIP:
        _drain(_mszip(read_blocks(segments)), sink)
    else:
        mspack.decode(type_code, count(segments), lambda: read_blocks(segments), needed, sink)


def _drain(pieces: Iterator[bytes], sink: Sink) -> None:
    for piece in pieces:
        if not sink(piece):
            return


def _stored(blocks: Iterator[Block]) -> Iterator[bytes]:
    for block in blocks:
        if len(block.data) != block.size:
            raise FormatError("cab", Fault.CORRUPT, "A stored block has two different sizes")
        yield block.data


def _mszip(blocks: Iterator[Block]) -> Iterator[bytes]:
    """Each block is one raw deflate stream that may refer back to the block before it. Layout: [MS-MCI]."""
    window = b""
    for block in blocks:
        if not block.data.startswith(b"CK"):
            raise FormatError("cab", Fault.CORRUPT, "An MSZIP block lacks its signature")
        inflate = (
            zlib.decompressobj(-zlib.MAX_WBITS, zdict=window)
            if window
            else zlib.decompressobj(-zlib.MAX_WBITS)
        )
        try:
            # One byte past the stated size shows a block that is larger, without room for a bomb.
            data = inflate.decompress(block.data[2:], block.size + 1)
        except zlib.error as error:
            raise FormatError(
                "cab", Fault.CORRUPT, f"An MSZIP block can't be decompressed: {error}"
            ) from None
        if len(data) != block.size or not inflate.eof:
            raise FormatError("cab", Fault.CORRUPT, "An MSZIP block does not have the size it states")
        yield data
        window = (window + data)[-32768:] if len(data) < 32768 else data  # noqa: PLR2004 - deflate's own window
