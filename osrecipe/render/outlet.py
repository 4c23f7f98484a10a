"""Where a monitor's lines go: a stream that may be closed, full or unable to show a character, without raising."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render.style import encodable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


class Muffled:
    """A text stream that says nothing more after the first write that fails; all else is the stream's own.

    Displays are built on it because some end the whole program when a pipe is closed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.broken = False

    def write(self, shown: str) -> int:
        """Write if it is still possible."""
        self._try(lambda: self._stream.write(shown))
        return len(shown)

    def flush(self) -> None:
        """Flush if it is still possible."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def _try(self, action: Callable[[], object]) -> None:
        if self.broken:
            return
        try:
            action()
        except (OSError, ValueError):  # a closed pipe, a full disk, a stream closed meanwhile
            self.broken = True


class Outlet:
    """Writes whole lines in what characters the stream has."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = Muffled(stream)
        self._encoding = getattr(stream, "encoding", None)

    def line(self, shown: str) -> None:
        """One line, there at once for whoever reads along."""
        self._stream.write(encodable(shown, self._encoding) + "\n")
        self._stream.flush()
