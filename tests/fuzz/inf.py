"""Mutates INF files and reads them: `python tests/fuzz/inf.py --seconds 600 --seed 1`.

Starts from those of the sample drivers, in the field's encodings.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from typing import TYPE_CHECKING

from support.fuzzing import main
from support.samples.extras import DRIVERS, write_extras

from osrecipe.formats.inf import read_inf

if TYPE_CHECKING:
    import random

_PRIMITIVE = """[Version]\r\nSignature="$CHICAGO$"\r\nClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318} ; no name
Provider="The ""best"" %Maker%; 100%%"\r\nDriverVer=01/02/2003\r\nCatalogFile.NTamd64=%Maker%.cat
[DefaultInstall.NTarm64]\r\nCopyFiles = one, \\\r\n  "two;" \\\r\n[Strings]\r\nMaker="Contoso"\r\n"""


def seeds() -> list[bytes]:
    """INFs of every shape."""
    with tempfile.TemporaryDirectory() as folder:
        write_extras(Path(folder))
        found = [path.read_bytes() for path in sorted((Path(folder) / DRIVERS).rglob("*.inf"))]
    utf8 = [data.decode("utf-16").encode("utf-8-sig") for data in found if data.startswith(b"\xff\xfe")]
    return [*found, *utf8, _PRIMITIVE.encode("cp1252"), _PRIMITIVE.encode("utf-16")]


def case(_rng: random.Random, data: bytes) -> None:
    """Read the INF, and what its models copy."""
    if (found := read_inf(data)) is not None:
        found.copied("amd64")


if __name__ == "__main__":
    sys.exit(main(__file__, seeds, case))
