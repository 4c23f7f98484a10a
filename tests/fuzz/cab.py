"""Mutates cabinets, reads and extracts them: `python tests/fuzz/cab.py --seconds 600 --seed 1`.

Starts from cabinets made here and, where they are beside the checkout, libmspack's own test cases, each also without
block checksums, since next to no mutant would get past those to a decompressor.
"""

from __future__ import annotations

import io
import struct
import sys
import tempfile
from pathlib import Path

import cabarchive

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from typing import TYPE_CHECKING

from support.fuzzing import main

from osrecipe.formats.cab import CabReader, Compression, read_directory
from osrecipe.formats.errors import FormatError

if TYPE_CHECKING:
    import random

_SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "cab"
_LIMIT = 64 << 20
_NATIVE_SHARE = 8  # few samples reach libmspack, which is where a crash could be


def seeds() -> list[bytes]:
    """Cabinets with and without checksums."""
    made = cabarchive.CabArchive()
    for number in range(3):
        made[f"folder{number}\\file{number}.txt"] = cabarchive.CabFile(b"some text, some more text\n" * 3000)
    found = [made.save(compress=True), made.save(compress=False)]
    for path in sorted(_SAMPLES.glob("*.cab")):
        data = path.read_bytes()
        found += [data] * (_NATIVE_SHARE if is_native(data) else 1)
    return found + [without_checksums(data) for data in found]


def is_native(data: bytes) -> bool:
    """Whether any of its folders needs libmspack."""
    try:
        folders = read_directory(io.BytesIO(data)).folders
    except FormatError:
        return False
    return any(folder.compression in {Compression.LZX, Compression.QUANTUM} for folder in folders)


def without_checksums(data: bytes) -> bytes:
    """The cabinet with every block's checksum set to "none"."""
    changed = bytearray(data)
    try:
        directory = read_directory(io.BytesIO(data))
    except FormatError:
        return data
    for folder in directory.folders:
        place = folder.data_offset
        for _ in range(folder.blocks):
            if place + 8 > len(changed):
                break
            changed[place : place + 4] = bytes(4)
            (stored,) = struct.unpack_from("<H", changed, place + 4)
            place += 8 + directory.reserve.data + stored
    return bytes(changed)


def case(rng: random.Random, data: bytes) -> None:
    """Read everything; now and then extract it, and look for files elsewhere."""
    with CabReader(data) as reader:
        for file in reader.directory.files:
            try:
                made = reader.read(file.name, limit=_LIMIT)
            except FormatError:
                continue
            if len(made) != file.size:
                raise AssertionError(f"{len(made)} bytes instead of {file.size}")
            break
        if rng.random() < 0.2:
            _extract(reader)
        for _ in reader.read_each(reader.directory.files, limit=_LIMIT):
            pass


def _extract(reader: CabReader) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            written = reader.extract(None, root / "a" / "b" / "out", limit_bytes=_LIMIT)
        except FormatError:
            written = ()
        here = {path for path in root.rglob("*") if path.is_file()}
        if here != set(written) or any(not path.is_relative_to(root / "a" / "b" / "out") for path in here):
            raise AssertionError(f"files where none should be: {here.symmetric_difference(written)}")


if __name__ == "__main__":
    sys.exit(main(__file__, seeds, case))
