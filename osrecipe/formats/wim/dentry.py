"""One directory entry's bytes: reading single fields, changing single fields, making new ones.

Every change is a patch of the entry's own bytes, so that fields nobody named stay as they are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute, corrupt

NAME_AT: Final = 102
STREAM_SIZE: Final = 38
_MAX_NAME: Final = 255 * 2  # bytes of UTF-16, NTFS's limit
_HASH_AT: Final = 64
_LENGTHS: Final = struct.Struct("<HHH")
_LENGTHS_AT: Final = 96
_NEW: Final = struct.Struct("<QIIQ16xQQQ20s4xQHHH")


@lru_cache(maxsize=1 << 17)
def fold(name: str) -> str:
    """The form in which two names are equal to Windows: upper case, one code unit for one."""
    if name.isascii():
        return name.upper()
    return "".join(_fold_one(char) for char in name)


def _fold_one(char: str) -> str:
    upper = char.upper()
    # NTFS's table maps one unit to one unit and never a foreign letter to an ASCII one.
    if len(upper) != 1 or (upper.isascii() and not char.isascii()) or ord(char) > 0xFFFF:  # noqa: PLR2004 - the BMP
        return char
    return upper


class Kind(Enum):
    """What a stream of an entry is."""

    DATA = "data"
    REPARSE = "reparse"
    ENCRYPTED = "encrypted"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Stream:
    """One hash in an entry.

    Attributes:
        kind: what it is.
        name: empty for the unnamed one.
        sha1: 20 bytes, all zero for an empty stream.
        at: where the hash is in the entry's bytes.
    """

    kind: Kind
    name: str
    sha1: bytes
    at: int


def _length(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little") + 7 & ~7


def attributes(raw: bytes) -> int:
    """File attributes."""
    return int.from_bytes(raw[8:12], "little")


def times(raw: bytes) -> tuple[int, int, int]:
    """Creation, last access, last write: 100 ns steps since 1601."""
    created, accessed, written = struct.unpack_from("<QQQ", raw, 40)
    return created, accessed, written


def reparse_tag(raw: bytes) -> int:
    """The reparse tag, 0 for what is no reparse point."""
    return int.from_bytes(raw[88:92], "little") if attributes(raw) & Attribute.REPARSE_POINT else 0


def short_name(raw: bytes) -> str:
    """The 8.3 name, or an empty string."""
    _, short, named = _LENGTHS.unpack_from(raw, _LENGTHS_AT)
    at = NAME_AT + (named + 2 if named else 0)
    return raw[at : at + short].decode("utf-16-le", "surrogatepass")


def tagged(raw: bytes) -> bytes:
    """The tagged items behind the names (object ids and the like), as they are."""
    return raw[_names_end(raw) : _length(raw)]


def _names_end(raw: bytes) -> int:
    _, short, named = _LENGTHS.unpack_from(raw, _LENGTHS_AT)
    return NAME_AT + (named + 2 if named else 0) + (short + 2 if short else 0) + 7 & ~7


def stream_rows(raw: bytes) -> list[tuple[str, bytes, int]]:
    """The extra stream rows: name, hash, where the hash is."""
    found = []
    at = _length(raw)
    for _ in range(_LENGTHS.unpack_from(raw, _LENGTHS_AT)[0]):
        named = int.from_bytes(raw[at + 36 : at + 38], "little")
        name = raw[at + 38 : at + 38 + named].decode("utf-16-le", "surrogatepass")
        found.append((name, raw[at + 16 : at + 36], at + 16))
        at += int.from_bytes(raw[at : at + 8], "little") + 7 & ~7
    return found


def streams(raw: bytes) -> list[Stream]:
    """All streams with what they are.

    The format does not say which unnamed hash is the file's data and which the reparse data: the reparse data
    comes first, and a zero hash in the entry counts only where no unnamed row follows.
    """
    bits = attributes(raw)
    main = raw[_HASH_AT : _HASH_AT + 20]
    rows = [("", main, _HASH_AT), *stream_rows(raw)]
    unnamed = [row for row in rows if not row[0] and (row[2] != _HASH_AT or row[1] != ZERO_HASH)] or rows[:1]
    kinds = {row[2]: kind for row, kind in zip(unnamed, _unnamed_kinds(bits), strict=False)}
    if bits & Attribute.ENCRYPTED:
        kinds = {row[2]: Kind.ENCRYPTED for row in unnamed[:1]}
        return [Stream(kinds[at], name, sha1, at) for name, sha1, at in rows if at in kinds]
    found = []
    for name, sha1, at in rows:
        kind = Kind.DATA if name else kinds.get(at, Kind.UNUSED)
        if kind is not Kind.UNUSED:
            found.append(Stream(kind, name, sha1, at))
    return found


def _unnamed_kinds(bits: int) -> tuple[Kind, ...]:
    return (Kind.REPARSE, Kind.DATA) if bits & Attribute.REPARSE_POINT else (Kind.DATA,)


def data_stream(raw: bytes) -> Stream | None:
    """The unnamed data stream, or None for a directory or a reparse point that has none."""
    if attributes(raw) & Attribute.DIRECTORY:
        return None
    return next(
        (stream for stream in streams(raw) if stream.kind in (Kind.DATA, Kind.ENCRYPTED) and not stream.name),
        None,
    )


def with_hash(raw: bytes, at: int, sha1: bytes) -> bytes:
    """The entry with another hash at a stream's place."""
    return raw[:at] + sha1 + raw[at + 20 :]


def with_attributes(raw: bytes, value: int) -> bytes:
    """The entry with other file attributes."""
    return raw[:8] + value.to_bytes(4, "little") + raw[12:]


def with_security(raw: bytes, number: int) -> bytes:
    """The entry with another descriptor."""
    return raw[:12] + number.to_bytes(4, "little") + raw[16:]


def with_times(raw: bytes, created: int | None, accessed: int | None, written: int | None) -> bytes:
    """The entry with other times; None keeps one."""
    kept = times(raw)
    new = [
        old if value is None else value for value, old in zip((created, accessed, written), kept, strict=True)
    ]
    try:
        return raw[:40] + struct.pack("<QQQ", *new) + raw[64:]
    except struct.error as error:
        raise FormatError(
            "wim", Fault.UNSUPPORTED, f"a time is outside what the format holds: {new}"
        ) from error


def with_group(raw: bytes, group: int) -> bytes:
    """The entry in another hard-link group."""
    return raw[:88] + group.to_bytes(8, "little") + raw[96:]


def encode_name(name: str) -> bytes:
    """A long name as UTF-16.

    Raises:
        FormatError: it is longer than NTFS allows.
    """
    encoded = name.encode("utf-16-le", "surrogatepass")
    if len(encoded) > _MAX_NAME:
        raise FormatError("wim", Fault.UNSUPPORTED, f"a name is longer than 255 characters: `{name[:40]}…`")
    return encoded


def _rebuilt(raw: bytes, names: bytes, named: int, short: int, extra: int, rows: bytes) -> bytes:
    """The entry with other variable parts; tagged items are kept."""
    fixed = raw[8:_LENGTHS_AT] + _LENGTHS.pack(extra, short, named)
    padding = bytes(-(8 + len(fixed) + len(names)) % 8)
    body = fixed + names + padding + tagged(raw)
    return (len(body) + 8).to_bytes(8, "little") + body + rows


def with_name(raw: bytes, name: str, *, keep_short: bool) -> bytes:
    """The entry under another long name."""
    return with_names(raw, name, short_name(raw) if keep_short else "")


def with_names(raw: bytes, name: str, short: str) -> bytes:
    """The entry under another long name and another 8.3 name; an empty one for none."""
    encoded, brief = encode_name(name), encode_name(short)
    extra = _LENGTHS.unpack_from(raw, _LENGTHS_AT)[0]
    names = encoded + b"\0\0" + (brief + b"\0\0" if brief else b"")
    return _rebuilt(raw, names, len(encoded), len(brief), extra, raw[_length(raw) :])


def like(raw: bytes, name: str, written: int, sha1: bytes) -> bytes:
    """A new file's entry with what another one has: attributes, descriptor, creation time, named streams.

    What a volume has once stays behind: short name, hard links, object id.
    """
    own = new(name, attributes(raw), int.from_bytes(raw[12:16], "little"), times(raw)[0], written)
    rows = [(stream, old) for stream, old, _ in stream_rows(raw) if stream]
    if not rows:
        return with_hash(own, _HASH_AT, sha1)
    packed = b"".join(_stream_row(stream, old) for stream, old in [("", sha1), *rows])
    named = encode_name(name)
    return _rebuilt(own, named + b"\0\0", len(named), 0, len(rows) + 1, packed)


def with_streams(raw: bytes, unnamed: list[bytes]) -> bytes:
    """The entry with other unnamed streams and the same named ones.

    One unnamed stream alone is kept in the entry; otherwise all go into rows, unnamed first.
    """
    named_rows = [(name, sha1) for name, sha1, _ in stream_rows(raw) if name]
    lengths = _LENGTHS.unpack_from(raw, _LENGTHS_AT)
    names = raw[NAME_AT : _names_end(raw)]
    if len(unnamed) <= 1 and not named_rows:
        rebuilt = _rebuilt(raw, names, lengths[2], lengths[1], 0, b"")
        return with_hash(rebuilt, _HASH_AT, unnamed[0] if unnamed else ZERO_HASH)
    rows = [("", sha1) for sha1 in unnamed] + named_rows
    packed = b"".join(_stream_row(name, sha1) for name, sha1 in rows)
    return with_hash(_rebuilt(raw, names, lengths[2], lengths[1], len(rows), packed), _HASH_AT, ZERO_HASH)


def _stream_row(name: str, sha1: bytes) -> bytes:
    encoded = name.encode("utf-16-le", "surrogatepass")
    body = bytes(8) + sha1 + len(encoded).to_bytes(2, "little") + (encoded + b"\0\0" if encoded else b"")
    size = 8 + len(body) + 7 & ~7
    return size.to_bytes(8, "little") + body + bytes(size - 8 - len(body))


def with_reparse(raw: bytes, tag: int) -> bytes:
    """The entry as a reparse point; the attribute is set, reserved fields and a directory's list are zero."""
    if not 0 < tag < 1 << 32:
        raise FormatError("wim", Fault.UNSUPPORTED, f"not a reparse tag: {tag:#x}")
    raw = with_attributes(raw, attributes(raw) | Attribute.REPARSE_POINT)
    raw = raw[:16] + bytes(8) + raw[24:]
    return raw[:88] + tag.to_bytes(4, "little") + bytes(4) + raw[96:]


def new(name: str, bits: int, security: int, created: int, written: int, sha1: bytes = ZERO_HASH) -> bytes:
    """A new entry without short name, streams or links.

    Args:
        name: long name, empty for a root.
        bits: file attributes.
        security: descriptor index.
        created: creation and last access time.
        written: last write time.
        sha1: of the data.
    """
    encoded = encode_name(name)
    names = encoded + b"\0\0" if encoded else b""
    length = NAME_AT + len(names) + 7 & ~7
    if not (0 <= created < 1 << 64 and 0 <= written < 1 << 64 and 0 <= bits < 1 << 32):
        raise corrupt("a new entry's time or attributes do not fit the format")
    fixed = _NEW.pack(length, bits, security, 0, created, created, written, sha1, 0, 0, 0, len(encoded))
    return fixed + names + bytes(length - len(fixed) - len(names))
