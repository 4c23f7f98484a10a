r"""What the `$(runtime.…)` variables of manifests mean in an unmounted image, by the component's architecture.

Knowledge as data. Destinations become paths inside the image; in registry text the same variables become the paths
the running system will see, on drive C:. A variable that is not listed is refused by name, never guessed.
Sources: names and meanings as genuine manifests of build 26100 use them; the 32-bit folders as Microsoft documents
for WOW64's file system redirection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DRIVE: Final = "C:"
_VARIABLE = re.compile(r"\$\(([^)]{0,80})\)")
_ENVIRONMENT = re.compile(r"%(systemroot|windir)%", re.IGNORECASE)
_64_BIT: Final = frozenset({"amd64", "arm64"})
_32_BIT: Final = frozenset({"wow64", "x86"})

_NATIVE: Final[Mapping[str, str]] = {
    "runtime.bootdrive": "",
    "runtime.systemdrive": "",
    "runtime.systemroot": "Windows",
    "runtime.windows": "Windows",
    "runtime.system": r"Windows\System32",
    "runtime.system32": r"Windows\System32",
    "runtime.drivers": r"Windows\System32\drivers",
    "runtime.wbem": r"Windows\System32\wbem",
    "runtime.inf": r"Windows\INF",
    "runtime.fonts": r"Windows\Fonts",
    "runtime.help": r"Windows\Help",
    "runtime.programfiles": "Program Files",
    "runtime.programfilesx86": "Program Files (x86)",
    "runtime.commonfiles": r"Program Files\Common Files",
    "runtime.commonfilesx86": r"Program Files (x86)\Common Files",
    "runtime.programdata": "ProgramData",
    "runtime.commonappdata": "ProgramData",
    "runtime.startmenu": r"ProgramData\Microsoft\Windows\Start Menu",
    "runtime.public": r"Users\Public",
    "runtime.userprofile": r"Users\Default",
}
_REDIRECTED: Final[Mapping[str, str]] = {
    **_NATIVE,
    "runtime.system": r"Windows\SysWOW64",
    "runtime.system32": r"Windows\SysWOW64",
    "runtime.drivers": r"Windows\SysWOW64\drivers",
    "runtime.wbem": r"Windows\SysWOW64\wbem",
    "runtime.programfiles": "Program Files (x86)",
    "runtime.commonfiles": r"Program Files (x86)\Common Files",
}
"""32-bit components on a 64-bit system."""


def is_redirected(component: str, image: str) -> bool:
    """Whether a component of an architecture sees the 32-bit folders and registry of an image."""
    return component.lower() in _32_BIT and image.lower() in _64_BIT


def destination(text: str, *, component: str, image: str) -> WinPath | None:
    r"""A manifest's folder or file as a path inside the image; None is the root of the drive.

    Args:
        text: such as `$(runtime.system32)\en-US\`.
        component: the component's architecture.
        image: the image's architecture.

    Raises:
        ValueError: an unknown variable, or a path that is not one.
    """
    table = _REDIRECTED if is_redirected(component, image) else _NATIVE
    expanded = _ENVIRONMENT.sub("Windows", _VARIABLE.sub(lambda match: _meaning(match[1], table), text))
    relative = expanded.strip("\\")
    if not text.startswith(("$(", "%")):
        raise ValueError(f"a destination does not begin with a variable: `{text[:80]}`")
    return WinPath(relative) if relative else None


def expand(text: str, *, component: str, image: str) -> str:
    """Registry text with the variables as the running system will see them.

    Raises:
        ValueError: an unknown variable.
    """
    table = _REDIRECTED if is_redirected(component, image) else _NATIVE
    return _VARIABLE.sub(lambda match: rf"{DRIVE}\{_meaning(match[1], table)}".rstrip("\\"), text)


def unknown_variables(text: str) -> Iterator[str]:
    """The variables of a text that have no meaning here, as written."""
    return (match[0] for match in _VARIABLE.finditer(text) if match[1].lower() not in _NATIVE)


def _meaning(name: str, table: Mapping[str, str]) -> str:
    found = table.get(name.lower())
    if found is None:
        raise ValueError(f"an unknown variable: `$({name})`")
    return found
