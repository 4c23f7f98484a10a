"""Files that take another one's place: what belongs to the name stays with it, what belongs to the file can be taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.wims import EARLIER, NOW, PARENT, assert_sound

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.edits import Link, PutFile
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.wim.tree import Entry

PLACE = "Windows\\System32\\a long file name.config"
OTHERS = ("Windows\\System32\\third.config", "other name.config")
PLAIN = "Windows\\System32\\plain.dll"


def entry(wim: Path, path: str) -> Entry:
    """An entry of an image."""
    with WimReader.open(wim) as reader:
        return reader.tree(1).get(path)


def content(wim: Path, path: str, stream: str = "") -> bytes:
    """A stream's bytes."""
    with WimReader.open(wim) as reader, reader.open_file(1, path, stream=stream) as file:
        return file.read()


def test_a_link_takes_over_both_names_of_what_it_replaces(ntfs: Path) -> None:
    """The place keeps its long and short name; the other names of the old file stay what they were."""
    others = {path: entry(ntfs, path) for path in OTHERS}
    commit(ntfs, 1, [PutFile("store.bin", b"new"), Link(PLACE.upper(), "store.bin")], now=NOW)
    new = entry(ntfs, PLACE)
    assert (PLACE, "ALONGF~1.CON", b"new") == (new.path, new.short_name, content(ntfs, PLACE))
    assert "" == entry(ntfs, "store.bin").short_name
    assert others == {path: entry(ntfs, path) for path in others}
    assert_sound(ntfs)


def test_a_new_file_can_be_like_another(ntfs: Path) -> None:
    """Attributes, descriptor, creation time and named streams are the other's; names, links and object id are not."""
    model = entry(ntfs, PLACE)
    commit(ntfs, 1, [PutFile("store.bin", b"new", write_time=NOW + 3, like=PLACE)], now=NOW)
    new = entry(ntfs, "store.bin")
    kept = ("attributes", "security", "created", "streams")
    assert [getattr(model, name) for name in kept] == [getattr(new, name) for name in kept]
    assert EARLIER + 1 == new.created
    assert ("", 0, b"", NOW + 3) == (new.short_name, new.hard_link_group, new.tagged, new.written)
    assert b"new" == content(ntfs, "store.bin")
    assert b"[ZoneTransfer]\r\nZoneId=3\r\n" == content(ntfs, "store.bin", "Zone.Identifier")
    assert b"another stream" == content(ntfs, "store.bin", "second")
    assert_sound(ntfs)


def test_what_is_given_wins_over_the_model(ntfs: Path) -> None:
    """Stated attributes and descriptor are taken, the rest is the model's; an object id is not taken along."""
    model = entry(ntfs, PLAIN)
    commit(ntfs, 1, [PutFile("store.bin", b"", attributes=0x3, security=PARENT, like=PLAIN)], now=NOW)
    new = entry(ntfs, "store.bin")
    assert (0x3, PARENT, model.created, b"", 0) == (
        new.attributes,
        new.security,
        new.created,
        new.tagged,
        new.size,
    )
    assert b"" != model.tagged
    assert_sound(ntfs)


def test_a_file_that_is_there_keeps_its_own(ntfs: Path) -> None:
    """A model is for new files alone."""
    before = entry(ntfs, PLAIN)
    commit(ntfs, 1, [PutFile(PLAIN, b"new", like=PLACE)], now=NOW)
    after = entry(ntfs, PLAIN)
    kept = ("attributes", "security", "created", "streams", "tagged", "short_name")
    assert [getattr(before, name) for name in kept] == [getattr(after, name) for name in kept]


@pytest.mark.parametrize("model", ["empty folder", "link.txt", "nowhere.txt"])
def test_only_plain_files_are_models(ntfs: Path, model: str) -> None:
    """A folder, a link and nothing at all are no models."""
    with pytest.raises(FormatError, match=r"not a plain file|not in the image"):
        commit(ntfs, 1, [PutFile("store.bin", b"x", like=model)], now=NOW)
