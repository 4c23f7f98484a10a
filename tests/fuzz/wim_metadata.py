"""Mutation fuzzing of WIM metadata, tables, XML and resources.

Run it by hand: `python tests/fuzz/wim_metadata.py --seconds 600 --seed 1`. It mutates the metadata of made images, and
whole small WIMs of every compression, repairing the SHA-1 of the metadata now and then so that damage gets through.
Everything a reader can be asked is asked; some mutants are committed to and extracted from. Anything but a
`FormatError`, anything slow, and anything written outside its folder is a finding: it is described on standard output,
its input kept under `--keep`, and the exit code is 1. A crash of the native library leaves `current.wim` there.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from struct import pack_into

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from typing import TYPE_CHECKING

from support.wims import NOW, SIMPLE, make_wim

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.apply import Editor
from osrecipe.formats.wim.capture import LZMS, LZX, NONE, XPRESS
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import check_reader
from osrecipe.formats.wim.edits import (
    Delete,
    Edit,
    Link,
    MakeDirectory,
    PutFile,
    PutReparse,
    Rename,
    SetAttributes,
)
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.extract import extract_tree
from osrecipe.formats.wim.layout import HEADER_SIZE
from osrecipe.formats.wim.metadata import ImageTree
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.resource import open_resource
from osrecipe.formats.wim.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = 5.0
"""Seconds after which one input counts as a hang."""
TELLING = (
    0,
    1,
    2,
    7,
    8,
    50,
    102,
    104,
    0x10,
    0x400,
    0x4000,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)
EDITS: list[Edit] = [
    PutFile("readme.txt", b"new"),
    Link("l", "readme.txt"),
    MakeDirectory("Windows\\d"),
    Rename("Windows\\notepad.exe", "Windows\\d\\n"),
    SetAttributes("Windows\\linked.dll", 3),
    PutReparse("j", 0xA0000003, b"x" * 12, directory=True),
    Delete("Windows\\System32", recursive=True),
]


def samples(folder: Path) -> list[bytes]:
    """Small WIMs of every compression, solid ones, with and without an integrity table, with one and two images."""
    made = []
    for number, compression in enumerate((NONE, XPRESS, LZX, LZMS)):
        wim = make_wim(folder / f"{number}.wim", SIMPLE, compression=compression, integrity=bool(number % 2))
        made.append(wim.read_bytes())
        two = folder / f"two{number}.wim"
        sources = [ExportSource(wim, 1), ExportSource(wim, 1, name="two")]
        export_images(
            sources, two, compression=compression, solid=number > 1, boot_index=1, integrity=number == 2
        )
        made.append(two.read_bytes())
    return made


def mutate(data: bytearray, rng: random.Random, low: int = 0, high: int = 0) -> None:
    """Damages bytes in one of several ways, between two offsets."""
    high = min(high or len(data), len(data)) - 8
    if high <= low:
        return
    place = rng.randrange(low, high)
    kind = rng.randrange(7)
    if kind == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[place] = rng.randrange(256)
    elif kind == 2:
        pack_into("<I", data, place & ~3, rng.choice(TELLING))
    elif kind == 3:
        pack_into("<Q", data, place & ~7, rng.choice((*TELLING, rng.randrange(len(data)))))
    elif kind == 4:
        pack_into("<H", data, place & ~1, rng.choice(TELLING) & 0xFFFF)
    elif kind == 5:
        other = rng.randrange(low, high)
        size = rng.choice((2, 8, 20, 50, 104))
        data[place : place + size] = data[other : other + size]
    elif rng.random() < 0.1:
        del data[rng.randrange(low, high) :]


def mutated_metadata(raw: bytes, rng: random.Random) -> None:
    """Parses, reads, edits and writes damaged metadata."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 6)):
        mutate(data, rng)
    image = ImageTree.parse(bytes(data))
    for entry in Tree(image, {}).walk():
        _ = (entry.name, entry.sha1, entry.streams)
    Editor(image, {0: b"h" * 20}, NOW).apply(rng.sample(EDITS, 3))
    again = ImageTree.parse(image.serialise())
    assert sum(1 for _ in image.nodes()) == sum(1 for _ in again.nodes()), "entries were lost"


def interesting(data: bytes, rng: random.Random) -> tuple[int, int]:
    """Where damage is worth most: header, blob table, XML, integrity table, chunk tables, anywhere."""
    with WimReader(io.BytesIO(data)) as reader:
        header = reader.header
        rows = [reader.metadata_row(1).resource]
        rows += [blob.solid or blob.resource for sha1 in reader.table if (blob := reader.table.get(sha1))]
    resource = rng.choice((header.blobs, header.xml, header.integrity, *rows[:3]))
    return rng.choice(
        ((0, HEADER_SIZE), (resource.offset, resource.end), (resource.offset, resource.offset + 24), (0, 0))
    )


def repair_metadata(data: bytearray) -> None:
    """Gives damaged metadata its right SHA-1, so that it is parsed."""
    with WimReader(io.BytesIO(bytes(data))) as reader:
        where = reader.header.blobs.offset + 50 * reader.table.images[0] + 30
        header, resource = reader.header, reader.metadata_row(1).resource
        readable = open_resource(io.BytesIO(data), resource, header.codec, header.chunk_size, reader.codecs)
        raw = b"".join(readable.pieces())
    data[where : where + 20] = hashlib.sha1(raw, usedforsecurity=False).digest()


def mutated_file(raw: bytes, rng: random.Random, folder: Path) -> None:
    """Asks a damaged WIM everything, or commits to it, or extracts it."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        mutate(data, rng, *interesting(raw, rng))
    if rng.random() < 0.3:
        repair_metadata(data)
    kind = rng.random()
    (folder / "current.wim").write_bytes(data)
    if kind < 0.8:
        ask(WimReader(io.BytesIO(bytes(data))))
    elif kind < 0.9:
        commit(folder / "current.wim", 1, EDITS, now=NOW, threads=1)
        with WimReader.open(folder / "current.wim") as reader:
            reader.image(1)
    else:
        extract_tree(folder / "current.wim", 1, "", folder / "out" / "inner")
        assert [folder / "out" / "inner"] == list((folder / "out").iterdir()), "something escaped"


def ask(reader: WimReader) -> None:
    """Everything a reader can be asked."""
    with reader:
        check_reader(reader)
        reader.infos()
        errors: list[FormatError] = []
        reads: list[Callable[[], object]] = [
            partial(reader.read_blob, sha1, io.BytesIO()) for sha1 in reader.table
        ]
        for step in (reader.verify_integrity, *reads):
            try:
                step()
            except FormatError as error:
                errors.append(error)
        if errors:
            raise errors[0]


def main() -> int:
    """Fuzzes for a time; 1 when there are findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "osrecipe-fuzz-wim")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    results: Counter[str] = Counter()
    findings = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = samples(folder)
        metadata = []
        for raw in files:
            with WimReader(io.BytesIO(raw)) as reader:
                metadata.append(reader.metadata(1))
        end = time.monotonic() + given.seconds
        number = 0
        while time.monotonic() < end:
            number += 1
            rng = random.Random(f"{given.seed}/{number}")  # noqa: S311 - a seeded fuzzer
            started = time.monotonic()
            try:
                if rng.random() < 0.5:
                    mutated_metadata(rng.choice(metadata), rng)
                else:
                    mutated_file(rng.choice(files), rng, given.keep)
                results["accepted"] += 1
            except FormatError as error:
                results[str(error.fault)] += 1
            except Exception:  # noqa: BLE001 - any other exception is the finding
                findings += 1
                print(f"finding: seed {given.seed}, input {number}")  # noqa: T201 - a script by hand
                traceback.print_exc(file=sys.stdout)
            took = time.monotonic() - started
            slowest = max(slowest, took)
            if took > SLOW:
                findings += 1
                print(f"slow: seed {given.seed}, input {number}: {took:.1f} s")  # noqa: T201 - as above
    print(f"{number} inputs, {findings} findings, slowest {slowest:.2f} s, {dict(results)}")  # noqa: T201 - as above
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
