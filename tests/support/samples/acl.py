"""Security descriptors from SDDL, as far as the samples need it.

Turns `O:…G:…D:…` with two-letter or `S-1-…` principals into the self-relative binary form; no object ACEs, no labels.
"""

from __future__ import annotations

import re
import struct
from functools import cache

_TI = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
_SIDS = {
    "AC": "S-1-15-2-1",
    "AU": "S-1-5-11",
    "BA": "S-1-5-32-544",
    "BU": "S-1-5-32-545",
    "CO": "S-1-3-0",
    "SY": "S-1-5-18",
    "WD": "S-1-1-0",
}
_RIGHTS = {
    "FA": 0x1F01FF,
    "FR": 0x120089,
    "FX": 0x1200A0,
    "GA": 0x10000000,
    "GR": 0x80000000,
    "GX": 0x20000000,
    "RX": 0x1200A9,
}
_ACE_TYPES = {"A": 0, "D": 1, "AU": 2}
_ACE_FLAGS = {"OI": 1, "CI": 2, "NP": 4, "IO": 8, "ID": 16, "SA": 64, "FA": 128}
_CONTROLS = {"P": 0x1000, "AI": 0x0400}
_SELF_RELATIVE, _DACL, _SACL = 0x8000, 0x4, 0x10
_TOP = re.compile(r"([OGDS]):")
_ACE = re.compile(r"\(([^)]*)\)")

SYSTEM_FILE = f"O:{_TI}G:{_TI}D:P(A;;FA;;;{_TI})(A;;RX;;;BA)(A;;RX;;;SY)(A;;RX;;;BU)(A;;RX;;;AC)"
SYSTEM_FOLDER = (
    f"O:{_TI}G:{_TI}D:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;BA)(A;;0x1301bf;;;BA)"
    f"(A;OICIIO;GXGR;;;BU)(A;;RX;;;BU)(A;CIIO;GA;;;{_TI})(A;;FA;;;{_TI})"
)
CONFIG_FILE = "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)"
ROOT_FOLDER = f"O:{_TI}G:{_TI}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;RX;;;BU)(A;CI;0x4;;;AU)"
USER_FOLDER = "O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;RX;;;BU)(A;OICI;RX;;;WD)"
JUNCTION = "O:SYG:SYD:PAI(D;;0x1;;;WD)(A;;RX;;;WD)(A;;FA;;;SY)(A;;FA;;;BA)"
AUDITED_FILE = "O:SYG:SYD:P(A;;FA;;;SY)(A;;FR;;;BA)S:(AU;SAFA;FA;;;WD)"
REGISTRY_KEY = (
    f"O:{_TI}G:{_TI}D:P(A;CI;0xf003f;;;{_TI})(A;CI;0x20019;;;SY)(A;CI;0x20019;;;BA)(A;CI;0x20019;;;BU)"
)


@cache
def descriptor(sddl: str) -> bytes:
    """The self-relative binary form of an SDDL string."""
    pieces = _TOP.split(sddl)[1:]
    parts = dict(zip(pieces[::2], pieces[1::2], strict=True))
    sacl = _acl(parts["S"]) if "S" in parts else b""
    dacl = _acl(parts["D"])
    owner, group = _sid(parts["O"]), _sid(parts["G"])
    control = _SELF_RELATIVE | _DACL | (_SACL if sacl else 0)
    control |= sum(bit for name, bit in _CONTROLS.items() if name in parts["D"].partition("(")[0])
    at_dacl = 20 + len(sacl)
    at_owner = at_dacl + len(dacl)
    offsets = (at_owner, at_owner + len(owner), 20 if sacl else 0, at_dacl)
    return struct.pack("<BBHIIII", 1, 0, control, *offsets) + sacl + dacl + owner + group


def _acl(text: str) -> bytes:
    aces = [_ace(*body.split(";")) for body in _ACE.findall(text)]
    size = 8 + sum(map(len, aces))
    return struct.pack("<BBHHH", 2, 0, size, len(aces), 0) + b"".join(aces)


def _ace(kind: str, flags: str, rights: str, _object: str, _inherited: str, who: str) -> bytes:
    pairs = [flags[at : at + 2] for at in range(0, len(flags), 2)]
    mask = int(rights, 16) if rights.startswith("0x") else 0
    if not mask:
        for at in range(0, len(rights), 2):
            mask |= _RIGHTS[rights[at : at + 2]]
    body = struct.pack("<I", mask) + _sid(who)
    return (
        struct.pack("<BBH", _ACE_TYPES[kind], sum(_ACE_FLAGS[pair] for pair in pairs), 4 + len(body)) + body
    )


def _sid(who: str) -> bytes:
    numbers = [int(part) for part in _SIDS.get(who, who).split("-")[1:]]
    revision, authority, *rest = numbers
    return (
        struct.pack("<BB", revision, len(rest))
        + authority.to_bytes(6, "big")
        + struct.pack(f"<{len(rest)}I", *rest)
    )
