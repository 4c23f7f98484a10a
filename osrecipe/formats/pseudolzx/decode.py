"""Decompression of the patch stream of a raw delta.

The window is the base followed by the output; a match copies from anywhere in it. Every length and place is checked,
so that hostile streams end in an error and never make more bytes than announced.
Layout: public research, smilingthax/msdelta-pa30-format, sections "Patch buffer" and "Matches".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.pseudolzx.bits import Bits
from osrecipe.formats.pseudolzx.huffman import LONGEST_CODE, PrefixCode, even_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAIN, _LENGTHS, _ALIGNED = 600, 256, 16
_ALL = _MAIN + _LENGTHS + _ALIGNED
_PRE_SYMBOLS = 39
_MOST_SEGMENTS = 1024
_LITERALS = 256
_LONG_LENGTH_BITS = 32

# Slots of the main code that are not plain distances.
_NEAR = {
    0: (14, 0x2000, 0),
    1: (16, 0x8000, 0x2000),
    2: (18, 0x20000, 0xA000),
}  # bits, half the range, gap around 0
_SAME_PLACE = 3
_RECENT = range(4, 7)
_FAR_SLOT = 7
_PLAIN_BITS = 4  # from as many extra bits on, the lowest four have a code of their own


@dataclass(frozen=True, slots=True)
class _Codes:
    """The three codes in force for a part of the output."""

    main: PrefixCode
    length: PrefixCode
    aligned: PrefixCode


def decompress(base: bytes, patch: bytes, size: int) -> bytes:
    """Decompress a patch stream.

    Args:
        base: the file the patch was made against.
        patch: the stream.
        size: bytes to make.

    Raises:
        FormatError: CORRUPT, TRUNCATED, or UNSUPPORTED for streams that move parts of the base.
    """
    bits = Bits(patch)
    if bits.take(1):
        raise FormatError("delta", Fault.UNSUPPORTED, "A delta that moves parts of its base is not supported")
    return _Decoder(base, size, bits).run(_read_segments(bits))


def _read_segments(bits: Bits) -> list[tuple[int, Sequence[int]]]:
    """Where in the window each set of codes begins, and the lengths of its codes."""
    if bits.take(1):
        return [(0, [*even_lengths(_MAIN), *even_lengths(_LENGTHS), *even_lengths(_ALIGNED)])]
    count = bits.number()
    if not 1 <= count <= _MOST_SEGMENTS:
        raise FormatError("delta", Fault.CORRUPT, f"A delta has an impossible number of code sets: {count}")
    starts, start = [], 0
    for _ in range(count):
        start += bits.number()
        starts.append(start)
    pre = PrefixCode([bits.take(4) for _ in range(_PRE_SYMBOLS)])
    lengths: list[int] = [0] * _ALL
    segments: list[tuple[int, Sequence[int]]] = []
    for start in starts:
        lengths = _read_lengths(bits, pre, lengths)
        segments.append((start, lengths))
    return segments


def _read_lengths(bits: Bits, pre: PrefixCode, previous: list[int]) -> list[int]:
    """Code lengths, each given plainly, relative to the set before, or as a run."""
    lengths: list[int] = []
    while len(lengths) < _ALL:
        symbol = pre.read(bits)
        at = len(lengths)
        if symbol <= LONGEST_CODE:
            lengths.append(symbol)
        elif symbol < 20:  # noqa: PLR2004 - 17, 18, 19 add 1, 2, 3
            lengths.append(previous[at] + symbol - 16)
        elif symbol < 23:  # noqa: PLR2004 - 20, 21, 22 subtract 1, 2, 3
            lengths.append(previous[at] - symbol + 19)
        else:
            run = _run_length(bits, symbol - 23 & 7)
            if symbol >= 31:  # noqa: PLR2004 - 31 to 38 repeat the set before, 23 to 30 the last length
                lengths += previous[at : at + run]
                run = at + run - len(lengths)
            lengths += lengths[-1:] * run if run and symbol < 31 else []  # noqa: PLR2004 - as above
            if len(lengths) == at:
                raise FormatError("delta", Fault.CORRUPT, "A run of code lengths repeats nothing")
    if len(lengths) > _ALL or not 0 <= min(lengths) <= max(lengths) <= LONGEST_CODE:
        raise FormatError("delta", Fault.CORRUPT, "A delta's code lengths are out of range")
    return lengths


def _run_length(bits: Bits, code: int) -> int:
    """1, 2, 3 as they are; beyond, a one bit is implied before the bits stored."""
    return code + 1 if code < 3 else 1 << (code - 1) | bits.take(code - 1)  # noqa: PLR2004 - stated above


class _Decoder:
    """The window, the three recent distances, and the bits still to read."""

    def __init__(self, base: bytes, size: int, bits: Bits) -> None:
        self._window = bytearray(base)
        self._base_size = len(base)
        self._end = len(base) + size
        self._bits = bits
        self._recent = [0, 0, 0]

    def run(self, segments: list[tuple[int, Sequence[int]]]) -> bytes:
        """Make the output, one set of codes after the other."""
        if segments[0][0] > self._base_size:
            raise FormatError("delta", Fault.CORRUPT, "A delta's first code set begins after the beginning")
        for number, (_, lengths) in enumerate(segments):
            last = number + 1 == len(segments)
            stop = self._end if last else min(self._end, segments[number + 1][0])
            if len(self._window) < stop:
                self._segment(_codes(lengths), stop)
        return bytes(self._window[self._base_size :])

    def _segment(self, codes: _Codes, stop: int) -> None:
        window, bits, read = self._window, self._bits, codes.main.read
        while len(window) < stop:
            symbol = read(bits)
            if symbol < _LITERALS:
                window.append(symbol)
            else:
                slot, short = divmod(symbol - _LITERALS, 8)
                distance = self._distance(slot, codes.aligned)
                self._copy(distance, short + 1 if short else self._long_length(codes.length))

    def _distance(self, slot: int, aligned: PrefixCode) -> int:
        """How far back the match begins."""
        if slot in _NEAR:
            width, half, gap = _NEAR[slot]
            offset = self._bits.take(width) - half
            distance = self._base_size + offset + (gap if offset >= 0 else -gap)
        elif slot == _SAME_PLACE:
            distance = self._base_size
        elif slot in _RECENT:
            distance = self._recent[slot - _RECENT.start]
        else:
            distance = self._plain_distance(
                self._far_slot() if slot == _FAR_SLOT else slot - _FAR_SLOT, aligned
            )
        self._remember(distance)
        return distance

    def _far_slot(self) -> int:
        """Slots too rare for a place in the main code."""
        bits = self._bits
        if not bits.take(1):
            return 36 + bits.take(2)
        return 48 + bits.take(4) if bits.take(1) else 40 + bits.take(3)

    def _plain_distance(self, slot: int, aligned: PrefixCode) -> int:
        if slot <= 3:  # noqa: PLR2004 - 1, 2 and 3 stand for themselves
            return slot
        extra = (slot >> 1) - 1
        high = 2 | slot & 1
        if extra < _PLAIN_BITS:
            return high << extra | self._bits.take(extra)
        middle = high << (extra - _PLAIN_BITS) | self._bits.take(extra - _PLAIN_BITS)
        return middle << _PLAIN_BITS | aligned.read(self._bits)

    def _remember(self, distance: int) -> None:
        recent = self._recent
        if recent[0] != distance:
            # A distance that is found among the later ones moves up; otherwise the last one is forgotten.
            recent[:] = [distance, recent[0], recent[2] if recent[1] == distance else recent[1]]

    def _long_length(self, code: PrefixCode) -> int:
        symbol = code.read(self._bits)
        if symbol:
            return symbol + 8
        width = 8 + self._bits.zeros(_LONG_LENGTH_BITS - 8)
        return (1 << width | self._bits.take(width)) + 8

    def _copy(self, distance: int, length: int) -> None:
        window = self._window
        place = len(window)
        start = place - distance
        if not 0 <= start < place or place + length > self._end:
            raise FormatError(
                "delta", Fault.CORRUPT, "A match in a delta leaves the data", offset=self._bits.position // 8
            )
        if distance >= length:
            window += window[start : start + length]
        else:
            window += (window[start:] * (length // distance + 1))[:length]


def _codes(lengths: Sequence[int]) -> _Codes:
    return _Codes(
        PrefixCode(lengths[:_MAIN]),
        PrefixCode(lengths[_MAIN : _MAIN + _LENGTHS]),
        PrefixCode(lengths[_MAIN + _LENGTHS :]),
    )
