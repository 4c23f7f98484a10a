"""Reading and extracting cabinets."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.formats.cab import CabReader, mspack
from osrecipe.formats.cab.blocks import _fold_words
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

GOOD = ["mszip_lzx_qtm", "normal_255c_filename", "normal_2files_1folder", "normal_2files_2folders"] + [
    f"reserve_{variant}" for variant in ("---", "--D", "-F-", "-FD", "H--", "H-D", "HF-", "HFD")
]
BAD_DATA = {
    "cve-2010-2800-mszip-infinite-loop": Fault.CORRUPT,
    "cve-2014-9556-qtm-infinite-loop": Fault.CORRUPT,
    "cve-2018-18584-qtm-max-size-block": Fault.CORRUPT,
    "lzx-main-tree-no-lengths": Fault.CORRUPT,
    "lzx-premature-matches": Fault.CORRUPT,
    "partial_nodata": Fault.TRUNCATED,
}
LIMIT = 1 << 33

needs_mspack = pytest.mark.skipif(not mspack.available(), reason="libmspack is not installed")


def cabextract(path: Path, name: str) -> bytes:
    """What the independent reader makes of one file."""
    if shutil.which("cabextract") is None:
        pytest.skip("cabextract, the independent witness, is not installed")
    return subprocess.run(
        ["cabextract", "-q", "-p", "-F", name, path], capture_output=True, check=True
    ).stdout


@needs_mspack
@pytest.mark.parametrize("name", GOOD)
def test_good_cabinets_read_as_the_witness_reads_them(samples: Path, name: str) -> None:
    """Every file of libmspack's good cabinets has the bytes cabextract gives, in any order of reading."""
    path = samples / f"{name}.cab"
    with CabReader(path) as reader:
        for file in reversed(reader.directory.files):
            data = reader.read(file.name, limit=LIMIT)
            assert len(data) == file.size
            assert cabextract(path, file.name) == data


@needs_mspack
@pytest.mark.parametrize("name", sorted(BAD_DATA))
def test_hostile_data_is_refused(samples: Path, name: str) -> None:
    """Cabinets whose blocks once crashed or hung decoders end in an error for every file."""
    with CabReader(samples / f"{name}.cab") as reader:
        for file in reader.directory.files:
            with pytest.raises(FormatError) as caught:
                reader.read(file.name, limit=LIMIT)
            assert BAD_DATA[name] == caught.value.fault


@pytest.fixture
def spanned(samples: Path, tmp_path: Path) -> Path:
    """The five-part set under the names its parts know each other by, in another case."""
    for part in range(1, 6):
        shutil.copy(samples / f"multi_basic_pt{part}.cab", tmp_path / f"CABD_multi_basic_pt{part}.CAB")
    return tmp_path


@pytest.mark.parametrize("part", [1, 3, 5])
def test_a_set_is_read_from_any_of_its_parts(spanned: Path, part: int) -> None:
    """A file that spans five cabinets is whole, whichever cabinet is opened."""
    with CabReader(spanned / f"CABD_multi_basic_pt{part}.CAB") as reader:
        assert [file.name for file in reader.directory.files] == ["test1.txt", "test2.txt", "test3.txt"]
        assert len(reader.directory.folders) == 1
        for file in reader.directory.files:
            data = reader.read(file.name, limit=LIMIT)
            assert len(data) == file.size
            assert cabextract(spanned / "CABD_multi_basic_pt1.CAB", file.name) == data


def test_a_missing_part_of_a_set_is_named(spanned: Path) -> None:
    """Without its third cabinet the set is refused, naming what is missing."""
    (spanned / "CABD_multi_basic_pt3.CAB").unlink()
    with pytest.raises(FormatError, match=r"cabd_multi_basic_pt3\.cab") as caught:
        CabReader(spanned / "CABD_multi_basic_pt1.CAB")
    assert caught.value.fault is Fault.MISSING


def test_a_set_needs_its_files(samples: Path) -> None:
    """A cabinet of a set given as bytes is refused: its neighbours can't be found."""
    with pytest.raises(FormatError) as caught:
        CabReader((samples / "multi_basic_pt1.cab").read_bytes())
    assert caught.value.fault is Fault.MISSING


def test_a_neighbour_can_not_be_in_another_folder(spanned: Path) -> None:
    """A neighbour's name that leaves the folder is unsafe."""
    path = spanned / "CABD_multi_basic_pt1.CAB"
    path.write_bytes(path.read_bytes().replace(b"cabd_multi_basic_pt2.cab", b"..\\d_multi_basic_pt2.cab"))
    with pytest.raises(FormatError) as caught:
        CabReader(path)
    assert caught.value.fault is Fault.UNSAFE


def test_a_set_that_circles_is_refused(spanned: Path) -> None:
    """A cabinet that names itself as its successor does not loop."""
    path = spanned / "CABD_multi_basic_pt1.CAB"
    path.write_bytes(path.read_bytes().replace(b"cabd_multi_basic_pt2.cab", b"cabd_multi_basic_pt1.cab"))
    with pytest.raises(FormatError) as caught:
        CabReader(path)
    assert caught.value.fault is Fault.CORRUPT


@settings(max_examples=30, deadline=None)
@given(
    contents=st.lists(st.binary(max_size=300).map(lambda data: data * 250), min_size=1, max_size=4),
    compress=st.booleans(),
)
def test_authored_cabinets_round_trip(contents: list[bytes], *, compress: bool) -> None:
    """Stored and MSZIP files over several blocks come back as they went in."""
    import cabarchive

    archive = cabarchive.CabArchive()
    for number, data in enumerate(contents):
        archive[f"f{number}.bin"] = cabarchive.CabFile(data)
    with CabReader(archive.save(compress=compress)) as reader:
        found = dict(reader.read_each(reader.directory.files, limit=LIMIT))
    assert sorted((f"f{number}.bin", data) for number, data in enumerate(contents)) == sorted(
        (file.name, data) for file, data in found.items()
    )


def test_names_are_found_whatever_their_case(author: Callable[..., Path]) -> None:
    """A file is found by a name that differs in case and slashes; an absent one is MISSING."""
    with CabReader(author({"Dir\\Update.mum": b"<x/>"})) as reader:
        assert reader.read("dir/UPDATE.MUM", limit=10) == b"<x/>"
        with pytest.raises(FormatError) as caught:
            reader.read("other", limit=10)
    assert caught.value.fault is Fault.MISSING


def test_sizes_are_judged_before_reading(author: Callable[..., Path]) -> None:
    """One byte past the limit is refused; the limit itself is not."""
    with CabReader(author({"a": b"12345"})) as reader:
        assert reader.read("a", limit=5) == b"12345"
        with pytest.raises(FormatError) as caught:
            reader.read("a", limit=4)
    assert caught.value.fault is Fault.TOO_LARGE


def test_two_files_of_one_name_are_refused(author: Callable[..., Path], tmp_path: Path) -> None:
    """Names that differ only in case can be neither read nor extracted."""
    path = author({"a.txt": b"1", "A.TXT": b"2"})
    with CabReader(path) as reader:
        for action in (
            lambda: reader.read("a.txt", limit=9),
            lambda: reader.extract(None, tmp_path, limit_bytes=9),
        ):
            with pytest.raises(FormatError) as caught:
                action()
            assert caught.value.fault is Fault.CORRUPT


def test_extract_writes_the_tree(author: Callable[..., Path], tmp_path: Path) -> None:
    """All files appear below the folder, empty ones too, and progress adds up to their size."""
    files = {"a.txt": b"A" * 70000, "sub\\deep\\b.bin": b"B" * 5, "empty": b""}
    seen: list[int] = []
    with CabReader(author(files)) as reader:
        written = reader.extract(None, tmp_path / "out", limit_bytes=LIMIT, progress=seen.append)
    assert files == {
        str(path.relative_to(tmp_path / "out")).replace("/", "\\"): path.read_bytes() for path in written
    }
    assert sum(seen) == 70005


def test_extract_takes_chosen_files_only(author: Callable[..., Path], tmp_path: Path) -> None:
    """Only the names asked for are written."""
    with CabReader(author({"a": b"1", "b": b"2"})) as reader:
        assert reader.extract(["b"], tmp_path / "out", limit_bytes=9) == (tmp_path / "out" / "b",)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]


def test_extract_keeps_the_stored_time(samples: Path, tmp_path: Path) -> None:
    """The modification time on disk is the stored one, taken as UTC."""
    with CabReader(samples / "normal_2files_1folder.cab") as reader:
        (path,) = reader.extract(["hello.c"], tmp_path / "out", limit_bytes=LIMIT)
    assert path.stat().st_mtime == 858165232


@pytest.mark.parametrize(
    "name",
    [
        "..\\evil",
        "a\\..\\..\\evil",
        "\\evil",
        "C:\\evil",
        "C:evil",
        "a:stream",
        "nul",
        "a\\COM1.txt",
        "a\\b.",
        "x\\\\y",
        "a?b",
        "t\tb",
    ],
)
def test_unsafe_names_are_refused_before_anything_is_written(
    author: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    """A name that would leave the folder, or mean something else on Windows, stops the whole extraction."""
    with CabReader(author({"good.txt": b"1", name: b"2"})) as reader, pytest.raises(FormatError) as caught:
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT)
    assert caught.value.fault is Fault.UNSAFE
    assert not (tmp_path / "out").exists()


def test_extract_does_not_follow_a_link_out(author: Callable[..., Path], tmp_path: Path) -> None:
    """A link that stands in the folder beforehand can't lead a file outside it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    with CabReader(author({"sub\\a": b"1"})) as reader, pytest.raises(FormatError) as caught:
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT)
    assert caught.value.fault is Fault.UNSAFE
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_extract_overwrites_nothing(author: Callable[..., Path], tmp_path: Path) -> None:
    """A file that exists is left as it is, and what was written before it is removed."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").write_bytes(b"mine")
    with CabReader(author({"a": b"1", "b": b"2"})) as reader, pytest.raises(FormatError):
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT)
    assert (tmp_path / "out" / "b").read_bytes() == b"mine"
    assert not (tmp_path / "out" / "a").exists()


def test_a_name_can_not_be_file_and_folder(author: Callable[..., Path], tmp_path: Path) -> None:
    """A file below another file is refused."""
    with CabReader(author({"a": b"1", "A\\b": b"2"})) as reader, pytest.raises(FormatError) as caught:
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT)
    assert caught.value.fault is Fault.CORRUPT


def test_extraction_is_bounded_as_a_whole(author: Callable[..., Path], tmp_path: Path) -> None:
    """The limit counts all files together and nothing is written past it."""
    with CabReader(author({"a": b"123", "b": b"456"})) as reader, pytest.raises(FormatError) as caught:
        reader.extract(None, tmp_path / "out", limit_bytes=5)
    assert caught.value.fault is Fault.TOO_LARGE
    assert not (tmp_path / "out").exists()


def test_damaged_data_leaves_nothing_behind(author: Callable[..., Path], tmp_path: Path) -> None:
    """When a block's checksum does not hold, the files written so far are removed."""
    path = author({"a": b"1" * 40000, "b": bytes(range(256)) * 200}, compress=False)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    with CabReader(bytes(data)) as reader, pytest.raises(FormatError, match="checksum"):
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT)
    assert [entry for entry in (tmp_path / "out").rglob("*") if entry.is_file()] == []


def test_cancelling_from_progress_stops(author: Callable[..., Path], tmp_path: Path) -> None:
    """An exception raised by the progress callback comes out and nothing stays."""

    def cancel(_count: int) -> None:
        raise KeyboardInterrupt

    with CabReader(author({"a": b"1"})) as reader, pytest.raises(KeyboardInterrupt):
        reader.extract(None, tmp_path / "out", limit_bytes=LIMIT, progress=cancel)
    assert not (tmp_path / "out" / "a").exists()


@needs_mspack
def test_cancelling_inside_the_library_stops(samples: Path) -> None:
    """An exception raised while libmspack calls back comes out unchanged."""

    def cancel(_count: int) -> None:
        raise KeyboardInterrupt

    with CabReader(samples / "mszip_lzx_qtm.cab") as reader, pytest.raises(KeyboardInterrupt):
        next(reader.read_each([reader.find("lzx.txt")], limit=LIMIT, progress=cancel))


def test_overlapping_files_are_refused(author: Callable[..., Path]) -> None:
    """Two files can't claim the same bytes of a folder, which would let a small cabinet name endless data."""
    data = bytearray(author({"a": b"12345", "b": b"67890"}, compress=False).read_bytes())
    at = data.index(b"b\0")
    data[at - 12 : at - 8] = struct.pack("<I", 2)
    with CabReader(bytes(data)) as reader, pytest.raises(FormatError) as caught:
        list(reader.read_each(reader.directory.files, limit=LIMIT))
    assert caught.value.fault is Fault.CORRUPT


def test_without_libmspack_the_hint_says_what_to_install(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LZX is UNAVAILABLE with a hint when the library can't be loaded, while MSZIP needs no library."""
    monkeypatch.setenv("OSRECIPE_LIBMSPACK", "/nonexistent/libmspack.so")
    with CabReader(samples / "mszip_lzx_qtm.cab") as reader:
        assert len(reader.read("mszip.txt", limit=LIMIT)) == 57
        with pytest.raises(FormatError) as caught:
            reader.read("lzx.txt", limit=LIMIT)
    assert caught.value.slug == "cab/unavailable"
    assert "libmspack0" in caught.value.hint


def test_a_failed_open_closes_its_files(spanned: Path) -> None:
    """A set that turns out damaged leaves no file open (an open one would warn, and warnings are errors here)."""
    (spanned / "CABD_multi_basic_pt5.CAB").write_bytes(b"MSCF")
    with pytest.raises(FormatError), ExitStack() as stack:
        stack.enter_context(CabReader(spanned / "CABD_multi_basic_pt1.CAB"))


@given(st.binary(max_size=200))
def test_checksum_is_the_word_by_word_one(data: bytes) -> None:
    """The quick checksum equals the plain definition."""
    expected = 0
    for (word,) in struct.iter_unpack("<I", data[: len(data) & ~3]):
        expected ^= word
    for byte, shift in zip(reversed(data[len(data) & ~3 :]), (0, 8, 16), strict=False):
        expected ^= byte << shift
    assert expected == _fold_words(data)


def test_a_stream_is_a_source(author: Callable[..., Path]) -> None:
    """A cabinet inside another file is read from the stream's position."""
    stream = io.BytesIO(b"xx" + author({"a": b"1"}).read_bytes())
    stream.seek(2)
    with CabReader(stream) as reader:
        assert reader.read("a", limit=1) == b"1"


def lzx_stored(data: bytes) -> list[bytes]:
    """LZX blocks of the kind that stores its bytes as they are, one per frame of the cabinet."""
    blocks = []
    for at in range(0, len(data), 32768):
        frame = data[at : at + 32768]
        # One bit says in the first frame that no calls are translated; then kind 3, the size, and zeros up to a word.
        bits, count = (3 << 24 | len(frame), 28) if not at else (3 << 24 | len(frame), 27)
        word = bits << (32 - count)
        head = struct.pack("<HH", word >> 16, word & 0xFFFF) + struct.pack("<III", 1, 1, 1)
        blocks.append(head + frame + b"\0" * (len(frame) % 2))
    return blocks


def lzx_cabinet(files: dict[str, bytes]) -> bytes:
    """A cabinet of one LZX folder with a window of 2 MiB."""
    data = b"".join(files.values())
    blocks = lzx_stored(data)
    table, offset = b"", 0
    for name, content in files.items():
        table += struct.pack("<IIHHHH", len(content), offset, 0, 0x21, 0, 0) + name.encode() + b"\0"
        offset += len(content)
    start = 36 + 8 + len(table)
    body = b""
    for number, block in enumerate(blocks):
        body += struct.pack("<IHH", 0, len(block), len(data[number * 32768 : (number + 1) * 32768])) + block
    header = struct.pack(
        "<4sIIIIIBBHHHHH", b"MSCF", 0, start + len(body), 0, 44, 0, 3, 1, 1, len(files), 0, 0, 0
    )
    return header + struct.pack("<IHH", start, len(blocks), 21 << 8 | 3) + table + body


@needs_mspack
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 90_000), min_size=1, max_size=4).filter(sum), st.randoms(use_true_random=False)
)
def test_lzx_over_many_blocks_is_cut_into_its_files(sizes: list[int], rng: Random) -> None:
    """Files of an LZX folder come out whole wherever they begin and end, alone and together."""
    files = {f"f{number}": rng.randbytes(size) for number, size in enumerate(sizes)}
    with CabReader(lzx_cabinet(files)) as reader:
        assert files == {
            file.name: data for file, data in reader.read_each(reader.directory.files, limit=LIMIT)
        }
        name = rng.choice(sorted(files))
        assert files[name] == reader.read(name, limit=LIMIT)


@needs_mspack
def test_the_witness_agrees_on_many_blocks(tmp_path: Path) -> None:
    """Cabextract reads the same bytes from an LZX folder of several blocks."""
    files = {"a.bin": bytes(range(256)) * 300, "b.bin": b"tail" * 20_000}
    path = tmp_path / "a.cab"
    path.write_bytes(lzx_cabinet(files))
    assert files == {name: cabextract(path, name) for name in files}


def test_a_name_asked_for_twice_is_extracted_once(author: Callable[..., Path], tmp_path: Path) -> None:
    """Two spellings of one name are one file."""
    with CabReader(author({"a": b"1"})) as reader:
        assert len(reader.extract(["a", "A"], tmp_path / "out", limit_bytes=9)) == 1
