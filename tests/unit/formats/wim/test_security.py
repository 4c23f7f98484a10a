"""What is inherited from a directory's descriptor, by Microsoft's rules for inheriting entries."""

from __future__ import annotations

import pytest
from support.wims import (
    ADMINISTRATORS,
    CREATOR_OWNER,
    FULL,
    PARENT,
    READ,
    SYSTEM,
    TRUSTED_INSTALLER,
    USERS,
    ace,
    descriptor,
    sid,
)

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.security import Descriptor, check, inherited

OI, CI, NP, IO, ID = 1, 2, 4, 8, 16
GENERIC_ALL = 0x10000000
OWNER = TRUSTED_INSTALLER


@pytest.mark.parametrize(
    ("parent", "file", "folder"),
    [
        ([ace(OI | CI, FULL, SYSTEM)], [ace(ID, FULL, SYSTEM)], [ace(OI | CI | ID, FULL, SYSTEM)]),
        ([ace(OI, FULL, SYSTEM)], [ace(ID, FULL, SYSTEM)], [ace(OI | IO | ID, FULL, SYSTEM)]),
        ([ace(OI | CI | NP, FULL, SYSTEM)], [ace(ID, FULL, SYSTEM)], [ace(ID, FULL, SYSTEM)]),
        ([ace(OI | CI | IO, READ, USERS)], [ace(ID, READ, USERS)], [ace(OI | CI | ID, READ, USERS)]),
        (
            [ace(OI | CI | IO, GENERIC_ALL, CREATOR_OWNER)],
            [ace(ID, FULL, OWNER)],
            [ace(ID, FULL, OWNER), ace(OI | CI | IO | ID, GENERIC_ALL, CREATOR_OWNER)],
        ),
        (
            [ace(OI | CI, GENERIC_ALL, SYSTEM)],
            [ace(ID, FULL, SYSTEM)],
            [ace(ID, FULL, SYSTEM), ace(OI | CI | IO | ID, GENERIC_ALL, SYSTEM)],
        ),
        ([ace(OI | CI | NP | IO, FULL, CREATOR_OWNER)], [ace(ID, FULL, OWNER)], [ace(ID, FULL, OWNER)]),
        (
            [ace(OI | CI, READ, USERS, kind=1)],
            [ace(ID, READ, USERS, kind=1)],
            [ace(OI | CI | ID, READ, USERS, kind=1)],
        ),
        ([ace(OI | CI | ID, FULL, SYSTEM)], [ace(ID, FULL, SYSTEM)], [ace(OI | CI | ID, FULL, SYSTEM)]),
    ],
)
def test_entries_are_inherited(parent: list[bytes], file: list[bytes], folder: list[bytes]) -> None:
    """Object- and container-inherit, inherit-only, no-propagate, CREATOR OWNER and generic rights."""
    assert descriptor(*file, control=0x8404) == ordered(inherited(descriptor(*parent), directory=False))
    assert descriptor(*folder, control=0x8404) == ordered(inherited(descriptor(*parent), directory=True))


def ordered(raw: bytes) -> bytes:
    """The same descriptor with its parts in the order `descriptor` gives them."""
    parsed = Descriptor.parse(raw)
    assert parsed.dacl is not None
    head = raw[:4] + b"".join(
        value.to_bytes(4, "little")
        for value in (20 + len(parsed.dacl), 20 + len(parsed.dacl) + len(parsed.owner), 0, 20)
    )
    return head + parsed.dacl + parsed.owner + parsed.group


def test_owner_and_group_are_the_parents() -> None:
    """An image has no user who creates a file."""
    made = Descriptor.parse(inherited(PARENT, directory=False))
    assert (TRUSTED_INSTALLER, TRUSTED_INSTALLER) == (made.owner, made.group)


@pytest.mark.parametrize(
    "parent", [descriptor(), descriptor(ace(0, FULL, SYSTEM)), descriptor(ace(CI | NP, FULL, SYSTEM))]
)
def test_nothing_to_inherit_means_the_default_list(parent: bytes) -> None:
    """SYSTEM and Administrators get full access, as under Windows' default list; never nobody or everybody."""
    expected = descriptor(ace(0, FULL, SYSTEM), ace(0, FULL, ADMINISTRATORS))
    assert expected == ordered(inherited(parent, directory=False))


def test_inheriting_again_changes_nothing_more() -> None:
    """A folder in a folder has the descriptor of its parent folder, once creator entries are settled."""
    first = inherited(PARENT, directory=True)
    second = inherited(first, directory=True)
    assert second == inherited(second, directory=True)


def test_audit_and_label_entries_are_inherited_too() -> None:
    """The system list follows the same rules."""
    label = ace(OI | CI, 1, sid(16, 12288), kind=0x11)
    plain = descriptor(ace(OI | CI, FULL, SYSTEM))
    sacl = b"\2\0" + (8 + len(label)).to_bytes(2, "little") + b"\1\0\0\0" + label
    parent = bytearray(plain + sacl)
    parent[2:4] = (0x8014).to_bytes(2, "little")
    parent[12:16] = len(plain).to_bytes(4, "little")
    made = Descriptor.parse(inherited(bytes(parent), directory=False))
    assert made.sacl is not None
    assert made.sacl.endswith(ace(ID, 1, sid(16, 12288), kind=0x11))


@pytest.mark.parametrize("size", [0, 10, 19, 25, 60, len(PARENT) - 1])
def test_damaged_descriptors_are_refused(size: int) -> None:
    """Every cut ends in an error."""
    with pytest.raises(FormatError):
        check(PARENT[:size])


def test_lying_lengths_are_refused() -> None:
    """An entry, a list or a SID can't leave the descriptor."""
    for at in (4, 16, 22, 30):
        raw = bytearray(PARENT)
        raw[at : at + 2] = b"\xff\xff"
        with pytest.raises(FormatError):
            check(bytes(raw))
