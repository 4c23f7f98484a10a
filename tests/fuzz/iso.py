"""Mutates ISOs and reads them: `python tests/fuzz/iso.py [seconds] [seed]`.

A finding is an exception that is no FormatError, a case that takes too long, or a file outside the folder that is
extracted to. The discs are ours and, where the tools are installed, genisoimage's and xorriso's. Half of the mutants get
their UDF checksums put right again, or next to none would pass the first descriptor.
"""

from __future__ import annotations

import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.isos import BIOS_BOOT, EFI_BOOT, MEDIA, SECTOR, make_iso, seal_tag

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader

_SLOW_SECONDS = 20.0
_MEMORY = 3 << 30
_EXTRACT_MAX = 32 << 20
_EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x3FFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF, SECTOR, 257, 256)
_TAGS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 256, 257, 261, 266})


@dataclass
class Tally:
    """What happened so far."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0


def bases(folder: Path) -> list[bytes]:
    """Small discs of every kind there is a program for."""
    small = {path: content[:600] for path, content in MEDIA.items()}
    discs = [make_iso(folder, small, name="own.iso")]
    tree = folder / "tree"
    for path, content in small.items():
        file = tree.joinpath(*path.split("\\"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (tree / "link").symlink_to("setup.exe")
    boot = ["-b", BIOS_BOOT.replace("\\", "/"), "-no-emul-boot", "-c", "boot.cat"]
    for options in (["-udf", "-J", "-r"], ["-J"], ["-r"], ["-iso-level", "4"]):
        to = folder / f"genisoimage{len(discs)}.iso"
        if _run("genisoimage", "-quiet", "-f", *options, *boot, "-o", str(to), str(tree)):
            discs.append(to)
    to = folder / "xorriso.iso"
    efi = "efi_path=/" + EFI_BOOT.replace("\\", "/")
    if _run(
        "xorriso", "-outdev", str(to), "-joliet", "off", "-map", str(tree), "/", "-boot_image", "any", efi
    ):
        discs.append(to)
    return [disc.read_bytes() for disc in discs]


def _run(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def mutate(disc: bytes, chance: random.Random) -> bytes:
    """Change a few bytes where there are descriptors, or cut, or copy blocks over each other."""
    mutant = bytearray(disc)
    used = [at for at in range(16 * SECTOR, len(disc), 16) if any(disc[at : at + 16])]
    touched = set()
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = min(chance.choice(used) + chance.randrange(16), len(disc) - 4)
        kind = chance.randrange(6)
        if kind == 0:
            mutant[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            mutant[at] = chance.randrange(256)
        elif kind == 2:
            struct.pack_into(chance.choice("<>") + "L", mutant, at, chance.choice(_EDGES))
        elif kind == 3:
            struct.pack_into(
                "<L",
                mutant,
                at,
                struct.unpack_from("<L", mutant, at)[0] + chance.randrange(-3, 4) & 0xFFFFFFFF,
            )
        elif kind == 4:
            source, target = (chance.choice(used) // SECTOR * SECTOR for _ in range(2))
            mutant[target : target + SECTOR] = mutant[source : source + SECTOR]
        else:
            length = chance.randrange(1, 64)
            source = chance.choice(used)
            mutant[at : at + length] = mutant[source : source + length]
        touched.add(at // SECTOR)
    mutant = mutant[: len(disc)]
    if chance.random() < 0.5:
        for block in touched:
            _seal_block(mutant, block * SECTOR)
    if chance.random() < 0.05:
        del mutant[chance.randrange(len(mutant)) :]
    return bytes(mutant)


def _seal_block(disc: bytearray, start: int) -> None:
    for at in range(start, min(start + SECTOR, len(disc) - 16), 4):
        tag, version = struct.unpack_from("<HH", disc, at)
        if tag in _TAGS and version in {2, 3}:
            seal_tag(disc, at)


def read(iso: Path, folder: Path) -> str:
    """Use a disc as a program would; return what became of it."""
    try:
        with IsoReader(iso) as disc:
            entries = list(disc.entries())
            for image in disc.boot_entries():
                disc.boot_image(image)
            for entry in entries[:200]:
                if not entry.is_dir and entry.link is None:
                    with disc.open(entry.path) as stream:
                        stream.seek(max(0, entry.size - 100))
                        stream.read(200)
            if sum(entry.size for entry in entries) < _EXTRACT_MAX and len(entries) < 2000:
                disc.extract(None, folder / "inside" / "to")
    except FormatError as error:
        return error.slug
    return "read"


def outside(folder: Path) -> list[Path]:
    """What was written where nothing may be."""
    allowed = folder / "inside"
    return [path for path in folder.iterdir() if path not in {allowed, folder / "mutant.iso"}] + (
        [path for path in allowed.iterdir() if path.name != "to"] if allowed.exists() else []
    )


def case(disc: bytes, folder: Path, tally: Tally, name: str) -> None:
    """Read one mutant and note what happened."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    iso = folder / "mutant.iso"
    iso.write_bytes(disc)
    start = time.monotonic()
    try:
        outcome = read(iso, folder)
    except OSError as error:
        # The host refuses some names that a disc may have: too long, or not in its encoding.
        outcome = f"host: {error.errno}"
    except Exception:  # noqa: BLE001 - every other kind is what is searched for
        outcome = "finding"
        tally.findings.append(f"{name}\n{traceback.format_exc()}")
    elapsed = time.monotonic() - start
    tally.slowest = max(tally.slowest, elapsed)
    if elapsed > _SLOW_SECONDS:
        tally.findings.append(f"{name}: {elapsed:.1f} s")
    tally.findings += [f"{name}: outside: {path}" for path in outside(folder)]
    tally.cases += 1
    tally.outcomes[outcome] += 1


def main(seconds: float, seed: int) -> int:
    """Run until time is up; exit code 1 with findings."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bases").mkdir()
        discs = bases(folder / "bases")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            number = tally.cases
            chance = random.Random(f"{seed}/{number}")  # noqa: S311 - reproducible on purpose
            case(mutate(chance.choice(discs), chance), folder / "case", tally, f"seed {seed} case {number}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{tally.cases} cases, slowest {tally.slowest:.1f} s, peak {peak} MB\n{tally.outcomes}\n"
    )
    sys.stdout.write("\n".join(tally.findings[:20]) + f"\n{len(tally.findings)} findings\n")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("60", "1")[len(sys.argv) - 1 :]]
    sys.exit(main(float(arguments[0]), int(arguments[1])))
