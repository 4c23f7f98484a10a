"""Descriptors from text, beside two witnesses: Samba's reader, and the keys of a genuine SYSTEM hive."""

from __future__ import annotations

import lzma
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.formats.hive import Hive
from osrecipe.formats.wim.security import Descriptor, check, entries
from osrecipe.windows.sddl import Kind, Sddl, SddlError, apply_sddl, read_sddl, sid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.formats.hive import Key

TI = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
PROTECTED_KEY = f"O:{TI}G:{TI}D:P(A;CI;GA;;;{TI})(A;CI;GR;;;SY)(A;CI;GR;;;BA)(A;CI;GR;;;BU)"
"""What manifests of Windows 10 call WRP_REGKEY_DEFAULT_SDDL."""
GENUINE = Path(__file__).parents[4] / "shared" / "data" / "hives" / "SYSTEM.xz"
_DEBIAN = "/usr/lib/python3/dist-packages"


def samba() -> Any:
    """Samba's security module, or a skip."""
    if _DEBIAN not in sys.path:
        sys.path.append(_DEBIAN)
    try:
        security = import_module("samba.dcerpc.security")
    except ImportError:
        pytest.skip("Samba's Python modules are not there: `python3-samba`")
    finally:
        sys.path.remove(_DEBIAN)
    return security


def samba_reads(text: str) -> Descriptor:
    """What Samba makes of a text."""
    security = samba()
    made = security.descriptor.from_sddl(text, security.dom_sid("S-1-5-21-1-2-3"))
    return Descriptor.parse(import_module("samba.ndr").ndr_pack(made))


def lists(stated: Sddl) -> list[list[tuple[int, int, int, bytes]]]:
    """Both lists of a text as plain numbers."""
    return [
        [(ace.kind, ace.flags, ace.mask, ace.rest) for ace in part.entries or ()] if part else []
        for part in (stated.dacl, stated.sacl)
    ]


def lists_of(found: Descriptor) -> list[list[tuple[int, int, int, bytes]]]:
    """Both lists of a descriptor likewise."""
    return [
        [(ace.kind, ace.flags, ace.mask, ace.rest) for ace in entries(part)]
        for part in (found.dacl, found.sacl)
    ]


PRINCIPALS = st.sampled_from(
    [
        "SY",
        "BA",
        "BU",
        "AU",
        "WD",
        "CO",
        "CG",
        "LS",
        "NS",
        "SU",
        "IU",
        "AN",
        "RC",
        "OW",
        "ED",
        "PS",
        TI,
        "S-1-15-2-1",
    ]
)
# Samba 4.17 knows no `KA` and reads `FA` without the standard rights; the genuine keys and files witness those.
MASKS = st.one_of(
    st.integers(1, 0x1F01FF).map(hex),
    st.lists(
        st.sampled_from(["GA", "GR", "GW", "GX", "RC", "SD", "WD", "WO", "CC", "DC", "LC"]),
        min_size=1,
        max_size=3,
    ).map("".join),
    st.sampled_from(["RP", "WP", "DT", "LO", "CR", "SW", "SDRCWDWO"]),
)
INHERITANCE = st.lists(st.sampled_from(["OI", "CI", "NP", "IO", "ID"]), unique=True, max_size=3).map("".join)
ALLOWED = st.builds("({};{};{};;;{})".format, st.sampled_from(["A", "D"]), INHERITANCE, MASKS, PRINCIPALS)
AUDITED = st.builds(
    "(AU;{}{};{};;;{})".format, INHERITANCE, st.sampled_from(["SA", "FA", "SAFA"]), MASKS, PRINCIPALS
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Descriptors as manifests could state them."""
    owner, group = draw(PRINCIPALS), draw(PRINCIPALS)
    dacl = draw(st.sampled_from(["", "P", "AI", "PAI"])) + "".join(
        draw(st.lists(ALLOWED, min_size=1, max_size=5))
    )
    sacl = "".join(draw(st.lists(AUDITED, max_size=2)))
    return f"O:{owner}G:{group}D:{dacl}" + (f"S:{sacl}" if sacl else "")


@settings(deadline=None)  # the witness takes its time to load
@given(texts())
def test_samba_reads_the_same(text: str) -> None:
    """Owner, group and every entry are what Samba makes of the same text."""
    found, stated = samba_reads(text), read_sddl(text)
    assert (found.owner, found.group) == (stated.owner, stated.group)
    assert lists_of(found) == lists(stated)


@pytest.mark.parametrize(
    "alias",
    [
        "AO",
        "BG",
        "BO",
        "IS",
        "LU",
        "MU",
        "NO",
        "NU",
        "PO",
        "PU",
        "RD",
        "RE",
        "RU",
        "SO",
        "SI",
        "HI",
        "ME",
        "LW",
        "ER",
        "CY",
        "CD",
    ],
)
def test_samba_knows_the_same_principals(alias: str) -> None:
    """Two letters mean the same principal for Samba."""
    assert samba_reads(f"O:{alias}G:SYD:(A;;GA;;;SY)").owner == sid(alias)


def keys(key: Key) -> Iterator[Key]:
    """A key and all below it."""
    yield key
    for below in key.subkeys():
        yield from keys(below)


@pytest.mark.skipif(not GENUINE.exists(), reason="no genuine hives beside the checkout")
def test_genuine_keys_have_the_very_bytes() -> None:
    """Over a thousand keys of a genuine hive have, to the byte, what the text of their manifests becomes here."""
    hive = Hive.load(lzma.decompress(GENUINE.read_bytes()))
    counted = Counter(key.security for key in keys(hive.root))
    made = apply_sddl(read_sddl(PROTECTED_KEY), Kind.KEY, now=None, above=None)
    assert counted[made] > 1000


def made(text: str, kind: Kind, *, now: bytes | None = None, above: bytes | None = None) -> list[str]:
    """The entries of a descriptor in short: kind, flags, mask."""
    raw = apply_sddl(read_sddl(text), kind, now=now, above=above)
    check(raw)
    found = Descriptor.parse(raw)
    return [
        f"{ace.kind}:{ace.flags:02x}:{ace.mask:x}"
        for part in (found.dacl, found.sacl)
        for ace in entries(part)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("D:P(A;;GRGX;;;BU)", Kind.FILE, ["0:00:1200a9"]),
        ("D:P(A;;GA;;;BU)", Kind.KEY, ["0:00:f003f"]),
        ("D:P(A;CIOI;GRGX;;;BU)", Kind.FOLDER, ["0:00:1200a9", "0:0b:a0000000"]),
        ("D:P(A;OICIIO;GA;;;CO)", Kind.FOLDER, ["0:0b:10000000"]),
        ("D:P(A;OICIIO;GA;;;CO)(A;;FA;;;SY)", Kind.FILE, ["0:00:1f01ff"]),
        ("D:P(A;CI;FA;;;SY)", Kind.FOLDER, ["0:02:1f01ff"]),
        ("D:P(A;;FA;;;SY)S:(AU;FASA;0x000D0116;;;WD)", Kind.FILE, ["0:00:1f01ff", "2:c0:d0116"]),
        ("D:P(A;;FA;;;SY)S:(ML;;NW;;;HI)", Kind.FILE, ["0:00:1f01ff", "17:00:1"]),
        ("D:", Kind.FILE, []),
    ],
)
def test_rights_become_those_of_the_kind(text: str, kind: Kind, wanted: list[str]) -> None:
    """Generic rights are replaced where they count at once and kept for what inherits them."""
    assert wanted == made(text, kind)


ABOVE = apply_sddl(read_sddl("O:BAG:SYD:P(A;OICI;FA;;;SY)(A;;FA;;;BA)"), Kind.FOLDER, now=None, above=None)


def test_a_list_that_is_not_protected_inherits_too() -> None:
    """What the folder above passes on follows the stated entries; a protected list is alone."""
    assert ["0:00:1200a9", "0:10:1f01ff"] == made("D:(A;;FRFX;;;BU)", Kind.FILE, above=ABOVE)
    assert ["0:00:1200a9"] == made("D:P(A;;FRFX;;;BU)", Kind.FILE, above=ABOVE)


def test_what_is_left_open_stays() -> None:
    """Owner, group and lists that the text does not state are those the object has."""
    now = apply_sddl(read_sddl("O:SYG:BUD:P(A;;FA;;;SY)S:P(AU;SA;FA;;;WD)"), Kind.FILE, now=None, above=None)
    raw = apply_sddl(read_sddl("G:BA"), Kind.FILE, now=now, above=ABOVE)
    before, after = Descriptor.parse(now), Descriptor.parse(raw)
    assert (before.owner, before.dacl, before.sacl) == (after.owner, after.dacl, after.sacl)
    assert (sid("BA"), now[2:4]) == (after.group, raw[2:4])
    assert now == apply_sddl(read_sddl("(inherit)"), Kind.FILE, now=now, above=ABOVE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D:(XA;;GA;;;WD;(@User.x == 1))", "access list can't be read"),
        ("D:(XA;;GA;;;WD)", "conditional"),
        ("S:(RA;;;;;WD)", "resource"),
        ("D:(OA;;GA;00000000-0000-0000-0000-000000000000;;WD)", "object"),
        ("D:(A;;GA;00000000-0000-0000-0000-000000000000;;WD)", "object"),
        ("S:(SP;;;;;S-1-17-1)", "scoped policy"),
        ("O:DA", "not a principal every Windows has: `DA`"),
        ("O:LA", "not a principal"),
        ("O:S-1-99999999999999999-1", "not a principal"),
        ("O:S-1-5-4294967296", "too large"),
        ("O:" + "S-1-5" + "-1" * 16, "not a principal"),
        ("D:(A;;ZZ;;;SY)", "unknown right: `ZZ`"),
        ("D:(A;QQ;GA;;;SY)", "unknown flag: `QQ`"),
        ("D:X(A;;GA;;;SY)", "unknown flag: `X`"),
        ("D:(A;;GA;;;SY", "can't be read"),
        ("D:(A;;GA;;SY)", "can't be read"),
        ("D:(AU;SA;GA;;;SY)", "wrong list"),
        ("S:(A;;GA;;;SY)", "wrong list"),
        ("D:(A;;0x100000000;;;SY)", "unknown right"),
        ("D:(A;;4294967296;;;SY)", "access mask"),
        ("D:(A;;GA;;;SY)D:(A;;GA;;;BA)", "two parts `D:`"),
        ("hello", "does not begin"),
        ("D:" + "(A;;GA;;;SY)" * 1025, "too long"),
        ("D:P" + "(A;;GA;;;SY)" * 8000, "too long"),
    ],
)
def test_what_is_not_carried_out_is_named(text: str, words: str) -> None:
    """Kinds of entries, principals and damage that can't become bytes are said."""
    with pytest.raises(SddlError, match=words.replace("(", r"\(")):
        read_sddl(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but `SddlError` comes out, and what is read can be written."""
    for candidate in (text, f"D:{text}", f"D:({text})", f"O:SYG:SYD:(A;;{text};;;SY)"):
        try:
            stated = read_sddl(candidate)
        except SddlError:
            continue
        check(apply_sddl(stated, Kind.FILE, now=None, above=ABOVE))
