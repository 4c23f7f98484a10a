"""Raw deltas and compressed manifests."""

from __future__ import annotations

import hashlib
import lzma
import struct
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.deltas import BitWriter, PatchWriter, delta
from support.samples.binaries import minimal_pe
from support.samples.delta import pe_delta
from support.samples.names import Arch

from osrecipe.formats.delta import apply_delta, decode_manifest, find_base_manifest, read_header
from osrecipe.formats.errors import Fault, FormatError

MANIFESTS = Path(__file__).resolve().parents[5] / "shared" / "data" / "manifests"
GENUINE = sorted(MANIFESTS.glob("*.manifest"))
genuine = pytest.mark.skipif(
    not GENUINE, reason="the genuine manifests are not beside the checkout: ../shared/data"
)
LIMIT = 1 << 20


def literal(data: bytes) -> bytes:
    """A patch that is only the bytes themselves."""
    patch = PatchWriter()
    patch.literals(data)
    return patch.finish()


@genuine
def test_genuine_manifests_decode_to_documents() -> None:
    """All seven manifests of build 26100 decode to whole documents of the size they announce."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    for path in GENUINE:
        data = path.read_bytes()
        result = decode_manifest(data, base)
        assert read_header(data[4:]).size == len(result)
        assert result.startswith(b"<?xml")
        assert result.rstrip().endswith(b"</assembly>")
    assert len(GENUINE) == 7


@genuine
def test_the_largest_manifest_equals_its_golden_copy() -> None:
    """Three megabytes decode to the very bytes Microsoft's library makes."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    (path,) = MANIFESTS.glob("wow64_*.manifest")
    golden = lzma.decompress((MANIFESTS / "wow64_golden.xml.xz").read_bytes())
    assert golden == decode_manifest(path.read_bytes(), base)


@genuine
def test_a_wrong_base_is_noticed() -> None:
    """With another base a manifest is no document any more, which is an error with a hint."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    (path,) = MANIFESTS.glob("*windows-core_*.manifest")
    with pytest.raises(FormatError) as caught:
        decode_manifest(path.read_bytes(), bytes(len(base)))
    assert caught.value.fault is Fault.CORRUPT
    assert "same image" in caught.value.hint


def test_an_uncompressed_manifest_is_returned_as_it_is() -> None:
    """What does not begin with the magic needs no decoding."""
    assert decode_manifest(b"<assembly/>", b"") == b"<assembly/>"


@given(st.binary(max_size=200), st.sampled_from([b"PA30", b"PA31"]))
def test_literals_come_back(data: bytes, kind: bytes) -> None:
    """A delta that holds its target whole gives it back, in both layouts."""
    assert data == apply_delta(b"", delta(literal(data), len(data), kind=kind), limit=LIMIT)


@pytest.mark.parametrize("length", [2, 8, 9, 263, 264, 300, 5000])
def test_a_match_may_overlap_itself(length: int) -> None:
    """A match one byte back repeats that byte, for every way a length is stored."""
    patch = PatchWriter()
    patch.literals(b"a")
    patch.match(8, length)
    assert b"a" * (length + 1) == apply_delta(b"", delta(patch.finish(), length + 1), limit=LIMIT)


def test_a_longer_period_repeats() -> None:
    """A match three bytes back and eight long repeats the three, the last time in part."""
    patch = PatchWriter()
    patch.literals(b"abc")
    patch.match(10, 8)
    assert apply_delta(b"", delta(patch.finish(), 11), limit=LIMIT) == b"abcabcabcab"


def test_the_base_is_copied_from_the_same_place() -> None:
    """The slot for "same place" copies from where the output stands."""
    patch = PatchWriter()
    patch.literals(b"01")
    patch.match(3, 4)
    assert apply_delta(b"ABCDEFGH", delta(patch.finish(), 6), limit=LIMIT) == b"01CDEF"


@pytest.mark.parametrize(("shift", "expected"), [(2, b"ABCD"), (0, b"CDEF"), (-2, b"EFGH")])
def test_the_base_is_copied_from_nearby(shift: int, expected: bytes) -> None:
    """The slot for small shifts copies from before or behind the place where the output stands."""
    patch = PatchWriter()
    patch.literals(b"01")
    patch.match(0, 4, extra=shift + 0x2000, width=14)
    assert b"01" + expected == apply_delta(b"ABCDEFGH", delta(patch.finish(), 6), limit=LIMIT)


def test_recent_distances_are_remembered() -> None:
    """The three slots for recent distances find the last, the one before, and the oldest."""
    patch = PatchWriter()
    patch.literals(b"abcde")
    patch.match(8, 2)  # one back
    patch.match(9, 2)  # two back
    patch.match(10, 3)  # three back
    patch.match(6, 2)  # the oldest: one back
    patch.match(5, 3)  # now in the middle: three back
    patch.match(4, 2)  # the last again
    expected = bytearray(b"abcde")
    for distance, length in ((1, 2), (2, 2), (3, 3), (1, 2), (3, 3), (3, 2)):
        for _ in range(length):
            expected.append(expected[-distance])
    assert bytes(expected) == apply_delta(b"", delta(patch.finish(), len(expected)), limit=LIMIT)


@pytest.mark.parametrize(
    ("algorithm", "name"), [(0x8003, "md5"), (0x8004, "sha1"), (0x800C, "sha256"), (0x800E, "sha512")]
)
def test_the_hash_is_verified(algorithm: int, name: str) -> None:
    """A hash that holds passes, one that does not is an error."""
    digest = hashlib.new(name, b"data").digest()
    good = delta(literal(b"data"), 4, algorithm=algorithm, digest=digest)
    assert apply_delta(b"", good, limit=LIMIT) == b"data"
    assert (read_header(good).hash_name, read_header(good).digest) == (name, digest)
    with pytest.raises(FormatError, match="hash"):
        apply_delta(b"", delta(literal(b"DATA"), 4, algorithm=algorithm, digest=digest), limit=LIMIT)


def test_the_header_tells_the_time() -> None:
    """The time a delta was made for is readable."""
    header = read_header(delta(b"", 0))
    assert (header.kind, header.written) == ("PA30", datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("data", "fault", "words"),
    [
        (pe_delta(b"target"), Fault.UNSUPPORTED, "amd64 executable"),
        (delta(b"", 1, flags=0x100), Fault.UNSUPPORTED, "BsDiff"),
        (delta(b"", 1, preprocess=b"x"), Fault.UNSUPPORTED, "transforms its base"),
        (delta(b"", 1, algorithm=0x1234), Fault.UNSUPPORTED, "0x1234"),
        (b"PA19" + bytes(20), Fault.UNSUPPORTED, "PA19"),
        (b"XXXX" + bytes(20), Fault.CORRUPT, "58585858"),
        (b"", Fault.CORRUPT, "begins with"),
        (b"PA30", Fault.TRUNCATED, "too early"),
        (delta(literal(b"a"), LIMIT + 1), Fault.TOO_LARGE, "bound"),
        (delta(literal(b"a"), 2), Fault.TRUNCATED, "too early"),
        (delta(b"", 1), Fault.TRUNCATED, "too early"),
        (delta(b"\xff" * 9, 1), Fault.UNSUPPORTED, "moves parts"),
        (delta(b"\x00" * 9, 1), Fault.CORRUPT, ""),
    ],
)
def test_what_can_not_be_applied_is_refused(data: bytes, fault: Fault, words: str) -> None:
    """Executables, other engines, bombs and damage each end in their fault, saying what it was."""
    with pytest.raises(FormatError) as caught:
        apply_delta(b"", data, limit=LIMIT)
    assert fault == caught.value.fault
    assert words in caught.value.reason


@pytest.mark.parametrize(("slot", "length"), [(8, 2), (3, 2), (4, 2)])
def test_a_match_can_not_leave_the_data(slot: int, length: int) -> None:
    """A match before the beginning, or of no distance at all, is refused."""
    patch = PatchWriter()
    patch.match(slot, length)
    with pytest.raises(FormatError) as caught:
        apply_delta(b"", delta(patch.finish(), 9), limit=LIMIT)
    assert caught.value.fault is Fault.CORRUPT


def test_a_match_can_not_make_more_than_announced() -> None:
    """A long match in a delta of a short target is refused before anything is copied."""
    patch = PatchWriter()
    patch.literals(b"a")
    patch.match(8, 1 << 30)
    with pytest.raises(FormatError) as caught:
        apply_delta(b"", delta(patch.finish(), 100), limit=LIMIT)
    assert caught.value.fault is Fault.CORRUPT


def test_an_impossible_number_of_code_sets_is_refused() -> None:
    """A stream can't ask for endless tables."""
    patch = BitWriter()
    patch.put(0, 2)
    patch.number(1 << 40)
    with pytest.raises(FormatError) as caught:
        apply_delta(b"", delta(patch.finish(), 1), limit=LIMIT)
    assert caught.value.fault is Fault.CORRUPT


@genuine
@given(st.data())
def test_damage_never_ends_in_another_error(data: st.DataObject) -> None:
    """A genuine manifest with some bytes changed decodes to something or ends in a FormatError."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    (path,) = MANIFESTS.glob("*srcres*.manifest")
    changed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(4, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        decode_manifest(bytes(changed), base)


HEAD = b'<?xml version="1.0"?><assembly manifestVersion="1.0" description="Deployment">'


def library(blob: bytes, before: bytes = b"", after: bytes = b"") -> tuple[bytes, int]:
    """An executable with the blob at offset 600 of its only section, and the blob's relative address."""
    image = bytearray(minimal_pe(Arch.AMD64))
    body = before.ljust(88, b"\0") + blob + after
    image[512:] = body.ljust(4096, b"\0")
    at = image.index(b".text")
    image[at + 8 : at + 24] = struct.pack("<IIII", 4096, 0x1000, 4096, 512)
    return bytes(image), 0x1000 + 88


def test_the_base_manifest_is_found_by_the_record_before_it() -> None:
    """The length in the record right before the document ends it, loose words included."""
    blob = HEAD + b"</assembly>\r\namd64REG_DWORD" + b" " * 300
    _, address = library(blob)
    image, _ = library(blob, before=bytes(60) + struct.pack("<II", address, len(blob)), after=b"other data")
    assert blob == find_base_manifest(image)


def test_the_base_manifest_is_found_by_a_record_elsewhere() -> None:
    """Without a record before it, the shortest length stated anywhere counts."""
    blob = HEAD + b"</assembly>" + b"x" * 400
    _, address = library(blob)
    records = struct.pack("<II", address, len(blob) + 50) + bytes(20) + struct.pack("<II", address, len(blob))
    image, _ = library(blob, after=bytes(100) + records)
    assert blob == find_base_manifest(image)


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (library(b"nothing")[0], Fault.MISSING),
        (library(HEAD + b"x" * 400)[0], Fault.CORRUPT),
        (b"", Fault.MISSING),
        (HEAD, Fault.CORRUPT),
    ],
)
def test_a_library_without_a_base_is_refused(image: bytes, fault: Fault) -> None:
    """No document, no length, or no executable at all: each has its fault."""
    with pytest.raises(FormatError) as caught:
        find_base_manifest(image)
    assert fault == caught.value.fault
