"""Payload compressed once and used in many commits.

The same update goes into many images; its files are compressed into a WIM of their own, and each commit copies
the blobs as they are stored. It decides nothing about which files belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import PutFile
from osrecipe.formats.wim.export import settle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osrecipe.formats.wim.capture import Compression
    from osrecipe.formats.wim.change import CommitReport
    from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction
    from osrecipe.formats.wim.reader import WimReader


def make_payload(
    sources: Sequence[Path | bytes],
    wim: Path,
    *,
    compression: Compression,
    now: int,
    level: int = 0,
    threads: int = 0,
    progress: ProgressFunction | None = None,
    cancel: CancelFunction | None = None,
) -> CommitReport:
    """Compresses files into a WIM that `commit(payload=…)` takes blobs from.

    Args:
        sources: files or bytes; equal ones are kept once.
        wim: the file to make; it appears only when it is whole.
        compression: must be that of the WIMs it is for, chunk size too, or it is of no use to them.
        now: 100 ns steps since 1601.
        level: compression level, 0 for libwim's default.
        threads: 0 means one for each CPU.
        progress: told of each step; False stops.
        cancel: asked at each step; True stops.

    Raises:
        FormatError: a file can't be read.
        Aborted: it was stopped; there is no file.
    """
    partial = wim.with_name(f".{wim.name}.payload")
    try:
        create(partial, "payload", compression=compression, now=now)
        edits = [PutFile(str(number), source) for number, source in enumerate(sources)]
        report = commit(
            partial, 1, edits, now=now, level=level, threads=threads, progress=progress, cancel=cancel
        )
        settle(partial, wim)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return report


def fits(payload: WimReader, target: WimReader) -> bool:
    """Whether a payload's blobs can be copied into a target as they are."""
    ours, theirs = payload.header, target.header
    return (ours.codec, ours.chunk_size) == (theirs.codec, theirs.chunk_size)
