"""The integrity table: SHA-1 sums over the file in steps, from behind the header to the end of the blob table.

Makes and checks tables; where one is kept is the writer's business.
"""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.layout import HEADER_SIZE, Header, corrupt
from osrecipe.formats.wim.progress import Stage, Watch
from osrecipe.formats.wim.resource import read_exactly

STEP: Final = 10 << 20  # bytes, as Windows writes
_HEAD: Final = struct.Struct("<III")
_MAX_TABLE: Final = 64 << 20
_SHA1: Final = 20
_PIECE: Final = 1 << 20


def read(file: BinaryIO, header: Header) -> tuple[int, list[bytes]]:
    """The table: step in bytes, sums.

    Raises:
        FormatError: it contradicts itself or the header.
    """
    where = header.integrity
    if where.size > _MAX_TABLE or where.stored != where.size or where.size < _HEAD.size:
        raise corrupt("the integrity table has an impossible size", offset=where.offset)
    raw = read_exactly(file, where.offset, where.size)
    size, count, step = _HEAD.unpack_from(raw)
    covered = header.blobs.end - HEADER_SIZE
    if (
        size != where.size
        or size != _HEAD.size + count * _SHA1
        or step == 0
        or covered < 0
        or count != -(-covered // step)
    ):
        raise corrupt("the integrity table contradicts itself", offset=where.offset)
    return step, [raw[at : at + _SHA1] for at in range(_HEAD.size, size, _SHA1)]


def verify(file: BinaryIO, header: Header, watch: Watch) -> bool:
    """Checks a file against its table; False where it has none.

    Raises:
        FormatError: a sum differs.
    """
    if not header.integrity.size:
        return False
    step, sums = read(file, header)
    end = header.blobs.end
    for number, expected in enumerate(sums):
        start = HEADER_SIZE + number * step
        if _sum(file, start, min(start + step, end)) != expected:
            raise FormatError("wim", Fault.CORRUPT, "the integrity table does not fit the file", offset=start)
        watch(Stage.INTEGRITY, min(start + step, end), end)
    return True


def make(file: BinaryIO, end: int, old: tuple[int, list[bytes], int] | None, watch: Watch) -> bytes:
    """A table for the file up to `end`.

    Args:
        file: the WIM.
        end: the end of the blob table.
        old: a table's step, sums and end, where all before that end is unchanged: only what is new is read.
        watch: told of each step.
    """
    step, sums, kept = (STEP, [], 0) if old is None else (old[0], old[1], (old[2] - HEADER_SIZE) // old[0])
    new = sums[:kept]
    for start in range(HEADER_SIZE + kept * step, end, step):
        new.append(_sum(file, start, min(start + step, end)))
        watch(Stage.INTEGRITY, min(start + step, end), end)
    return _HEAD.pack(_HEAD.size + len(new) * _SHA1, len(new), step) + b"".join(new)


def _sum(file: BinaryIO, start: int, end: int) -> bytes:
    digest = hashlib.sha1(usedforsecurity=False)
    for at in range(start, end, _PIECE):
        digest.update(read_exactly(file, at, min(_PIECE, end - at)))
    return digest.digest()
