"""What is written, in which order, and that nothing but the input decides it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.isos import BIOS_BOOT, EFI_BOOT, LABEL, MEDIA, SECTOR, TIMESTAMP, host_files, make_iso

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoFile, IsoReader, write_iso
from osrecipe.formats.iso.layout import plan_layout
from osrecipe.formats.iso.names import fold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def _write(
    files: Sequence[IsoFile],
    to: Path,
    *,
    bios: str | None = None,
    efi: str | None = None,
    timestamp: int = TIMESTAMP,
) -> None:
    write_iso(files, [], to, label=LABEL, bios_boot=bios, efi_boot=efi, timestamp=timestamp)


def _refused(files: Sequence[IsoFile], *, bios: str | None = None, efi: str | None = None) -> str:
    with pytest.raises(FormatError) as caught:
        plan_layout(files, [], label=LABEL, bios_boot=bios, efi_boot=efi, timestamp=TIMESTAMP)
    return caught.value.slug


def test_every_file_reads_back(tmp_path: Path) -> None:
    """Contents, deep and Unicode names, empty files and folders come back as they were given."""
    with IsoReader(make_iso(tmp_path)) as disc:
        assert disc.label == LABEL
        assert disc.facet == "udf"
        files = {entry.path: entry.size for entry in disc.entries() if not entry.is_dir}
        assert files == {path: len(content) for path, content in MEDIA.items()}
        for path, content in MEDIA.items():
            with disc.open(path) as stream:
                assert stream.read() == content
        empty = disc.entry("EMPTY FOLDER")
        assert empty is not None
        assert empty.is_dir


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the clock nor the time zone nor a random number reaches the disc."""
    first = make_iso(tmp_path, name="first.iso")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400 * 400.5)
    monkeypatch.setattr(time, "localtime", lambda seconds=None: time.gmtime((seconds or 0) + 9 * 3600))
    second = make_iso(tmp_path, name="second.iso")
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()


def test_two_runs_in_different_seconds_give_the_same_bytes(tmp_path: Path) -> None:
    """The same holds for the real clock."""
    first = make_iso(tmp_path, name="first.iso").read_bytes()
    time.sleep(1.1)
    assert make_iso(tmp_path, name="second.iso").read_bytes() == first


def test_another_timestamp_gives_other_bytes(tmp_path: Path) -> None:
    """The timestamp is recorded, so that the comparison above compares something."""
    files = host_files(tmp_path / "host")
    _write(files, tmp_path / "one.iso")
    _write(files, tmp_path / "two.iso", timestamp=TIMESTAMP + 1)
    assert (tmp_path / "one.iso").read_bytes() != (tmp_path / "two.iso").read_bytes()


def test_a_file_keeps_a_time_of_its_own(tmp_path: Path) -> None:
    """A stated time is recorded to the microsecond; a file without one gets the disc's."""
    plain, timed = host_files(tmp_path / "host", {"a": b"a", "b": b"b"})
    moment = 1_600_000_000_123_456_000
    _write([plain, dataclasses.replace(timed, modified=moment)], tmp_path / "x.iso")
    with IsoReader(tmp_path / "x.iso") as disc:
        times = {entry.path: entry.modified for entry in disc.entries()}
    assert times == {"a": TIMESTAMP * 1_000_000_000, "b": moment}


def test_data_lies_in_the_order_given_after_boot_files(tmp_path: Path) -> None:
    """Boot images come first, then file data as given, whatever folders they are in."""
    media = {r"z\z\z": b"1", "a": b"2", EFI_BOOT: b"3", r"m\m": b"4", BIOS_BOOT: b"5", "b": b"6"}
    iso = make_iso(tmp_path, media)
    content = iso.read_bytes()
    order = [
        content[at : at + 1] for at in range(0, len(content), SECTOR) if _one_byte(content[at : at + SECTOR])
    ]
    assert order == [b"5", b"3", b"1", b"2", b"4", b"6"]


def _one_byte(sector: bytes) -> bool:
    return sector[:1] in {b"1", b"2", b"3", b"4", b"5", b"6"} and not sector[1:].strip(b"\0")


def test_boot_entries_are_bios_then_uefi(tmp_path: Path) -> None:
    """A BIOS entry loads 8 sectors, an EFI entry its whole image, and both lead to the files' bytes."""
    with IsoReader(make_iso(tmp_path)) as disc:
        bios, efi = disc.boot_entries()
        assert (bios.platform.name, bios.load_sectors, bios.bootable) == ("BIOS", 8, True)
        assert (efi.platform.name, efi.load_sectors, efi.bootable) == ("EFI", 137, True)
        assert disc.boot_image(bios) == MEDIA[BIOS_BOOT]
        assert disc.boot_image(efi) == MEDIA[EFI_BOOT]


def test_uefi_alone_can_boot(tmp_path: Path) -> None:
    """Without a BIOS image the only entry is the EFI one."""
    _write(host_files(tmp_path / "host", {EFI_BOOT: b"efi"}), tmp_path / "x.iso", efi=EFI_BOOT.upper())
    with IsoReader(tmp_path / "x.iso") as disc:
        assert [entry.platform.name for entry in disc.boot_entries()] == ["EFI"]


def test_a_large_efi_image_is_loaded_to_the_end_of_the_disc(tmp_path: Path) -> None:
    """From 32 MiB on the sector count no longer fits; 1 then means all that follows, and the file says how much."""
    (file,) = host_files(tmp_path / "host", {EFI_BOOT: b"efi"})
    os.truncate(file.source, 33 << 20)
    _write([file], tmp_path / "x.iso", efi=EFI_BOOT)
    with IsoReader(tmp_path / "x.iso") as disc:
        (entry,) = disc.boot_entries()
        assert (entry.load_sectors, entry.size) == (1, 33 << 20)


def test_a_disc_without_boot_images_has_no_catalogue(tmp_path: Path) -> None:
    """No boot image, no El Torito."""
    with IsoReader(make_iso(tmp_path, {"a": b"a"})) as disc:
        assert disc.boot_entries() == ()


def test_progress_ends_at_the_total_and_cancel_leaves(tmp_path: Path) -> None:
    """Progress counts up to all bytes; what `cancel` raises comes out as it is."""
    files = host_files(tmp_path / "host")
    seen: list[tuple[int, int]] = []

    def stop() -> None:
        raise KeyboardInterrupt

    write_iso(
        files,
        [],
        tmp_path / "x.iso",
        label=LABEL,
        bios_boot=None,
        efi_boot=None,
        timestamp=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    with pytest.raises(KeyboardInterrupt):
        write_iso(
            files,
            [],
            tmp_path / "y.iso",
            label=LABEL,
            bios_boot=None,
            efi_boot=None,
            timestamp=0,
            cancel=stop,
        )


def test_a_source_that_shrinks_is_not_padded(tmp_path: Path) -> None:
    """A file that loses bytes while the disc is written is an error, not zeros on the disc."""
    (file,) = host_files(tmp_path / "host", {"a": b"a" * 5000})

    def shrink(_done: int, _total: int) -> None:
        file.source.write_bytes(b"a" * 100)

    with pytest.raises(FormatError) as caught:
        write_iso(
            [file],
            [],
            tmp_path / "x.iso",
            label=LABEL,
            bios_boot=None,
            efi_boot=None,
            timestamp=0,
            progress=shrink,
        )
    assert caught.value.slug == "iso/truncated"


@pytest.mark.parametrize("path", ["", "..", r"a\..\b", r"\a", "/a", r"a\\b", "a\0b", ".", r"a\.", "..  "])
def test_names_that_leave_their_folder_are_refused(tmp_path: Path, path: str) -> None:
    """Dots, empty components, NUL and absolute paths never reach a disc."""
    assert _refused([IsoFile(path, tmp_path)]) in {"iso/unsafe", "iso/unsupported"}


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "A"),
        ("a", r"A\b"),
        (r"a\b", "A"),
        ("ab", "\u6162"),
        ("é" * 254,),
        ("日" * 127,),
        ("\ud800",),
        ("\x01",),
    ],
)
def test_names_that_a_disc_can_not_tell_or_hold_are_refused(tmp_path: Path, paths: tuple[str, ...]) -> None:
    """Same names but for case, a file that is a folder, equal bytes and long names are refused."""
    assert _refused([IsoFile(path, tmp_path) for path in paths]) == "iso/unsupported"


def test_the_longest_names_are_written(tmp_path: Path) -> None:
    """253 characters in one byte each, 126 in two, fit and read back."""
    media = {"é" * 253: b"1", "日" * 126: b"2"}
    with IsoReader(make_iso(tmp_path, media)) as disc:
        assert {entry.path for entry in disc.entries() if not entry.is_dir} == set(media)


def test_boot_images_must_be_among_the_files(tmp_path: Path) -> None:
    """A boot image that is not there, that is one for two firmwares, or that is empty is refused."""
    assert _refused([], bios="x") == "iso/missing"
    assert _refused([IsoFile("x", tmp_path)], bios="x", efi="X") == "iso/unsupported"
    with pytest.raises(FormatError) as caught:
        _write(host_files(tmp_path / "host", {"x": b""}), tmp_path / "x.iso", bios="x")
    assert caught.value.slug == "iso/unsupported"


@pytest.mark.parametrize("seconds", [-1, 5_869_584_000])
def test_times_that_iso9660_can_not_hold_are_refused(seconds: int) -> None:
    """The first year is 1970, the last 2155."""
    with pytest.raises(FormatError) as caught:
        plan_layout([], [], label=LABEL, bios_boot=None, efi_boot=None, timestamp=seconds)
    assert caught.value.slug == "iso/unsupported"


_NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\/"), min_size=1, max_size=30
)


@settings(max_examples=25, deadline=None)
@given(names=st.lists(_NAMES, min_size=1, max_size=40))
def test_any_accepted_names_read_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Whatever the layout accepts is read back under the same names with the same bytes."""
    folder = tmp_path_factory.mktemp("names")
    unique = {fold(name): name for name in names if name.strip(". ")}
    media = {name: name.encode() for name in unique.values()}
    try:
        iso = make_iso(folder, media)
    except FormatError as error:
        assert error.slug in {"iso/unsupported", "iso/unsafe"}  # noqa: PT017 - refusing is one of two right answers
        return
    with IsoReader(iso) as disc:
        assert {e.path: disc.open(e.path).read() for e in disc.entries() if not e.is_dir} == media
