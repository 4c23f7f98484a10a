"""Commits: what each edit changes, and that it changes nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.wims import (
    EARLIER,
    NOW,
    PARENT,
    PRIVATE,
    SIMPLE,
    assert_sound,
    differing,
    make_wim,
    mount_point,
    snapshot,
    witnessed,
)
from support.witness import witness

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry, libwim, writer
from osrecipe.formats.wim.capture import LZMS, LZX, NONE, XPRESS, Compression, capture
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import check
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import (
    Delete,
    Edit,
    Link,
    MakeDirectory,
    PutFile,
    PutReparse,
    Rename,
    RepairDirectoryStreams,
    SetAttributes,
    SetSecurity,
    SetTimes,
)
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.info import set_boot_index
from osrecipe.formats.wim.layout import Attribute
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.formats.wim.reader import WimReader
from osrecipe.formats.wim.security import inherited

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.wim.tree import Entry

LINKED = {
    "Windows\\System32\\a long file name.config",
    "Windows\\System32\\third.config",
    "other name.config",
}
FOLDERS = {"Documents and Settings", "empty folder"}
PLAIN = "Windows\\System32\\plain.dll"


def entry(wim: Path, path: str, index: int = 1) -> Entry:
    """An entry of an image."""
    with WimReader.open(wim) as reader:
        return reader.tree(index).get(path)


def content(wim: Path, path: str, index: int = 1) -> bytes:
    """A file's bytes."""
    with WimReader.open(wim) as reader:
        return reader.read_file(index, path)


MATRIX: list[tuple[str, list[Edit], set[str]]] = [
    ("replace", [PutFile(PLAIN, b"new bytes")], {PLAIN}),
    ("replace-linked", [PutFile("windows\\system32\\A LONG FILE NAME.CONFIG", b"new" * 9000)], LINKED),
    ("replace-with-nothing", [PutFile(PLAIN, b"")], {PLAIN}),
    (
        "replace-empty",
        [PutFile("Windows\\System32\\empty.dll", b"not empty")],
        {"Windows\\System32\\empty.dll"},
    ),
    ("add", [PutFile("Windows\\new.txt", b"new")], {"Windows\\new.txt"}),
    ("add-known-bytes", [PutFile("Windows\\new.txt", b"plain")], {"Windows\\new.txt"}),
    ("add-directory", [MakeDirectory("Windows\\a\\b")], {"Windows\\a", "Windows\\a\\b"}),
    ("delete", [Delete(PLAIN)], {PLAIN}),
    ("delete-one-name", [Delete("other name.config")], {"other name.config"}),
    ("delete-stream-folder", [Delete("empty folder")], {"empty folder"}),
    ("rename", [Rename(PLAIN, "Windows\\moved.dll")], {PLAIN, "Windows\\moved.dll"}),
    ("link", [Link("Windows\\l.dll", PLAIN)], {PLAIN, "Windows\\l.dll"}),
    ("link-to-group", [Link("Windows\\l.config", "other name.config")], {"Windows\\l.config"}),
    ("security", [SetSecurity(PLAIN, PRIVATE)], {PLAIN}),
    ("security-linked", [SetSecurity("other name.config", PARENT)], LINKED),
    ("attributes", [SetAttributes(PLAIN, 0x3)], {PLAIN}),
    ("attributes-folder", [SetAttributes("empty folder", 0x2)], {"empty folder"}),
    ("times", [SetTimes(PLAIN, created=NOW)], {PLAIN}),
    ("junction", [PutReparse("j", 0xA0000003, mount_point("\\??\\C:\\", "C:\\")[8:], directory=True)], {"j"}),
    ("retarget", [PutReparse("link.txt", 0xA000000C, b"\0" * 16)], {"link.txt"}),
    ("nothing", [], set()),
]


@pytest.mark.parametrize(("edits", "touched"), [pytest.param(*case[1:], id=case[0]) for case in MATRIX])
def test_an_edit_changes_only_what_it_names(ntfs: Path, edits: list[Edit], touched: set[str]) -> None:
    """Every other entry is the same in every byte, for us and for wimlib; the file is sound for three programs."""
    before, seen_before = snapshot(ntfs), witnessed(ntfs)
    report = commit(ntfs, 1, edits, now=NOW)
    after, seen_after = snapshot(ntfs), witnessed(ntfs)
    assert touched == differing(before, after)
    assert {} == {
        path: seen_after[path]
        for path in before.keys() & seen_after.keys() - touched
        if seen_before[path] != seen_after[path]
    }
    assert report.integrity
    assert_sound(ntfs)


def test_a_replaced_file_keeps_all_but_its_content_and_write_time(ntfs: Path) -> None:
    """Descriptor, attributes, short name, other times, streams and links stay on every name."""
    before = {path: entry(ntfs, path) for path in LINKED}
    commit(ntfs, 1, [PutFile("other name.config", b"other", write_time=NOW + 5)], now=NOW)
    for path, old in before.items():
        new = entry(ntfs, path)
        assert b"other" == content(ntfs, path)
        assert (NOW + 5, 5) == (new.written, new.size)
        kept = (
            "attributes",
            "security",
            "short_name",
            "created",
            "accessed",
            "hard_link_group",
            "streams",
            "tagged",
        )
        assert [getattr(old, name) for name in kept] == [getattr(new, name) for name in kept]
    assert "ALONGF~1.CON" == entry(ntfs, "Windows\\System32\\a long file name.config").short_name


def test_a_new_file_inherits_from_its_directory(ntfs: Path) -> None:
    """ARCHIVE, no short name, the commit's time, and the parent's inheritable descriptor with its own owner."""
    commit(ntfs, 1, [PutFile("Windows\\new.dll", b"x"), MakeDirectory("Windows\\sub")], now=NOW)
    file, folder = entry(ntfs, "Windows\\new.dll"), entry(ntfs, "Windows\\sub")
    assert (Attribute.ARCHIVE, "", NOW, NOW, NOW) == (
        file.attributes,
        file.short_name,
        file.created,
        file.accessed,
        file.written,
    )
    assert (inherited(PARENT, directory=False), inherited(PARENT, directory=True)) == (
        file.security,
        folder.security,
    )
    assert Attribute.DIRECTORY == folder.attributes


def test_given_attributes_and_descriptor_win(simple: Path) -> None:
    """What an edit states replaces what would be kept or inherited, but never the kind of entry."""
    commit(
        simple,
        1,
        [PutFile("new", b"x", attributes=0x406, security=PRIVATE), PutFile("readme.txt", b"y", attributes=1)],
        now=NOW,
    )
    new = entry(simple, "new")
    assert (0x6, PRIVATE) == (new.attributes, new.security)
    assert 1 == entry(simple, "readme.txt").attributes


def test_attributes_nobody_named_here_are_kept(simple: Path) -> None:
    """All 32 bits are the caller's, but for those that make an entry a directory, link or encrypted file."""
    everything = 0xFFFFFFFF & ~(0x10 | 0x400 | 0x4000)
    commit(
        simple,
        1,
        [PutFile("new", b"x", attributes=0xFFFFFFFF), SetAttributes("Windows", 0xFFFFFFFF)],
        now=NOW,
    )
    assert (everything, everything | 0x10) == (
        entry(simple, "new").attributes,
        entry(simple, "windows").attributes,
    )


def test_new_names_are_sorted_among_the_old(simple: Path) -> None:
    """Directory lists stay ordered without regard to case."""
    commit(simple, 1, [PutFile(name, b"") for name in ("b", "Z", "C", "windowsA", "_")], now=NOW)
    with WimReader.open(simple) as reader:
        names = [found.name for found in reader.tree(1).children()]
    assert ["b", "C", "readme.txt", "Windows", "windowsA", "Z", "_"] == names


def test_a_rename_keeps_the_short_name_only_with_the_long_name(ntfs: Path) -> None:
    """Moving keeps it, renaming drops it; all other bytes go along."""
    long = "Windows\\System32\\a long file name.config"
    commit(ntfs, 1, [Rename(long, "Windows\\A long file name.config")], now=NOW)
    assert "ALONGF~1.CON" == entry(ntfs, "Windows\\A long file name.config").short_name
    commit(ntfs, 1, [Rename("windows\\a long file name.config", "Windows\\renamed.config")], now=NOW)
    renamed = entry(ntfs, "Windows\\renamed.config")
    assert ("", PRIVATE, 2) == (renamed.short_name, renamed.security, len(renamed.streams))
    assert_sound(ntfs)


def test_a_rename_into_a_short_name_that_is_taken_drops_it(ntfs: Path) -> None:
    """No directory gets the same 8.3 name twice."""
    long = "Windows\\System32\\a long file name.config"
    commit(
        ntfs,
        1,
        [PutFile("Windows\\alongf~1.con", b"x"), Rename(long, "Windows\\a long file name.config")],
        now=NOW,
    )
    assert "" == entry(ntfs, "Windows\\a long file name.config").short_name


def test_moving_a_directory_takes_its_content_along(ntfs: Path) -> None:
    """Everything below a moved directory is the same in every byte."""
    before = snapshot(ntfs)
    commit(ntfs, 1, [Rename("Windows\\System32", "S")], now=NOW)
    after = snapshot(ntfs)
    moved = {path for path in before if path.startswith("Windows\\System32\\")}
    assert moved
    assert [before[path] for path in sorted(moved)] == [
        after[path.replace("Windows\\System32", "S", 1)] for path in sorted(moved)
    ]
    assert_sound(ntfs)


def test_changing_case_is_a_rename(simple: Path) -> None:
    """A name may differ from the old one by case alone."""
    commit(simple, 1, [Rename("README.TXT", "ReadMe.txt")], now=NOW)
    assert "ReadMe.txt" == entry(simple, "readme.txt").name


def test_edits_see_those_before_them(simple: Path) -> None:
    """A commit's edits work in order, on one image."""
    edits: list[Edit] = [
        MakeDirectory("a\\b"),
        PutFile("a\\b\\one", b"1"),
        Link("a\\two", "A\\B\\ONE"),
        PutFile("a\\two", b"2"),
        Rename("a\\b", "c"),
        Link("three", "c\\one"),
        Delete("a\\two"),
        Delete("a"),
    ]
    commit(simple, 1, edits, now=NOW)
    assert b"2" == content(simple, "c\\one") == content(simple, "three")
    assert entry(simple, "three").hard_link_group == entry(simple, "c\\one").hard_link_group != 0
    assert_sound(simple)


def test_a_link_replaces_a_file_under_its_name(simple: Path) -> None:
    """The name that was there keeps its spelling and leaves its old file."""
    commit(simple, 1, [Link("WINDOWS\\LINKED.DLL", "readme.txt")], now=NOW)
    assert ("linked.dll", b"read me") == (
        entry(simple, "windows\\linked.dll").name,
        content(simple, "Windows\\linked.dll"),
    )
    assert_sound(simple)


@pytest.mark.parametrize(
    "compression", [NONE, XPRESS, LZX, LZMS, Compression(XPRESS.codec, 4096), Compression(LZX.codec, 1 << 21)]
)
def test_commits_work_in_every_compression(tmp_path: Path, compression: Compression) -> None:
    """New blobs are compressed as the WIM is; those that don't shrink are stored."""
    wim = make_wim(tmp_path / "x.wim", SIMPLE, compression=compression, integrity=True)
    random = os.urandom(200_001)
    commit(wim, 1, [PutFile("random", random), PutFile("zeros", bytes(1_000_000))], now=NOW)
    assert (random, bytes(1_000_000)) == (content(wim, "random"), content(wim, "zeros"))
    assert_sound(wim)


def test_commits_into_solid_files_add_plain_resources(tmp_path: Path) -> None:
    """A solid resource is left alone; what is new stands beside it."""
    source = make_wim(tmp_path / "x.wim", SIMPLE)
    solid = tmp_path / "solid.wim"
    export_images([ExportSource(source, 1)], solid, compression=LZMS, solid=True)
    commit(solid, 1, [PutFile("readme.txt", b"new"), Delete("Windows\\notepad.exe")], now=NOW)
    assert b"kernel " * 20_000 == content(solid, "Windows\\linked.dll")
    assert_sound(solid)


def test_other_images_keep_their_blobs(tmp_path: Path) -> None:
    """A blob goes only when no image uses it, even where the table's counts are wrong."""
    one = make_wim(tmp_path / "one.wim", SIMPLE)
    both = tmp_path / "both.wim"
    export_images(
        [ExportSource(one, 1), ExportSource(one, 1, name="two")], both, compression=LZX, boot_index=1
    )
    data = bytearray(both.read_bytes())
    with WimReader.open(both) as reader:
        at = reader.header.blobs.offset
        for row in range(reader.header.blobs.size // 50):
            data[at + row * 50 + 26 : at + row * 50 + 30] = (1).to_bytes(4, "little")
        kept = reader.metadata_row(2)
    both.write_bytes(data)
    commit(both, 1, [Delete("Windows", recursive=True), Delete("readme.txt")], now=NOW)
    assert b"read me" == content(both, "readme.txt", 2)
    with WimReader.open(both) as reader:
        assert kept == reader.metadata_row(2)
        assert reader.metadata_row(1).resource == reader.header.boot_metadata
    assert [] == [finding for finding in check(both) if finding.kind != "references"]


def test_only_the_image_that_boots_moves_the_header_copy(tmp_path: Path) -> None:
    """The header's copy of the boot image's place follows that image and no other."""
    one = make_wim(tmp_path / "one.wim", SIMPLE)
    both = tmp_path / "both.wim"
    export_images([ExportSource(one, 1), ExportSource(one, 1, name="two")], both, compression=LZX)
    set_boot_index(both, 2)
    commit(both, 1, [PutFile("x", b"x")], now=NOW)
    commit(both, 2, [PutFile("y", b"y")], now=NOW)
    with WimReader.open(both) as reader:
        assert (2, reader.metadata_row(2).resource) == (reader.boot_index, reader.header.boot_metadata)
    assert_sound(both)


def test_a_commit_appends(simple: Path) -> None:
    """All the old bytes but the header stay in place; the report says how much was added."""
    before = simple.read_bytes()
    report = commit(simple, 1, [PutFile("new", os.urandom(5000))], now=NOW)
    after = simple.read_bytes()
    assert before[208:] == after[208 : len(before)]
    assert report.appended == len(after) - len(before)
    assert (1, 0, 0) == (report.added, report.reused, report.dropped)


def test_equal_bytes_are_stored_once(simple: Path) -> None:
    """A blob that is there already is only counted."""
    report = commit(
        simple, 1, [PutFile("again", b"read me"), PutFile("a", b"twice"), PutFile("b", b"twice")], now=NOW
    )
    assert (1, 1) == (report.added, report.reused)
    assert_sound(simple)


def test_the_xml_follows(simple: Path) -> None:
    """Counts, bytes and the modification time are those of the new tree; the rest stays."""
    commit(simple, 1, [PutFile("a", b"12345"), Link("b", "a"), MakeDirectory("d")], now=NOW)
    with WimReader.open(simple) as reader:
        info = reader.info(1)
        total = 2 * 140_000 + 76_800 + 7 + 2 * 5
        assert (4, 7, total, 140_005) == (
            info.directories,
            info.files,
            info.total_bytes,
            info.hard_link_bytes,
        )
        assert (NOW, EARLIER) == (info.modified, info.created)
        assert str(reader.header.xml.offset) == reader.xml.root.findtext("TOTALBYTES")


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (PutFile("nowhere\\file", b""), Fault.MISSING),
        (PutFile("", b""), Fault.UNSUPPORTED),
        (PutFile("Windows", b""), Fault.UNSUPPORTED),
        (PutFile("readme.txt\\below", b""), Fault.UNSUPPORTED),
        (PutFile("a/b", b""), Fault.UNSAFE),
        (PutFile("Windows\\..\\x", b""), Fault.UNSAFE),
        (PutFile("x\0y", b""), Fault.UNSAFE),
        (PutFile("a:stream", b""), Fault.UNSAFE),
        (MakeDirectory("con"), Fault.UNSAFE),
        (Rename("readme.txt", "end."), Fault.UNSAFE),
        (Link("what?", "readme.txt"), Fault.UNSAFE),
        (PutFile("x", b"", attributes=1 << 40), Fault.UNSUPPORTED),
        (PutReparse("x", 1 << 40, b""), Fault.UNSUPPORTED),
        (PutFile("n" * 256, b""), Fault.UNSUPPORTED),
        (PutFile("x", b"", write_time=-1), Fault.CORRUPT),
        (PutFile("readme.txt", b"", write_time=1 << 64), Fault.UNSUPPORTED),
        (PutFile("x", b"", security=b"junk"), Fault.CORRUPT),
        (Delete("nowhere"), Fault.MISSING),
        (Delete(""), Fault.UNSUPPORTED),
        (Delete("Windows"), Fault.UNSUPPORTED),
        (Link("x", "nowhere"), Fault.MISSING),
        (Link("x", "Windows"), Fault.UNSUPPORTED),
        (Link("Windows", "readme.txt"), Fault.UNSUPPORTED),
        (Rename("nowhere", "x"), Fault.MISSING),
        (Rename("Windows", "Windows\\System32\\x"), Fault.UNSUPPORTED),
        (Rename("readme.txt", "Windows"), Fault.UNSUPPORTED),
        (MakeDirectory("readme.txt"), Fault.UNSUPPORTED),
        (MakeDirectory("readme.txt\\x"), Fault.UNSUPPORTED),
        (MakeDirectory("\\".join("d" * 600)), Fault.UNSUPPORTED),
        (SetSecurity("nowhere", None), Fault.MISSING),
        (SetSecurity("readme.txt", b"junk"), Fault.CORRUPT),
        (PutReparse("Windows", 0xA0000003, b""), Fault.UNSUPPORTED),
        (PutReparse("x", 0xA0000003, bytes(20_000)), Fault.TOO_LARGE),
    ],
)
def test_an_edit_that_cannot_be_leaves_the_file_as_it_was(simple: Path, edit: Edit, fault: Fault) -> None:
    """All edits or none: a refused one takes the others with it."""
    before = simple.read_bytes()
    with pytest.raises(FormatError) as caught:
        commit(simple, 1, [PutFile("first", b"first"), edit], now=NOW)
    assert fault == caught.value.fault
    assert before == simple.read_bytes()


def test_deleting_nothing_can_be_fine(simple: Path) -> None:
    """`missing_ok` covers missing directories on the way, too."""
    before = snapshot(simple)
    commit(simple, 1, [Delete("no\\such\\thing", missing_ok=True)], now=NOW)
    assert set() == differing(before, snapshot(simple))


def test_a_missing_source_file_is_named(simple: Path, tmp_path: Path) -> None:
    """The payload's path is in the message."""
    with pytest.raises(FormatError, match=r"gone\.bin") as caught:
        commit(simple, 1, [PutFile("x", tmp_path / "gone.bin")], now=NOW)
    assert Fault.MISSING == caught.value.fault


@pytest.mark.parametrize("steps", [1, 3, 30])
def test_an_aborted_commit_leaves_the_file_as_it_was(simple: Path, steps: int) -> None:
    """Whenever it is stopped, the old content is there and nothing else."""
    before, calls = simple.read_bytes(), []

    def cancel() -> bool:
        calls.append(1)
        return len(calls) >= steps

    with pytest.raises(Aborted):
        commit(simple, 1, [PutFile("x", os.urandom(3_000_000))], now=NOW, cancel=cancel)
    assert before == simple.read_bytes()


def test_a_torn_commit_leaves_the_old_image_readable(simple: Path) -> None:
    """Until the header is written, all that was appended is only dead weight at the end."""
    before = snapshot(simple)
    header = simple.read_bytes()[:208]
    commit(simple, 1, [PutFile("x", b"x" * 9999), Delete("readme.txt")], now=NOW)
    torn = bytearray(simple.read_bytes())
    torn[:208] = header
    simple.write_bytes(torn[:-1])
    assert set() == differing(before, snapshot(simple))
    assert_sound(simple)


@pytest.mark.parametrize(("bit", "fault"), [(0x4, Fault.UNSUPPORTED), (0x40, Fault.DIRTY)])
def test_marked_files_are_not_changed(simple: Path, bit: int, fault: Fault) -> None:
    """Read-only files and those another program is writing are refused."""
    data = bytearray(simple.read_bytes())
    data[16] |= bit
    simple.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        commit(simple, 1, [], now=NOW)
    assert fault == caught.value.fault


def test_images_libwim_would_spoil_are_committed_as_they_are(ntfs: Path) -> None:
    """Named streams of directories stay byte for byte, as our own serialiser writes them."""
    before = entry(ntfs, "empty folder").streams
    commit(ntfs, 1, [PutFile("x", b"x")], now=NOW)
    assert before == entry(ntfs, "empty folder").streams


def test_repaired_directories_have_no_unnamed_row(ntfs: Path) -> None:
    """The rows DISM refuses are gone, reparse data and named streams are not; other entries are untouched."""
    wrong = {finding.path for finding in check(ntfs)}
    assert wrong == (FOLDERS if libwim.version() < (1, 14, 2) else set())
    before, old = snapshot(ntfs), [entry(ntfs, path) for path in sorted(FOLDERS)]
    commit(ntfs, 1, [RepairDirectoryStreams()], now=NOW)
    assert wrong == differing(before, snapshot(ntfs))
    assert old == [entry(ntfs, path) for path in sorted(FOLDERS)]
    assert [] == check(ntfs)
    assert_sound(ntfs)
    with WimReader.open(ntfs) as reader:
        found = reader.image(1).find("empty folder")
        assert found is not None
        assert ["stream of a folder"] == [name for name, _, _ in dentry.stream_rows(found.raw)]


@pytest.mark.parametrize("at", ["table", "header"])
def test_a_failed_write_leaves_the_file_as_it_was(
    simple: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """A disk that fails when data or even the header is made durable costs nothing but the commit."""
    before, calls = simple.read_bytes(), []

    def failing(_: object) -> None:
        calls.append(1)
        if len(calls) == (1 if at == "table" else 2):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_durable", failing)
    with pytest.raises(OSError, match="No space"):
        commit(simple, 1, [PutFile("x", b"x" * 99)], now=NOW)
    assert before == simple.read_bytes()


def test_other_programs_can_go_on_where_we_stopped(ntfs: Path) -> None:
    """Other writers update and optimises a file we committed to, and we go on after it."""
    commit(ntfs, 1, [PutFile("ours", b"ours"), Delete("other name.config")], now=NOW)
    witness("wimlib-imagex", "update", str(ntfs), "1", "--command", "rename /ours /theirs")
    commit(ntfs, 1, [PutFile("THEIRS", b"ours again")], now=NOW)
    witness("wimlib-imagex", "optimize", str(ntfs))
    commit(ntfs, 1, [PutFile("last", b"last")], now=NOW)
    assert b"ours again" == content(ntfs, "theirs")
    assert_sound(ntfs)


def test_a_directory_of_many_files_is_filled_in_one_commit(tmp_path: Path) -> None:
    """Many edits of one directory are no quadratic work: 20,000 take seconds, not minutes."""
    wim = tmp_path / "many.wim"
    create(wim, "many", compression=XPRESS, now=NOW)
    commit(wim, 1, [PutFile(f"{number:05}", b"same") for number in range(20_000)], now=NOW)
    commit(wim, 1, [Delete(f"{number:05}") for number in range(0, 20_000, 2)], now=NOW)
    with WimReader.open(wim) as reader:
        assert 10_001 == len(reader.tree(1))


def test_a_callback_that_raises_stops_a_capture(tmp_path: Path) -> None:
    """What a progress function raises comes out of the native call as it was."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_bytes(b"x")

    def broken(_: object) -> bool:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        capture(tmp_path / "in", tmp_path / "x.wim", "x", progress=broken)
    with pytest.raises(Aborted):
        capture(tmp_path / "in", tmp_path / "x.wim", "x", cancel=lambda: True)
