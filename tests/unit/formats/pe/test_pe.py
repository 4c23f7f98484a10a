"""Facts of executables."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.samples.binaries import minimal_pe, pe_file
from support.samples.names import Arch

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.pe import Section, read_architecture, read_sections, read_version

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = pe_file("Sample.dll", "10.0.17134.228", size_kb=1)


def test_version_and_machine_are_read() -> None:
    """The four numbers, the machine and the strings of a version resource arrive."""
    version = read_version(SAMPLE)
    assert version is not None
    assert version.file_version == (10, 0, 17134, 228)
    assert version.product_version == (10, 0, 17134, 228)
    assert version.architecture == "amd64"
    assert version.string("FileVersion").startswith("10.0.17134.228")
    assert version.string("NoSuchName") == ""


def test_strings_are_those_another_reader_finds() -> None:
    """The strings equal what pefile's own parser makes of the resource."""
    version = read_version(SAMPLE)
    image = pefile.PE(data=SAMPLE)
    expected = [
        (key.decode(), text.decode())
        for info in image.FileInfo[0]
        if hasattr(info, "StringTable")
        for table in info.StringTable
        for key, text in table.entries.items()
    ]
    assert version is not None
    assert sorted(expected) == sorted(version.strings)


def test_a_path_reads_like_its_bytes(tmp_path: Path) -> None:
    """A file on disk gives the same facts as its bytes."""
    (tmp_path / "a.dll").write_bytes(SAMPLE)
    assert read_version(SAMPLE) == read_version(tmp_path / "a.dll")


@pytest.mark.parametrize(
    ("machine", "name"),
    [(0x8664, "amd64"), (0x14C, "x86"), (0xAA64, "arm64"), (0x1C4, "arm"), (0x1C0, "0x1c0")],
)
def test_machines_are_named(machine: int, name: str) -> None:
    """Known machines have the names servicing uses, others their number."""
    image = bytearray(minimal_pe(Arch.AMD64))
    image[68:70] = struct.pack("<H", machine)
    assert name == read_architecture(bytes(image))


def test_no_resource_is_no_version() -> None:
    """An executable without a version resource has no version, which is no error."""
    assert read_version(minimal_pe(Arch.AMD64)) is None


def test_sections_are_listed() -> None:
    """Address, offset and size of each section arrive."""
    assert read_sections(minimal_pe(Arch.AMD64)) == (Section(0x1000, 512, 512),)


@pytest.mark.parametrize("data", [b"", b"MZ", b"not an executable", b"MZ" + bytes(200), SAMPLE[:100]])
def test_what_is_no_executable_is_refused(data: bytes) -> None:
    """Other files and torn ones are CORRUPT."""
    with pytest.raises(FormatError) as caught:
        read_version(data)
    assert (caught.value.format, caught.value.fault) == ("pe", Fault.CORRUPT)


def test_a_damaged_resource_is_refused() -> None:
    """A version resource whose signature is gone is CORRUPT, not a version of zeros."""
    with pytest.raises(FormatError) as caught:
        read_version(SAMPLE.replace(b"\xbd\x04\xef\xfe", b"\0\0\0\0"))
    assert caught.value.fault is Fault.CORRUPT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_ends_in_another_error(data: st.DataObject) -> None:
    """An executable with bytes changed in its headers or resources gives facts or a FormatError."""
    changed = bytearray(pe_file("Small.exe", "1.2.3.4", size_kb=0))
    places = st.integers(0, 1023) | st.integers(len(changed) - 1024, len(changed) - 1)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(places)] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        read_version(bytes(changed))
