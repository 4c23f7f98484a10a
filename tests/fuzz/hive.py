"""Mutation fuzzing of the hive reader, writer and checker.

Run it by hand: `python tests/fuzz/hive.py --seconds 600 --seed 1 [--hives DIR]`. It mutates hives made here, and the
real ones of DIR (`*.xz`), then loads, walks, edits, saves and checks them. Anything but a `FormatError` and anything
slow is a finding: it is described on standard output, its input kept under `--keep`, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import lzma
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from struct import pack_into, unpack_from

sys.path.insert(0, str(Path(__file__).parents[2]))

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, Key, ValueType
from osrecipe.formats.hive import header as base_block
from osrecipe.formats.hive.check import check
from osrecipe.formats.hive.marvin import marvin32

SLOW = 5.0
"""Seconds after which one input counts as a hang."""
LARGEST = 300_000
"""Bytes up to which a real hive is worth mutating."""
TELLING = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    20,
    32,
    0x20,
    0x7FFFFFFF,
    0x80000000,
    0x80000004,
    0x80000005,
    0xFFFFFFF8,
    0xFFFFFFFF,
)


def made_hive() -> bytes:
    """A hive with something of everything: big data, split lists, shared and own security, all sizes of values."""
    hive = Hive.create()
    hive.root.set("big", ValueType.BINARY, bytes(40_000))
    many = hive.create_key("Many")
    for number in range(600):
        many.create_subkey(f"key {number}")
    some = hive.create_key("Some\\Schlüssel\\日本")
    for size in (0, 1, 4, 5, 100, 16344, 16345):
        some.set(f"size {size}", ValueType.BINARY, b"x" * size)
    descriptor = bytearray(some.security)
    descriptor[-1] ^= 1
    some.set_security(bytes(descriptor))
    return hive.save()


def small_hive() -> bytes:
    """A hive of one bin, in which each mutation hits something."""
    hive = Hive.create()
    for path in ("A\\B\\C", "A\\D", "E"):
        key = hive.create_key(path)
        key.set("", ValueType.SZ, b"t\0e\0x\0t\0\0\0")
        key.set("number", ValueType.DWORD, b"\1\0\0\0")
    return hive.save()


def dirty_pair(clean: bytes, rng: random.Random) -> tuple[bytes, bytes]:
    """A dirty hive and a new-format log with valid hashes around mutated pages."""
    dirty = bytearray(clean)
    pack_into("<I", dirty, 4, unpack_from("<I", dirty, 8)[0] + 1)
    repair(dirty)
    log = bytearray(dirty[:512])
    sequence = unpack_from("<I", dirty, 8)[0]
    pack_into("<II", log, 4, sequence, sequence)
    pack_into("<I", log, 28, 6)
    repair(log)
    bins = unpack_from("<I", dirty, 40)[0]
    for _ in range(rng.randint(1, 3)):
        offset = rng.randrange(0, bins, 512)
        page = bytearray(clean[4096 + offset : 4096 + offset + 512])
        mutate(page, rng)
        bins += rng.choice((0, 0, 0, 4096, 0x10000000))
        body = bytearray(8) + page[:512].ljust(512, b"\0")
        pack_into("<II", body, 0, offset, 512)
        size = -(-(40 + len(body)) // 512) * 512
        body = body.ljust(size - 40, b"\0")
        head = bytearray(40)
        pack_into("<4sIIIIIQ", head, 0, b"HvLE", size, 0, sequence, bins, 1, marvin32(bytes(body)))
        pack_into("<Q", head, 32, marvin32(bytes(head[:32])))
        log += head + body
        sequence += 1
    return bytes(dirty), bytes(log)


def repair(data: bytearray) -> None:
    """Make the header's checksum right."""
    if len(data) >= base_block.SECTOR:
        pack_into("<I", data, base_block.CHECKED, base_block.checksum(data))


def mutate(data: bytearray, rng: random.Random) -> None:
    """Damage a file in one of several ways."""
    if len(data) < 16:
        return
    start = rng.choice((0, 4096)) if len(data) > 4200 else 0
    place = rng.randrange(start, len(data) - 8)
    aligned = place & ~3
    kind = rng.randrange(7)
    if kind == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[place] = rng.randrange(256)
    elif kind == 2:
        pack_into("<I", data, aligned, rng.choice(TELLING))
    elif kind == 3:  # another offset of the same file: cycles and doubled references
        pack_into("<I", data, aligned, unpack_from("<I", data, rng.randrange(start, len(data) - 8) & ~3)[0])
    elif kind == 4:
        pack_into("<I", data, aligned, rng.randrange(0, len(data)) & ~7)
    elif kind == 5:
        pack_into("<H", data, aligned, rng.choice((0, 1, 0x7FFF, 0xFFFF, rng.randrange(65536))))
    else:
        length = rng.randrange(1, 64)
        source = rng.randrange(start, len(data) - 8)
        data[place : place + length] = data[source : source + length]


def near_signature(data: bytearray, rng: random.Random) -> None:
    """Damage a field close to the start of a record, where it matters."""
    place = data.find(
        rng.choice((b"nk", b"vk", b"lh", b"ri", b"db", b"sk", b"lf", b"hbin")), rng.randrange(len(data))
    )
    if place < 0:
        return
    field = place + 4 * rng.randrange(-1, 19)
    if 0 <= field <= len(data) - 4:
        value = unpack_from("<I", data, rng.randrange(0, len(data) - 4) & ~3)[0]
        pack_into("<I", data, field, rng.choice((rng.choice(TELLING), value, rng.randrange(len(data)) & ~7)))


def exercise(data: bytes, log: bytes | None, rng: random.Random) -> str:
    """Load, walk, edit, save and check; says how it ended."""
    check(data)
    try:
        hive = Hive.load(data, log1=log)
    except FormatError as error:
        return error.slug
    result = "walked"
    keys: list[Key] = []
    try:
        pending = [hive.root]
        while pending:
            key = pending.pop()
            keys.append(key)
            _ = (key.name, key.class_name, key.security, key.link_target, sum(1 for _ in key.values()))
            pending.extend(key.subkeys())
    except FormatError:
        result = "damaged"
    for _ in range(3):
        try:
            edit(hive, rng.choice(keys), rng)
        except FormatError:
            result += " uneditable"
            break
    try:
        saved = hive.save()
        check(saved)
    except FormatError:
        return f"{result} unsaveable"
    if result == "walked":
        Hive.load(saved)  # what could be read and edited must load again
    return result


def edit(hive: Hive, key: Key, rng: random.Random) -> None:
    """One random change."""
    kind = rng.randrange(4)
    if kind == 0:
        key.set(f"v{rng.randrange(5)}", rng.randrange(12), bytes(rng.choice((0, 4, 5, 300, 20_000))))
    elif kind == 1:
        key.create_subkey(f"k{rng.randrange(1000)}").set("x", 4, b"\1\2\3\4")
    elif kind == 2 and key is not hive.root:
        key.delete()
    else:
        for value in list(key.values())[:2]:
            key.delete_value(value.name)


def one_input(seeds: list[bytes], rng: random.Random) -> tuple[bytes, bytes | None]:
    """A mutated hive, sometimes with a log."""
    log: bytes | None = None
    data = bytearray(rng.choice(seeds))
    if rng.randrange(10) == 0:
        dirty, log = dirty_pair(bytes(data), rng)
        data = bytearray(dirty)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        rng.choice((mutate, near_signature, near_signature))(data, rng)
    if rng.randrange(20) == 0:
        del data[rng.randrange(len(data)) :]
    if rng.randrange(20):
        repair(data)
    return bytes(data), log


def seeds_from(folder: Path | None) -> list[bytes]:
    """The inputs to mutate; the small one stands for half of them."""
    real = [lzma.decompress(path.read_bytes()) for path in sorted(folder.glob("*.xz"))] if folder else []
    seeds = [made_hive(), *(data for data in real if len(data) <= LARGEST)]
    return seeds + [small_hive()] * len(seeds)


def main() -> int:
    """Fuzz until the time is over; print figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hives", type=Path)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "hive-findings")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - reproducible on purpose
    seeds, endings, findings = seeds_from(options.hives), Counter[str](), 0
    slowest, end = 0.0, time.monotonic() + options.seconds
    while time.monotonic() < end:
        data, log = one_input(seeds, rng)
        begin = time.monotonic()
        try:
            endings[exercise(data, log, rng)] += 1
        except Exception:  # noqa: BLE001 - any other exception is what is looked for
            findings += 1
            report(options.keep, findings, data, log, traceback.format_exc())
        took = time.monotonic() - begin
        slowest = max(slowest, took)
        if took > SLOW:
            findings += 1
            report(options.keep, findings, data, log, f"took {took:.1f} s")
    sys.stdout.write(
        f"executions: {endings.total() + findings}, findings: {findings}, slowest: {slowest:.2f} s\n"
    )
    sys.stdout.write("".join(f"  {count:8} {ending}\n" for ending, count in endings.most_common()))
    return 1 if findings else 0


def report(folder: Path, number: int, data: bytes, log: bytes | None, text: str) -> None:
    """Keep an input and say what it did."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number}.hive").write_bytes(data)
    if log is not None:
        (folder / f"{number}.log").write_bytes(log)
    sys.stdout.write(f"finding {number}:\n{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
