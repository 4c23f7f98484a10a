"""Reading INF files: what a driver package says of itself. Nothing is installed, no file it names is looked for.

Source: Microsoft, "General syntax rules for INF files", "INF Version section", "INF Manufacturer section".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osrecipe.formats.inf_files import copied_of, sources_of
from osrecipe.formats.inf_text import MAX_BYTES, filled, pairs_of, sections_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_BYTES", "Inf", "read_inf"]

_SIGNATURES: Final = frozenset({"$windows nt$", "$chicago$", "$windows 95$"})
_ARCHITECTURES: Final = frozenset({"amd64", "x86", "arm64", "arm", "ia64"})
_DECORATION: Final = re.compile(r"nt([a-z0-9]*)(\.|$)", re.IGNORECASE)
_INSTALL: Final = re.compile(r"defaultinstall(?:\.(nt[a-z0-9]*)(?:\.[0-9.]*)?)?$", re.IGNORECASE)
_CATALOG: Final = "catalogfile"


@dataclass(frozen=True)
class Inf:
    """What an INF says of the driver package it describes.

    Attributes:
        device_class: `Class`, or its GUID where it has no name.
        provider: with strings filled in.
        date: `DriverVer`'s date as written, `mm/dd/yyyy`, or empty.
        version: `DriverVer`'s number as written, or empty.
        architectures: those it has models or, without models, an install section for, sorted; `other` stands for
            those that are not known here. Empty where it says none.
        catalogs: names of its signature catalogues by the architecture they are for; an empty one stands for all that
            have none of their own.
        sources: paths of the files it has to bring along, by architecture; without those of other INFs it includes.
    """

    device_class: str
    provider: str
    date: str
    version: str
    architectures: tuple[str, ...]
    catalogs: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _sections: Mapping[str, list[str]] = field(default_factory=dict, repr=False, compare=False)
    _strings: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def copied(self, architecture: str) -> set[str]:
        """Lower-case names of the files that all its models for an architecture copy.

        Raises:
            FormatError: a value is too long.
        """
        return copied_of(self._sections, self._strings, architecture)


def read_inf(data: bytes) -> Inf | None:
    """Read an INF.

    Returns:
        What it says; None for a file that is no driver package's: without a `[Version]` section that has a Windows
        signature and a class (`autorun.inf`, settings of other programs).

    Raises:
        FormatError: it is too large, or not text, or a value of it is too long.
    """
    sections = sections_of(text_of(data))
    version = pairs_of(sections.get("version", []))
    signature = version.get("signature", "").strip('"').lower()
    device_class = version.get("class", "") or version.get("classguid", "")
    if signature not in _SIGNATURES or not device_class:
        return None
    strings = pairs_of(sections.get("strings", []))
    date, _, number = version.get("driverver", "").partition(",")
    architectures = _architectures(sections)
    return Inf(
        device_class=filled(device_class, strings),
        provider=filled(version.get("provider", ""), strings),
        date=filled(date.strip(), strings),
        version=filled(number.strip(), strings),
        architectures=tuple(sorted(architectures)),
        catalogs={what: filled(name, strings) for what, name in _catalogs(version).items()},
        sources={
            name: sources_of(sections, strings, name)
            for name in sorted(_ARCHITECTURES & (architectures or _ARCHITECTURES))
        },
        _sections=sections,
        _strings=strings,
    )


def _catalogs(version: Mapping[str, str]) -> dict[str, str]:
    """By architecture; `CatalogFile.NT` goes before the one without an ending."""
    names = (
        ("", _CATALOG),
        ("", f"{_CATALOG}.nt"),
        *((a, f"{_CATALOG}.nt{a}") for a in sorted(_ARCHITECTURES)),
    )
    return {what: version[name] for what, name in names if version.get(name)}


def _architectures(sections: dict[str, list[str]]) -> set[str]:
    """From the decorations of `[Manufacturer]`'s models, and from the names of install sections without models.

    Models without a decoration are for x86: all other systems want one.
    """
    found: set[str] = set()
    models = sections.get("manufacturer", [])
    for line in models:
        _, mark, value = line.partition("=")
        _, *decorations = (part.strip() for part in (value if mark else line).split(","))
        is_named = False
        for one in decorations:
            if match := _DECORATION.match(one):
                is_named = True
                found |= _known(match[1])
        if not is_named:
            found.add("x86")
    for name in [] if models else sections:
        if match := _INSTALL.match(name):
            decoration = _DECORATION.match(match[1] or "")
            found |= _known(decoration[1]) if decoration else {"x86"}
    return found


def _known(word: str) -> set[str]:
    """`nt` alone is for every architecture."""
    if not word:
        return set(_ARCHITECTURES)
    return {word.lower() if word.lower() in _ARCHITECTURES else "other"}
