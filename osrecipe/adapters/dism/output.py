"""What DISM prints, read with as little trust as it deserves.

All of it comes on standard output, errors too. Bars survive redirection, so that a line may end with a carriage
return alone and text may follow a bar. `/English` changes labels, not dates or the grouping of digits: neither is
ever read here. It starts no program and knows no code's meaning.
"""

from __future__ import annotations

import locale
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.codes import parse
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BAR: Final = re.compile(r"\[[= ]*(\d{1,3}(?:[.,]\d+)?)%[= ]*\]")
_TOOL: Final = re.compile(r"^\s*Version:\s*(\d+(?:\.\d+){1,3})\s*$")
_IMAGE: Final = re.compile(r"^\s*Image Version:\s*(\d+(?:\.\d+){1,3})\s*$")
_ERROR: Final = re.compile(r"^\s*Error:\s*(\S+)\s*$")
_DONE: Final = "The operation completed successfully."
_PARTLY: Final = "The command completed with errors."
MAX_LINES: Final = 200_000
"""Lines kept of one command; a real listing of packages has some thousands."""


def encoding() -> str:
    """What redirected output is encoded in: the OEM code page on Windows (assumed, not confirmed there)."""
    return "oem" if sys.platform == "win32" else locale.getpreferredencoding(do_setlocale=False)


@dataclass
class Transcript:
    """What one command printed, bars apart.

    Attributes:
        progress: called with 0.0 to 1.0 for each bar.
        text: lines without their ends, the empty ones too.
    """

    progress: Callable[[float], None] = lambda _share: None
    text: list[str] = field(default_factory=list)

    def add(self, line: str) -> str:
        """Take a line; what is left of it without bars, for the log."""
        bars = _BAR.findall(line)
        rest = _BAR.sub("", line).rstrip() if bars else line.rstrip()
        if bars:
            self.progress(min(float(bars[-1].replace(",", ".")) / 100, 1.0))
        if (rest or not bars) and len(self.text) < MAX_LINES:
            self.text.append(rest.lstrip() if bars else rest)
        return rest.strip() if bars else rest

    @property
    def tool(self) -> Version | None:
        """The version in DISM's banner; None without a banner."""
        return _version(_TOOL, self.text)

    @property
    def image(self) -> Version | None:
        """The image's version as DISM states it, where it does."""
        return _version(_IMAGE, self.text)

    @property
    def error(self) -> int | None:
        """The code of the last `Error:` line; None without one."""
        found = [parse(match[1]) for line in self.text if (match := _ERROR.match(line))]
        known = [number for number in found if number is not None]
        return known[-1] if known else None

    @property
    def says_done(self) -> bool:
        """Whether it says that all went well, and nothing else."""
        return any(_DONE in line for line in self.text) and not any(_PARTLY in line for line in self.text)

    @property
    def words(self) -> str:
        """The sentences after the last `Error:` line, as one line for people; empty without an error."""
        starts = [number for number, line in enumerate(self.text) if _ERROR.match(line)]
        if not starts:
            return ""
        said = [line.strip() for line in self.text[starts[-1] + 1 :]]
        ends = next((n for n, line in enumerate(said) if line.startswith("The DISM log file")), len(said))
        return " ".join(line for line in said[:ends] if line)


def _version(pattern: re.Pattern[str], lines: Iterable[str]) -> Version | None:
    for line in lines:
        if match := pattern.match(line):
            return Version.parse(match[1])
    return None


def blocks(lines: Iterable[str], first: str) -> list[dict[str, str]]:
    """Lists of `Key : Value` lines, each beginning with the key `first`; what stands outside of them is left out.

    A key ends at the first ` : `, for values hold colons too.
    """
    found: list[dict[str, str]] = []
    for line in lines:
        key, value = _pair(line)
        if key == first:
            found.append({})
        if key and found:
            found[-1].setdefault(key, value)
    return found


def _pair(line: str) -> tuple[str, str]:
    text = line.strip()
    if text.endswith(" :"):
        return text[:-2].strip(), ""
    key, mark, value = text.partition(" : ")
    return (key.strip(), value.strip()) if mark else ("", "")


@dataclass(frozen=True)
class Mount:
    """A row of `/Get-MountedImageInfo`: texts as printed."""

    folder: str
    file: str
    index: str
    status: str

    @property
    def is_ok(self) -> bool:
        """Whether DISM can go on with it."""
        return self.status == "Ok"

    @property
    def needs_remount(self) -> bool:
        """Whether it can be used again after `/Remount-Image`."""
        return self.status == "Needs Remount"


def mounts(lines: Iterable[str]) -> tuple[Mount, ...]:
    """The mounts `/Get-MountedImageInfo` lists."""
    return tuple(
        Mount(row["Mount Dir"], row.get("Image File", ""), row.get("Image Index", ""), row.get("Status", ""))
        for row in blocks(lines, "Mount Dir")
    )


def packages(lines: Iterable[str]) -> dict[str, str]:
    """States by lower-case identity, from `/Get-Packages`."""
    return {
        row["Package Identity"].lower(): row.get("State", "") for row in blocks(lines, "Package Identity")
    }


def features(lines: Iterable[str]) -> dict[str, str]:
    """States by lower-case name, from `/Get-Features`."""
    return {row["Feature Name"].lower(): row.get("State", "") for row in blocks(lines, "Feature Name")}


PRESENT: Final = frozenset({"Installed", "Install Pending", "Partially Installed"})
"""Package states that count as there: offline, pending is the normal success."""
ENABLED: Final = frozenset({"Enabled", "Enable Pending"})
DISABLED: Final = frozenset({"Disabled", "Disable Pending", "Disabled with Payload Removed"})


def package_word(state: str | None) -> str | None:
    """A package's state in the model's words: `installed`, `superseded` or None."""
    if state in PRESENT:
        return "installed"
    return "superseded" if state == "Superseded" else None


def feature_word(state: str | None) -> str | None:
    """A feature's state in the model's words: `enabled`, `disabled` or None."""
    if state in ENABLED:
        return "enabled"
    return "disabled" if state in DISABLED else None
