"""The Marvin32 hash, which guards the entries of new-format transaction logs.

The algorithm is Microsoft's, described in US patent 20130262421 and the public regf specification, which also gives
the registry's seed.
"""

from __future__ import annotations

from struct import iter_unpack
from typing import Final

_MASK: Final = 0xFFFFFFFF
_SEED: Final = (0x7A4E55C5, 0x82EF4D88)
_WORD: Final = 4


def marvin32(data: bytes) -> int:
    """The 64-bit hash of `data` with the registry's seed."""
    low, high = _SEED
    whole = len(data) & ~(_WORD - 1)
    tail = (data[whole:] + b"\x80").ljust(_WORD, b"\0")
    for (word,) in iter_unpack("<I", data[:whole] + tail + bytes(_WORD)):
        low = (low + word) & _MASK
        high ^= low
        low = ((low << 20 | low >> 12) + high) & _MASK
        high = ((high << 9 | high >> 23) & _MASK) ^ low
        low = ((low << 27 | low >> 5) + high) & _MASK
        high = (high << 19 | high >> 13) & _MASK
    return high << 32 | low
