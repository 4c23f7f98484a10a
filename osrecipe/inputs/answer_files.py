"""Facts of an answer file: which passes it is about. What it sets is not noted, for it may hold passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.unattend import MAX_BYTES, read_answer_file
from osrecipe.model.facts import AnswerFileFacts, OfflineSetting
from osrecipe.model.version import Architecture
from osrecipe.windows.answer_files import READABLE, read_back

if TYPE_CHECKING:
    from pathlib import Path

_KNOWN: dict[str, Architecture] = {name: name for name in get_args(Architecture)}


def answer_file_facts(path: Path, sha256: str) -> AnswerFileFacts:
    """Read an answer file.

    Args:
        path: the file.
        sha256: its hash, computed by the caller.

    Raises:
        FormatError: it is no answer file (`unattend/…`).
        OSError: it can't be read.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FormatError("unattend", Fault.TOO_LARGE, f"the file is too large: {size} bytes")
    found = read_answer_file(path.read_bytes(), READABLE)
    return AnswerFileFacts(
        sha256=sha256,
        size=size,
        passes=found.passes,
        offline=tuple(
            OfflineSetting(
                path=one.path,
                architecture=_KNOWN[one.architecture.lower()],
                value=_harmless(one.path, one.value),
            )
            for one in found.offline
            if one.architecture.lower() in _KNOWN
        ),
        packages=found.packages,
        architectures={
            name: tuple(_KNOWN[each] for each in written)
            for name, written in found.architectures.items()
            if all(each in _KNOWN for each in written)
        },
    )


def _harmless(path: str, value: str | None) -> str | None:
    """A value that can be read back; what else stands in its place could be anything, and is not noted."""
    return value if value is not None and read_back(path, value) is not None else None
