"""Writes small PA30 and PA31 deltas for raw bytes, with the even codes every decoder knows.

Not an encoder anyone would use: the caller says which literals and matches there are.
"""

from __future__ import annotations

from osrecipe.formats.pseudolzx.huffman import even_lengths

RAW = 1
_IGNORE_SIZE = 0x20000


class BitWriter:
    """A bit stream, lowest bit first, that opens with the count of its padding bits."""

    def __init__(self) -> None:
        self.bits = [0, 0, 0]

    def put(self, value: int, width: int) -> None:
        """Bits as they are."""
        self.bits += [value >> place & 1 for place in range(width)]

    def number(self, value: int) -> None:
        """A number behind its count of nibbles."""
        nibbles = max(1, (value.bit_length() + 3) // 4)
        self.put(1 << (nibbles - 1), nibbles)
        self.put(value, 4 * nibbles)

    def buffer(self, data: bytes) -> None:
        """A length, then bytes from the next whole byte on."""
        self.number(len(data))
        self.put(0, -len(self.bits) % 8)
        for byte in data:
            self.put(byte, 8)

    def finish(self) -> bytes:
        """The stream as bytes."""
        padding = -len(self.bits) % 8
        self.put(0, padding)
        self.bits[:3] = [padding >> place & 1 for place in range(3)]
        return bytes(
            sum(bit << place for place, bit in enumerate(self.bits[at : at + 8]))
            for at in range(0, len(self.bits), 8)
        )


def _even_codes(count: int) -> list[tuple[int, int]]:
    """Code and length of each number: the longest codes take the lowest values, in order."""
    lengths = even_lengths(count)
    longest = max(lengths)
    codes, value = {}, 0
    for length in (longest, longest - 1):
        for symbol, own in enumerate(lengths):
            if own == length:
                codes[symbol] = (value, length)
                value += 1
        value >>= 1
    return [codes[symbol] for symbol in range(count)]


_MAIN, _LENGTH = _even_codes(600), _even_codes(256)


class PatchWriter(BitWriter):
    """A patch stream with one set of even codes."""

    def __init__(self) -> None:
        super().__init__()
        self.put(0, 1)  # nothing of the base moves
        self.put(1, 1)  # even codes

    def _symbol(self, codes: list[tuple[int, int]], symbol: int) -> None:
        code, length = codes[symbol]
        self.bits += [code >> place & 1 for place in reversed(range(length))]

    def literals(self, data: bytes) -> None:
        """Bytes as they are."""
        for byte in data:
            self._symbol(_MAIN, byte)

    def match(self, slot: int, length: int, extra: int = 0, width: int = 0) -> None:
        """A match of 2 or more bytes; `extra` are the bits a slot wants behind it."""
        short = length - 1 if length <= 8 else 0
        self._symbol(_MAIN, 256 + slot * 8 + short)
        self.put(extra, width)
        if short:
            return
        if length <= 263:
            self._symbol(_LENGTH, length - 8)
            return
        self._symbol(_LENGTH, 0)
        long = length - 8
        width = long.bit_length() - 1
        self.put(1 << (width - 8), width - 7)
        self.put(long - (1 << width), width)


def delta(
    patch: bytes,
    size: int,
    *,
    kind: bytes = b"PA30",
    file_type: int = RAW,
    flags: int = _IGNORE_SIZE,
    algorithm: int = 0,
    digest: bytes = b"",
    preprocess: bytes = b"",
) -> bytes:
    """A whole delta around a patch stream."""
    outer = BitWriter()
    fields = BitWriter() if kind == b"PA31" else outer
    for number in (1, file_type, flags, size, algorithm):
        fields.number(number)
    fields.buffer(digest)
    if fields is not outer:
        outer.buffer(fields.finish())
    outer.buffer(preprocess)
    outer.buffer(patch)
    return kind + (116_444_736_000_000_000).to_bytes(8, "little") + outer.finish()
