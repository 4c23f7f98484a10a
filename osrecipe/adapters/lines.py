"""Bytes from a pipe to lines of text.

A carriage return ends a line too, because progress displays use it alone; CR LF is one end. Never fails on bytes:
what can't be decoded becomes U+FFFD. It reads no file itself.
"""

from __future__ import annotations

import codecs
from typing import Final

MAX_LINE: Final = 1 << 20
"""Characters; a longer line is handed on in pieces, so that a program can't fill our memory."""


class LineSplitter:
    """Splits a stream into lines.

    Args:
        encoding: of the stream; multi-byte characters may be torn between two pieces.
    """

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._rest: list[str] = []
        self._size = 0
        self._after_cr = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that end in `data`, without their ends."""
        return self._split(self._decoder.decode(data))

    def finish(self) -> list[str]:
        """What is left when the stream ended without a line end."""
        lines = self._split(self._decoder.decode(b"", final=True))
        if self._rest:
            lines.append(self._take())
        return lines

    def _split(self, text: str) -> list[str]:
        if self._after_cr and text.startswith("\n"):
            text = text[1:]
            self._after_cr = False
        if not text:
            return []
        self._after_cr = text.endswith("\r")
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines = []
        for piece in pieces[:-1]:
            self._rest.append(piece)
            lines.append(self._take())
        self._keep(pieces[-1])
        if self._size >= MAX_LINE:
            lines.append(self._take())
        return lines

    def _keep(self, piece: str) -> None:
        if piece:
            self._rest.append(piece)
            self._size += len(piece)

    def _take(self) -> str:
        line = "".join(self._rest)
        self._rest.clear()
        self._size = 0
        return line
