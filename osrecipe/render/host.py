"""What was looked at on a host, as text for `osrecipe doctor`. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.render.style import Ink, clean, hang, paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.adapters.dism.preflight import Finding

_INKS: Final = {"ok": Ink.GREEN, "warn": Ink.YELLOW, "fail": Ink.RED}


def text(title: str, findings: Sequence[Finding], *, color: bool = False, width: int = 100) -> str:
    """A headline and a line for each finding, its hint below it."""
    lines = [paint(title, Ink.BOLD, color=color)]
    for one in findings:
        mark = f"{one.level.value:<4}"
        lines += hang(f"  {paint(mark, _INKS[one.level.value], color=color)}  ", line(one, hint=False), width)
        if one.hint and one.level.value != "ok":
            lines += hang("        hint: ", clean(one.hint), width)
    return "\n".join(lines) + "\n"


def line(finding: Finding, *, hint: bool = True) -> str:
    """One finding in one line."""
    said = f"{finding.name}: {clean(finding.text)}"
    return f"{said}; {clean(finding.hint)}" if hint and finding.hint else said
