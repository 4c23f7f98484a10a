"""A genuine header of an executable-type PA30 delta around bytes that decode to nothing.

Enough for an engine to see what it has before it and to refuse; never a working delta.
"""

from __future__ import annotations

import hashlib
import struct

from support.samples.names import SEALED_UNIX, filetime

_EXECUTABLES_1 = 0x0F  # raw, i386, ia64 and amd64 code
_AMD64 = 0x08
_MD5 = 0x8003


def pe_delta(target: bytes) -> bytes:
    """A delta that claims to make `target` by the transform for amd64 executables."""
    bits = _Bits()
    for number in (_EXECUTABLES_1, _AMD64, 0, len(target), _MD5):
        bits.number(number)
    bits.buffer(hashlib.md5(target, usedforsecurity=False).digest())
    bits.buffer(b"sample preprocess buffer")
    bits.buffer(b"sample patch buffer")
    return b"PA30" + struct.pack("<Q", filetime(SEALED_UNIX)) + bits.bytes()


class _Bits:
    """A bit stream, least significant bit first, that opens with the count of its padding bits."""

    def __init__(self) -> None:
        self._bits = [0, 0, 0]

    def number(self, value: int) -> None:
        """A number: one zero for each nibble after the first, a one, then the nibbles."""
        nibbles = max(1, (value.bit_length() + 3) // 4)
        self._bits += [0] * (nibbles - 1) + [1]
        self._bits += [value >> n & 1 for n in range(4 * nibbles)]

    def buffer(self, data: bytes) -> None:
        """A length, then whole bytes on a byte boundary."""
        self.number(len(data))
        self._bits += [0] * (-len(self._bits) % 8)
        self._bits += [byte >> n & 1 for byte in data for n in range(8)]

    def bytes(self) -> bytes:
        """The stream with its padding counted in its first three bits."""
        padding = -len(self._bits) % 8
        bits = [padding & 1, padding >> 1 & 1, padding >> 2 & 1, *self._bits[3:], *[0] * padding]
        return bytes(
            sum(bit << n for n, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8)
        )
