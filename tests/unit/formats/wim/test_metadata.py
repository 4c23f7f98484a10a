"""The metadata resource: round trips, and what hostile bytes end in."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wims import EARLIER, PARENT, PRIVATE

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim import dentry
from osrecipe.formats.wim.dentry import Kind, fold
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute
from osrecipe.formats.wim.metadata import MAX_DEPTH, NO_SECURITY, ImageTree, Node, split_path
from osrecipe.formats.wim.references import reference_counts, totals

NAMES = st.text(
    st.characters(exclude_characters="\\/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in (".", ".."))
HASHES = st.binary(min_size=20, max_size=20)


def directory(name: str, *children: Node) -> Node:
    """A directory's node."""
    node = Node(dentry.new(name, int(Attribute.DIRECTORY), NO_SECURITY, EARLIER, EARLIER))
    node.children = list(children)
    return node


def file(name: str, sha1: bytes = ZERO_HASH, bits: int = 0x20) -> Node:
    """A file's node."""
    return Node(dentry.new(name, bits, NO_SECURITY, EARLIER, EARLIER, sha1))


@st.composite
def trees(draw: st.DrawFn) -> ImageTree:
    """Random trees with descriptors, tagged items, streams, short names and odd fields."""
    root = directory("")
    folders = [root]
    for name in draw(st.lists(NAMES, max_size=12, unique_by=fold)):
        parent = draw(st.sampled_from(folders))
        if draw(st.booleans()):
            node = directory(name)
            folders.append(node)
        else:
            node = file(name, draw(HASHES), draw(st.sampled_from((0x20, 0x21, 0x420, 0x4020))))
            rows = b"".join(
                dentry._stream_row(name, draw(HASHES))
                for name in draw(st.lists(st.sampled_from(("", "s", "stream")), max_size=3))
            )
            if rows:
                raw = node.raw + rows
                node.reload(raw[:96] + struct.pack("<H", count_rows(rows)) + raw[98:])
        tagged = draw(st.sampled_from((b"", struct.pack("<II16s", 0x10, 16, bytes(16)))))
        length = len(node.raw) if not node.extra else int.from_bytes(node.raw[:8], "little")
        raw = node.raw[:length] + tagged + node.raw[length:]
        node.reload(
            (length + len(tagged)).to_bytes(8, "little")
            + raw[8:24]
            + draw(st.binary(min_size=16, max_size=16))
            + raw[40:]
        )
        parent.attach(node)
    return ImageTree(draw(st.lists(st.sampled_from((PARENT, PRIVATE, b"")), max_size=3)), root)


def count_rows(rows: bytes) -> int:
    """How many stream rows these bytes are."""
    count = at = 0
    while at < len(rows):
        count += 1
        at += int.from_bytes(rows[at : at + 8], "little")
    return count


@given(trees())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(tree: ImageTree) -> None:
    """Parsing and writing again gives the same bytes, and every entry as it was."""
    raw = tree.serialise()
    again = ImageTree.parse(raw)
    assert raw == again.serialise()
    assert [(node.name, node.raw[24:]) for node in tree.nodes()] == [
        (node.name, node.raw[24:]) for node in again.nodes()
    ]
    assert tree.descriptors == again.descriptors
    assert reference_counts(tree) == reference_counts(again)


@given(trees(), st.data())
@settings(max_examples=40, deadline=None)
def test_damage_ends_in_a_format_error(tree: ImageTree, data: st.DataObject) -> None:
    """Any changed bytes are either read or refused; nothing else happens."""
    raw = bytearray(tree.serialise())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        image = ImageTree.parse(bytes(raw))
        for node in image.nodes():
            node.streams()
            dentry.short_name(node.raw)
        totals(image, {})


@pytest.mark.parametrize("name", ["..", ".", "a\\b", "a/b", "a\0b"])
def test_unsafe_names_are_refused(name: str) -> None:
    """A name that could leave its folder is refused before anyone sees it."""
    raw = ImageTree([], directory("", file(name))).serialise()
    with pytest.raises(FormatError) as caught:
        ImageTree.parse(raw)
    assert Fault.UNSAFE == caught.value.fault


def test_a_name_below_the_root_must_not_be_empty() -> None:
    """Only the root has no name."""
    with pytest.raises(FormatError) as caught:
        ImageTree.parse(ImageTree([], directory("", file(""))).serialise())
    assert Fault.UNSAFE == caught.value.fault


def test_a_directory_list_is_used_once() -> None:
    """Two directories with one list, or a directory in its own list, would never end."""
    raw = bytearray(
        ImageTree([], directory("", directory("a", file("x")), directory("b", file("y")))).serialise()
    )
    root = ImageTree.parse(bytes(raw)).root
    assert root.children is not None
    first, second = (raw.index(child.raw[24:]) - 24 for child in root.children)
    raw[second + 16 : second + 24] = raw[first + 16 : first + 24]
    with pytest.raises(FormatError, match="used twice"):
        ImageTree.parse(bytes(raw))
    raw[second + 16 : second + 24] = raw[8 + 16 : 8 + 24]
    with pytest.raises(FormatError, match="used twice"):
        ImageTree.parse(bytes(raw))


def test_overlapping_lists_do_not_multiply() -> None:
    """Lists that start inside each other are refused once they have more entries than the bytes could hold."""
    count = 400
    raw = bytearray(
        ImageTree([], directory("", *(directory(f"{number:03}") for number in range(count)))).serialise()
    )
    size = len(dentry.new("000", 0, 0, 0, 0))
    start = int.from_bytes(raw[8 + 16 : 8 + 24], "little")
    for number in range(count - 1):
        at = start + number * size
        raw[at + 16 : at + 24] = (start + (number + 1) * size).to_bytes(8, "little")
    with pytest.raises(FormatError) as caught:
        ImageTree.parse(bytes(raw))
    assert Fault.CORRUPT == caught.value.fault


def test_depth_is_bounded() -> None:
    """Directories deeper than the bound are refused, not followed."""
    node = directory("deep")
    for _ in range(MAX_DEPTH + 1):
        node = directory("deep", node)
    with pytest.raises(FormatError, match="nested deeper"):
        ImageTree.parse(ImageTree([], directory("", node)).serialise())


def test_a_file_has_no_directory_list() -> None:
    """A list behind a file is damage."""
    node = file("x")
    node.children = []
    with pytest.raises(FormatError, match="directory list"):
        ImageTree.parse(ImageTree([], directory("", node)).serialise())


@pytest.mark.parametrize("size", [0, 7, 8, 50, 111])
def test_truncated_metadata_is_refused(size: int) -> None:
    """Every cut ends in an error."""
    with pytest.raises(FormatError):
        ImageTree.parse(ImageTree([], directory("", file("x"))).serialise()[:size])


def test_descriptors_are_kept_once() -> None:
    """A known descriptor gets its old number; unknown ones are appended behind the old."""
    tree = ImageTree.parse(ImageTree([PARENT], directory("")).serialise())
    assert (0, 1, 1) == (
        tree.security_number(PARENT),
        tree.security_number(PRIVATE),
        tree.security_number(PRIVATE),
    )
    again = ImageTree.parse(tree.serialise())
    assert (PARENT, PRIVATE) == again.descriptors
    assert again.security(NO_SECURITY) is None


def test_paths_are_found_without_regard_to_case() -> None:
    """Exact case wins; else the first with the same letters."""
    tree = ImageTree([], directory("", directory("Windows", file("ÄB.txt"), file("same"), file("SAME"))))
    named = [
        tree.find(path)
        for path in (
            "WINDOWS\\äb.TXT",
            "windows\\SAME",
            "windows\\same",
            "windows\\Same",
            "Windows\\x",
            "x\\y",
        )
    ]
    assert ["ÄB.txt", "SAME", "same", "same", None, None] == [node and node.name for node in named]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("a", "A", True), ("ß", "SS", False), ("\u0131", "I", False), ("ÿ", "Ÿ", True), ("𐐨", "𐐀", False)],
)
def test_folding_is_one_unit_for_one(one: str, other: str, same: bool) -> None:
    """Names are equal as NTFS compares them, not as a language would."""
    assert same == (fold(one) == fold(other))


def test_a_path_is_split_safely() -> None:
    """Leading and doubled backslashes don't matter; dots and slashes do."""
    assert ["a", "b"] == split_path("\\a\\\\b\\")
    with pytest.raises(FormatError):
        split_path("a\\..\\b")


@pytest.mark.parametrize(
    ("bits", "main", "rows", "kinds"),
    [
        (0x20, b"m" * 20, [], [Kind.DATA]),
        (0x20, ZERO_HASH, [("", b"d" * 20), ("s", b"n" * 20)], [Kind.DATA, Kind.DATA]),
        (0x420, ZERO_HASH, [("", b"r" * 20), ("", b"d" * 20)], [Kind.REPARSE, Kind.DATA]),
        (0x410, b"r" * 20, [], [Kind.REPARSE]),
        (0x10, ZERO_HASH, [("s", b"n" * 20)], [Kind.DATA, Kind.DATA]),
        (0x4020, b"e" * 20, [], [Kind.ENCRYPTED]),
    ],
)
def test_streams_are_told_apart(
    bits: int, main: bytes, rows: list[tuple[str, bytes]], kinds: list[Kind]
) -> None:
    """Which hash is data and which is reparse data follows from attributes and order."""
    raw = dentry.new("x", bits, NO_SECURITY, 0, 0, main)
    raw = (
        raw[:96]
        + struct.pack("<H", len(rows))
        + raw[98:]
        + b"".join(dentry._stream_row(*row) for row in rows)
    )
    assert kinds == [stream.kind for stream in dentry.streams(raw)]


def test_hard_links_count_once_for_each_name() -> None:
    """References and bytes count names; hard-link bytes all but the first; junctions are no directories."""
    one, two = (
        Node(dentry.with_group(dentry.new(name, 0x20, NO_SECURITY, 0, 0, b"h" * 20), 7)) for name in "ab"
    )
    junction = Node(dentry.new("j", 0x410, NO_SECURITY, 0, 0, b"r" * 20))
    tree = ImageTree([], directory("", one, two, junction))
    assert {b"h" * 20: 2, b"r" * 20: 1} == reference_counts(tree)
    found = totals(tree, {b"h" * 20: 100, b"r" * 20: 3})
    assert (1, 3, 203, 100) == (found.directories, found.files, found.total_bytes, found.hard_link_bytes)
