"""Canonical prefix codes in which the longest codes come first.

[MS-PATCH] describes the order for its own codes; deltas use the same. Codes are stored highest bit first in a stream
that is otherwise lowest bit first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.formats.pseudolzx.bits import Bits

LONGEST_CODE = 16
_QUICK_BITS = 10  # codes up to here are found by one look into a table, longer ones bit by bit


class PrefixCode:
    """A code for the numbers 0 to `len(lengths) - 1`.

    Args:
        lengths: bits of each number's code; 0 for numbers that do not occur.

    Raises:
        FormatError: CORRUPT when no such code exists or some bits would mean nothing.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        following = _first_codes(lengths)
        self._quick: list[tuple[int, int] | None] = [None] * (1 << _QUICK_BITS)
        self._long: dict[tuple[int, int], int] = {}
        for symbol, length in enumerate(lengths):
            if not length:
                continue
            code = following[length]
            following[length] += 1
            if length > _QUICK_BITS:
                self._long[length, code] = symbol
            else:
                reverse = int(f"{code:0{length}b}"[::-1], 2)
                places = 1 << (_QUICK_BITS - length)
                self._quick[reverse :: 1 << length] = [(length, symbol)] * places

    def read(self, bits: Bits) -> int:
        """Read one number.

        Raises:
            FormatError: TRUNCATED at the end of the stream, CORRUPT for bits that mean nothing.
        """
        start = bits.position >> 3
        window = int.from_bytes(bits.data[start : start + 4], "little") >> (bits.position & 7)
        found = self._quick[window & (1 << _QUICK_BITS) - 1]
        length, symbol = self._search(window) if found is None else found
        bits.position += length
        if bits.position > bits.end:
            bits.check()
        return symbol

    def _search(self, window: int) -> tuple[int, int]:
        code = int(f"{window & (1 << _QUICK_BITS) - 1:0{_QUICK_BITS}b}"[::-1], 2)
        for length in range(_QUICK_BITS + 1, LONGEST_CODE + 1):
            code = code << 1 | window >> (length - 1) & 1
            symbol = self._long.get((length, code))
            if symbol is not None:
                return length, symbol
        raise FormatError("delta", Fault.CORRUPT, "A delta has bits that no code stands for")


def _first_codes(lengths: Sequence[int]) -> list[int]:
    """The first code of each length; codes of a length count up from it."""
    counts = [0] * (LONGEST_CODE + 1)
    for length in lengths:
        counts[length] += 1
    first = [0] * (LONGEST_CODE + 1)
    total = 0
    for length in range(LONGEST_CODE, 0, -1):
        first[length] = total
        total += counts[length]
        # An odd count would leave a code without the partner that completes it.
        if total % 2:
            raise FormatError("delta", Fault.CORRUPT, "A delta's prefix code is not complete")
        total //= 2
    if total > 1:
        raise FormatError("delta", Fault.CORRUPT, "A delta's prefix code has more codes than fit")
    return first


def even_lengths(count: int) -> list[int]:
    """Lengths of the code in which all numbers are as good as equally long, the lower ones shorter."""
    longest = (count - 1).bit_length()
    shorter = (1 << longest) - count
    return [longest - 1] * shorter + [longest] * (count - shorter)
