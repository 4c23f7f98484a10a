"""Payload that goes to several images: compressed by whoever comes first, copied by all others."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from support.wims import NOW, SIMPLE, assert_sound, make_wim

from osrecipe.adapters.embedded.payload import SharedPayload
from osrecipe.adapters.embedded.staged import StagedImage
from osrecipe.formats.wim.capture import LZX, NONE, XPRESS, Compression
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.wim.change import CommitReport

FILES = {f"file{n}.dll": f"content {n} ".encode() * 3000 for n in range(6)}


def go(_: object) -> bool:
    """Go on."""
    return True


def serve(
    folder: Path,
    name: str,
    files: dict[str, bytes],
    shared: SharedPayload | None,
    compression: Compression = LZX,
) -> CommitReport:
    """An image of its own with these files of one package."""
    wim = make_wim(folder / f"{name}.wim", SIMPLE, compression=compression)
    spool = folder / f"{name}-spool"
    spool.mkdir()
    image = StagedImage(wim, spool, NOW)
    for file, content in files.items():
        image.put(WinPath("Windows") / file, content, package="sha256:1")
    report = image.commit(go, shared)
    assert report is not None
    return report


def parts(folder: Path) -> list[str]:
    """The WIMs in the shared folder."""
    return sorted(path.name[24:] for path in folder.rglob("*.wim") if path.parent.name == "payload")


def test_only_the_first_image_compresses(tmp_path: Path) -> None:
    """Every further image takes all blobs compressed; the images are those each would have made for itself."""
    shared = SharedPayload(tmp_path, NOW)
    reports = [serve(tmp_path, f"image{n}", FILES, shared) for n in range(3)]
    alone = serve(tmp_path, "alone", FILES, None)
    assert [(0, 6)] * 3 == [(report.added, report.from_cache) for report in reports]
    assert (6, 0) == (alone.added, alone.from_cache)
    assert ["-LZX-32768-0.wim"] == parts(tmp_path)
    images = [tmp_path / f"image{n}.wim" for n in range(3)]
    assert 1 == len({path.read_bytes() for path in images})
    assert images[0].stat().st_size == (tmp_path / "alone.wim").stat().st_size
    assert_sound(images[2])


def test_an_image_that_takes_more_adds_what_is_missing(tmp_path: Path) -> None:
    """What one image did not need the next one compresses, and nothing twice."""
    shared = SharedPayload(tmp_path, NOW)
    few = dict(list(FILES.items())[:2])
    assert 2 == serve(tmp_path, "few", few, shared).from_cache
    assert 6 == serve(tmp_path, "all", FILES, shared).from_cache
    assert ["-LZX-32768-0.wim", "-LZX-32768-1.wim"] == parts(tmp_path)
    hashes = []
    for path in tmp_path.glob("payload/*.wim"):
        with WimReader.open(path) as wim:
            hashes += [sha1 for sha1 in wim.table.sizes if sha1 in {sha1_of(c) for c in FILES.values()}]
    assert 6 == len(hashes) == len(set(hashes))


def sha1_of(content: bytes) -> bytes:
    """A content's hash as WIMs have it."""
    return hashlib.sha1(content, usedforsecurity=False).digest()


def test_each_compression_has_its_own(tmp_path: Path) -> None:
    """Blobs can be copied only between files of one compression; one without any shares nothing."""
    shared = SharedPayload(tmp_path, NOW)
    assert 6 == serve(tmp_path, "lzx", FILES, shared).from_cache
    assert 6 == serve(tmp_path, "xpress", FILES, shared, XPRESS).from_cache
    assert 0 == serve(tmp_path, "none", FILES, shared, NONE).from_cache
    assert ["-LZX-32768-0.wim", "-XPRESS-32768-0.wim"] == parts(tmp_path)


def test_units_at_the_same_time_compress_once(tmp_path: Path) -> None:
    """One compresses, the others wait for it."""
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(serve, tmp_path, f"image{n}", FILES, SharedPayload(tmp_path, NOW)) for n in range(4)
        ]
        assert [6] * 4 == [job.result().from_cache for job in jobs]
    assert ["-LZX-32768-0.wim"] == parts(tmp_path)
    assert 1 == len({(tmp_path / f"image{n}.wim").read_bytes() for n in range(4)})


def test_a_part_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """What a dying process left is of no use and does no harm."""
    shared = SharedPayload(tmp_path, NOW)
    serve(tmp_path, "first", FILES, shared)
    (part,) = (tmp_path / "payload").glob("*.wim")
    part.write_bytes(b"torn")
    assert 6 == serve(tmp_path, "second", FILES, shared).from_cache
    assert 2 == len(parts(tmp_path))


def test_waiting_can_be_stopped(tmp_path: Path) -> None:
    """A unit that waits for another one gives up when the run is to stop."""
    shared = SharedPayload(tmp_path, NOW)
    contents: dict[bytes, bytes | Path] = {sha1_of(b"x"): b"x"}
    with ExitStack() as stack:
        shared.enter(stack, "sha256:1", contents, LZX, go)
    (lock,) = (tmp_path / "payload").glob("*.lock")
    with FileLock(lock), ExitStack() as stack, pytest.raises(Aborted):
        shared.enter(stack, "sha256:1", contents, LZX, lambda _: False)
