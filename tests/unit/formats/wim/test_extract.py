"""Taking files out, and what the checker finds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.wims import EARLIER

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry
from osrecipe.formats.wim.capture import LZX
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import Kind, check, verify
from osrecipe.formats.wim.edits import Rename
from osrecipe.formats.wim.extract import extract_file, extract_tree
from osrecipe.formats.wim.layout import HEADER_SIZE, BlobEntry, ResourceFlag, new_header
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.formats.wim.names import check_windows_name
from osrecipe.formats.wim.progress import Watch
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.writer import BlobWriter, Ending, finish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.formats.wim.metadata import ImageTree


def test_a_file_is_taken_out_whole(simple: Path, tmp_path: Path) -> None:
    """Content and write time; an existing file is replaced."""
    target = tmp_path / "out"
    target.write_bytes(b"old")
    extract_file(simple, 1, "windows\\SYSTEM32\\kernel.dll", target)
    assert b"kernel " * 20_000 == target.read_bytes()
    assert (EARLIER + 7 - 116_444_736_000_000_000) * 100 == target.stat().st_mtime_ns


def test_a_tree_is_taken_out(ntfs: Path, tmp_path: Path) -> None:
    """Files, folders and hard links; reparse points are left out and named."""
    out = tmp_path / "a" / "b"
    report = extract_tree(ntfs, 1, "", out)
    assert (7, 4, {"Documents and Settings", "link.txt"}) == (
        report.files,
        report.directories,
        set(report.left_out),
    )
    assert b"configuration " * 5000 == (out / "other name.config").read_bytes()
    assert 3 == (out / "Windows" / "System32" / "third.config").stat().st_nlink
    assert not (out / "link.txt").is_symlink()
    assert {"b"} == {path.name for path in out.parent.iterdir()}
    again = extract_tree(ntfs, 1, "Windows\\System32\\config", out)
    assert (1, True) == (again.files, (out / "SOFTWARE").is_file())
    assert report == extract_tree(ntfs, 1, "", out)


def test_an_existing_link_is_not_followed(simple: Path, tmp_path: Path) -> None:
    """A symbolic link in the place of a folder would lead elsewhere."""
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / "Windows").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(FormatError) as caught:
        extract_tree(simple, 1, "", out)
    assert (Fault.UNSAFE, []) == (caught.value.fault, list(elsewhere.iterdir()))


def test_a_link_in_the_place_of_a_file_is_replaced(simple: Path, tmp_path: Path) -> None:
    """What it pointed to stays as it was."""
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.write_bytes(b"mine")
    out.mkdir()
    (out / "readme.txt").symlink_to(outside)
    extract_tree(simple, 1, "", out)
    assert (b"mine", b"read me") == (outside.read_bytes(), (out / "readme.txt").read_bytes())


def test_extraction_can_be_stopped(simple: Path, tmp_path: Path) -> None:
    """No half-written file is left behind."""
    with pytest.raises(Aborted):
        extract_tree(simple, 1, "", tmp_path / "out", cancel=lambda: True)
    assert [] == [path for path in (tmp_path / "out").rglob("*") if "partial" in path.name]


def test_damage_leaves_no_file(simple: Path, tmp_path: Path) -> None:
    """A file appears only when its bytes were right."""
    data = bytearray(simple.read_bytes())
    with WimReader.open(simple) as reader:
        blob = reader.blob(reader.tree(1).get("Windows\\notepad.exe").sha1)
    data[blob.resource.offset + 60] ^= 0xFF
    simple.write_bytes(data)
    with pytest.raises(FormatError):
        extract_file(simple, 1, "Windows\\notepad.exe", tmp_path / "out")
    assert {"simple.wim"} == {path.name for path in tmp_path.iterdir()}
    assert [Kind.BLOB_DAMAGED] == [finding.kind for finding in verify(simple)]


@pytest.mark.parametrize("name", ["a:b", "CON", "nul.txt", "lpt1 .x", "x.", "x ", "a?", "\x01"])
def test_names_windows_reads_otherwise_are_refused(name: str) -> None:
    """Streams, devices and cut-off ends; what only looks like one is fine."""
    with pytest.raises(FormatError) as caught:
        check_windows_name(name)
    assert Fault.UNSAFE == caught.value.fault
    check_windows_name("console.txt")


@pytest.mark.parametrize(("name", "fault"), [("\ud800x", Fault.UNSAFE), ("ü" * 200, Fault.UNSUPPORTED)])
def test_names_this_machine_cannot_have_are_refused(
    simple: Path, tmp_path: Path, name: str, fault: Fault
) -> None:
    """They are named before anything is written."""
    commit(simple, 1, [Rename("readme.txt", name)], now=EARLIER)
    with pytest.raises(FormatError) as caught:
        extract_tree(simple, 1, "", tmp_path / "out")
    assert (fault, False) == (caught.value.fault, (tmp_path / "out").exists())


def rewritten(wim: Path, change: Callable[[ImageTree], object]) -> None:
    """Writes an image's metadata with a change no edit would make; all else stays."""
    with wim.open("r+b") as file, WimReader(file) as reader:
        image = reader.image(1)
        change(image)
        file.seek(0, os.SEEK_END)
        writer = BlobWriter(file, LZX.codec, LZX.chunk_size, threads=1)
        resource, sha1 = writer.add_bytes(image.serialise(), ResourceFlag.METADATA)
        table = reader.table.changed({}, {1: BlobEntry(resource, 1, 1, sha1)}, [])
        finish(
            file,
            writer,
            reader.header,
            Ending(table, lambda _: reader.xml.serialise(), with_integrity=False),
            Watch(),
        )
        writer.close()


def with_patched(path: str, patch: Callable[[bytes], bytes]) -> Callable[[ImageTree], None]:
    """A change of one entry's bytes."""

    def change(image: ImageTree) -> None:
        node = image.find(path)
        assert node is not None
        node.reload(patch(node.raw))

    return change


def doubled(image: ImageTree) -> None:
    """One name twice, but for case."""
    node = image.find("readme.txt")
    assert node is not None
    node.reload(dentry.with_name(node.raw, "WINDOWS", keep_short=False))


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (lambda _: None, set()),
        (with_patched("readme.txt", lambda raw: dentry.with_security(raw, 77)), {Kind.DESCRIPTOR}),
        (
            with_patched("readme.txt", lambda raw: dentry.with_hash(raw, 64, b"?" * 20)),
            {Kind.BLOB_MISSING, Kind.BLOB_UNUSED, Kind.XML},
        ),
        (with_patched("Windows\\linked.dll", lambda raw: dentry.with_attributes(raw, 3)), {Kind.HARD_LINK}),
        (
            with_patched("Windows\\empty.txt", lambda raw: dentry.with_hash(raw, 64, b"?" * 20)),
            {Kind.BLOB_MISSING},
        ),
        (
            with_patched("Windows", lambda raw: dentry.with_hash(raw, 64, b"?" * 20)),
            {Kind.DIRECTORY_STREAM, Kind.BLOB_MISSING},
        ),
        (doubled, {Kind.NAME}),
        (
            lambda image: image.root.detach(image.root.children[0]),
            {Kind.REFERENCES, Kind.BLOB_UNUSED, Kind.XML},
        ),
        (lambda image: image.security_number(b"junk"), {Kind.DESCRIPTOR}),
    ],
)
def test_the_checker_finds(simple: Path, change: Callable[[ImageTree], object], kinds: set[Kind]) -> None:
    """Each kind of disagreement has its name, and a sound file has none."""
    rewritten(simple, change)
    found = {finding.kind for finding in check(simple)}
    assert kinds - {Kind.REFERENCES} <= found <= kinds | {Kind.REFERENCES}


def test_the_checker_finds_shared_bytes_and_a_wrong_boot_place(simple: Path, ntfs: Path) -> None:
    """Resources that overlap, and a header that contradicts the table."""
    data = bytearray(ntfs.read_bytes())
    data[96 + 8] ^= 8
    ntfs.write_bytes(data)
    assert Kind.BOOT in {finding.kind for finding in check(ntfs)}
    data = bytearray(simple.read_bytes())
    with WimReader.open(simple) as reader:
        table = reader.header.blobs.offset
    rows = [table + 50 * number for number in range(2)]
    data[rows[1] + 8 : rows[1] + 16] = data[rows[0] + 8 : rows[0] + 16]
    simple.write_bytes(data)
    assert Kind.OVERLAP in {finding.kind for finding in check(simple)}


def test_a_new_header_is_read_again() -> None:
    """The header of a new file is one our reader accepts."""
    packed = new_header(LZX.codec, LZX.chunk_size, bytes(16)).pack()
    assert (HEADER_SIZE, b"MSWIM\0\0\0") == (len(packed), packed[:8])
