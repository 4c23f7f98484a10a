"""Whole outputs compared with files; `OSRECIPE_REGOLD=1` writes them anew, for a person to review."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RUN = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b|(?<=[(` ])[0-9a-f]{12}(?=[)`\n…])")
_TIMES = re.compile(r"\b\d+(\.\d)? m?s\b")


def masked(text: str, **folders: Path) -> str:
    """A text without what differs from machine to machine: folders by these names, runs' ids, digests, durations."""
    for name, folder in sorted(folders.items(), key=lambda pair: -len(str(pair[1]))):
        text = text.replace(str(folder), f"<{name}>")
    text = _DIGEST.sub("<digest>", _RUN.sub("<run>", text))
    return _TIMES.sub("<time>", text)


def same(golden: Path, text: str) -> None:
    """Fail unless the file holds exactly this text."""
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(text, encoding="utf-8", newline="\n")
    hint = f"{golden.name}: see what changed; OSRECIPE_REGOLD=1 writes it anew"
    assert golden.is_file(), hint
    assert golden.read_text(encoding="utf-8") == text, hint
