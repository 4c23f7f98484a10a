"""Dirty hives: completed from logs of both formats, or refused."""

from __future__ import annotations

from struct import pack, pack_into, unpack_from

import pytest
from support.hives import Contents, contents, real, recovered

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.check import check
from osrecipe.formats.hive.header import checksum
from osrecipe.formats.hive.marvin import marvin32

PAGE = 512


def states() -> list[bytes]:
    """A hive saved four times, growing."""
    hive = Hive.create(timestamp=77)
    saved = []
    for number in range(4):
        hive.create_key(f"step {number}").set("x", 3, bytes([number]) * 5000 * number)
        saved.append(hive.save())
    return saved


def sealed(block: bytes, **fields: int) -> bytes:
    """A header with some fields changed and its checksum right."""
    places = {"first": 4, "second": 8, "time": 12, "kind": 28, "size": 40}
    result = bytearray(block)
    for name, value in fields.items():
        pack_into("<I", result, places[name], value)
    pack_into("<I", result, 508, checksum(result))
    return bytes(result)


def dirty(data: bytes) -> bytes:
    """A hive whose next write was begun."""
    return sealed(data, first=unpack_from("<I", data, 4)[0] + 1)


def pages(old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """The pages of the bins in which two states differ."""
    return [
        (place - 4096, new[place : place + PAGE])
        for place in range(4096, len(new), PAGE)
        if old[place : place + PAGE] != new[place : place + PAGE]
    ]


def entry(old: bytes, new: bytes, sequence: int) -> bytes:
    """A new-format entry that leads from one state to the next."""
    found = pages(old, new)
    body = b"".join(pack("<II", offset, PAGE) for offset, _ in found) + b"".join(page for _, page in found)
    body = body.ljust(-(-(40 + len(body)) // PAGE) * PAGE - 40, b"\0")
    head = pack(
        "<4sIIIIIQ", b"HvLE", 40 + len(body), 0, sequence, len(new) - 4096, len(found), marvin32(body)
    )
    return head + pack("<Q", marvin32(head)) + body


def new_log(saved: list[bytes], first: int, last: int) -> bytes:
    """A log with the entries that lead from one state to another."""
    sequence = unpack_from("<I", saved[first], 4)[0]
    block = sealed(saved[first][:512], first=sequence, second=sequence, kind=6)
    steps = range(first, last)
    return block + b"".join(entry(saved[n], saved[n + 1], sequence + n - first) for n in steps)


def old_log(old: bytes, new: bytes) -> bytes:
    """An old-format log that leads from one state to the next."""
    bits = bytearray((len(new) - 4096) // PAGE // 8)
    found = pages(old, new)
    for offset, _ in found:
        bits[offset // PAGE // 8] |= 1 << offset // PAGE % 8
    vector = (b"DIRT" + bits).ljust(-(-(4 + len(bits)) // PAGE) * PAGE, b"\0")
    return sealed(new[:512], kind=1) + vector + b"".join(page for _, page in found)


def keys(data: bytes, *, log1: bytes = b"", log2: bytes = b"") -> Contents:
    """What is in a hive completed from logs; it is sound."""
    hive = Hive.load(data, log1=log1, log2=log2)
    assert hive.recovered
    assert check(hive.save()) == []
    return contents(hive)


def test_new_log_is_replayed() -> None:
    """All entries of a chain are applied, the hive growing with them."""
    saved = states()
    assert contents(Hive.load(saved[3])) == keys(dirty(saved[0]), log1=new_log(saved, 0, 3))


@pytest.mark.parametrize("swapped", [False, True])
def test_chain_over_two_logs_is_replayed(*, swapped: bool) -> None:
    """The log with earlier entries goes first, whichever file it is."""
    saved = states()
    first, second = new_log(saved, 0, 1), new_log(saved, 1, 3)
    logs = (second, first) if swapped else (first, second)
    assert contents(Hive.load(saved[3])) == keys(dirty(saved[0]), log1=logs[0], log2=logs[1])


def test_chain_ends_at_a_gap() -> None:
    """A second log that doesn't follow is not applied."""
    saved = states()
    found = keys(dirty(saved[0]), log1=new_log(saved, 0, 1), log2=new_log(saved, 2, 3))
    assert contents(Hive.load(saved[1])) == found


@pytest.mark.parametrize("place", [600, 512 + 12, 512 + 26, 512 + 36])
def test_chain_ends_at_a_damaged_entry(place: int) -> None:
    """Hashes guard head and body; with the first entry damaged there is nothing to apply."""
    saved = states()
    log = bytearray(new_log(saved, 0, 2))
    log[place] ^= 1
    with pytest.raises(FormatError) as caught:
        Hive.load(dirty(saved[0]), log1=bytes(log))
    assert caught.value.slug == "hive/dirty"


def test_damage_further_on_keeps_what_was_before() -> None:
    """Entries before a damaged one are applied."""
    saved = states()
    log = bytearray(new_log(saved, 0, 2))
    log[-1] ^= 1
    assert contents(Hive.load(saved[1])) == keys(dirty(saved[0]), log1=bytes(log))


def test_entries_already_written_are_not_applied() -> None:
    """A log older than the hive's last finished write doesn't complete it."""
    saved = states()
    with pytest.raises(FormatError) as caught:
        Hive.load(dirty(saved[2]), log1=new_log(saved, 0, 2))
    assert caught.value.slug == "hive/dirty"


def test_broken_header_is_taken_from_the_log() -> None:
    """With a wrong checksum the later log's header and entries are used."""
    saved = states()
    damaged = bytearray(dirty(saved[1]))
    damaged[300] ^= 1
    found = keys(bytes(damaged), log1=new_log(saved, 0, 1), log2=new_log(saved, 1, 3))
    assert contents(Hive.load(saved[3])) == found


def test_log_that_grows_the_hive_by_more_than_it_holds_is_refused() -> None:
    """An entry of 512 bytes can't ask for gigabytes."""
    saved = states()
    body = pack("<II", 0, PAGE) + saved[0][4096 : 4096 + PAGE]
    body = body.ljust(1024 - 40, b"\0")
    head = pack("<4sIIIIIQ", b"HvLE", 1024, 0, 1, 0x40000000, 1, marvin32(body))
    log = sealed(saved[0][:512], first=1, second=1, kind=6) + head + pack("<Q", marvin32(head)) + body
    with pytest.raises(FormatError) as caught:
        Hive.load(dirty(saved[0]), log1=log)
    assert caught.value.slug == "hive/dirty"


def test_old_log_is_replayed() -> None:
    """A bitmap and its pages complete the write that carries the same time."""
    saved = states()
    unfinished = bytearray(saved[1])
    unfinished[:4096] = dirty(saved[0])[:4096]
    assert contents(Hive.load(saved[1])) == keys(dirty(saved[0]), log1=old_log(saved[0], saved[1]))
    assert contents(Hive.load(saved[1])) == keys(bytes(unfinished), log2=old_log(saved[0], saved[1]))


def test_old_log_of_another_write_is_refused() -> None:
    """A log with another time belongs to another write."""
    saved = states()
    log = sealed(old_log(saved[0], saved[1]), time=78)
    with pytest.raises(FormatError) as caught:
        Hive.load(dirty(saved[0]), log1=log)
    assert caught.value.slug == "hive/dirty"


def test_old_log_that_is_cut_off_is_refused() -> None:
    """All pages the bitmap names must be there."""
    saved = states()
    with pytest.raises(FormatError) as caught:
        Hive.load(dirty(saved[0]), log1=old_log(saved[0], saved[1])[:-1])
    assert caught.value.slug == "hive/dirty"


def test_logs_of_a_clean_hive_are_ignored() -> None:
    """A clean hive is complete, whatever its logs hold."""
    saved = states()
    hive = Hive.load(saved[0], log1=new_log(saved, 0, 3), log2=b"garbage")
    assert (False, contents(Hive.load(saved[0]))) == (hive.recovered, contents(hive))


@pytest.mark.parametrize("log", [b"", b"regf", bytes(2000), b"regf" * 500])
def test_files_that_are_no_logs_are_passed_over(log: bytes) -> None:
    """An empty or foreign file beside the hive neither helps nor harms."""
    saved = states()
    found = keys(dirty(saved[0]), log1=log, log2=new_log(saved, 0, 3))
    assert contents(Hive.load(saved[3])) == found


def test_log_instead_of_a_hive_is_refused() -> None:
    """A log has a hive's header but no bins."""
    with pytest.raises(FormatError) as caught:
        Hive.load(new_log(states(), 0, 1))
    assert caught.value.slug == "hive/unsupported"


def test_real_logs_bring_what_was_not_written_yet() -> None:
    """The real pair of logs adds keys to what the first log alone gives."""
    name = "UsrClass.dat"
    both = contents(recovered(name))
    first = contents(Hive.load(real(name), log1=real("UsrClass.dat.LOG1")))
    assert (len(both), len(first)) == (6238, 6205)


def test_marvin_hash_of_real_entries() -> None:
    """Head and body of a real log's first entry have the hashes it states."""
    log = real("UsrClass.dat.LOG1")
    size, body_hash, head_hash = unpack_from("<4xI16xQQ", log, 512)
    assert (body_hash, head_hash) == (marvin32(log[552 : 512 + size]), marvin32(log[512:544]))
