"""Mutates deltas and applies them: `python tests/fuzz/delta.py --seconds 600 --seed 1`.

Starts from deltas made here and, where they are beside the checkout, genuine compressed manifests.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.deltas import PatchWriter, delta
from support.fuzzing import main
from support.samples.binaries import pe_file
from support.samples.delta import pe_delta

from osrecipe.formats.delta import DCM_MAGIC, apply_delta, decode_manifest, find_base_manifest, read_header
from osrecipe.formats.pe import read_sections, read_version

if TYPE_CHECKING:
    import random

_MANIFESTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "manifests"
_LARGEST = 20_000
_LIMIT = 16 << 20
_BASE = b"0123456789" * 50


def seeds() -> list[bytes]:
    """Deltas of both layouts, and an executable, whose version and sections are read on the way."""
    patch = PatchWriter()
    patch.literals(b"some text")
    patch.match(3, 20)
    patch.match(8, 3000)
    patch.match(0, 9, extra=0x2000, width=14)
    size = 9 + 20 + 3000 + 9
    target = apply_delta(_BASE, delta(patch.finish(), size), limit=_LIMIT)
    digest = hashlib.sha256(target).digest()
    found = [
        delta(patch.finish(), size, kind=kind, algorithm=0x800C, digest=digest) for kind in (b"PA30", b"PA31")
    ]
    found += [delta(patch.finish(), size), pe_delta(b"x"), pe_file("A.dll", "1.2.3.4", size_kb=0)]
    genuine = [path.read_bytes() for path in sorted(_MANIFESTS.glob("*.manifest"))]
    return found + [data for data in genuine if len(data) < _LARGEST]


def _base() -> bytes:
    path = _MANIFESTS / "base_manifest.bin"
    return path.read_bytes() if path.is_file() else _BASE


def case(_rng: random.Random, data: bytes) -> None:
    """Apply the input as what it says it is."""
    if data.startswith(b"MZ"):
        read_version(data)
        read_sections(data)
        find_base_manifest(data)
    elif data.startswith(DCM_MAGIC):
        decode_manifest(data, _base())
    else:
        size = read_header(data).size
        if len(apply_delta(_BASE, data, limit=_LIMIT)) != size:
            raise AssertionError("not the size the header states")


if __name__ == "__main__":
    sys.exit(main(__file__, seeds, case))
