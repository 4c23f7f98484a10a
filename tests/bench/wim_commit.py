"""How long commits and exports of large images take.

Run it by hand: `python tests/bench/wim_commit.py [--entries 100000]`. It makes an image of many small files and prints
seconds for opening, parsing, writing, one commit, a commit of many edits, and ratios to the parse of the same run. It
asserts nothing: machines differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from osrecipe.formats.wim.capture import LZX, XPRESS
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import Edit, MakeDirectory, PutFile
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.metadata import ImageTree
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 133_500_000_000_000_000
taken: dict[str, float] = {}


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Remembers how long the block took."""
    started = time.perf_counter()
    yield
    taken[what] = time.perf_counter() - started


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        wim = Path(name) / "big.wim"
        create(wim, "big", compression=LZX, now=NOW)
        folders = [
            f"Windows\\WinSxS\\amd64_component-{number:05}_31bf3856ad364e35"
            for number in range(entries // 200)
        ]
        edits: list[Edit] = [MakeDirectory(folder) for folder in folders]
        edits += [
            PutFile(f"{folder}\\some file {n}.dll", f"{folder} {n}".encode())
            for folder in folders
            for n in range(199)
        ]
        with timed(f"commit of {len(edits)} new entries"):
            commit(wim, 1, edits, now=NOW)
        with timed("open and read the metadata"), WimReader.open(wim) as reader:
            raw = reader.metadata(1)
        with timed("parse"):
            image = ImageTree.parse(raw)
        with timed("serialise"):
            image.serialise()
        with timed("commit of one 1 MB file"):
            commit(wim, 1, [PutFile(f"{folders[0]}\\some file 7.dll", bytes(1_000_000))], now=NOW)
        with timed("raw export"):
            export_images([ExportSource(wim, 1)], Path(name) / "raw.wim", compression=LZX)
        with timed("export LZX to XPRESS"):
            export_images([ExportSource(wim, 1)], Path(name) / "x.wim", compression=XPRESS)
    for what, seconds in taken.items():
        print(f"{seconds:8.3f} s {seconds / taken['parse']:8.2f} parses  {what}")  # noqa: T201 - a script by hand


if __name__ == "__main__":
    main()
