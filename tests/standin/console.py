"""What the stand-in prints: banner, labelled lines, bars and error blocks, all on standard output.

Lines end in CR LF, bytes are the OEM code page's, bars survive redirection (dism fact sheet §4.1, §4.2, facts 7, 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError, shown

if TYPE_CHECKING:
    from typing import BinaryIO

    from standin.locales import Locale

_WIDTH = 58
_ELEVATION = (
    "\r\nError: 740\r\n\r\nElevated permissions are required to run DISM. \r\n"
    "Use an elevated command prompt to complete these tasks.\r\n"
)


@dataclass
class Console:
    """Standard output.

    Attributes:
        english: whether labels are English, as `/English` asks.
        quiet: `/Quiet`: nothing but errors, not even what a `/Get-` command was asked for.
        limit: bytes after which nothing more comes out; None for no limit.
    """

    stream: BinaryIO
    locale: Locale
    code_page: str
    english: bool = False
    quiet: bool = False
    limit: int | None = None
    _bar_open: bool = False

    def banner(self, version: str) -> None:
        """The first lines of everything but an elevation error."""
        title = self.word("Deployment Image Servicing and Management tool")
        self.line("", title, f"Version: {version}", "")

    def image_version(self, version: str) -> None:
        """The line about the image that is serviced; note the space before the colon that is not there."""
        self.line(f"{self.word('Image Version')}: {version}", "")

    def line(self, *texts: str) -> None:
        """Whole lines."""
        if not self.quiet:
            self._end_bar()
            self._write("".join(f"{text}\r\n" for text in texts))

    def say(self, text: str) -> None:
        """A line in the reader's words."""
        self.line(self.word(text))

    def field(self, label: str, value: str) -> None:
        """A labelled line: `Name : Windows 11 Pro N`."""
        colon = " : " if self.english else self.locale.colon
        self.line(f"{self.word(label)}{colon}{value}")

    def bar(self, percent: float) -> None:
        """A progress bar, over the one before."""
        if not self.quiet:
            self._write(f"\r{bar(percent)} ")
            self._bar_open = True

    def after_bar(self, text: str) -> None:
        """A line that follows the last bar on its own line, as repairing a store has it."""
        if not self.quiet:
            self._bar_open = False
            self._write(f"{self.word(text)}\r\n")

    def success(self) -> None:
        """The last line."""
        self.say("The operation completed successfully.")

    def error(self, problem: DismError, log: str) -> None:
        """The error block; none where the fault that was ordered says so."""
        if problem.printed == "":
            return
        self.quiet = False
        found = self.word("The DISM log file can be found at {}").format(log)
        self.line(
            "", f"{self.word('Error')}: {problem.printed or shown(problem.code)}", "", problem.text, "", found
        )

    def elevation_error(self) -> None:
        """What an account that is not elevated gets for any command line: 122 bytes, no banner."""
        self._write(_ELEVATION)

    def word(self, text: str) -> str:
        """A phrase in English or in the host's language."""
        return text if self.english else self.locale.words.get(text, text)

    def _end_bar(self) -> None:
        if self._bar_open:
            self._bar_open = False
            self._write("\r\n")

    def _write(self, text: str) -> None:
        data = text.encode(self.code_page, errors="replace")
        if self.limit is not None:
            data = data[: self.limit]
            self.limit -= len(data)
        self.stream.write(data)
        self.stream.flush()


def bar(percent: float) -> str:
    """A bar: 58 characters in brackets, the percentage in the middle."""
    text = f"{percent:.1f}%"
    start = -((len(text) - _WIDTH) // 2)
    done = "=" * int(_WIDTH * percent / 100)
    line = done.ljust(_WIDTH)
    return f"[{line[:start]}{text}{line[start + len(text) :]}]"
