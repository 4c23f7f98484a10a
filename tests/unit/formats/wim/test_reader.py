"""Reading: from any file object, split files, and what damage ends in."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING

import pytest
from support.wims import NOW, SIMPLE, make_wim, snapshot

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import libwim
from osrecipe.formats.wim.capture import LZMS, LZX, NONE, XPRESS, Compression, capture
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.edits import PutFile
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.layout import Attribute, Header
from osrecipe.formats.wim.native import split
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("compression", "solid"),
    [
        *((compression, False) for compression in (NONE, XPRESS, LZX, LZMS, Compression(LZX.codec, 1 << 20))),
        *((compression, True) for compression in (XPRESS, LZX, LZMS)),
    ],
)
def test_any_place_of_a_file_can_be_read(tmp_path: Path, compression: Compression, *, solid: bool) -> None:
    """Random access gives the same bytes as the whole, in every compression."""
    data = b"".join(bytes([number % 251]) * (number % 1000) for number in range(1000)) + os.urandom(100_000)
    source = make_wim(tmp_path / "s.wim", [PutFile("big", data), PutFile("other", b"other" * 9)])
    wim = tmp_path / "x.wim"
    export_images([ExportSource(source, 1)], wim, compression=compression, solid=solid)
    with WimReader.open(wim) as reader, reader.open_file(1, "big") as file:
        assert solid == reader.is_solid
        for at, size in ((0, 10), (32_767, 2), (len(data) - 5, 100), (300_000, 200_000), (65_536, 0)):
            file.seek(at)
            assert data[at : at + size] == file.read(size)
        assert len(data) == file.seek(0, os.SEEK_END)
        assert data == reader.read_file(1, "big")


def test_a_wim_inside_another_is_read_in_place(tmp_path: Path) -> None:
    """A reader works on a file inside a WIM, as it does on one inside an ISO."""
    inner = make_wim(tmp_path / "winre.wim", SIMPLE, compression=XPRESS)
    outer = make_wim(tmp_path / "install.wim", [PutFile("winre.wim", inner)])
    with WimReader.open(outer) as reader, WimReader(reader.open_file(1, "WINRE.WIM")) as nested:
        assert b"read me" == nested.read_file(1, "readme.txt")
        assert "image" == nested.info(1).name


def test_entries_are_found_and_listed(ntfs: Path) -> None:
    """By path in any case, a directory's own entries, and everything below one."""
    with WimReader.open(ntfs) as reader:
        tree = reader.tree(1)
        found = tree.get("WINDOWS\\system32\\A LONG FILE NAME.config")
        assert "Windows\\System32\\a long file name.config" == found.path
        assert ("ALONGF~1.CON", 70_000, {"second", "Zone.Identifier"}) == (
            found.short_name,
            found.size,
            {stream.name for stream in found.streams},
        )
        assert ["config"] == [
            entry.name for entry in tree.children("Windows\\System32") if entry.is_directory
        ]
        assert ["Windows\\System32\\config\\SOFTWARE"] == [
            entry.path for entry in tree.walk("windows\\system32\\CONFIG")
        ]
        assert tree.find("nothing\\here") is None
        assert (0xA0000003, True) == (
            tree.get("Documents and Settings").reparse_tag,
            tree.get("link.txt").is_reparse,
        )
        assert 16 + 8 <= len(tree.get("Windows\\System32\\plain.dll").tagged)
        with pytest.raises(FormatError) as caught:
            list(tree.children("Windows\\System32\\plain.dll"))
        assert Fault.MISSING == caught.value.fault


def test_named_streams_can_be_opened(ntfs: Path) -> None:
    """A stream's name is found without regard to case; a missing one is named."""
    with WimReader.open(ntfs) as reader:
        with reader.open_file(1, "empty folder", stream="STREAM OF A FOLDER") as file:
            assert b"folder data" == file.read()
        with pytest.raises(FormatError, match="no such stream"):
            reader.open_file(1, "empty folder", stream="x")


@pytest.mark.parametrize("path", ["Windows", "link.txt", "nothing"])
def test_only_plain_files_have_data(ntfs: Path, path: str) -> None:
    """Directories, links and missing files are refused."""
    with WimReader.open(ntfs) as reader, pytest.raises(FormatError):
        reader.read_file(1, path)


def test_encrypted_files_are_refused(simple: Path) -> None:
    """EFS data is no file content."""
    with WimReader.open(simple) as reader:
        node = reader.tree(1).image.find("readme.txt")
        assert node is not None
        raw = bytearray(node.raw)
        raw[8:12] = int(Attribute.ENCRYPTED).to_bytes(4, "little")
        node.reload(bytes(raw))
        with pytest.raises(FormatError) as caught:
            reader.read_file(1, "readme.txt")
    assert Fault.ENCRYPTED == caught.value.fault


@pytest.mark.parametrize("index", [0, -1, 2])
def test_images_are_numbered_from_one(simple: Path, index: int) -> None:
    """Any other number is missing, never the last image."""
    with WimReader.open(simple) as reader:
        for ask in (reader.info, reader.metadata, reader.tree):
            with pytest.raises(FormatError) as caught:
                ask(index)
            assert Fault.MISSING == caught.value.fault


def test_split_wims_are_read_with_all_parts(tmp_path: Path) -> None:
    """Blobs come from whichever part has them; a missing part is said so; no part is changed."""
    files = [PutFile(f"f{number}", os.urandom(30_000)) for number in range(20)]
    whole = make_wim(tmp_path / "x.wim", [*files], compression=XPRESS)
    parts = split(whole, tmp_path / "x.swm", 200_000)
    assert len(parts) > 2
    with WimReader.open(parts[0], others=parts[:0:-1]) as reader, WimReader.open(whole) as expected:
        assert [expected.read_file(1, file.path) for file in files] == [
            reader.read_file(1, file.path) for file in files
        ]
    for given, fault in (
        (parts[:-1], Fault.MISSING),
        (parts[1:], Fault.UNSUPPORTED),
        ([*parts, parts[-1]], Fault.CORRUPT),
    ):
        with pytest.raises(FormatError) as caught:
            WimReader.open(given[0], others=given[1:])
        assert fault == caught.value.fault
    with pytest.raises(FormatError) as caught:
        commit(parts[0], 1, [], now=NOW)
    assert Fault.MISSING == caught.value.fault


def test_parts_of_different_wims_do_not_mix(tmp_path: Path) -> None:
    """Parts belong together by their identity."""
    parts = []
    for name in "ab":
        whole = make_wim(
            tmp_path / f"{name}.wim", [PutFile(f"{number}", os.urandom(30_000)) for number in range(9)]
        )
        parts.append(split(whole, tmp_path / f"{name}.swm", 150_000))
    with pytest.raises(FormatError):
        WimReader.open(parts[0][0], others=parts[1][1:])


@pytest.mark.parametrize(
    ("at", "value", "fault"),
    [
        (0, b"NOTAWIM\0", Fault.CORRUPT),
        (0, b"WLPWM\0\0\0", Fault.UNSUPPORTED),
        (8, b"\0", Fault.CORRUPT),
        (12, b"\1\1\1\0", Fault.UNSUPPORTED),
        (16, b"\2\0\0\0", Fault.UNSUPPORTED),
        (20, b"\1\0\0\0", Fault.CORRUPT),
        (20, b"\0\0\0\x10", Fault.CORRUPT),
        (40, b"\0\0", Fault.CORRUPT),
        (44, b"\xff\xff\xff\xff", Fault.TOO_LARGE),
        (44, b"\2\0\0\0", Fault.CORRUPT),
        (48, b"\xff\xff\xff\xff\xff\xff\xff", Fault.TRUNCATED),
        (56, b"\0\0\0\0\0\0\0\1", Fault.TRUNCATED),
        (64, b"\xff\xff\xff\xff\xff\xff\xff", Fault.TOO_LARGE),
        (120, b"\2\0\0\0", Fault.CORRUPT),
    ],
)
def test_bad_headers_are_refused(simple: Path, at: int, value: bytes, fault: Fault) -> None:
    """Every field of the header that matters is checked before it is used."""
    data = bytearray(simple.read_bytes())
    data[at : at + len(value)] = value
    with pytest.raises(FormatError) as caught:
        WimReader(io.BytesIO(bytes(data)))
    assert fault == caught.value.fault


@pytest.mark.parametrize("cut", [0, 1, 207, 208, 300, -1, -200, -600])
def test_truncated_files_are_refused(simple: Path, cut: int) -> None:
    """A file that ends too soon is never read as a smaller one."""
    with pytest.raises(FormatError):
        WimReader(io.BytesIO(simple.read_bytes()[:cut]))


def test_headers_are_written_as_they_were_read(simple: Path, ntfs: Path) -> None:
    """Nothing of a header is lost, unused bytes included."""
    for wim in (simple, ntfs):
        raw = wim.read_bytes()[:208]
        assert raw == Header.parse(raw).pack()


def test_damaged_blobs_are_found(simple: Path) -> None:
    """Changed bytes never pass as a file's content."""
    data = bytearray(simple.read_bytes())
    with WimReader.open(simple) as reader:
        blob = reader.blob(reader.tree(1).get("Windows\\notepad.exe").sha1)
    data[blob.resource.offset + blob.resource.stored // 2] ^= 0x55
    with WimReader(io.BytesIO(bytes(data))) as reader:
        with pytest.raises(FormatError) as caught:
            reader.read_file(1, "Windows\\notepad.exe")
        assert Fault.CORRUPT == caught.value.fault
        with pytest.raises(FormatError):
            reader.open_file(1, "Windows\\notepad.exe")


def test_damaged_metadata_is_found(simple: Path) -> None:
    """Metadata that does not have its SHA-1 is not parsed."""
    with WimReader.open(simple) as reader:
        where = reader.metadata_row(1).resource
    data = bytearray(simple.read_bytes())
    data[where.end - 3] ^= 1
    with WimReader(io.BytesIO(bytes(data))) as reader, pytest.raises(FormatError):
        reader.tree(1)


def test_the_integrity_table_is_checked(ntfs: Path, simple: Path) -> None:
    """A changed byte anywhere it covers is found; a file without one says so."""
    with WimReader.open(simple) as reader:
        assert not reader.verify_integrity()
    data = bytearray(ntfs.read_bytes())
    with WimReader(io.BytesIO(bytes(data))) as reader:
        assert reader.verify_integrity()
    data[210] ^= 1
    with WimReader(io.BytesIO(bytes(data))) as reader, pytest.raises(FormatError) as caught:
        reader.verify_integrity()
    assert Fault.CORRUPT == caught.value.fault


def test_reading_writes_nothing(ntfs: Path) -> None:
    """Neither opening nor reading changes the file."""
    before = hashlib.sha256(ntfs.read_bytes()).digest()
    snapshot(ntfs)
    with WimReader.open(ntfs) as reader:
        reader.read_file(1, "other name.config")
    assert before == hashlib.sha256(ntfs.read_bytes()).digest()


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(FormatError, match=r"nothing\.wim") as caught:
        WimReader.open(tmp_path / "nothing.wim")
    assert Fault.MISSING == caught.value.fault


def test_a_missing_library_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hint names the package to install."""
    monkeypatch.setenv("OSRECIPE_LIBWIM", str(tmp_path / "nolib.so"))
    with pytest.raises(FormatError) as caught:
        libwim.version()
    assert (Fault.UNAVAILABLE, True) == (caught.value.fault, "libwim15" in caught.value.hint)


def test_the_library_says_its_version() -> None:
    """Three numbers, and new enough for all that is used here."""
    assert libwim.version() >= libwim.OLDEST


def test_captures_have_what_was_asked_for(tmp_path: Path) -> None:
    """Name, description, flags, boot index, chunk size, file times; a second image is appended."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_bytes(b"x" * 70_000)
    os.utime(folder / "sub" / "file", ns=(10**18, 1_600_000_000_123_456_700))
    wim = tmp_path / "x.wim"
    compression = Compression(XPRESS.codec, 8192)
    first = capture(folder, wim, "one", description="d", flags="Pro", compression=compression, boot=True)
    second = capture(folder / "sub", wim, "two", append=True)
    with WimReader.open(wim) as reader:
        assert (1, 2, 2, 1) == (first, second, reader.image_count, reader.boot_index)
        assert ("one", "d", "Pro", 8192) == (
            *(getattr(reader.info(1), name) for name in ("name", "description", "flags")),
            reader.header.chunk_size,
        )
        assert 116_444_736_000_000_000 + 16_000_000_001_234_567 == reader.tree(1).get("sub\\file").written
        assert b"x" * 70_000 == reader.read_file(2, "file")
    with pytest.raises(FormatError):
        capture(folder, wim, "one", append=True)
    with pytest.raises(FormatError):
        capture(tmp_path / "missing", tmp_path / "y.wim", "y")
