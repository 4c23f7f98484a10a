"""The tables of a cabinet."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from osrecipe.formats.cab import Compression, ReserveSizes, read_directory
from osrecipe.formats.cab.directory import dos_time
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REFUSED = {
    "bad_folderindex": Fault.CORRUPT,
    "bad_nofiles": Fault.CORRUPT,
    "bad_nofolders": Fault.CORRUPT,
    "bad_signature": Fault.CORRUPT,
    "cve-2014-9732-folders-segfault": Fault.UNSUPPORTED,
    "cve-2015-4470-mszip-over-read": Fault.UNSUPPORTED,
    "cve-2015-4471-lzx-under-read": Fault.CORRUPT,
    "cve-2017-11423-fname-overread": Fault.CORRUPT,
    "filename-read-violation-1": Fault.CORRUPT,
    "filename-read-violation-2": Fault.CORRUPT,
    "filename-read-violation-3": Fault.CORRUPT,
    "filename-read-violation-4": Fault.CORRUPT,
    "hidden-file-bad-folderid": Fault.CORRUPT,
    "hidden-file-beyond-eof": Fault.CORRUPT,
    "hidden-files": Fault.CORRUPT,
    "partial_nofiles": Fault.TRUNCATED,
    "partial_nofolder": Fault.TRUNCATED,
    "partial_shortextheader": Fault.TRUNCATED,
    "partial_shortfile1": Fault.TRUNCATED,
    "partial_shortfile2": Fault.TRUNCATED,
    "partial_shortfolder": Fault.TRUNCATED,
    "partial_shortheader": Fault.TRUNCATED,
    "partial_str_nofname": Fault.TRUNCATED,
    "partial_str_noninfo": Fault.TRUNCATED,
    "partial_str_nonname": Fault.TRUNCATED,
    "partial_str_nopinfo": Fault.TRUNCATED,
    "partial_str_nopname": Fault.TRUNCATED,
    "partial_str_shortfname": Fault.TRUNCATED,
    "partial_str_shortninfo": Fault.TRUNCATED,
    "partial_str_shortnname": Fault.TRUNCATED,
    "partial_str_shortpinfo": Fault.TRUNCATED,
    "partial_str_shortpname": Fault.TRUNCATED,
    "search_basic": Fault.CORRUPT,
    "search_tricky1": Fault.UNSUPPORTED,
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_damaged_tables_are_refused(samples: Path, name: str) -> None:
    """Each of libmspack's cabinets with bad tables ends in the fault that describes it."""
    with pytest.raises(FormatError) as caught:
        read_directory(samples / f"{name}.cab")
    assert (caught.value.format, caught.value.fault) == ("cab", REFUSED[name])


def test_three_methods_are_told_apart(samples: Path) -> None:
    """A cabinet with a folder of each method lists them, with the windows LZX and Quantum need."""
    directory = read_directory(samples / "mszip_lzx_qtm.cab")
    assert [folder.compression for folder in directory.folders] == [
        Compression.MSZIP,
        Compression.LZX,
        Compression.QUANTUM,
    ]
    assert directory.folders[0].window_bits == 0
    assert directory.folders[1].window_bits == 18
    assert [(file.name, file.size, file.folder) for file in directory.files] == [
        ("mszip.txt", 57, 0),
        ("lzx.txt", 187, 1),
        ("qtm.txt", 59, 2),
    ]


@pytest.mark.parametrize(
    ("variant", "has"), [("---", (0, 0, 0)), ("H--", (1, 0, 0)), ("-F-", (0, 1, 0)), ("HFD", (1, 1, 1))]
)
def test_reserved_areas_are_measured(samples: Path, variant: str, has: tuple[int, int, int]) -> None:
    """The sizes of the areas set aside for applications are reported, and the files behind them found."""
    directory = read_directory(samples / f"reserve_{variant}.cab")
    sizes = directory.reserve
    assert has == (int(sizes.header > 0), int(sizes.folder > 0), int(sizes.data > 0))
    assert [file.name for file in directory.files] == ["test1.txt", "test2.txt"]


def test_neighbours_in_a_set_are_named(samples: Path) -> None:
    """A middle cabinet names both neighbours and marks the file that spans them."""
    directory = read_directory(samples / "multi_basic_pt2.cab")
    assert (directory.previous, directory.next) == ("cabd_multi_basic_pt1.cab", "cabd_multi_basic_pt3.cab")
    assert directory.index == 1
    assert any(file.from_previous for file in directory.files)


def test_longest_name_is_read(samples: Path) -> None:
    """A name of 255 bytes, the most the format allows, is whole."""
    (file,) = read_directory(samples / "normal_255c_filename.cab").files
    assert (len(file.name), file.name[-5:]) == (255, "!.txt")


def test_times_are_the_stored_ones(samples: Path) -> None:
    """Date and time come out as cabextract shows them."""
    first = read_directory(samples / "normal_2files_1folder.cab").files[0]
    assert first.modified == datetime(1997, 3, 12, 11, 13, 52)  # noqa: DTZ001 - the format stores no zone


@pytest.mark.parametrize(("date", "time"), [(0, 0), (0x21, 0xFFFF), (0x1E1, 0)])
def test_impossible_times_are_none(date: int, time: int) -> None:
    """A day zero, a second 62 and a month 15 are no moments."""
    assert dos_time(date, time) is None


def test_names_keep_unicode_and_get_backslashes(author: Callable[..., Path]) -> None:
    """A UTF-8 name is decoded and forward slashes become the format's own separator."""
    path = author({"sub/grüße.txt": b"x"})
    assert [file.name for file in read_directory(path).files] == ["sub\\grüße.txt"]


def test_a_stream_is_read_from_where_it_stands(author: Callable[..., Path]) -> None:
    """A cabinet inside a larger stream is read from the stream's position."""
    stream = io.BytesIO(b"prefix" + author({"a.txt": b"x"}).read_bytes())
    stream.seek(6)
    directory = read_directory(stream)
    assert [file.name for file in directory.files] == ["a.txt"]
    assert directory.reserve == ReserveSizes(0, 0, 0)


def test_every_truncation_of_the_tables_is_refused(author: Callable[..., Path]) -> None:
    """Cutting the file anywhere inside its tables ends in TRUNCATED, never in another error."""
    data = author({"a.txt": b"x" * 10, "b.txt": b"y"}).read_bytes()
    tables = read_directory(io.BytesIO(data)).folders[0].data_offset
    for length in range(tables):
        with pytest.raises(FormatError) as caught:
            read_directory(io.BytesIO(data[:length]))
        assert caught.value.fault is Fault.TRUNCATED
