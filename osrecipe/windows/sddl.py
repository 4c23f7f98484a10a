r"""Security descriptors as component manifests state them: SDDL text, and what it makes of a file, folder or key.

Pure. What this reader does not know is refused by name, never left out: conditional, resource and object entries, and
principals of a domain, which an image does not have.
Sources: Microsoft's "Security Descriptor String Format", "ACE Strings", "SID Strings" and [MS-DTYP] 2.5.1. That
generic rights are split into an effective and an inherit-only entry, and that a stated list counts as automatically
inherited, is how the keys of a genuine SYSTEM hive are (`tests/unit/windows/test_sddl.py` compares with them).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from osrecipe.formats.wim.security import (
    FILE_RIGHTS,
    KEY_RIGHTS,
    Ace,
    Descriptor,
    entries,
    inherited,
    pack_list,
    packed,
    specific,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

INHERIT: Final = "(inherit)"
"""What manifests write where the descriptor of the folder or key above is meant."""

_LONGEST: Final = 64 << 10
_MOST_ENTRIES: Final = 1024
_MOST_PARTS: Final = 15
_SELF_RELATIVE: Final = 0x8000
_INHERITED: Final = 0x10
_ONWARD: Final = 0x3
_INHERIT_ONLY: Final = 0x8
_INHERITANCE: Final = 0x1F
_LABEL: Final = 0x11
_AUDIT: Final = 2


@dataclass(frozen=True)
class _List:
    """The bits of one of the two access lists in a descriptor's control word."""

    present: int
    requested: int
    automatic: int
    protected: int


_DACL: Final = _List(0x0004, 0x0100, 0x0400, 0x1000)
_SACL: Final = _List(0x0010, 0x0200, 0x0800, 0x2000)

_SIDS: Final[Mapping[str, str]] = {
    "AA": "S-1-5-32-579",
    "AC": "S-1-15-2-1",
    "AN": "S-1-5-7",
    "AO": "S-1-5-32-548",
    "AS": "S-1-18-1",
    "AU": "S-1-5-11",
    "BA": "S-1-5-32-544",
    "BG": "S-1-5-32-546",
    "BO": "S-1-5-32-551",
    "BU": "S-1-5-32-545",
    "CD": "S-1-5-32-574",
    "CG": "S-1-3-1",
    "CO": "S-1-3-0",
    "CY": "S-1-5-32-569",
    "ED": "S-1-5-9",
    "ER": "S-1-5-32-573",
    "ES": "S-1-5-32-576",
    "HA": "S-1-5-32-578",
    "HI": "S-1-16-12288",
    "IS": "S-1-5-32-568",
    "IU": "S-1-5-4",
    "LS": "S-1-5-19",
    "LU": "S-1-5-32-559",
    "LW": "S-1-16-4096",
    "ME": "S-1-16-8192",
    "MP": "S-1-16-8448",
    "MS": "S-1-5-32-577",
    "MU": "S-1-5-32-558",
    "NO": "S-1-5-32-556",
    "NS": "S-1-5-20",
    "NU": "S-1-5-2",
    "OW": "S-1-3-4",
    "PO": "S-1-5-32-550",
    "PS": "S-1-5-10",
    "PU": "S-1-5-32-547",
    "RA": "S-1-5-32-575",
    "RC": "S-1-5-12",
    "RD": "S-1-5-32-555",
    "RE": "S-1-5-32-552",
    "RM": "S-1-5-32-580",
    "RU": "S-1-5-32-554",
    "SI": "S-1-16-16384",
    "SO": "S-1-5-32-549",
    "SS": "S-1-18-2",
    "SU": "S-1-5-6",
    "SY": "S-1-5-18",
    "UD": "S-1-5-84-0-0-0-0-0",
    "WD": "S-1-1-0",
    "WR": "S-1-5-33",
}
"""Principals every Windows has; those of a domain or of one machine (`DA`, `LA`, …) are not here."""

_RIGHTS: Final[Mapping[str, int]] = {
    "GA": 0x10000000,
    "GR": 0x80000000,
    "GW": 0x40000000,
    "GX": 0x20000000,
    "RC": 0x00020000,
    "SD": 0x00010000,
    "WD": 0x00040000,
    "WO": 0x00080000,
    "CC": 0x001,
    "DC": 0x002,
    "LC": 0x004,
    "SW": 0x008,
    "RP": 0x010,
    "WP": 0x020,
    "DT": 0x040,
    "LO": 0x080,
    "CR": 0x100,
    "FA": 0x1F01FF,
    "FR": 0x120089,
    "FW": 0x120116,
    "FX": 0x1200A0,
    "KA": 0xF003F,
    "KR": 0x20019,
    "KW": 0x20006,
    "KX": 0x20019,
}
_LABEL_RIGHTS: Final[Mapping[str, int]] = {"NW": 1, "NR": 2, "NX": 4}
_FLAGS: Final[Mapping[str, int]] = {
    "OI": 0x01,
    "CI": 0x02,
    "NP": 0x04,
    "IO": 0x08,
    "ID": 0x10,
    "SA": 0x40,
    "FA": 0x80,
}
_TYPES: Final[Mapping[str, int]] = {"A": 0, "D": 1, "AU": _AUDIT, "ML": _LABEL}
_OTHER_TYPES: Final[Mapping[str, str]] = {
    "OA": "object",
    "OD": "object",
    "OU": "object",
    "OL": "object",
    "AL": "alarm",
    "XA": "conditional",
    "XD": "conditional",
    "XU": "conditional",
    "ZA": "conditional",
    "RA": "resource",
    "SP": "scoped policy",
    "TL": "process trust label",
    "FL": "access filter",
}
_SID: Final = re.compile(r"S-1-(0x[0-9A-Fa-f]{1,12}|\d{1,15})((?:-\d{1,10}){1,15})", re.IGNORECASE)
_PART: Final = re.compile(r"([OGDS]):")
_ENTRY: Final = re.compile(r"\(([^()]*)\)")
_NUMBER: Final = re.compile(r"0x[0-9A-Fa-f]{1,8}|\d{1,10}")


class SddlError(ValueError):
    """A descriptor that can't be carried out; says what of it."""


class Kind(Enum):
    """What a descriptor is for."""

    FILE = "file"
    FOLDER = "folder"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Stated:
    """An access list as it is stated, None for one that grants everyone everything; control bits beside it."""

    entries: tuple[Ace, ...] | None
    control: int


@dataclass(frozen=True, slots=True)
class Sddl:
    """A descriptor as it is stated; None for what it leaves open."""

    owner: bytes | None = None
    group: bytes | None = None
    dacl: Stated | None = None
    sacl: Stated | None = None


@lru_cache(maxsize=256)  # a manifest with thousands of keys names a handful of descriptors
def read_sddl(text: str) -> Sddl:
    """Read a descriptor.

    Raises:
        SddlError: it is none, or has what is not carried out here.
    """
    if len(text) > _LONGEST:
        raise SddlError(f"it is too long: {len(text)} characters")
    compact = "".join(text.split())
    if compact.lower() in ("", INHERIT):
        return Sddl()
    parts: dict[str, str] = {}
    for name, body in _split(compact):
        if name in parts:
            raise SddlError(f"it has two parts `{name}:`")
        parts[name] = body
    return Sddl(
        sid(parts["O"]) if "O" in parts else None,
        sid(parts["G"]) if "G" in parts else None,
        _list(parts["D"], _DACL) if "D" in parts else None,
        _list(parts["S"], _SACL) if "S" in parts else None,
    )


def sid(text: str) -> bytes:
    """A principal's SID, from its two letters or from `S-1-…`.

    Raises:
        SddlError: it is neither, or is no principal of every Windows.
    """
    found = _SID.fullmatch(_SIDS.get(text.upper(), text))
    if found is None:
        raise SddlError(f"not a principal every Windows has: `{text[:80]}`")
    numbers = [int(part) for part in found[2].split("-")[1:]]
    authority = int(found[1], 0) if found[1].lower().startswith("0x") else int(found[1])
    if authority >= 1 << 48 or max(numbers) >= 1 << 32:
        raise SddlError(f"a number of a SID is too large: `{text[:80]}`")
    body = struct.pack(f"<{len(numbers)}I", *numbers)
    return bytes((1, len(numbers))) + authority.to_bytes(6, "big") + body


def apply_sddl(stated: Sddl, kind: Kind, *, now: bytes | None, above: bytes | None) -> bytes:
    """The self-relative descriptor an object gets.

    Args:
        stated: by the manifest.
        kind: of the object.
        now: what it has or inherits; what is left open stays so.
        above: the descriptor of the folder or key above, whose inheritable entries follow a list that is not
            protected.

    Raises:
        FormatError: `now` or `above` is damaged.
    """
    directory, rights = kind is not Kind.FILE, KEY_RIGHTS if kind is Kind.KEY else FILE_RIGHTS
    old = Descriptor.parse(now) if now is not None else Descriptor(b"", b"", None, None)
    old_control = 0 if now is None else int.from_bytes(now[2:4], "little")
    coming = None
    if above is not None:
        coming = Descriptor.parse(inherited(above, directory=directory, rights=rights))
    control, lists = _SELF_RELATIVE, []
    for part, kept, given, bits in (
        (stated.sacl, old.sacl, coming.sacl if coming else None, _SACL),
        (stated.dacl, old.dacl, coming.dacl if coming else None, _DACL),
    ):
        if part is None:
            control |= old_control & (bits.present | bits.requested | bits.automatic | bits.protected)
            lists.append(kept or b"")
            continue
        control |= bits.present | bits.automatic | part.control
        if part.entries is None:
            lists.append(b"")
            continue
        made = [ace for one in part.entries for ace in _placed(one, rights, container=directory)]
        if not part.control & bits.protected:
            made += [ace for ace in entries(given) if ace.flags & _INHERITED]
        lists.append(pack_list(made))
    owner = old.owner if stated.owner is None else stated.owner
    group = old.group if stated.group is None else stated.group
    return packed(control, owner, group, *lists)


def _placed(ace: Ace, rights: tuple[tuple[int, int], ...], *, container: bool) -> tuple[Ace, ...]:
    """An entry as an object keeps it: generic rights mean something else for what inherits them."""
    if ace.flags & _INHERIT_ONLY and container:
        return (ace,)
    here = Ace(ace.kind, ace.flags & ~_INHERITANCE, specific(ace.mask, rights), ace.rest)
    if not container or not ace.flags & _ONWARD:
        return () if ace.flags & _INHERIT_ONLY else (here,)
    if here.mask == ace.mask:
        return (ace,)
    return (here, Ace(ace.kind, ace.flags | _INHERIT_ONLY, ace.mask, ace.rest))


def _split(text: str) -> list[tuple[str, str]]:
    """The parts of a descriptor: their letters and what follows each."""
    pieces = _PART.split(text)
    if pieces[0] or len(pieces) == 1:
        raise SddlError(f"it does not begin with `O:`, `G:`, `D:` or `S:`: `{text[:40]}`")
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def _list(text: str, bits: _List) -> Stated:
    """An access list: its control flags, then its entries."""
    flags, _, _ = text.partition("(")
    found = _ENTRY.findall(text)
    if flags + "".join(f"({body})" for body in found) != text:
        raise SddlError(f"an access list can't be read: `{text[:80]}`")
    if len(found) > _MOST_ENTRIES:
        raise SddlError(f"an access list is too long: {len(found)} entries")
    if flags == "NO_ACCESS_CONTROL" and not found:
        return Stated(None, 0)
    control, rest = 0, flags
    while rest:
        for name, bit in (("AR", bits.requested), ("AI", bits.automatic), ("P", bits.protected)):
            if rest.startswith(name):
                control, rest = control | bit, rest[len(name) :]
                break
        else:
            raise SddlError(f"an access list has an unknown flag: `{rest[:20]}`")
    return Stated(tuple(_entry(body, audit=bits is _SACL) for body in found), control)


def _entry(body: str, *, audit: bool) -> Ace:
    fields = body.split(";")
    kind = fields[0].upper()
    if kind in _OTHER_TYPES:
        raise SddlError(f"it has a kind of entry that is not carried out: {_OTHER_TYPES[kind]} (`{kind}`)")
    if kind not in _TYPES or len(fields) != 6:  # noqa: PLR2004 - the fields of a plain entry
        raise SddlError(f"an entry can't be read: `({body[:80]})`")
    if (_TYPES[kind] in (_AUDIT, _LABEL)) is not audit:
        raise SddlError(f"an entry is in the wrong list: `({body[:80]})`")
    if fields[3] or fields[4]:
        raise SddlError("it has a kind of entry that is not carried out: object")
    rights = _LABEL_RIGHTS if _TYPES[kind] == _LABEL else _RIGHTS
    flags = _pairs(fields[1], _FLAGS, "flag")
    mask = int(fields[2], 0) if _is_number(fields[2]) else _pairs(fields[2], rights, "right")
    return Ace(_TYPES[kind], flags, mask, sid(fields[5]))


def _is_number(text: str) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    if (text.startswith("0") and not text.lower().startswith("0x") and text != "0") or int(
        text, 0
    ) >= 1 << 32:
        raise SddlError(f"an access mask can't be read: `{text}`")
    return True


def _pairs(text: str, meanings: Mapping[str, int], what: str) -> int:
    total = 0
    for at in range(0, len(text), 2):
        pair = text[at : at + 2].upper()
        if pair not in meanings:
            raise SddlError(f"an entry has an unknown {what}: `{pair}`")
        total |= meanings[pair]
    return total
