"""Mutates the XML of servicing and reads it: `python tests/fuzz/mum.py --seconds 600 --seed 1`.

Starts from documents made here and, where they are beside the checkout, genuine manifests.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from typing import TYPE_CHECKING

from support.fuzzing import main
from support.samples.documents import manifest, properties, update_mum
from support.samples.updates import all_updates

from osrecipe.formats.delta import decode_manifest
from osrecipe.formats.errors import FormatError
from osrecipe.formats.msu.contents import read_answer, read_properties
from osrecipe.formats.mum import read_manifest, read_package

if TYPE_CHECKING:
    import random

_MANIFESTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "manifests"
_LARGEST = 100_000
_TAG = re.compile(rb"<[^<>]*>")
_ANSWER = b"""<unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing><package action="install">
<assemblyIdentity name="P" version="1.0" language="neutral" processorArchitecture="amd64"/><source location="x"/>
</package></servicing></unattend>"""


def seeds() -> list[bytes]:
    """Documents of every kind."""
    found = [_ANSWER]
    for update in all_updates():
        found += [update_mum(update), properties(update)]
        found += [manifest(component) for part in update.parts for component in part.components][:2]
    if _MANIFESTS.is_dir():
        base = (_MANIFESTS / "base_manifest.bin").read_bytes()
        genuine = (decode_manifest(path.read_bytes(), base) for path in sorted(_MANIFESTS.glob("*.manifest")))
        found += [data for data in genuine if len(data) < _LARGEST]
    return found


def case(rng: random.Random, data: bytes) -> None:
    """Read the document as each kind it could be; half of the time its tags are shuffled first."""
    if rng.random() < 0.5:
        data = _shuffled(rng, data)
    read_properties(data)
    for reader in (read_package, read_answer):
        with suppress(FormatError):
            reader(data)
            return
    read_manifest(data)


def _shuffled(rng: random.Random, data: bytes) -> bytes:
    """Repeat, drop or move whole tags, which keeps more documents well-formed than changing bytes does."""
    tags = [found.span() for found in _TAG.finditer(data)]
    if not tags:
        return data
    one, two = sorted(rng.choice(tags) for _ in range(2))
    piece = data[one[0] : two[1]]
    at = rng.choice(tags)[0]
    return rng.choice((data[: one[0]] + data[two[1] :], data[:at] + piece + data[at:]))


if __name__ == "__main__":
    sys.exit(main(__file__, seeds, case))
