"""How much memory a run takes when the media are large.

Run it by hand: `python tests/bench/memory.py [--gigabytes 2] [--folder DIR]`. It puts a file of that size, which does not
compress, into every install image of the sample media, so that the ISO passes 4 GiB with two, applies the recipe
`quickstart` and prints the peak of every process of the run. It asserts nothing: machines differ.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from support.samples.cache import cached_samples

from osrecipe.formats.iso import IsoFile, IsoReader, write_iso
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.edits import PutFile

ROOT = Path(__file__).parents[2]
NOW = 133_500_000_000_000_000
PIECE = 16 << 20


def large_file(folder: Path, size: int, seed: int) -> Path:
    """A file that no compression makes smaller."""
    path = folder / f"large{seed}.bin"
    with path.open("wb") as file:
        for _ in range(size // PIECE):
            file.write(os.urandom(PIECE))
    return path


def scaled_media(source: Path, folder: Path, size: int) -> Path:
    """The sample media with a large file in each install image."""
    tree = folder / "tree"
    with IsoReader(source) as iso:
        iso.extract(None, tree)
        label, entries = iso.label, [entry for entry in iso.entries() if not entry.is_dir]
    install = tree / "sources" / "install.wim"
    for index in (1, 2):
        commit(
            install,
            index,
            [PutFile("Windows\\large.bin", large_file(folder, size, index))],
            now=NOW,
            level=10,
        )
        (folder / f"large{index}.bin").unlink()
    files = [IsoFile(e.path, tree.joinpath(*e.path.split("\\")), e.modified) for e in entries]
    made = folder / "sample-media.iso"
    write_iso(
        files,
        [],
        made,
        label=label,
        bios_boot="boot\\etfsboot.com",
        efi_boot="efi\\microsoft\\boot\\efisys.bin",
        timestamp=1_534_204_800,
    )
    return made


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.1)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        samples = cached_samples()
        media = scaled_media(samples.media, folder, int(options.gigabytes * (1 << 30)))
        for stem in ("kb9000001-x64.msu", "kb9000002-x64.msu"):
            (folder / stem).write_bytes((samples.folder / stem).read_bytes())
        recipes = folder / "recipes"
        recipes.mkdir()
        (recipes / "quickstart.yaml").write_bytes((ROOT / "recipes" / "quickstart.yaml").read_bytes())
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        started = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "osrecipe.cli.main",
            "apply",
            "quickstart.yaml",
            "--inputs",
            str(folder),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([*command, "--progress=plain"], cwd=recipes, env=environment, check=False)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        iso = folder / "out" / "quickstart.iso"
        lines = (
            f"media               {media.stat().st_size / 1e9:6.2f} GB",
            f"ISO                 {iso.stat().st_size / 1e9 if iso.exists() else 0:6.2f} GB, exit code {done.returncode}",
            f"seconds             {time.perf_counter() - started:6.1f}",
            f"peak of one process {peak / 1024:6.0f} MB (before the run: {before / 1024:.0f} MB)",
        )
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
