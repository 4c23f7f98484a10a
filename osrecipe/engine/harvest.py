r"""Harvesting: files the finished media must take from a serviced image, left as folders of artifacts.

`sources` follows what the field's writers do with robocopy (`/e /xo /xx /xl`): files of `Windows\System32` whose
relative path exists in the media's `sources`, when the image's is newer. Newer is a strictly later time of writing, or
a higher file version. `setup` is the pair the setup image starts from. The image is only read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.engine.clock import unix_ns
from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.pe import read_version
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from osrecipe.formats.iso import IsoEntry
    from osrecipe.formats.pe import Quad
    from osrecipe.model.adapter import Context, OpenImage
    from osrecipe.model.changes import FileInfo
    from osrecipe.model.tasks import HarvestSources

SOURCES = "sources"
SETUP = "setup"
_SYSTEM32 = WinPath("Windows\\System32")
_MEDIA_SOURCES = WinPath("sources")
_SETUP_FILES = (WinPath("sources\\setup.exe"), WinPath("sources\\setuphost.exe"))
_CHUNK = 1 << 20
_LARGEST_VERSIONED = 256 << 20
"""Bytes of a file whose version is read; setup's own are below 10 MiB."""


def harvest_sources(op: HarvestSources, image: OpenImage, artifacts: Path, ctx: Context) -> Outcome:
    """Copy the newer files into `artifacts/sources`, below their relative paths, with their times.

    Raises:
        TaskError: the media has no `sources` folder.
        FormatError: the media can't be read.
    """
    to = artifacts / SOURCES
    to.mkdir()
    with IsoReader(ctx.resolve(op.media)) as iso:
        known = dict(_media_files(iso))
        if not known:
            raise TaskError(Slug.INPUT_NOT_MEDIA, "the media has no files in `sources`")
        newer = _later if op.by == "time" else _higher
        count = size = 0
        for seen, (info, entry) in enumerate(_pairs(image, known)):
            ctx.progress(seen / len(known), "comparing with the media")
            if newer(info, entry, image, iso):
                _copy(image, info, to.joinpath(*info.path.relative_to(_SYSTEM32).parts), ctx)
                ctx.log(f"{info.path} is newer than {entry.path}")
                count, size = count + 1, size + info.size
    detail = f"{count} of {len(known)} files of the media are newer in the image"
    return Outcome(
        status="done" if count else "nothing-to-do",
        detail=detail,
        figures=(("files", count), ("bytes", size)),
    )


def harvest_setup(image: OpenImage, artifacts: Path, ctx: Context) -> Outcome:
    r"""Copy `setup.exe`, and `setuphost.exe` where there is one, into `artifacts/setup`.

    Raises:
        TaskError: the image has no `sources\setup.exe`, so it is no setup image.
    """
    to = artifacts / SETUP
    to.mkdir()
    names = []
    for path in _SETUP_FILES:
        info = image.info(path)
        if info is not None and not info.is_folder:
            _copy(image, info, to / path.name, ctx)
            names.append(path.name)
    if _SETUP_FILES[0].name not in names:
        raise TaskError(Slug.RUN_TASK_FAILED, f"the setup image has no `{_SETUP_FILES[0]}`")
    return Outcome(detail=f"took {' and '.join(names)}", figures=(("files", len(names)),))


def _pairs(image: OpenImage, known: dict[WinPath, IsoEntry]) -> Iterator[tuple[FileInfo, IsoEntry]]:
    """The image's files that the media has too."""
    for info in image.walk(_SYSTEM32):
        entry = None if info.is_folder else known.get(info.path.relative_to(_SYSTEM32))
        if entry is not None:
            yield info, entry


def _media_files(iso: IsoReader) -> Iterator[tuple[WinPath, IsoEntry]]:
    """Files below `sources`, by relative path; names Windows could not have are no image's either."""
    for entry in iso.entries():
        try:
            path = WinPath(entry.path)
        except ValueError:
            continue
        if not entry.is_dir and path.within(_MEDIA_SOURCES) and path != _MEDIA_SOURCES:
            yield path.relative_to(_MEDIA_SOURCES), entry


def _later(info: FileInfo, entry: IsoEntry, _image: OpenImage, _iso: IsoReader) -> bool:
    """Strictly later, as robocopy without /FFT; a disc without a valid time is older than everything."""
    return entry.modified is None or unix_ns(info.written) > entry.modified


def _higher(info: FileInfo, entry: IsoEntry, image: OpenImage, iso: IsoReader) -> bool:
    """A higher file version; where one of the two has none, the time decides."""
    mine = _version(image.read(info.path), info.size)
    other = _version(iso.open(entry.path), entry.size)
    if mine is None or other is None:
        return _later(info, entry, image, iso)
    return mine > other


def _version(file: BinaryIO, size: int) -> Quad | None:
    with file:
        if size > _LARGEST_VERSIONED or file.read(2) != b"MZ":
            return None
        data = b"MZ" + file.read(_LARGEST_VERSIONED)
    try:
        found = read_version(data)
    except FormatError:
        return None
    return found.file_version if found else None


def _copy(image: OpenImage, info: FileInfo, to: Path, ctx: Context) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with image.read(info.path) as source, to.open("xb") as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
            ctx.progress(0.0, f"copying {info.path.name}")  # asks whether to give up, too
    written = unix_ns(info.written)
    os.utime(to, ns=(written, written))
