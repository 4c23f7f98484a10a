"""A stream of bits, lowest first, as deltas store everything.

Reading past the end is an error at the latest when the next symbol is asked for; what was read there is zero bits.
"""

from __future__ import annotations

from osrecipe.formats.errors import Fault, FormatError

_MOST_NIBBLES = 16


class Bits:
    """Reads a stream whose first three bits say how many of its last byte are padding.

    Attributes:
        data: the bytes, with zeros behind them so that a peek never falls short.
        position: in bits.
        end: in bits.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data + bytes(16)
        self.position = 0
        self.end = len(data) * 8
        self.end -= self.take(3)
        self.check()

    def check(self) -> None:
        """Raise when more was read than there is."""
        if self.position > self.end:
            raise FormatError("delta", Fault.TRUNCATED, "A delta ends too early", offset=self.end // 8)

    def take(self, count: int) -> int:
        """Read up to 64 bits."""
        start = self.position >> 3
        value = int.from_bytes(self.data[start : start + 9], "little") >> (self.position & 7)
        self.position += count
        return value & (1 << count) - 1

    def zeros(self, most: int) -> int:
        """Count zero bits up to the one bit that ends them, which is read as well."""
        count = 0
        while not self.take(1):
            count += 1
            if count > most or self.position > self.end:
                raise FormatError(
                    "delta", Fault.CORRUPT, "A number in a delta is too long", offset=self.position // 8
                )
        return count

    def number(self) -> int:
        """Read a number: as many zero bits as it has nibbles beyond one, a one bit, the nibbles."""
        value = self.take(4 * (self.zeros(_MOST_NIBBLES - 1) + 1))
        self.check()
        return value

    def buffer(self) -> bytes:
        """Read a length and, from the next whole byte on, as many bytes."""
        size = self.number()
        start = (self.position + 7) // 8
        self.position = (start + size) * 8
        self.check()
        return self.data[start : start + size]
