r"""`WinSxS\pending.xml`: what is left to be done when the image starts (dism fact sheet §1.3, "Pending test")."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from standin.imagetree import find, put_bytes
from standin.mum import parse

if TYPE_CHECKING:
    from pathlib import Path

_PATH = "Windows\\WinSxS\\pending.xml"


def is_pending(root: Path) -> bool:
    """Whether the image has pending actions."""
    return find(root, _PATH).is_file()


def pending(root: Path) -> dict[tuple[str, str], str]:
    """The stand-in's own entries, by kind (`feature`, `package`) and name; whatever else may be in the file is not ours."""
    path = find(root, _PATH)
    if not path.is_file():
        return {}
    rows = parse(path.read_bytes()).findall("action")
    return {(row.get("kind", ""), row.get("name", "").lower()): row.get("state", "") for row in rows}


def add_pending(root: Path, name: str, kind: str, state: str = "") -> None:
    """Note one more pending action; the newest for a name counts."""
    actions = {**pending(root), (kind, name.lower()): state}
    rows = "".join(
        f"  <action kind={quoteattr(kind)} name={quoteattr(name)} state={quoteattr(state)}/>\r\n"
        for (kind, name), state in actions.items()
    )
    text = f'<?xml version="1.0" encoding="utf-8"?>\r\n<pending>\r\n{rows}</pending>\r\n'
    put_bytes(text.encode(), find(root, _PATH))


def clear_pending(root: Path) -> None:
    """Drop every pending action."""
    find(root, _PATH).unlink(missing_ok=True)
