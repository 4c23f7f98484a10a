"""A hive as a whole: made, saved, loaded, and its keys by path."""

from __future__ import annotations

import time
from struct import pack_into, unpack_from

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hives import Model, contents, edit, generator

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive, ValueType, current_control_set
from osrecipe.formats.hive.check import check
from osrecipe.formats.hive.header import checksum
from osrecipe.formats.hive.hive import DEFAULT_TIMESTAMP

NOW = DEFAULT_TIMESTAMP + 10_000_000


def test_new_hive_is_sound_and_empty() -> None:
    """A hive from nothing has a root without subkeys and values, and passes the checker."""
    data = Hive.create("CMI").save()
    hive = Hive.load(data)
    assert (hive.root.name, contents(hive), check(data), hive.root.flags) == ("CMI", {(): {}}, [], 0x2C)


def test_header_of_a_saved_hive() -> None:
    """Sequence numbers are equal and count saves, time and checksum are right, and bins fill pages."""
    hive = Hive.create(timestamp=7)
    hive.save()
    data = hive.save(timestamp=NOW)
    first, second, timestamp = unpack_from("<IIQ", data, 4)
    assert (first, second, timestamp) == (2, 2, NOW)
    assert unpack_from("<I", data, 508)[0] == checksum(data)
    assert (0, len(data) - 4096) == (len(data) % 4096, unpack_from("<I", data, 40)[0])


def test_saving_is_deterministic() -> None:
    """The same steps give the same bytes."""

    def make() -> bytes:
        hive, model, rng = Hive.create(timestamp=5), Model(), generator("same")
        for _ in range(200):
            edit(hive, model, rng)
        return hive.save(timestamp=9)

    assert make() == make()


def test_paths_are_found_in_any_case() -> None:
    """Names match regardless of case; the case they were made with stays."""
    hive = Hive.create()
    made = hive.create_key("Software\\Policies\\Größe")
    found = hive.key("SOFTWARE\\policies\\GRÖßE")
    assert found is made
    assert found.path == "Software\\Policies\\Größe"


def test_empty_path_is_the_root() -> None:
    """No names, no steps."""
    hive = Hive.create()
    assert hive.root is hive.key("")


def test_missing_path_is_none() -> None:
    """A path that leads nowhere gives None, at any depth."""
    assert Hive.create().key("a\\b\\c") is None


def test_create_key_finds_what_is_there() -> None:
    """Creating an existing key changes nothing."""
    hive = Hive.create()
    key = hive.create_key("a\\b")
    assert key is hive.create_key("A\\B")


def test_delete_key_is_recursive() -> None:
    """A key goes with all below it; a second time there is nothing to delete."""
    hive = Hive.create()
    hive.create_key("a\\b\\c").set("x", ValueType.BINARY, bytes(30_000))
    assert (hive.delete_key("a"), hive.delete_key("a")) == (True, False)
    assert (contents(hive), check(hive.save())) == ({(): {}}, [])


def test_root_is_not_deleted() -> None:
    """A hive without a root is none."""
    with pytest.raises(FormatError) as caught:
        Hive.create().delete_key("")
    assert caught.value.slug == "hive/unsupported"


def test_handle_of_a_deleted_key_is_refused() -> None:
    """A stale handle is an error, not somebody else's cell."""
    hive = Hive.create()
    below = hive.create_key("a\\b")
    hive.delete_key("a")
    hive.create_key("c\\d")
    for use in (lambda: below.name, lambda: below.set("x", 1, b""), lambda: list(below.subkeys())):
        with pytest.raises(FormatError) as caught:
            use()
        assert caught.value.slug == "hive/missing"


def test_keys_that_change_get_the_hives_time() -> None:
    """Setting a value stamps the key, creating or deleting a key stamps its parent, others keep their time."""
    hive = Hive.create(timestamp=5)
    hive.create_key("a\\b")
    hive.create_key("untouched")
    hive = Hive.load(hive.save())
    assert hive.now == 5
    hive.now = NOW
    hive.create_key("a\\b\\c")
    stamps = {
        path: key.timestamp for path in ("", "a", "a\\b", "a\\b\\c", "untouched") if (key := hive.key(path))
    }
    assert stamps == {"": 5, "a": 5, "a\\b": NOW, "a\\b\\c": NOW, "untouched": 5}


@pytest.mark.parametrize(
    ("name", "slug"), [("x" * 256, "hive/too-large"), ("é\U0001f600" * 86, "hive/too-large")]
)
def test_long_key_names_are_refused(name: str, slug: str) -> None:
    """A key's name has at most 255 UTF-16 units; nothing is made of a path that holds a longer one."""
    hive = Hive.create()
    with pytest.raises(FormatError) as caught:
        hive.create_key(f"fine\\{name}")
    assert (slug, {(): {}}) == (caught.value.slug, contents(hive))


def test_longest_names_are_stored() -> None:
    """Names at the limits come back."""
    hive = Hive.create()
    hive.create_key("k" * 255).set("v" * 16383, ValueType.SZ, b"")
    hive.create_key("日" * 255).set("日" * 16383, ValueType.SZ, b"")
    data = hive.save()
    assert (contents(hive), []) == (contents(Hive.load(data)), check(data))


def test_long_value_names_are_refused() -> None:
    """A value's name has at most 16,383 UTF-16 units."""
    with pytest.raises(FormatError) as caught:
        Hive.create().root.set("v" * 16384, ValueType.SZ, b"")
    assert caught.value.slug == "hive/too-large"


@pytest.mark.parametrize("number", [-1, 2**32])
def test_types_that_do_not_fit_are_refused(number: int) -> None:
    """A type is a 32-bit number."""
    with pytest.raises(FormatError) as caught:
        Hive.create().root.set("v", number, b"")
    assert caught.value.slug == "hive/unsupported"


@pytest.mark.parametrize("name", ["", "a\\b"])
def test_impossible_subkey_names_are_refused(name: str) -> None:
    """A name is neither empty nor a path."""
    with pytest.raises(FormatError) as caught:
        Hive.create().root.create_subkey(name)
    assert caught.value.slug == "hive/unsupported"


def test_depth_is_limited() -> None:
    """512 levels below the root are stored, one more is refused."""
    hive = Hive.create()
    deepest = hive.create_key("\\".join("d" * 512))
    with pytest.raises(FormatError) as caught:
        deepest.create_subkey("d")
    assert (caught.value.slug, check(hive.save())) == ("hive/too-large", [])
    assert hive.delete_key("d")


def test_twenty_thousand_subkeys() -> None:
    """Many subkeys are made, stored, found and deleted in seconds, not minutes."""
    begin = time.process_time()
    hive = Hive.create()
    many = hive.create_key("many")
    for number in range(20_000):
        many.create_subkey(f"key {number * 7919 % 20_000}")
    data = hive.save()
    again = Hive.load(data)
    found = again.key("MANY")
    assert found is not None
    assert sum(1 for _ in found.subkeys()) == 20_000
    assert again.key("many\\KEY 12345") is not None
    for key in list(found.subkeys())[::2]:
        key.delete()
    assert (check(data), check(again.save())) == ([], [])
    assert time.process_time() - begin < 20


def test_many_values_of_one_key() -> None:
    """Values are listed once at saving, not rewritten for each."""
    hive = Hive.create()
    for number in range(10_000):
        hive.root.set(f"value {number}", ValueType.DWORD, b"1234")
    data = hive.save()
    assert (len(list(Hive.load(data).root.values())), check(data)) == (10_000, [])
    assert len(data) < 800_000


def test_replacing_a_value_keeps_its_place_and_name() -> None:
    """Values stay in order, and the name keeps its first case."""
    root = Hive.create().root
    root.set("First", ValueType.SZ, b"a\0\0\0")
    root.set("second", ValueType.DWORD, b"1234")
    root.set("FIRST", ValueType.QWORD, bytes(8))
    assert [(value.name, value.type) for value in root.values()] == [("First", 11), ("second", 4)]


def test_known_types_are_members() -> None:
    """A registered type is a `ValueType`, another one a plain number."""
    root = Hive.create().root
    root.set("a", 4, b"")
    root.set("b", 0xFFFF0012, b"")
    values = list(root.values())
    assert isinstance(values[0].type, ValueType)
    assert (values[1].type, isinstance(values[1].type, ValueType)) == (0xFFFF0012, False)


def test_symbolic_link() -> None:
    """A link key shows the path it points to; other keys show none."""
    hive = Hive.create()
    key = hive.create_key("link")
    key.set("SymbolicLinkValue", ValueType.LINK, "\\Registry\\Machine\\X".encode("utf-16-le"))
    data = bytearray(hive.save())
    node = data.index(b"nk", data.index(b"ROOT"))
    pack_into("<H", data, node + 2, unpack_from("<H", data, node + 2)[0] | 0x10)
    found = Hive.load(bytes(data)).key("link")
    assert found is not None
    assert (key.link_target, found.is_symlink, found.link_target) == (None, True, "\\Registry\\Machine\\X")


def test_current_control_set() -> None:
    """The number stands in `Select`."""
    hive = Hive.create()
    hive.create_key("Select").set("Current", ValueType.DWORD, b"\2\0\0\0")
    assert current_control_set(hive) == 2


def test_current_control_set_of_another_hive() -> None:
    """A hive without `Select` says what is missing."""
    with pytest.raises(FormatError) as caught:
        current_control_set(Hive.create())
    assert caught.value.slug == "hive/missing"


@pytest.mark.parametrize(("kind", "data"), [(4, bytes(4)), (4, b"\xff" * 4), (4, b"\1"), (1, b"\1\0\0\0")])
def test_current_control_set_that_is_none(kind: int, data: bytes) -> None:
    """A number that names no control set is damage."""
    hive = Hive.create()
    hive.create_key("Select").set("Current", kind, data)
    with pytest.raises(FormatError) as caught:
        current_control_set(hive)
    assert caught.value.slug == "hive/corrupt"


@settings(max_examples=60, deadline=None)
@given(st.integers(), st.integers(1, 60))
def test_small_hives_match_a_plain_model(seed: int, edits: int) -> None:
    """Whatever is done to a new hive, it says what a dictionary says, before and after saving."""
    hive, model, rng = Hive.create(), Model(), generator(str(seed))
    for _ in range(edits):
        edit(hive, model, rng)
    data = hive.save()
    assert model.contents() == contents(hive) == contents(Hive.load(data))
    assert check(data) == []


NAMES = st.text(min_size=1, max_size=5).filter(lambda name: "\\" not in name)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        NAMES, st.dictionaries(st.text(max_size=5), st.binary(max_size=40), max_size=4), max_size=8
    )
)
def test_any_names_come_back(wanted: dict[str, dict[str, bytes]]) -> None:
    """Names of any characters are stored, found and kept in the registry's order."""
    hive = Hive.create()
    for name, values in wanted.items():
        for value, data in values.items():
            hive.root.create_subkey(name).set(value, ValueType.BINARY, data)
            found = hive.root.create_subkey(name).value(value)
            assert found is not None
            assert data == found.data
    saved = hive.save()
    assert (contents(hive), []) == (contents(Hive.load(saved)), check(saved))
