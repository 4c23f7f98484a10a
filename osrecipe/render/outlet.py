"""Where a monitor's lines go: a stream that may be closed, full or unable to show a character, without raising."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.style import encodable

if TYPE_CHECKING:
    from typing import TextIO


class Outlet:
    """Writes whole lines; after the first write that fails it says nothing more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None)
        self._broken = False

    def line(self, shown: str) -> None:
        """One line, there at once for whoever reads along."""
        if self._broken:
            return
        try:
            self._stream.write(encodable(shown, self._encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # a closed pipe, a full disk, a stream closed meanwhile
            self._broken = True
