"""Export, payload caches, XML fields: new files of old images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.wims import NOW, SIMPLE, assert_sound, make_wim, snapshot
from support.witness import witness

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.capture import LZMS, LZX, NONE, XPRESS, Compression, capture
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import check
from osrecipe.formats.wim.edits import Delete, PutFile
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.info import InfoFields, set_boot_index, set_image_info
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.formats.wim.payload import fits, make_payload
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.wim.progress import Progress

ALL = [NONE, XPRESS, LZX, LZMS]


def metadata(wim: Path, index: int = 1) -> bytes:
    """An image's metadata, uncompressed."""
    with WimReader.open(wim) as reader:
        return reader.metadata(index)


@pytest.mark.parametrize("compression", ALL)
@pytest.mark.parametrize("solid", [False, True])
def test_metadata_is_exported_byte_for_byte(
    ntfs: Path, tmp_path: Path, compression: Compression, *, solid: bool
) -> None:
    """Whatever becomes of the blobs, an image's entries are the same bytes."""
    wim = tmp_path / "out.wim"
    if solid and compression is NONE:
        with pytest.raises(FormatError):
            export_images([ExportSource(ntfs, 1)], wim, compression=compression, solid=solid)
        return
    export_images(
        [ExportSource(ntfs, 1)], wim, compression=compression, solid=solid, integrity=solid, boot_index=1
    )
    assert metadata(ntfs) == metadata(wim)
    assert_sound(wim)


def test_solid_files_can_be_made_plain_again(ntfs: Path, tmp_path: Path) -> None:
    """From solid back to LZX all content is there."""
    solid, plain = tmp_path / "x.esd", tmp_path / "x.wim"
    export_images([ExportSource(ntfs, 1)], solid, compression=LZMS, solid=True)
    export_images([ExportSource(solid, 1)], plain, compression=LZX)
    assert metadata(ntfs) == metadata(plain)
    assert_sound(plain)


@pytest.mark.parametrize(
    "options", [["--solid"], ["--solid", "--solid-compress=LZX"], ["--compress=LZMS"], ["--compress=none"]]
)
def test_what_wimlib_exports_is_read(ntfs: Path, tmp_path: Path, options: list[str]) -> None:
    """Files of another writer, solid ones too, hold what was exported, and can be exported again."""
    theirs, ours = tmp_path / "theirs.wim", tmp_path / "ours.wim"
    witness("wimlib-imagex", "export", str(ntfs), "1", str(theirs), *options)
    assert snapshot(ntfs) == snapshot(theirs)
    assert_sound(theirs)
    export_images([ExportSource(theirs, 1)], ours, compression=LZX)
    assert metadata(theirs) == metadata(ours)
    assert_sound(ours)


def test_equal_compression_copies_and_recompress_does_not(simple: Path, tmp_path: Path) -> None:
    """A raw copy costs no compression; asking for it compresses everything anew."""
    copied = export_images([ExportSource(simple, 1)], tmp_path / "a.wim", compression=LZX)
    anew = export_images([ExportSource(simple, 1)], tmp_path / "b.wim", compression=LZX, recompress=True)
    other = export_images(
        [ExportSource(simple, 1)], tmp_path / "c.wim", compression=Compression(LZX.codec, 1 << 16)
    )
    assert (0, True) == (copied.compressed, copied.copied > 0)
    assert (0, 0) == (anew.copied, other.copied)
    assert anew.compressed == other.compressed == 140_000 + 76_800 + 7


def test_export_gives_back_the_space_of_what_was_replaced(simple: Path, tmp_path: Path) -> None:
    """What commits left behind is not copied."""
    for number in range(5):
        commit(simple, 1, [PutFile("big", os.urandom(50_000))], now=NOW + number)
    commit(simple, 1, [Delete("big")], now=NOW)
    report = export_images([ExportSource(simple, 1)], tmp_path / "x.wim", compression=LZX)
    assert simple.stat().st_size > 250_000
    assert 20_000 > report.size == (tmp_path / "x.wim").stat().st_size
    assert [] == check(tmp_path / "x.wim")


def test_images_keep_their_order_names_and_shared_blobs(tmp_path: Path) -> None:
    """Images of several files stand in the order given, what they share once; given fields win."""
    one = make_wim(tmp_path / "one.wim", SIMPLE)
    two = make_wim(tmp_path / "two.wim", [*SIMPLE, PutFile("only.txt", b"only here")], compression=XPRESS)
    sources = [
        ExportSource(two, 1, name="B", description="of two", flags="Pro"),
        ExportSource(one, 1, name="A"),
    ]
    report = export_images(sources, tmp_path / "x.wim", compression=LZX, boot_index=2)
    with WimReader.open(tmp_path / "x.wim") as reader:
        assert [("B", "of two", "Pro"), ("A", "", "")] == [
            (info.name, info.description, info.flags) for info in reader.infos()
        ]
        assert (2, 4, 4) == (reader.boot_index, report.blobs, len(reader.table))
        assert reader.header.boot_metadata == reader.metadata_row(2).resource
    assert_sound(tmp_path / "x.wim")


def test_two_images_of_one_name_are_refused(simple: Path, tmp_path: Path) -> None:
    """Images are found by name; the destination is not made."""
    with pytest.raises(FormatError, match="one name"):
        export_images([ExportSource(simple, 1)] * 2, tmp_path / "x.wim", compression=LZX)
    assert ["simple.wim"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("bad", [0, 2, -1])
def test_the_image_that_boots_must_be_there(simple: Path, tmp_path: Path, bad: int) -> None:
    """A boot index names one of the new images."""
    with pytest.raises(FormatError) as caught:
        export_images([ExportSource(simple, 1)], tmp_path / "x.wim", compression=LZX, boot_index=bad)
    assert Fault.MISSING == caught.value.fault


def test_a_damaged_source_leaves_the_destination_as_it_was(simple: Path, tmp_path: Path) -> None:
    """What was under the name before stays until the new file is whole."""
    destination = tmp_path / "x.wim"
    destination.write_bytes(b"old")
    data = bytearray(simple.read_bytes())
    with WimReader.open(simple) as reader:
        blob = reader.blob(reader.tree(1).get("Windows\\notepad.exe").sha1)
    data[blob.resource.offset + 60] ^= 0xFF
    simple.write_bytes(data)
    with pytest.raises(FormatError):
        export_images([ExportSource(simple, 1)], destination, compression=XPRESS)
    with pytest.raises(Aborted):
        export_images([ExportSource(simple, 1)], destination, compression=LZX, cancel=lambda: True)
    assert (b"old", {"x.wim", "simple.wim"}) == (
        destination.read_bytes(),
        {path.name for path in tmp_path.iterdir()},
    )


def test_an_image_that_lacks_a_blob_is_not_exported(simple: Path, tmp_path: Path) -> None:
    """A missing blob is found before anything is written."""
    data = bytearray(simple.read_bytes())
    with WimReader.open(simple) as reader:
        sha1 = reader.tree(1).get("readme.txt").sha1
        table = reader.header.blobs
    at = data.index(sha1, table.offset, table.end)
    data[at] ^= 1
    simple.write_bytes(data)
    with pytest.raises(FormatError, match="lacks a blob") as caught:
        export_images([ExportSource(simple, 1)], tmp_path / "x.wim", compression=LZX)
    assert Fault.MISSING == caught.value.fault
    assert {"blob-missing", "blob-unused"} <= {finding.kind for finding in check(simple)}


def test_progress_grows_to_the_end(simple: Path, tmp_path: Path) -> None:
    """Steps never go back; a function that answers False stops."""
    steps: list[int] = []

    def counted(step: Progress) -> bool:
        steps.append(step.done)
        return True

    export_images(
        [ExportSource(simple, 1)],
        tmp_path / "x.wim",
        compression=XPRESS,
        progress=counted,
    )
    assert steps == sorted(steps)
    assert steps[-1] >= 140_000
    with pytest.raises(Aborted):
        export_images(
            [ExportSource(simple, 1)], tmp_path / "y.wim", compression=XPRESS, progress=lambda _: False
        )


def test_payload_is_compressed_once(tmp_path: Path) -> None:
    """Commits copy a cache's blobs as they are stored; the result is the same as without it."""
    update = tmp_path / "update.dll"
    update.write_bytes(b"update" * 60_000)
    payload = tmp_path / "payload.wim"
    report = make_payload([update, b"other" * 5000, update], payload, compression=LZX, now=NOW)
    assert 2 == report.added
    edits = [
        PutFile("Windows\\update.dll", update),
        PutFile("other", b"other" * 5000),
        PutFile("third", b"third"),
    ]
    with_cache, without = (make_wim(tmp_path / f"{name}.wim", SIMPLE) for name in "ab")
    with WimReader.open(payload) as cache:
        with WimReader.open(with_cache) as target:
            assert fits(cache, target)
        done = commit(with_cache, 1, edits, now=NOW, payload=[cache])
    commit(without, 1, edits, now=NOW)
    assert (1, 2) == (done.added, done.from_cache)
    assert snapshot(with_cache) == snapshot(without)
    assert_sound(with_cache)
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_payload_is_not_copied(simple: Path, tmp_path: Path) -> None:
    """Every blob of a cache is checked before it goes into an image; the target stays as it was."""
    payload, before = tmp_path / "payload.wim", simple.read_bytes()
    make_payload([os.urandom(9000)], payload, compression=LZX, now=NOW)
    with WimReader.open(payload) as cache:
        [sha1] = cache.table
        content, place = cache.read_blob(sha1), cache.blob(sha1).resource.offset
    data = bytearray(payload.read_bytes())
    data[place + 100] ^= 1
    payload.write_bytes(data)
    with WimReader.open(payload) as cache, pytest.raises(FormatError) as caught:
        commit(simple, 1, [PutFile("x", content)], now=NOW, payload=[cache])
    assert (Fault.CORRUPT, before) == (caught.value.fault, simple.read_bytes())


def test_a_payload_of_other_compression_is_passed_over(tmp_path: Path) -> None:
    """Blobs that do not fit are compressed as usual."""
    payload = tmp_path / "payload.wim"
    make_payload([b"update" * 9000], payload, compression=XPRESS, now=NOW)
    target = make_wim(tmp_path / "x.wim", SIMPLE)
    with WimReader.open(payload) as cache, WimReader.open(target) as reader:
        assert not fits(cache, reader)
    with WimReader.open(payload) as cache:
        report = commit(target, 1, [PutFile("u", b"update" * 9000)], now=NOW, payload=[cache])
    assert (1, 0) == (report.added, report.from_cache)
    assert_sound(target)


def test_fields_are_set_without_touching_images(ntfs: Path) -> None:
    """New texts and numbers are there, all else is as it was, also for other programs."""
    before = snapshot(ntfs)
    set_image_info(
        ntfs, 1, InfoFields(name="Windows", display_name="W", spbuild=4046, edition="Pro", description="gone")
    )
    set_image_info(ntfs, 1, InfoFields(description=""))
    with WimReader.open(ntfs) as reader:
        info = reader.info(1)
        assert ("Windows", "W", 4046, "Pro", "", 1) == (
            info.name,
            info.display_name,
            info.spbuild,
            info.edition,
            info.description,
            reader.boot_index,
        )
        assert reader.verify_integrity()
    assert before == snapshot(ntfs)
    assert_sound(ntfs)


def test_the_boot_index_is_set_and_cleared(tmp_path: Path) -> None:
    """With the header's copy of the image's place."""
    folder = tmp_path / "in"
    folder.mkdir()
    wim = tmp_path / "x.wim"
    for number in range(3):
        (folder / str(number)).write_bytes(b"x")
        capture(folder, wim, f"image {number}", append=bool(number))
    for index in (3, 1, 0):
        set_boot_index(wim, index)
        with WimReader.open(wim) as reader:
            assert index == reader.boot_index
        assert_sound(wim)
    with pytest.raises(FormatError):
        set_boot_index(wim, 4)
    with pytest.raises(FormatError, match="one name"):
        set_image_info(wim, 1, InfoFields(name="image 2"))
    assert_sound(wim)
