"""Independent programs read what we write, and we read what they write."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support.isos import BIOS_BOOT, DEEP, EFI_BOOT, LABEL, MEDIA, host_files, make_iso
from support.witness import witness

from osrecipe.formats.iso import IsoFile, IsoReader, write_iso

if TYPE_CHECKING:
    from pathlib import Path

_ASCII = {path: content for path, content in MEDIA.items() if path.isascii() and path != DEEP}


def _media_tree(folder: Path) -> Path:
    for path, content in _ASCII.items():
        file = folder.joinpath(*path.split("\\"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (1_000_000_000, 1_000_000_000))
    return folder


def _files(iso: Path) -> dict[str, bytes]:
    with IsoReader(iso) as disc:
        return {entry.path: disc.open(entry.path).read() for entry in disc.entries() if not entry.is_dir}


def _without_catalogue(files: dict[str, bytes]) -> dict[str, bytes]:
    """Other tools show the boot catalogue as a file."""
    return {path: content for path, content in files.items() if not path.endswith("boot.cat")}


def test_7z_finds_the_same_files_and_no_error(tmp_path: Path) -> None:
    """7-Zip tests the UDF side without a warning, lists every entry and extracts equal bytes."""
    iso = make_iso(tmp_path)
    assert "Everything is Ok" in witness("7z", "t", str(iso))
    witness("7z", "x", f"-o{tmp_path / 'out'}", str(iso))
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in MEDIA.items()}
    out = tmp_path / "out"
    found = {
        "\\".join(file.relative_to(out).parts): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in out.rglob("*")
        if file.is_file()
    }
    assert found == digests
    assert "empty folder" in witness("7z", "l", str(iso))


def test_udfinfo_finds_a_closed_udf_102_volume(tmp_path: Path) -> None:
    """Another implementation agrees on revision, label, counts and that nothing of the volume is unaccounted for."""
    text = witness("udfinfo", str(make_iso(tmp_path)))
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert fields["udfrev"] == "1.02"
    assert fields["lvid"] == fields["vid"] == LABEL
    assert fields["numfiles"] == str(len(MEDIA))
    assert fields["integrity"] == "closed"
    assert fields["behindblocks"] == "0"


def test_grub_reads_files_through_udf(tmp_path: Path) -> None:
    """GRUB's own UDF driver finds the deepest file and the largest one, byte for byte."""
    iso = make_iso(tmp_path)
    for path in (DEEP, r"sources\install.wim"):
        host = tmp_path / "expected"
        host.write_bytes(MEDIA[path])
        name = "(loop0)/" + path.replace("\\", "/")
        assert witness("grub-fstest", str(iso), "cmp", name, str(host)) == ""


def test_xorriso_and_isoinfo_see_both_boot_entries(tmp_path: Path) -> None:
    """The catalogue holds a BIOS entry of 8 sectors and a UEFI one; ISO9660 holds nothing but readme and catalogue."""
    iso = make_iso(tmp_path)
    report = witness("xorriso", "-indev", str(iso), "-report_el_torito", "plain")
    images = [line.split()[6:9] for line in report.splitlines() if "boot img" in line]
    assert images == [
        ["BIOS", "y", "none"],
        ["UEFI", "y", "none"],
    ]
    description = witness("isoinfo", "-d", "-i", str(iso))
    assert "Nsect 8" in description
    assert f"Volume id: {LABEL}" in description
    assert witness("isoinfo", "-f", "-i", str(iso)).split() == ["/BOOT.CAT;1", "/README.TXT;1"]


@pytest.mark.parametrize(
    ("options", "facet"),
    [(("-udf",), "udf"), (("-J", "-r"), "joliet"), (("-r",), "rock-ridge"), ((), "iso9660")],
)
def test_discs_of_genisoimage_are_read(tmp_path: Path, options: tuple[str, ...], facet: str) -> None:
    """Every side that genisoimage writes is read through the best one, with its boot entry."""
    tree, iso = _media_tree(tmp_path / "tree"), tmp_path / "g.iso"
    witness(
        *("genisoimage", "-quiet", "-iso-level", "4", "-V", "LABEL", *options),
        *("-b", "boot/etfsboot.com", "-no-emul-boot", "-boot-load-size", "8", "-c", "boot.cat"),
        *("-o", str(iso), str(tree)),
    )
    with IsoReader(iso) as disc:
        assert (disc.facet, disc.label) == (facet, "LABEL")
        (entry,) = disc.boot_entries()
        assert (entry.platform.name, disc.boot_image(entry)) == ("BIOS", MEDIA[BIOS_BOOT])
        setup = disc.entry("setup.exe")
        assert setup is not None
        assert setup.modified == 1_000_000_000 * 1_000_000_000
    assert _without_catalogue(_files(iso)) == _ASCII


@pytest.mark.parametrize(("joliet", "facet"), [("on", "joliet"), ("off", "rock-ridge")])
def test_discs_of_xorriso_are_read(tmp_path: Path, joliet: str, facet: str) -> None:
    """Discs of xorriso are read with their EFI entry."""
    tree, iso = _media_tree(tmp_path / "tree"), tmp_path / "x.iso"
    witness(
        *("xorriso", "-outdev", str(iso), "-volid", "LABEL", "-joliet", joliet, "-map", str(tree), "/"),
        *("-boot_image", "any", f"efi_path=/{EFI_BOOT.replace(chr(92), '/')}"),
    )
    with IsoReader(iso) as disc:
        assert (disc.facet, disc.label) == (facet, "LABEL")
        (entry,) = disc.boot_entries()
        assert entry.platform.name == "EFI"
        assert disc.boot_image(entry) == MEDIA[EFI_BOOT]
    assert _without_catalogue(_files(iso)) == _ASCII


def test_rock_ridge_folders_that_were_moved_are_found_in_place(tmp_path: Path) -> None:
    """Folders below the eighth level, which ISO9660 moves to the top, are read where Rock Ridge says."""
    tree, iso = tmp_path / "tree", tmp_path / "deep.iso"
    deep = tree.joinpath(*DEEP.split("\\"))
    deep.parent.mkdir(parents=True)
    deep.write_bytes(b"deep")
    witness("genisoimage", "-quiet", "-r", "-o", str(iso), str(tree))
    assert _files(iso) == {DEEP: b"deep"}


@pytest.mark.skipif("OSRECIPE_STRESS" not in os.environ, reason="writes 5 GB; set OSRECIPE_STRESS=1")
def test_a_file_over_4_gib_is_written_and_read_in_bounded_memory(tmp_path: Path) -> None:
    """A 5 GB file is written, checked by 7-Zip and GRUB, and read at its end, in less than 300 MB of memory."""
    boot = host_files(tmp_path / "host", {BIOS_BOOT: MEDIA[BIOS_BOOT], EFI_BOOT: MEDIA[EFI_BOOT]})
    big, iso = tmp_path / "big", tmp_path / "big.iso"
    with big.open("wb") as stream:
        for position in (0, 1 << 32, 5_000_000_000):
            stream.seek(position)
            stream.write(b"marker %d" % position)
    start = time.monotonic()
    write_iso(
        [*boot, IsoFile(r"sources\install.wim", big)],
        [],
        iso,
        label=LABEL,
        bios_boot=BIOS_BOOT,
        efi_boot=EFI_BOOT,
        timestamp=0,
    )
    written = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stderr.write(f"\n{iso.stat().st_size} bytes in {written:.1f} s, peak {peak} MB\n")
    assert peak < 300
    with IsoReader(iso) as disc, disc.open(r"SOURCES\install.wim") as stream:
        for position in (5_000_000_000, 1 << 32, 0):
            stream.seek(position)
            marker = b"marker %d" % position
            assert stream.read(len(marker)) == marker
    assert "Everything is Ok" in witness("7z", "t", str(iso))
    assert witness("grub-fstest", str(iso), "cmp", "(loop0)/sources/install.wim", str(big)) == ""
