"""A strict examination of a hive file, which shares no structure in memory with the reader and writer.

Every byte of the bins must belong to a cell, every cell in use must be referred to exactly once (security cells: as
often as they count), and lists, hashes, order, links, counts and limits must agree. Sound hives of Windows pass.

It must not mend anything, and never raises, whatever the bytes are.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import check_lists, header, names
from osrecipe.formats.hive.layout import (
    BASE_SIZE,
    KEY_COMPRESSED,
    MAX_DEPTH,
    MAX_KEY_NAME,
    NK,
    NK_NAME,
    SK,
)
from osrecipe.formats.hive.ledger import BrokenError, EnoughError, Finding, Flaw, Ledger

__all__ = ["Finding", "Flaw", "check"]


class _Key(NamedTuple):
    """The fields of a key node that are examined."""

    parent: int
    subkeys: int
    subkey_list: int
    values: int
    value_list: int
    security: int
    class_cell: int
    max_name: int
    max_class: int
    max_value_name: int
    max_value_data: int
    class_size: int
    name: str


def check(data: bytes) -> list[Finding]:
    """Everything that is wrong with a hive file, up to 1,000 findings; an empty list for a sound one."""
    ledger = Ledger()
    with suppress(EnoughError, BrokenError):
        root = _check_header(ledger, data)
        security = _check_tree(ledger, root)
        _check_security(ledger, security)
        ledger.note_unused()
    return ledger.findings


def _check_header(ledger: Ledger, data: bytes) -> int:
    """Examine base block, bins and cells; return the root's node."""
    try:
        base = header.parse(data)
    except FormatError as error:
        ledger.note_at(Flaw.HEADER, error.offset or 0, error.reason)
        raise EnoughError from error
    if not base.intact:
        ledger.note_at(Flaw.CHECKSUM, header.CHECKED, "the header's checksum is wrong")
    if base.sequence1 != base.sequence2:
        ledger.note_at(Flaw.DIRTY, 4, f"the sequence numbers differ: {base.sequence1} and {base.sequence2}")
    if base.kind != header.FILE_PRIMARY:
        ledger.note_at(Flaw.HEADER, 28, f"the file is no primary file but of kind {base.kind}")
    if len(data) < BASE_SIZE + base.size:
        ledger.note_at(Flaw.HEADER, 40, f"the header states more bins than there are: {base.size} bytes")
        raise EnoughError
    ledger.minor = base.minor
    ledger.enter_bins(data[BASE_SIZE : BASE_SIZE + base.size])
    return base.root


def _check_tree(ledger: Ledger, root: int) -> Counter[int]:
    """Examine every key; return how many keys use each security cell."""
    security: Counter[int] = Counter()
    pending = [(root, _read_key(ledger, root, root), 0)]
    while pending:
        node, key, depth = pending.pop()
        security[key.security] += 1
        if depth > MAX_DEPTH:
            ledger.note(Flaw.DEPTH, node, f"a key lies deeper than {MAX_DEPTH} levels")
        if key.class_size:
            with suppress(BrokenError):
                ledger.use(key.class_cell, key.class_size, node, "a class name")
        with suppress(BrokenError):
            _check_values(ledger, node, key)
        with suppress(BrokenError):
            pending.extend((child, found, depth + 1) for child, found in _check_subkeys(ledger, node, key))
    return security


def _read_key(ledger: Ledger, node: int, referrer: int) -> _Key:
    raw = ledger.use(node, NK.size, referrer, "a key")
    signature, flags, _, _, parent, subkeys, _, *rest = NK.unpack_from(raw)
    top, _, values, value_list, security, class_cell, *limits, name_size, class_size = rest
    max_name, max_class, max_value_name, max_value_data, _ = limits
    if signature != b"nk":
        ledger.note(Flaw.REFERENCE, node, "a key has no signature")
        raise BrokenError
    if NK_NAME + name_size > len(raw):
        ledger.note(Flaw.NAME, node, "a key's name doesn't fit its cell")
        raise BrokenError
    stored = raw[NK_NAME : NK_NAME + name_size]
    name = ledger.name(stored, node, compressed=bool(flags & KEY_COMPRESSED))
    if not 0 < names.units(name) <= MAX_KEY_NAME:
        ledger.note(Flaw.NAME, node, f"a key's name has an impossible length: {names.units(name)} characters")
    return _Key(
        parent=parent,
        subkeys=subkeys,
        subkey_list=top,
        values=values,
        value_list=value_list,
        security=security,
        class_cell=class_cell,
        max_name=max_name & 0xFFFF,
        max_class=max_class,
        max_value_name=max_value_name,
        max_value_data=max_value_data,
        class_size=class_size,
        name=name,
    )


def _check_subkeys(ledger: Ledger, node: int, key: _Key) -> list[tuple[int, _Key]]:
    """Examine a key's list of subkeys; return those that can be examined."""
    if key.subkeys == 0:
        return []
    entries = check_lists.subkeys(ledger, key.subkey_list, node)
    if len(entries) != key.subkeys:
        ledger.note(Flaw.COUNT, node, f"a key claims {key.subkeys} subkeys and lists {len(entries)}")
    found: list[tuple[int, _Key]] = []
    previous = ""
    for entry in entries:
        with suppress(BrokenError):
            child = _read_key(ledger, entry.node, node)
            found.append((entry.node, child))
            check_lists.mark(ledger, entry, child.name)
            folded = names.fold(child.name)
            if folded <= previous:
                ledger.note(Flaw.ORDER, entry.node, "a key is out of order among its siblings")
            previous = folded
            _check_child(ledger, entry.node, child, node, key)
    return found


def _check_child(ledger: Ledger, node: int, child: _Key, parent: int, key: _Key) -> None:
    if child.parent != parent:
        ledger.note(Flaw.PARENT, node, f"a key names another parent: 0x{child.parent:x}")
    if 2 * names.units(child.name) > key.max_name:
        ledger.note(Flaw.LIMIT, parent, f"the largest subkey name is stated too small: {key.max_name}")
    if child.class_size > key.max_class:
        ledger.note(Flaw.LIMIT, parent, f"the largest class name is stated too small: {key.max_class}")


def _check_values(ledger: Ledger, node: int, key: _Key) -> None:
    if key.values == 0:
        return
    raw = ledger.use(key.value_list, 0, node, "a value list")
    seen: set[str] = set()
    for record in ledger.numbers(raw, 0, key.values, key.value_list):
        with suppress(BrokenError):
            name, size = check_lists.value(ledger, record, node)
            if names.fold(name) in seen:
                ledger.note(Flaw.NAME, record, "two values of a key have the same name")
            seen.add(names.fold(name))
            if 2 * names.units(name) > key.max_value_name:
                ledger.note(
                    Flaw.LIMIT, node, f"the largest value name is stated too small: {key.max_value_name}"
                )
            if size > key.max_value_data:
                ledger.note(
                    Flaw.LIMIT, node, f"the largest value data is stated too small: {key.max_value_data}"
                )


def _check_security(ledger: Ledger, uses: Counter[int]) -> None:
    """Examine the ring of security cells, from the first one a key uses."""
    first = next(iter(uses))
    cell, previous, entered = first, None, None
    visited: set[int] = set()
    while cell not in visited:
        visited.add(cell)
        raw = ledger.use(cell, SK.size, cell, "a security cell")
        signature, _, following, back, references, size = SK.unpack_from(raw)
        if signature != b"sk" or SK.size + size > len(raw):
            ledger.note(Flaw.SECURITY, cell, "a security cell is damaged")
            break
        if references != uses[cell]:
            text = f"a security cell counts {references} keys and {uses[cell]} use it"
            ledger.note(Flaw.SECURITY, cell, text)
        if previous is None:
            entered = back
        elif back != previous:
            ledger.note(Flaw.SECURITY, cell, "a security cell's link back is wrong")
        cell, previous = following, cell
    if cell != first or entered != previous:
        ledger.note(Flaw.SECURITY, first, "the ring of security cells doesn't close")
    for missing in sorted(uses.keys() - visited):
        ledger.note(Flaw.SECURITY, missing, "a security cell that keys use is not in the ring")
