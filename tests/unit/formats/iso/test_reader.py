"""Reading our own discs and hostile ones."""

from __future__ import annotations

import os
import struct
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycdlib.pycdlib import PyCdlib
from support.bootstubs import efi_system_partition
from support.isos import EFI_BOOT, MEDIA, SECTOR, find_descriptor, make_iso, seal_tag

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.iso.entries import Extent
from osrecipe.formats.iso.stream import ExtentStream
from osrecipe.formats.iso.udf import decode_dstring

if TYPE_CHECKING:
    from pathlib import Path

_FILE_ENTRY = 261
_FILE_IDENTIFIER = 257
_WIM = r"sources\install.wim"


def _slug(path: Path) -> str:
    with pytest.raises(FormatError) as caught:
        IsoReader(path)
    return caught.value.slug


def _changed(tmp_path: Path, change: bytes, offset: int, disc: bytearray, tag_at: int | None = None) -> Path:
    disc[offset : offset + len(change)] = change
    if tag_at is not None:
        seal_tag(disc, tag_at)
    to = tmp_path / "changed.iso"
    to.write_bytes(disc)
    return to


def _iso9660(tmp_path: Path, content: bytes) -> Path:
    writer = PyCdlib()
    writer.new()
    writer.add_fp(BytesIO(content), len(content), iso_path="/A.;1")
    writer.write(str(tmp_path / "i.iso"))
    writer.close()
    return tmp_path / "i.iso"


@pytest.mark.parametrize("path", [r"SOURCES\INSTALL.WIM", "sources/install.wim", r"\Sources\install.wim"])
def test_lookup_tells_no_case_and_no_separator(tmp_path: Path, path: str) -> None:
    """A file is found whatever its case and separators."""
    with IsoReader(make_iso(tmp_path)) as disc, disc.open(path) as stream:
        assert stream.read() == MEDIA[_WIM]


def test_a_stream_seeks_without_reading_what_lies_between(tmp_path: Path) -> None:
    """Streams are random access, independent of each other, and outlive the reader."""
    disc = IsoReader(make_iso(tmp_path))
    first, second = disc.open(_WIM), disc.open(_WIM)
    disc.close()
    with first, second:
        first.seek(-3, os.SEEK_END)
        second.seek(1000)
        assert first.read() == MEDIA[_WIM][-3:]
        assert second.read(8) == MEDIA[_WIM][1000:1008]
        assert second.tell() == 1008
        first.seek(10_000_000)
        assert first.read() == b""


def _read_fully(stream: ExtentStream, size: int) -> bytes:
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    moves=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 100)), max_size=20),
)
def test_a_file_in_pieces_reads_as_one(lengths: list[int], moves: list[tuple[int, int]]) -> None:
    """A stream over scattered extents behaves as the joined bytes do."""
    whole = bytes(index % 251 for index in range(sum(lengths)))
    disc, extents, at = bytearray(), [], 0
    for length in lengths:
        disc += b"\xff" * 7
        extents.append(Extent(len(disc), length))
        disc += whole[at : at + length]
        at += length
    stream, model = ExtentStream(BytesIO(disc), extents), BytesIO(whole)
    for position, size in moves:
        stream.seek(position)
        model.seek(position)
        wanted = model.read(size)
        assert _read_fully(stream, len(wanted)) == wanted


def test_a_boot_image_that_is_no_file_is_as_long_as_its_volume(tmp_path: Path) -> None:
    """Retail EFI entries state one sector and mean the FAT volume that starts there."""
    volume = efi_system_partition({"A.TXT": b"a"})
    disc = bytearray(make_iso(tmp_path, {EFI_BOOT: bytes(SECTOR) + volume}).read_bytes())
    (catalogue,) = struct.unpack_from("<L", disc, 17 * SECTOR + 71)
    entry = catalogue * SECTOR + 32
    count, start = struct.unpack_from("<HL", disc, entry + 6)
    assert count == (SECTOR + len(volume)) // 512
    to = _changed(tmp_path, struct.pack("<HL", 1, start + 1), entry + 6, disc)
    with IsoReader(to) as reader:
        (found,) = reader.boot_entries()
        assert (found.load_sectors, found.size) == (1, len(volume))
        assert reader.boot_image(found) == volume


def test_a_boot_image_beyond_the_end_is_truncated(tmp_path: Path) -> None:
    """A catalogue that leads out of the disc refuses it."""
    disc = bytearray(make_iso(tmp_path).read_bytes())
    (catalogue,) = struct.unpack_from("<L", disc, 17 * SECTOR + 71)
    at = catalogue * SECTOR + 32 + 8
    assert _slug(_changed(tmp_path, struct.pack("<L", 0xFFFFFF), at, disc)) == "iso/truncated"


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    """Opening what is not there, or a folder, is `missing`."""
    with IsoReader(make_iso(tmp_path)) as disc:
        for path in ("nothing", "sources"):
            with pytest.raises(FormatError) as caught:
                disc.open(path)
            assert caught.value.slug == "iso/missing"


def test_what_is_no_iso_is_corrupt(tmp_path: Path) -> None:
    """Zeros, text and a WIM's magic are refused as corrupt, nothing at all as truncated."""
    for content in (bytes(100 * SECTOR), b"MSWIM\0\0\0" * 9000):
        (tmp_path / "x.iso").write_bytes(content)
        assert _slug(tmp_path / "x.iso") == "iso/corrupt"
    (tmp_path / "x.iso").write_bytes(b"")
    assert _slug(tmp_path / "x.iso") == "iso/truncated"


@pytest.mark.parametrize("percent", [5, 30, 60, 90, 99])
def test_a_disc_cut_off_anywhere_is_truncated(tmp_path: Path, percent: int) -> None:
    """An ISO that ends early is told as such, wherever it ends."""
    iso = make_iso(tmp_path)
    os.truncate(iso, iso.stat().st_size * percent // 100)
    assert _slug(iso) == "iso/truncated"


def test_an_extent_beyond_the_end_is_truncated(tmp_path: Path) -> None:
    """A file entry with a right checksum whose data lies elsewhere is refused when the disc is opened."""
    iso = make_iso(tmp_path)
    disc = bytearray(iso.read_bytes())
    size = struct.pack("<Q", len(MEDIA[_WIM]))
    at = find_descriptor(disc, _FILE_ENTRY, size)
    assert _slug(_changed(tmp_path, struct.pack("<L", 0x7FFFFFF), at + 176 + 4, disc, at)) == "iso/truncated"


def test_extents_shorter_than_the_file_are_corrupt(tmp_path: Path) -> None:
    """A size that the extents don't cover is refused."""
    disc = bytearray(make_iso(tmp_path).read_bytes())
    at = find_descriptor(disc, _FILE_ENTRY, struct.pack("<Q", len(MEDIA[_WIM])))
    assert _slug(_changed(tmp_path, struct.pack("<Q", 1 << 50), at + 56, disc, at)) == "iso/corrupt"


@pytest.mark.parametrize("name", [b"..", b"a\\", b"/a", b"\0a", b". "])
def test_udf_names_that_leave_their_folder_are_unsafe(tmp_path: Path, name: bytes) -> None:
    """A sealed file identifier with a name of dots, separators or NUL refuses the disc."""
    disc = bytearray(make_iso(tmp_path, {"QZ": b"x"}).read_bytes())
    at = find_descriptor(disc, _FILE_IDENTIFIER, b"\x08QZ")
    assert _slug(_changed(tmp_path, name, disc.index(b"\x08QZ") + 1, disc, at)) == "iso/unsafe"


def test_a_folder_that_holds_itself_is_corrupt(tmp_path: Path) -> None:
    """A file identifier that leads back to the root does not make reading endless."""
    disc = bytearray(make_iso(tmp_path, {r"QZ\a": b"x"}).read_bytes())
    at = find_descriptor(disc, _FILE_IDENTIFIER, b"\x08QZ")
    root = bytes(disc[257 * SECTOR + 400 : 257 * SECTOR + 416])  # the root's ICB in the file set descriptor
    assert _slug(_changed(tmp_path, root, at + 20, disc, at)) == "iso/corrupt"


@pytest.mark.parametrize(("name", "evil"), [("QZ", ".."), ("QZ", "/z"), ("QZQ", "a\\b"), ("QZQ", "a\0b")])
def test_joliet_names_that_leave_their_folder_are_unsafe(tmp_path: Path, name: str, evil: str) -> None:
    """The same names are refused on the Joliet side, where nothing has a checksum."""
    writer = PyCdlib()
    writer.new(joliet=3)
    writer.add_fp(BytesIO(b"x"), 1, iso_path="/A.;1", joliet_path=f"/{name}")
    writer.write(str(tmp_path / "j.iso"))
    writer.close()
    disc = (tmp_path / "j.iso").read_bytes().replace(name.encode("utf-16-be"), evil.encode("utf-16-be"))
    (tmp_path / "j.iso").write_bytes(disc)
    assert _slug(tmp_path / "j.iso") == "iso/unsafe"


def test_an_iso9660_file_beyond_the_end_is_truncated(tmp_path: Path) -> None:
    """Such a file is told, although pycdlib would shorten it."""
    iso = _iso9660(tmp_path, b"x" * 90_000)
    os.truncate(iso, iso.stat().st_size - 4 * SECTOR)
    assert _slug(iso) == "iso/truncated"


def test_a_directory_larger_than_any_media_is_too_large(tmp_path: Path) -> None:
    """A folder that claims megabytes of names is refused before it is read."""
    iso = make_iso(tmp_path, {r"QZ\a": b"x" * (9 << 20)})
    disc = bytearray(iso.read_bytes())
    root = disc.index(b"\x08QZ") // SECTOR * SECTOR - SECTOR
    struct.pack_into("<Q", disc, root + 56, 8 << 20)
    assert _slug(_changed(tmp_path, struct.pack("<L", 8 << 20), root + 176, disc, root)) == "iso/too-large"


def test_an_iso9660_directory_larger_than_any_media_is_too_large(tmp_path: Path) -> None:
    """ISO9660 folders, which cost more to read, are refused from half a megabyte on."""
    iso = _iso9660(tmp_path, b"\0" * (2 << 20))
    disc = bytearray(iso.read_bytes())
    root = 16 * SECTOR + 156
    assert _slug(_changed(tmp_path, struct.pack("<L", 600 << 10), root + 10, disc)) == "iso/too-large"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (bytes(128), ""),
        (b"\x08AB".ljust(127, b"\0") + b"\x03", "AB"),
        (b"\x10\x65\xe5".ljust(127, b"\0") + b"\x03", "日"),
        (b"\x08" + b"A" * 126 + b"\xff", "A" * 126),
    ],
)
def test_dstrings_decode(field: bytes, text: str) -> None:
    """A dstring has an encoding, a text and a length that may lie."""
    assert decode_dstring(field) == text


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_change_of_a_byte_raises_anything_but_format_errors(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is changed in the descriptors, the disc opens or is refused with a FormatError."""
    folder = tmp_path_factory.mktemp("mutant")
    disc = bytearray(make_iso(folder, {"a": b"a", r"b\c": b"c"}).read_bytes())
    used = [at for at in range(16 * SECTOR, len(disc)) if disc[at]]
    for _ in range(data.draw(st.integers(1, 4))):
        disc[data.draw(st.sampled_from(used))] = data.draw(st.integers(0, 255))
    (folder / "mutant.iso").write_bytes(disc)
    try:
        with IsoReader(folder / "mutant.iso") as reader:
            list(reader.entries())
    except FormatError as error:
        assert error.slug.startswith("iso/")  # noqa: PT017 - refusing is one of two right answers
