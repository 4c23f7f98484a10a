"""The one exception every format reader and writer raises.

A format knows what is wrong with bytes and where; it does not know recipes, so it names neither a recipe line
nor an exit code. The rooms above turn `slug` into a problem with a place.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What can be wrong with the bytes of a file."""

    CORRUPT = "corrupt"  # contradicts itself or its format
    ENCRYPTED = "encrypted"  # readable only with a key we do not have
    MISSING = "missing"  # names something that is not there
    TOO_LARGE = "too-large"  # past a bound that protects memory or disk
    TRUNCATED = "truncated"  # ends before it should
    UNSAFE = "unsafe"  # a name that would leave its folder
    UNSUPPORTED = "unsupported"  # a legal variant that is not carried out here
    DIRTY = "dirty"  # needs its transaction log replayed first
    UNAVAILABLE = "unavailable"  # needs a library that is not installed


class FormatError(Exception):
    """A file's bytes can't be used.

    Attributes:
        format: the format's short name: `wim`, `hive`, `reg`, `cab`, `msu`, `mum`, `pe`, `iso`.
        fault: the class of damage.
        reason: one sentence without a full stop.
        hint: what the user can do, or an empty string.
        offset: byte offset into the file, or None where it does not apply.
    """

    def __init__(
        self, format_: str, fault: Fault, reason: str, *, hint: str = "", offset: int | None = None
    ) -> None:
        super().__init__(reason)
        self.format = format_
        self.fault = fault
        self.reason = reason
        self.hint = hint
        self.offset = offset

    @property
    def slug(self) -> str:
        """The stable code, such as `hive/dirty`."""
        return f"{self.format}/{self.fault}"
