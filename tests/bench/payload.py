"""What compressing payload once saves, when one update goes into several images.

Run it by hand: `python tests/bench/payload.py [--megabytes 256] [--images 4]`. It makes an update's worth of files and
commits them to several images, each compressing for itself and then with the payload shared; it prints seconds and
their ratio. It asserts nothing: machines differ.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from osrecipe.adapters.embedded.payload import SharedPayload
from osrecipe.adapters.embedded.staged import StagedImage
from osrecipe.formats.wim.capture import LZX
from osrecipe.formats.wim.create import create
from osrecipe.model.winpath import WinPath

NOW = 133_500_000_000_000_000
FILES = 180


def payload(folder: Path, megabytes: int) -> list[Path]:
    """Files that compress to about a half, as programs do."""
    dice = random.Random(1)  # noqa: S311 - sample bytes
    words = [dice.randbytes(12) for _ in range(4000)]
    found = []
    for number in range(FILES):
        path = folder / f"file{number}.dll"
        size = megabytes * (1 << 20) // FILES
        path.write_bytes(b"".join(dice.choices(words, k=size // 12)))
        found.append(path)
    return found


def serve(images: list[Path], files: list[Path], shared: Path | None) -> float:
    """Seconds to put the files into every image."""
    started = time.perf_counter()
    for number, wim in enumerate(images):
        spool = wim.with_suffix(f".{number}-{shared is not None}")
        spool.mkdir()
        image = StagedImage(wim, spool, NOW)
        for file in files:
            image.put(WinPath("Windows") / file.name, file, written=NOW, package="update")
        image.commit(lambda _: True, None if shared is None else SharedPayload(shared, NOW))
    return time.perf_counter() - started


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--images", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "payload").mkdir()
        files = payload(folder / "payload", options.megabytes)
        empty = folder / "empty.wim"
        create(empty, "empty", compression=LZX, now=NOW)
        images = {
            how: [Path(shutil.copy(empty, folder / f"{how}{n}.wim")) for n in range(options.images)]
            for how in ("alone", "shared", "first")
        }
        alone = serve(images["alone"], files, None)
        first = serve(images["first"][:1], files, folder / "once")
        rest = serve(images["shared"], files, folder / "all")
        same = {path.stat().st_size for how in images for path in images[how] if how != "first"}
    each = alone / options.images
    lines = (
        f"{options.megabytes} MB into {options.images} images",
        f"each for itself     {alone:6.2f} s  ({each:.2f} s each)",
        f"shared              {rest:6.2f} s  ratio {rest / alone:.2f}",
        f"  the first image   {first:6.2f} s  ratio {first / each:.2f}",
        f"  each further one  {(rest - first) / max(options.images - 1, 1):6.2f} s",
        f"sizes               {sorted(same)}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
