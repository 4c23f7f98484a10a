"""Security descriptors: what a new file or directory inherits from the directory it is made in.

Works on self-relative descriptors as bytes. No names, no tokens: an image has no user who creates something,
so owner and group are those of the parent directory.
Rules source: Microsoft's "ACE Inheritance Rules" and [MS-DTYP] 2.5.3.4 (CreateSecurityDescriptor).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = struct.Struct("<BBHIIII")
_ACL: Final = struct.Struct("<BBHHH")
_ACE: Final = struct.Struct("<BBHI")
_MAX_ACES: Final = 2048

_OBJECT_INHERIT: Final = 0x1
_CONTAINER_INHERIT: Final = 0x2
_NO_PROPAGATE: Final = 0x4
_INHERIT_ONLY: Final = 0x8
_INHERITED: Final = 0x10
_INHERITANCE: Final = 0x1F

_DACL_PRESENT: Final = 0x4
_SACL_PRESENT: Final = 0x10
_DACL_AUTO_INHERITED: Final = 0x400
_SACL_AUTO_INHERITED: Final = 0x800
_SELF_RELATIVE: Final = 0x8000

# ACE types whose SID follows the mask directly; object ACEs have GUIDs between and are copied as they are.
_SIMPLE: Final = frozenset((0x00, 0x01, 0x02, 0x09, 0x0A, 0x0D, 0x11, 0x12, 0x13))
_CREATOR_OWNER: Final = bytes.fromhex("010100000000000300000000")
_CREATOR_GROUP: Final = bytes.fromhex("010100000000000301000000")
_SYSTEM: Final = bytes.fromhex("010100000000000512000000")
_ADMINISTRATORS: Final = bytes.fromhex("01020000000000052000000020020000")
FILE_RIGHTS: Final = (
    (0x80000000, 0x120089),
    (0x40000000, 0x120116),
    (0x20000000, 0x1200A0),
    (0x10000000, 0x1F01FF),
)
"""What the generic rights (read, write, execute, all) mean for files and directories."""
KEY_RIGHTS: Final = (
    (0x80000000, 0x20019),
    (0x40000000, 0x20006),
    (0x20000000, 0x20019),
    (0x10000000, 0xF003F),
)
"""What they mean for registry keys."""
Rights = tuple[tuple[int, int], ...]
_ANY_GENERIC: Final = 0xF0000000


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry of an access list: `rest` is all behind the mask, in simple ones a SID and perhaps more."""

    kind: int
    flags: int
    mask: int
    rest: bytes

    def pack(self) -> bytes:
        """Its bytes."""
        return _ACE.pack(self.kind, self.flags, 8 + len(self.rest), self.mask) + self.rest


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A descriptor taken apart: `None` for a list that is not present."""

    owner: bytes
    group: bytes
    sacl: bytes | None
    dacl: bytes | None

    @classmethod
    def parse(cls, raw: bytes) -> Descriptor:
        """Reads a self-relative descriptor.

        Raises:
            FormatError: it is damaged.
        """
        if len(raw) < _HEAD.size:
            raise _damaged("too short")
        revision, _, control, owner, group, sacl, dacl = _HEAD.unpack_from(raw)
        if revision != 1 or not control & _SELF_RELATIVE:
            raise _damaged("not a self-relative one of revision 1")
        return cls(
            _sid(raw, owner),
            _sid(raw, group),
            _list(raw, sacl) if control & _SACL_PRESENT else None,
            _list(raw, dacl) if control & _DACL_PRESENT else None,
        )


def check(raw: bytes) -> None:
    """Refuses a damaged descriptor.

    Raises:
        FormatError: it can't be read.
    """
    parsed = Descriptor.parse(raw)
    for acl in (parsed.sacl, parsed.dacl):
        list(entries(acl))


def inherited(parent: bytes, *, directory: bool, rights: Rights = FILE_RIGHTS) -> bytes:
    """The descriptor of something new in a directory or key with the descriptor `parent`.

    Args:
        parent: self-relative.
        directory: whether the new one can have something below it, as a directory and a key can.
        rights: what generic rights mean for its kind.

    Raises:
        FormatError: `parent` is damaged.
    """
    above = Descriptor.parse(parent)
    dacl = [ace for old in entries(above.dacl) for ace in _inherit(old, above, rights, directory=directory)]
    sacl = [ace for old in entries(above.sacl) for ace in _inherit(old, above, rights, directory=directory)]
    control = _SELF_RELATIVE | _DACL_PRESENT
    if dacl:
        control |= _DACL_AUTO_INHERITED
    else:  # as Windows does with a token's default list when there is nothing to inherit
        everything = rights[-1][1]
        dacl = [Ace(0, 0, everything, _SYSTEM), Ace(0, 0, everything, _ADMINISTRATORS)]
    if sacl:
        control |= _SACL_PRESENT | _SACL_AUTO_INHERITED
    return packed(control, above.owner, above.group, pack_list(sacl) if sacl else b"", pack_list(dacl))


def _inherit(ace: Ace, above: Descriptor, rights: Rights, *, directory: bool) -> Iterator[Ace]:
    """What one entry of the parent becomes in a child: none, one or two entries."""
    wanted = _CONTAINER_INHERIT if directory else _OBJECT_INHERIT
    passes_on = directory and not ace.flags & _NO_PROPAGATE
    kept = ace.flags & ~_INHERITANCE | _INHERITED
    onward = kept | ace.flags & (_OBJECT_INHERIT | _CONTAINER_INHERIT)
    if not ace.flags & wanted:
        if passes_on and ace.flags & _OBJECT_INHERIT:  # for the files deeper down only
            yield Ace(ace.kind, onward | _INHERIT_ONLY, ace.mask, ace.rest)
        return
    effective = _effective(ace, above, rights)
    if not passes_on:
        yield Ace(ace.kind, kept, effective.mask, effective.rest)
    elif effective == ace:
        yield Ace(ace.kind, onward, ace.mask, ace.rest)
    else:  # CREATOR OWNER and generic rights mean something else one level down: one entry for each
        yield Ace(ace.kind, kept, effective.mask, effective.rest)
        yield Ace(ace.kind, onward | _INHERIT_ONLY, ace.mask, ace.rest)


def specific(mask: int, rights: Rights) -> int:
    """An access mask with its generic rights as those of a kind of object."""
    found = mask & ~_ANY_GENERIC
    for generic, meaning in rights:
        found |= meaning if mask & generic else 0
    return found


def _effective(ace: Ace, above: Descriptor, rights: Rights) -> Ace:
    """The entry with its creator and generic rights filled in."""
    mask = specific(ace.mask, rights)
    rest = ace.rest
    if ace.kind in _SIMPLE:
        for creator, sid in ((_CREATOR_OWNER, above.owner), (_CREATOR_GROUP, above.group)):
            if rest.startswith(creator) and sid:
                rest = sid + rest[len(creator) :]
                break
    return Ace(ace.kind, ace.flags, mask, rest)


def entries(acl: bytes | None) -> Iterator[Ace]:
    """The entries of a list.

    Raises:
        FormatError: it is damaged.
    """
    if not acl:
        return
    _, _, size, count, _ = _ACL.unpack_from(acl)
    if count > _MAX_ACES:
        raise _damaged("too many entries")
    at = _ACL.size
    for _ in range(count):
        if at + _ACE.size > size:
            raise _damaged("an entry leaves its list")
        kind, flags, length, mask = _ACE.unpack_from(acl, at)
        if length < _ACE.size or at + length > size:
            raise _damaged("an entry leaves its list")
        yield Ace(kind, flags, mask, acl[at + _ACE.size : at + length])
        at += length


def _sid(raw: bytes, at: int) -> bytes:
    if not at:
        return b""
    if at + 8 > len(raw) or at + 8 + 4 * raw[at + 1] > len(raw):
        raise _damaged("a SID leaves it")
    return raw[at : at + 8 + 4 * raw[at + 1]]


def _list(raw: bytes, at: int) -> bytes | None:
    if not at:
        return None
    if at + _ACL.size > len(raw):
        raise _damaged("a list leaves it")
    size = _ACL.unpack_from(raw, at)[2]
    if size < _ACL.size or at + size > len(raw):
        raise _damaged("a list leaves it")
    return raw[at : at + size]


def pack_list(aces: list[Ace]) -> bytes:
    """A list of these entries."""
    body = b"".join(ace.pack() for ace in aces)
    revision = 4 if any(5 <= ace.kind <= 8 for ace in aces) else 2  # noqa: PLR2004 - object entries
    return _ACL.pack(revision, 0, _ACL.size + len(body), len(aces), 0) + body


def packed(control: int, owner: bytes, group: bytes, sacl: bytes, dacl: bytes) -> bytes:
    """A self-relative descriptor, its parts in the order Windows writes them."""
    offsets, body, at = [], b"", _HEAD.size
    for part in (sacl, dacl, owner, group):
        offsets.append(at if part else 0)
        body += part
        at += len(part)
    in_sacl, in_dacl, in_owner, in_group = offsets
    return _HEAD.pack(1, 0, control, in_owner, in_group, in_sacl, in_dacl) + body


def _damaged(reason: str) -> FormatError:
    return FormatError("wim", Fault.CORRUPT, f"a security descriptor is damaged: {reason}")
