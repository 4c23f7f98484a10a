"""Rock Ridge symbolic links: what file one stands for, without ever leaving the disc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.iso.entries import Node

_HOPS_MAX = 8


def resolve(node: Node, index: Mapping[str, Node]) -> Node:
    """Return the file whose bytes `node` has: itself, or what its links lead to.

    Raises:
        FormatError: `iso/unsafe` for a link out of the disc, `iso/missing` for one to nothing or a folder given where
            a file is wanted, `iso/corrupt` for a ring.
    """
    current = node
    for _ in range(_HOPS_MAX):
        if current.entry.is_dir:
            raise FormatError(
                "iso", Fault.MISSING, f"A folder was named where a file is wanted: `{node.entry.path}`"
            )
        if current.entry.link is None:
            return current
        target = _target(current.entry.path, current.entry.link)
        following = index.get(fold(target))
        if following is None:
            raise FormatError(
                "iso", Fault.MISSING, f"The link `{current.entry.path}` leads nowhere: `{target}`"
            )
        current = following
    raise FormatError("iso", Fault.CORRUPT, f"The link `{node.entry.path}` leads to itself")


def _target(path: str, link: str) -> str:
    parts = path.split("\\")[:-1]
    if link.startswith("/") or "\\" in link or "\0" in link:
        raise FormatError("iso", Fault.UNSAFE, f"The link `{path}` leaves the disc: {link!r}")
    for part in link.split("/"):
        if part == "..":
            if not parts:
                raise FormatError("iso", Fault.UNSAFE, f"The link `{path}` leaves the disc: {link!r}")
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "\\".join(parts)
