"""How two texts differ, as lines people know from git. Returns text, prints nothing."""

from __future__ import annotations

import difflib

from osrecipe.render.style import Ink, paint

_INKS = {"+": Ink.GREEN, "-": Ink.RED, "@": Ink.CYAN}


def unified(name: str, before: str, after: str, *, color: bool = False) -> str:
    """A unified diff of one file; empty when nothing differs."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines: list[str] = []
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        shown = line.rstrip("\r\n")
        lines.append(paint(shown, _INKS.get(shown[:1]), color=color))
        if not line.endswith("\n"):
            lines.append("\\ No newline at end of file")
    return "".join(f"{line}\n" for line in lines)
