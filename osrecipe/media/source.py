"""Taking images out: WIMs out of the source ISO, the recovery image out of an install image. All read-only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.formats.iso import IsoReader
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import TakeImages, TakeWinre

WINRE = "Windows\\System32\\Recovery\\winre.wim"
_PIECE = 4 << 20
NETFX3_CAB = "netfx3.cab"


def take_images(op: TakeImages, artifacts: Path, ctx: Context) -> Outcome:
    """Copy files out of the ISO into `artifacts`, each under its own name (the .NET 3.5 cab as `netfx3.cab`)."""
    with IsoReader(ctx.resolve(op.media)) as iso:
        entries = [entry for path in op.paths if (entry := iso.entry(str(path))) is not None]
        total = sum(entry.size for entry in entries) or 1
        done = 0
        for path in op.paths:
            name = NETFX3_CAB if path.name.lower().endswith(".cab") else path.name
            with iso.open(str(path)) as source, (artifacts / name).open("wb") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    done += len(piece)
                    ctx.progress(min(done / total, 1.0), path.name)
                os.fsync(target.fileno())
            os.utime(artifacts / name, (ctx.now, ctx.now))
    return Outcome(detail=", ".join(path.name for path in op.paths), figures=(("bytes", done),))


def take_winre(op: TakeWinre, artifacts: Path, ctx: Context) -> Outcome:
    """Copy the recovery image out of an install image; its SHA-1 is verified on the way."""
    target = artifacts / "winre.wim"
    with WimReader.open(ctx.resolve(op.image.wim)) as wim, target.open("wb") as stream:
        entry = wim.file_entry(op.image.index, WINRE)
        wim.read_blob(entry.sha1, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.utime(target, (ctx.now, ctx.now))
    return Outcome(detail=f"SHA-1 {entry.sha1.hex()}", figures=(("bytes", target.stat().st_size),))
