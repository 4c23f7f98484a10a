"""Host paths in recipes: relative to the file that states them, told apart from paths of one machine."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from osrecipe.recipe.nodes import Span
    from osrecipe.recipe.sink import Sink

_NOT_FOR_GIT = "a path is relative to the file that states it; host paths are not for git"
_ELSEWHERE = "; for what lies elsewhere write its name, and give its folder with `--inputs`"
_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
)
_FORBIDDEN = frozenset('<>:"|?*')
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def check(text: str, what: str, span: Span, sink: Sink) -> bool:
    """Whether a path can stand in a recipe; if not, the reason is in `sink`."""
    if _URL.match(text):
        reason, hint = (
            f"`{what}` is an address, not a path: {text}",
            "download it first; `osrecipe lock` pins it",
        )
    elif _DRIVE.match(text) or text.startswith(("/", "\\", "~")):
        elsewhere = _ELSEWHERE if what.startswith("inputs.") else ""
        reason, hint = f"`{what}` is a path of one machine: {text}", _NOT_FOR_GIT + elsewhere
    elif "\\" in text:
        forward = text.replace("\\", "/")
        reason, hint = f"`{what}` has backslashes: {text}", f"write `{forward}`; it works on every system"
    elif any(ord(c) < ord(" ") for c in text):
        reason, hint = f"`{what}` holds a control character", ""
    elif not text.strip():
        reason, hint = f"`{what}` is empty", ""
    elif wrong := next((why for part in text.split("/") if (why := not_on_windows(part))), ""):
        reason, hint = f"`{what}` has a name that Windows can't have: {wrong}", "recipes are for every host"
    else:
        return True
    sink.add(Slug.RECIPE_BAD_PATH, reason, span, hint)
    return False


def not_on_windows(name: str) -> str:
    """Why Windows can have no file or folder of this name; empty when it can. Source: Microsoft, "Naming Files"."""
    if name.partition(".")[0].rstrip(" ").upper() in _DEVICES:
        return f"`{name}` is a device there"
    if name not in {".", ".."} and name.endswith((".", " ")):
        return f"`{name}` ends with a dot or a space"
    odd = sorted(set(name) & _FORBIDDEN)
    return f"`{name}` holds `{odd[0]}`" if odd else ""


def rebase(text: str, folder: str) -> str:
    """A path stated in `folder`, as seen from the recipe's own folder; `.` and `..` are resolved by their text."""
    return posixpath.normpath(posixpath.join(folder, text))
